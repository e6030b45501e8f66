/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "composition/arguments.h"
#include "composition/engine.h"
#include "composition/load.h"
#include "composition/verbs.h"
#include "edges/http.h"
#include "edges/machine.h"
#include "edges/privilege.h"
#include "edges/publish.h"
#include "edges/resolver.h"
#include "pure/columns.h"
#include "pure/listen.h"
#include "pure/roster.h"
#include "vocabulary/nsec.h"

#define REDIS_TIMEOUT_MS 2000
/* Resident memory per target without samples: names, schedule, alert, address; measured. */
#define BYTES_PER_TARGET 700
#define BYTES_PER_RESULT 265 /* of an entry in Redis, measured */
#define LEAST_RESULTS_H 0.5

static const char usage[] =
	"usage: mosprobe check [-c FILE] [--targets FILE] [--redis URL] [--id ID] [--interval 60s]\n"
	"                      [--samples 5] [--stamps auto]\n"
	"\n"
	"Looks at the configuration and the targets, then at this machine. Each line is ok, warn or\n"
	"fail, with what was found and what to do. Ends with status 1 when a line failed.\n";

static const struct argument accepted[] = {
	{ "targets", "prober", "targets", NULL },
	{ "redis", "redis", "url", NULL },
	{ "id", "prober", "id", NULL },
	{ "interval", "prober", "interval", NULL },
	{ "samples", "prober", "samples", NULL },
	{ "stamps", "prober", "stamps", NULL },
	{ "shard", "prober", "shard", NULL },
	{ NULL, NULL, NULL, NULL },
};

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };

/* What the lines share. */
struct check {
	struct config *config;
	struct target_list *targets;
	struct roster *roster;
	struct engine_plan plan;
	unsigned failures;
};

static void line(struct check *check, enum verdict verdict, const char *what, const char *format,
	...) __attribute__((format(printf, 4, 5)));

static void line(
	struct check *check, enum verdict verdict, const char *what, const char *format, ...)
{
	static const char *const words[] = { "ok", "warn", "fail" };
	va_list args;

	printf("%-4s  %-13s ", words[verdict], what);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	check->failures += verdict == VERDICT_FAIL;
}

static void check_targets(struct check *check)
{
	struct message msg;

	if (load_targets(&check->targets, check->config, &msg)) {
		line(check, VERDICT_FAIL, "targets", "%s", msg.text);
		check->targets = targets_create();
	} else {
		line(check, VERDICT_OK, "targets", "%zu%s%s", targets_count(check->targets),
			check->config->shard ? ", of shard " : "",
			check->config->shard ? check->config->shard : "");
	}
	if (!check->targets || roster_first(&check->roster, check->targets)) {
		fputs("mosprobe: out of memory\n", stderr);
		exit(1);
	}
	check->plan = engine_plan(check->config, check->targets);
}

static void check_kernel(struct check *check)
{
	struct utsname name;
	unsigned major = 0, minor = 0;
	bool recent;

	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	recent = major > 5 || (major == 5 && minor >= 10);
	line(check, recent ? VERDICT_OK : VERDICT_WARN, "kernel", "%s%s", name.release,
		recent ? "" : ": 5.10 or later is what mosprobe is made for");
}

/* Which of its kernels the score will run on. */
static void check_score(struct check *check)
{
	enum columns_way best = columns_way_best();
	char others[64] = "";

	for (enum columns_way way = 0; way < best; way++)
		if (columns_way_usable(way)) {
			strcat(others, *others ? ", " : "; it also has ");
			strcat(others, columns_way_name(way));
		}
	line(check, VERDICT_OK, "score", "computed with %s, the fastest that this machine has%s",
		columns_way_name(best), others);
}

