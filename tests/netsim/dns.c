/* SPDX-License-Identifier: MIT */
#include "dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "relay.h"
#include "zone.h"

#define PATH_SIZE 256
#define WAIT_MS 20000 /* for nsd to read a zone of 100,000 names */
#define ADDRESS "127.0.0.1"
#define ADDRESS_BEHIND "127.0.0.2" /* nsd's when the relay stands before it; the same port */

struct dns {
	char folder[PATH_SIZE / 2];
	pid_t nsd;
};

static struct sockaddr_in endpoint(const char *address, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, address, &to.sin_addr);
	return to;
}

/* NULL after it has said why. */
static FILE *create(const struct dns *dns, const char *name)
{
	char path[PATH_SIZE];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", dns->folder, name);
	file = fopen(path, "we");
	if (!file)
		fprintf(stderr, "netsim: cannot write %s: %s\n", path, strerror(errno));
	return file;
}

static int finish(FILE *file)
{
	bool failed = ferror(file);

	return fclose(file) || failed ? -EIO : 0;
}

static int write_zone(const struct dns *dns, const struct scenario *scenario, const char *domain,
	size_t index, FILE *config)
{
	char name[32];
	FILE *file;

	snprintf(name, sizeof name, "zone%zu", index);
	file = create(dns, name);
	if (!file)
		return -EIO;
	zone_print(file, scenario, domain);
	fprintf(config, "zone:\n name: \"%s.\"\n zonefile: \"%s\"\n", domain, name);
	return finish(file);
}

static int write_files(
	const struct dns *dns, const struct scenario *scenario, const char *address, uint16_t port)
{
	const char *folder = dns->folder;
	FILE *config = create(dns, "nsd.conf");
	char **domains = NULL;
	size_t count = 0;
	int error;

	if (!config)
		return -EIO;
	fprintf(config,
		"server:\n ip-address: %s\n port: %u\n server-count: 1\n username: \"\"\n"
		" chroot: \"\"\n zonesdir: \"%s\"\n database: \"\"\n pidfile: \"%s/pid\"\n"
		" xfrdfile: \"%s/xfrd\"\n zonelistfile: \"%s/zones\"\n xfrdir: \"%s\"\n"
		" rrl-ratelimit: 0\nremote-control:\n control-enable: no\n",
		address, port, folder, folder, folder, folder, folder);
	error = zone_domains(scenario, &domains, &count);
	for (size_t i = 0; i < count; i++) {
		if (!error)
			error = write_zone(dns, scenario, domains[i], i, config);
		free(domains[i]);
	}
	free(domains);
	if (finish(config) && !error)
		error = -EIO;
	if (error)
		fprintf(stderr, "netsim: cannot write nsd's files in %s\n", folder);
	return error;
}

/* In a child: as netsim's own parent would have started it, but with a session of its own: the
 * terminal's Ctrl-C is for the command, which may still look up names. */
static void become_server(pid_t parent, const sigset_t *mask)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	setsid();
	sigprocmask(SIG_SETMASK, mask, NULL);
}

static void exec_nsd(const struct dns *dns)
{
	static const char *const paths[] = { "nsd", "/usr/sbin/nsd", "/sbin/nsd" };
	char config[PATH_SIZE], log[PATH_SIZE];
	int fd;

	snprintf(config, sizeof config, "%s/nsd.conf", dns->folder);
	snprintf(log, sizeof log, "%s/log", dns->folder);
	fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		_exit(1);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		execlp(paths[i], "nsd", "-d", "-c", config, (char *)NULL);
	dprintf(fd, "%s\n",
		errno == ENOENT ? "the program is missing: install nsd" : strerror(errno));
	_exit(1);
}

static bool answers(const char *address, uint16_t port)
{
	struct sockaddr_in to = endpoint(address, port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected = fd >= 0 && !connect(fd, (const struct sockaddr *)&to, sizeof to);

	if (fd >= 0)
		close(fd);
	return connected;
}

static void tell_why(const struct dns *dns)
{
	char path[PATH_SIZE], line[256], last[256] = "it ended\n";
	FILE *log;

	snprintf(path, sizeof path, "%s/log", dns->folder);
	log = fopen(path, "re");
	while (log && fgets(line, sizeof line, log))
		memcpy(last, line, sizeof last);
	if (log)
		fclose(log);
	fprintf(stderr, "netsim: cannot run the name server nsd: %s", last);
}

static int start_nsd(struct dns *dns, const char *address, uint16_t port, const sigset_t *mask)
{
	const struct timespec moment = { .tv_nsec = 5000000 };
	pid_t parent = getpid();

	dns->nsd = fork();
	if (!dns->nsd) {
		become_server(parent, mask);
		exec_nsd(dns);
	}
	for (int waited_ms = 0; dns->nsd > 0 && waited_ms < WAIT_MS; waited_ms += 5) {
		if (answers(address, port))
			return 0;
		if (waitpid(dns->nsd, NULL, WNOHANG) == dns->nsd)
			break;
		nanosleep(&moment, NULL);
	}
	tell_why(dns);
	return -EIO;
}

static int start_relay(const struct scenario *scenario, const struct start *start, uint16_t port,
	const sigset_t *mask)
{
	const struct sockaddr_in own = endpoint(ADDRESS, port);
	const int yes = 1;
	struct relay relay = {
		.scenario = scenario,
		.start = start,
		.udp_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
		.tcp_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
		.server = endpoint(ADDRESS_BEHIND, port),
	};
	pid_t parent = getpid(), pid = -1;

	setsockopt(relay.tcp_fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (!bind(relay.udp_fd, (const struct sockaddr *)&own, sizeof own) &&
		!bind(relay.tcp_fd, (const struct sockaddr *)&own, sizeof own) &&
		!listen(relay.tcp_fd, 64))
		pid = fork();
	if (!pid) {
		become_server(parent, mask);
		relay_run(&relay);
	}
	if (pid < 0)
		fprintf(stderr, "netsim: cannot relay DNS on %s:%u: %s\n", ADDRESS, port,
			strerror(errno));
	close(relay.udp_fd);
	close(relay.tcp_fd);
	return pid < 0 ? -EIO : 0;
}

int dns_start(struct dns **ret_dns, const struct scenario *scenario, const struct start *start,
	uint16_t port, const sigset_t *mask)
{
	const char *address = scenario->dns_count ? ADDRESS_BEHIND : ADDRESS;
	const char *parent = getenv("TMPDIR");
	struct dns *dns = calloc(1, sizeof *dns);
	int error;

	*ret_dns = NULL;
	if (!dns)
		return -ENOMEM;
	snprintf(dns->folder, sizeof dns->folder, "%s/netsim-dns.XXXXXX",
		parent && *parent && strlen(parent) < sizeof dns->folder / 2 ? parent : "/tmp");
	if (!mkdtemp(dns->folder)) {
		fprintf(stderr, "netsim: cannot make the folder %s: %s\n", dns->folder,
			strerror(errno));
		free(dns);
		return -EIO;
	}
	error = write_files(dns, scenario, address, port);
	if (!error)
		error = start_nsd(dns, address, port, mask);
	if (!error && scenario->dns_count)
		error = start_relay(scenario, start, port, mask);
	*ret_dns = dns;
	return error;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	remove(path);
	return 0;
}

void dns_clean_up(struct dns *dns)
{
	if (!dns)
		return;
	/* nsd was killed, and leaves a folder of its own. */
	nftw(dns->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(dns);
}
