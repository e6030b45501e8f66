/* SPDX-License-Identifier: MIT */
#include "composition/capacity_trial.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "composition/capacity_reading.h"
#include "composition/run.h"
#include "edges/cgroup.h"
#include "edges/child.h"
#include "edges/machine.h"
#include "vocabulary/nsec.h"

#define BEGIN_NS (60 * NSEC_PER_SEC)
#define END_NS (10 * NSEC_PER_SEC)
#define MOMENT_NS (20 * NSEC_PER_MSEC)
/* Else results would come too late to be measured. A time-out is no longer; the peers answer at once. */
#define GUARD_NS NSEC_PER_SEC
#define TIMEOUT_SHARE 0.5 /* of the interval */

/* Texts of options; they must live until the child has read them. */
struct texts {
	char targets[96], state[96], interval[32], timeout[32], metrics[16];
};

static void set(
	struct arguments *arguments, const char *section, const char *key, const char *value)
{
	if (arguments->option_count < LOAD_OPTIONS_MAX)
		arguments->options[arguments->option_count++] =
			(struct load_option) { key, section, key, value };
}

/* What must be another than the user's: the targets, whom it writes to, and all that would look at the world. */
static struct arguments arguments_of(const struct capacity_trial *trial, struct texts *texts)
{
	const struct capacity_room *room = trial->room;
	const struct config *config = trial->config;
	struct arguments arguments = *trial->arguments;
	double timeout_s = fmin(1,
		fmin((double)config->timeout_ns / NSEC_PER_SEC, trial->interval_s * TIMEOUT_SHARE));

	snprintf(texts->targets, sizeof texts->targets, "%s/targets", room->folder);
	snprintf(texts->state, sizeof texts->state, "%s/state", room->folder);
	snprintf(texts->interval, sizeof texts->interval, "%.0fms", trial->interval_s * 1e3);
	snprintf(texts->timeout, sizeof texts->timeout, "%.0fms", timeout_s * 1e3);
	snprintf(texts->metrics, sizeof texts->metrics, "%u", room->metrics_port);
	set(&arguments, "prober", "targets", texts->targets);
	set(&arguments, "prober", "interval", texts->interval);
	set(&arguments, "prober", "timeout", texts->timeout);
	set(&arguments, "prober", "id", CAPACITY_PROBER_ID);
	set(&arguments, "prober", "state_dir", config->state_dir ? texts->state : "");
	set(&arguments, "prober", "user", ""); /* the folder is ours */
	set(&arguments, "prober", "output", "none");
	set(&arguments, "prober", "cycles", "0");
	set(&arguments, "prober", "shard", "");
	set(&arguments, "prober", "standby", "no");
	set(&arguments, "prober", "watch", "no");
	set(&arguments, "prober", "source", "");
	set(&arguments, "prober", "family", "any");
	set(&arguments, "prober", "deny", "none");
	set(&arguments, "prober", "max_rate", "none");
	/* On a busy machine answers are late too, and make jitter. */
	set(&arguments, "prober", "closer_share", "0%");
	set(&arguments, "prober", "address_rate", config->address_rate ? "1000000" : "none");
	/* The peers answer no FIN, and the listener accepts nobody. */
	if (!room->reflector)
		set(&arguments, "prober", "close", "half");
	else if (config->defaults.close == CLOSE_FIN)
		set(&arguments, "prober", "close", "rst");
	if (config->guard.window_ns > GUARD_NS)
		set(&arguments, "guard", "window", "1s");
	set(&arguments, "guard", "canary", "");
	set(&arguments, "redis", "url", room->redis ? redis_server_url(room->redis) : "");
	set(&arguments, "redis", "prefix", CAPACITY_PREFIX);
	set(&arguments, "redis", "username", "");
	set(&arguments, "redis", "password_file", "");
	set(&arguments, "redis", "wait_replicas", "0");
	set(&arguments, "metrics", "listen", texts->metrics);
	return arguments;
}

static int become_prober(void *context)
{
	unsetenv(LOAD_PASSWORD_VARIABLE);
	unsetenv("NOTIFY_SOCKET"); /* it is no service */
	return run_arguments(context);
}