/* cgroup, BPF and io_uring, by setting up the real thing. */
static void check_engine(struct check *check)
{
	struct engine_plan plan = check->plan;
	struct engine_notes notes;
	struct message msg = { "" };
	struct engine engine;

	if (plan.slots_v4 + plan.slots_v6 == 0 && plan.limit)
		plan.slots_v4 = 1; /* no targets: still look at the machine */
	if (engine_open(&engine, check->config, &plan, &notes, &msg)) {
		line(check, VERDICT_FAIL, "engine", "%s", msg.text);
		return;
	}
	if (engine.capture) {
		line(check, VERDICT_OK, "cgroup", "%s%s", cgroup_path(engine.cgroup),
			cgroup_is_own(engine.cgroup) ? " (a leaf of our own)" : "");
		line(check, VERDICT_OK, "bpf",
			"loaded, attached, and a connect to 127.0.0.1 was stamped: "
			"latencies are stamped in the kernel");
	} else if (notes.stamps.text[0]) {
		line(check, VERDICT_WARN, "bpf",
			"%s; run as root, or with CAP_BPF and CAP_NET_ADMIN", notes.stamps.text);
	} else {
		line(check, VERDICT_OK, "bpf", "not asked for: stamps = %s",
			stamp_source_name(engine.source));
	}
	if (notes.connects.text[0])
		line(check, VERDICT_WARN, "engine", "%s", notes.connects.text);
	else
		line(check, VERDICT_OK, "engine", "%s, %u sockets", engine_name(&engine),
			sockets_count(engine.sockets));
	engine_close(&engine);
}

static void check_slots(struct check *check)
{
	const struct engine_plan *plan = &check->plan;
	uint32_t slots = plan->slots_v4 + plan->slots_v6;
	uint64_t wanted = (uint64_t)plan->wanted_v4 + plan->wanted_v6;
	double timeout_s = (double)check->config->timeout_ns / NSEC_PER_SEC;

	if (wanted <= slots && slots)
		line(check, VERDICT_OK, "descriptors",
			"%u allowed for sockets; %u are used (%u IPv4, %u IPv6), enough when every "
			"target is silent: %.1f starts a second, closer looks among them, times %.1f s",
			plan->limit, slots, plan->slots_v4, plan->slots_v6, plan->starts_most_per_s,
			timeout_s);
	else if (slots)
		line(check, VERDICT_WARN, "descriptors",
			"%u allowed for sockets, %lu wanted when every target is silent (%.1f starts "
			"a second, closer looks among them, times %.1f s): starts would be late then; raise the limit of open "
			"files (LimitNOFILE=), or lower the time-out",
			plan->limit, (unsigned long)wanted, plan->starts_most_per_s, timeout_s);
	else if (!targets_count(check->targets))
		line(check, VERDICT_OK, "descriptors", "%u allowed for sockets", plan->limit);
	else
		line(check, VERDICT_FAIL, "descriptors",
			"none is left for sockets; raise the limit of open files (ulimit -n)");
}

static void check_ports(struct check *check)
{
	uint32_t ports = check->plan.ports, most = check->plan.most_at_one_address;

	if (!ports)
		line(check, VERDICT_WARN, "ports", "net.ipv4.ip_local_port_range cannot be read");
	else
		line(check, ports >= most ? VERDICT_OK : VERDICT_WARN, "ports",
			"%u ephemeral ports per destination, at most %u in use at once%s", ports,
			most,
			ports >= most ? ""
				      : ": widen net.ipv4.ip_local_port_range, or lower "
					"address_rate, if many targets share an address");
}

static void check_sysctls(struct check *check)
{
	uint64_t entries, most;

	if (machine_tcp_timestamps())
		line(check, VERDICT_OK, "timestamps", "net.ipv4.tcp_timestamps is on");
	else
		line(check, VERDICT_WARN, "timestamps",
			"net.ipv4.tcp_timestamps = 0: after a lost packet no latency can be told; set 1");
	if (!machine_conntrack(&entries, &most)) {
		line(check, VERDICT_OK, "conntrack", "not in use");
		return;
	}
	/* An answered probe keeps its entry for 10 s, a silent one for 120 s. */
	double answered = check->plan.starts_per_s * 10, silent = check->plan.starts_per_s * 120;

	line(check, silent < (double)(most - entries) ? VERDICT_OK : VERDICT_WARN, "conntrack",
		"%lu of %lu entries in use; probing adds %.0f, and %.0f when every target is silent%s",
		(unsigned long)entries, (unsigned long)most, answered, silent,
		silent < (double)(most - entries)
			? ""
			: ": exempt the prober (nft: tcp dport 5060 notrack, both ways)");
}

static void check_memory(struct check *check)
{
	uint64_t available = machine_memory_available();
	uint64_t wanted =
		targets_count(check->targets) * BYTES_PER_TARGET + check->config->spool_max_bytes;

	line(check, wanted < available ? VERDICT_OK : VERDICT_WARN, "memory",
		"about %lu MiB wanted (with a full spool), %lu MiB available",
		(unsigned long)(wanted >> 20), (unsigned long)(available >> 20));
}

static void check_dns(struct check *check)
{
	struct message servers = { "" }, msg = { "" };
	struct dns_answer answer;
	const char *name = check->roster->named ? check->roster->hosts[0] : NULL;
	char v4[ADDRESS_TEXT_SIZE], v6[ADDRESS_TEXT_SIZE];

	if (!name) {
		line(check, VERDICT_OK, "dns", "not needed: every target is an address");
		return;
	}
	if (resolver_lookup(check->config, name, 5 * NSEC_PER_SEC, &answer, &servers, &msg))
		line(check, VERDICT_FAIL, "dns", "%s: %s", name, msg.text);
	else if (answer.status == DNS_NOT_FOUND)
		line(check, VERDICT_WARN, "dns", "%s answers that %s does not exist", servers.text,
			name);
	else
		line(check, VERDICT_OK, "dns", "%s: %s%s%s (asked %s)", name,
			address_text(&answer.v4, v4),
			answer.v4.family && answer.v6.family ? ", " : "",
			address_text(&answer.v6, v6), servers.text);
}

/* Of a prober that runs: targets for which nobody will be woken. */
static void say_quiet(struct check *check, const char *what, const char *how, long long count,
	const struct message *names)
{
	if (count)
		line(check, VERDICT_OK, what, "%lld of the running prober's targets %s: %s%s",
			count, how, names->text, count > 5 ? ", ..." : "");
}

/* How long it is until the oldest result is trimmed away. */
static void say_how_long(struct check *check)
{
	double per_s = (double)targets_count(check->targets) /
		       ((double)check->config->interval_ns / NSEC_PER_SEC);
	double h = (double)check->config->results_maxlen / per_s / 3600;
	bool few = h < LEAST_RESULTS_H;

	if (per_s <= 0)
		return;
	line(check, few ? VERDICT_WARN : VERDICT_OK, "results",
		"the stream holds %.*f %s of these targets (results_maxlen %llu, about %.0f MB)%s",
		h < 10 ? 1 : 0, h < 1 ? h * 60 : h, h < 1 ? "min" : "h",
		(unsigned long long)check->config->results_maxlen,
		(double)check->config->results_maxlen * BYTES_PER_RESULT / 1e6,
		few ? ": a consumer that stands still for longer misses some" : "");
}

/* Who the prober will be when it writes. */
static uid_t check_user(struct check *check)
{
	struct privilege_user user = { .uid = geteuid() };
	struct message msg;

	if (!check->config->user || user.uid)
		return user.uid;
	if (privilege_find(&user, check->config->user, &msg))
		line(check, VERDICT_FAIL, "user", "%s", msg.text);
	else
		line(check, VERDICT_OK, "user", "becomes %s, once it needs no rights", user.name);
	return user.uid;
}