/* The last line of what the prober said. */
static void last_words(const struct capacity_room *room, struct message *ret)
{
	char path[96], line[MESSAGE_SIZE];
	FILE *file;

	message_set(ret, 0, "it said nothing");
	snprintf(path, sizeof path, "%s/prober.log", room->folder);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0])
			message_set(ret, 0, "%s", line);
	}
	if (file)
		fclose(file);
}

static int ended_early(const struct capacity_trial *trial, pid_t *pid, struct message *msg)
{
	struct message words;
	int status;

	if (!child_ended(*pid, &status))
		return 0;
	*pid = 0;
	last_words(trial->room, &words);
	return message_set(msg, -ECHILD, "the prober ended with status %d: %s", status, words.text);
}

/* Waits; ends before when it is told to, or the prober ends. */
static int wait_for(
	const struct capacity_trial *trial, pid_t *pid, double seconds, struct message *msg)
{
	uint64_t until_ns = nsec_mono() + (uint64_t)(seconds * NSEC_PER_SEC), now_ns;
	int error = 0;

	while (!error && (now_ns = nsec_mono()) < until_ns) {
		uint64_t left_ns = until_ns - now_ns;
		struct timespec moment = { .tv_nsec = (long)(left_ns < MOMENT_NS ? left_ns
										 : MOMENT_NS) };

		if (*trial->stop_asked)
			return message_set(msg, -EINTR, "stopped");
		nanosleep(&moment, NULL);
		error = ended_early(trial, pid, msg);
	}
	return error;
}

/* Until it has had its first turn. */
static int wait_to_begin(const struct capacity_trial *trial, pid_t *pid, struct message *msg)
{
	uint64_t until_ns = nsec_mono() + BEGIN_NS;
	struct capacity_reading reading;
	int error = 0;

	while (!error && !capacity_reading_begun(trial->room, *pid, &reading)) {
		if (nsec_mono() > until_ns)
			return message_set(msg, -ETIMEDOUT, "the prober did not begin within %u s",
				(unsigned)(BEGIN_NS / NSEC_PER_SEC));
		error = wait_for(trial, pid, 0.05, msg);
	}
	return error;
}

static int measure(
	struct capacity_trial *trial, pid_t *pid, struct capacity_step *ret, struct message *msg)
{
	struct capacity_reading before, after;
	int error = wait_to_begin(trial, pid, msg);

	if (error)
		return error;
	if (!capacity_room_shares_cpu(trial->room))
		machine_keep_off(*pid, trial->room->last_cpu);
	error = wait_for(trial, pid, trial->warm_s, msg);
	if (!error && !capacity_reading_begun(trial->room, *pid, &before))
		error = message_set(msg, -EIO, "the prober's metrics cannot be read");
	if (!error)
		error = wait_for(trial, pid, trial->window_s, msg);
	if (!error && !capacity_reading_begun(trial->room, *pid, &after))
		error = message_set(msg, -EIO, "the prober's metrics cannot be read");
	if (!error)
		*ret = capacity_reading_between(trial->room, trial->loaded, &before, &after);
	if (error)
		return error;
	memcpy(trial->stamps, after.stamps, sizeof trial->stamps);
	memcpy(trial->engine, after.engine, sizeof trial->engine);
	ret->targets = trial->targets;
	ret->interval_s = trial->interval_s;
	return 0;
}

int capacity_trial_run(struct capacity_trial *trial, struct capacity_step *ret, struct message *msg)
{
	struct texts texts;
	struct arguments arguments = arguments_of(trial, &texts);
	char log[96];
	int error = capacity_room_write_targets(trial->room, (uint32_t)trial->loaded);
	pid_t pid;

	if (error)
		return message_set(msg, error, "cannot write the targets: %s", strerror(-error));
	if (trial->room->redis)
		redis_server_clear(trial->room->redis);
	capacity_room_forget(trial->room);
	snprintf(log, sizeof log, "%s/prober.log", trial->room->folder);
	pid = child_start(become_prober, &arguments, log, SIGTERM);
	if (pid < 0)
		return message_set(msg, pid, "cannot start a prober: %s", strerror(-pid));
	error = measure(trial, &pid, ret, msg);
	if (pid)
		child_end(pid, END_NS);
	/* Had it to be killed, it could not remove its cgroup. */
	cgroup_tidy();
	return error;
}