/* Of the folder in which the prober remembers. */
static void check_state(struct check *check, uid_t owner)
{
	const char *dir = check->config->state_dir;
	struct message found;
	enum machine_folder state;

	if (!dir) {
		line(check, VERDICT_OK, "state_dir",
			"none: windows, held times and what Redis has not yet end with the process");
		return;
	}
	state = machine_folder(dir, owner, &found);
	line(check,
		state == MACHINE_FOLDER_GOOD	? VERDICT_OK
		: state == MACHINE_FOLDER_RISKY ? VERDICT_WARN
						: VERDICT_FAIL,
		"state_dir", "%s: %s", dir, found.text);
}

static void check_password_file(struct check *check)
{
	struct message why;

	if (load_password_is_exposed(check->config, &why))
		line(check, VERDICT_WARN, "password_file", "%s", why.text);
	else if (check->config->redis_password_file)
		line(check, VERDICT_OK, "password_file", "%s: its owner's alone",
			check->config->redis_password_file);
}

/* In use by the very prober that runs, as like as not. */
static void check_metrics(struct check *check)
{
	const char *listen = check->config->metrics_listen;
	struct listen_place place;
	struct message msg;
	int error;

	if (!listen) {
		line(check, VERDICT_OK, "metrics", "off: [metrics] listen");
		return;
	}
	listen_parse(&place, listen);
	error = http_try(&place, &msg);
	if (!error)
		line(check, VERDICT_OK, "metrics", "%s is free%s", listen,
			listen_is_local(&place) ? ""
						: ", and open to others, without authentication");
	else
		line(check, error == -EADDRINUSE ? VERDICT_WARN : VERDICT_FAIL, "metrics", "%s%s",
			msg.text,
			error == -EADDRINUSE
				? ": by the prober that runs, or another port must be found"
				: "");
}

static void check_redis(struct check *check)
{
	struct message found = { "" }, msg = { "" };
	struct publish_quiet quiet = { 0 };
	char *password = NULL;

	if (!check->config->redis_url) {
		line(check, VERDICT_OK, "redis", "none configured");
		return;
	}
	if (load_password(&password, check->config, &msg) ||
		publish_check(check->config, password, REDIS_TIMEOUT_MS, &found, &quiet, &msg))
		line(check, VERDICT_FAIL, "redis", "%s", msg.text);
	else
		line(check, VERDICT_OK, "redis", "%s", found.text);
	free(password);
	say_how_long(check);
	if (quiet.writer[0])
		line(check, VERDICT_OK, "writer", "%s writes as prober %s", quiet.writer,
			check->config->id);
	if (!quiet.running)
		return;
	say_quiet(check, "unverified", "have never answered", quiet.unverified,
		&quiet.unverified_names);
	say_quiet(check, "muted", "are muted", quiet.muted, &quiet.muted_names);
}

int cmd_check(int argc, char **argv)
{
	struct arguments arguments;
	struct check check = { 0 };
	struct message msg;
	const char *file;

	if (arguments_read(&arguments, argc, argv, accepted, false, false))
		return 2;
	if (arguments.help) {
		fputs(usage, stdout);
		return 0;
	}
	if (load_config(&check.config, arguments.config_file, arguments.options,
		    arguments.option_count, &msg)) {
		line(&check, VERDICT_FAIL, "configuration", "%s", msg.text);
		return 2;
	}
	file = load_config_file(arguments.config_file);
	line(&check, VERDICT_OK, "configuration", "%s, id %s", file ? file : "defaults",
		check.config->id);
	check_targets(&check);
	check_kernel(&check);
	check_score(&check);
	check_engine(&check);
	check_slots(&check);
	check_ports(&check);
	check_sysctls(&check);
	check_memory(&check);
	check_state(&check, check_user(&check));
	check_dns(&check);
	check_redis(&check);
	check_password_file(&check);
	check_metrics(&check);
	roster_destroy(check.roster);
	targets_destroy(check.targets);
	config_destroy(check.config);
	return check.failures ? 1 : 0;
}
