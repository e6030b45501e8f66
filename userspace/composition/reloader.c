/* SPDX-License-Identifier: MIT */
#include "composition/reloader.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

#define WATCH_MS 1000
/* Generations that have something under way: another one waits until that has ended, for each is the memory
 * of a list. An interval and a time-out at most. */
#define UNDER_WAY_MOST 4
/* A list of targets is read and numbered where it does not take the processor from a start. */
#define RELOADER_NICE 5

/* What a watched file looked like. */
struct look {
	struct timespec modified;
	off_t size;
	ino_t inode;
};

struct ready {
	struct generation *generation;
	struct roster_change change;
};

/* A generation, newest first; the newest one is the prober's, or will be. */
struct kept {
	struct generation *generation;
	struct kept *older;
};

struct reloader {
	struct reloader_setup setup;
	struct numbering *numbering; /* made with the first reload */
	const struct generation *newest;
	struct kept *kept;
	pthread_t thread;
	int wake_fd;
	_Atomic bool stop;
	uint32_t reloads; /* so far */
	_Atomic uint32_t asks,
		answered; /* how often it was asked to read, and how many of them it has */
	_Atomic(struct ready *) ready; /* for the prober */
	_Atomic bool busy;	       /* the prober has not taken it in yet */
	_Atomic bool all_left;	       /* see prober_all_left() */
	_Atomic uint64_t settled;      /* nobody refers to an earlier generation */
	bool unsettled;		       /* of the prober's thread: somebody may */
	unsigned under_way;    /* of the reloader's thread: generations since all had left */
	struct config *latest; /* that was read; NULL = that of the start */
	struct look *looks;    /* configuration, then targets files */
	size_t look_count;
};

static const struct config *latest(const struct reloader *reloader)
{
	return reloader->latest ? reloader->latest : reloader->setup.config;
}

static struct look look_at(const char *file)
{
	struct look look = { .size = -1 };
	struct stat status;

	if (file && !stat(file, &status))
		look = (struct look) {
			.modified = status.st_mtim,
			.size = status.st_size,
			.inode = status.st_ino,
		};
	return look;
}

/* Whether a file is not what it was. Remembers what it is. */
static bool has_changed(struct reloader *reloader, const struct config *config)
{
	size_t count = 1 + config->target_file_count;
	struct look *looks = calloc(count, sizeof *looks);
	bool changed;

	if (!looks)
		return false;
	looks[0] = look_at(reloader->setup.config_file);
	for (size_t i = 1; i < count; i++)
		looks[i] = look_at(config->target_files[i - 1]);
	changed = reloader->looks && (count != reloader->look_count ||
					     memcmp(looks, reloader->looks, count * sizeof *looks));
	free(reloader->looks);
	reloader->looks = looks;
	reloader->look_count = count;
	return changed;
}

static void tell_difference(void *context, const char *section, const char *key)
{
	char name[64];

	snprintf(name, sizeof name, "%s.%s", section, key);
	log_event(LOG_WARN, "reload_restart", "another value of a key takes a restart", "key=%s",
		name);
}

/* Sockets are made at the start, and the right to make more is gone by now. */
static void warn_of_slots(const struct reloader *reloader)
{
	const struct reloader_setup *setup = &reloader->setup;
	double timeout_s = (double)setup->config->timeout_ns / NSEC_PER_SEC;
	double wanted = reloader->newest->starts_most_per_s * timeout_s;

	if (wanted > setup->slots &&
		reloader->newest->starts_most_per_s > setup->generation->starts_most_per_s)
		log_event(LOG_WARN, "reload_slots",
			"if every target were silent, more sockets would be in use than were made at the "
			"start, and starts would be late: more take a restart",
			"slots=%u wanted=%.0f", setup->slots, wanted);
}

static void let_go(struct reloader *reloader)
{
	uint64_t settled = atomic_load(&reloader->settled);
	struct kept **next = &reloader->kept;

	while (*next) {
		struct kept *kept = *next;

		if (kept->generation->number >= settled) {
			next = &kept->older;
			continue;
		}
		*next = kept->older;
		generation_destroy(kept->generation);
		free(kept);
	}
}

/* Takes the list. */
static int make_next(struct reloader *reloader, const struct config *config,
	struct target_list *list, struct ready *ready, struct message *msg)
{
	const struct reloader_setup *setup = &reloader->setup;
	struct kept *kept = calloc(1, sizeof *kept);
	int error = 0;

	if (!reloader->numbering)
		error = numbering_create(
			&reloader->numbering, setup->generation->roster, setup->room);
	if (error || !kept) {
		targets_destroy(list);
		free(kept);
		return message_set(msg, -ENOMEM, "out of memory");
	}
	error = generation_next(&ready->generation, &ready->change, reloader->newest,
		atomic_load(&reloader->all_left), reloader->numbering, config, list, msg);
	if (error) {
		free(kept);
		return error;
	}
	kept->generation = ready->generation;
	kept->older = reloader->kept;
	reloader->kept = kept;
	reloader->newest = ready->generation;
	reloader->under_way++;
	return 0;
}

static void reload(struct reloader *reloader)
{
	const struct reloader_setup *setup = &reloader->setup;
	struct target_list *list = NULL;
	struct config *config = NULL;
	struct ready *ready = calloc(1, sizeof *ready);
	struct message msg;
	int error;

	/* Told with each, so that none is folded into the one before: whoever asked waits for the answer. */
	reloader->reloads++;
	let_go(reloader);
	/* Before it is read: what changes meanwhile is seen. */
	has_changed(reloader, latest(reloader));
	error = ready ? load_config(&config, setup->config_file, setup->options,
				setup->option_count, &msg)
		      : message_set(&msg, -ENOMEM, "out of memory");
	if (!error)
		error = load_targets(&list, config, &msg);
	if (!error)
		error = make_next(reloader, config, list, ready, &msg);
	if (error) {
		log_event(LOG_ERROR, "reload_refused", "nothing was changed", "reload=%u error=%s",
			reloader->reloads, msg.text);
		free(ready);
	} else {
		log_set_level(config->log_level);
		log_set_form(config->log_form);
		config_differences(setup->config, config, tell_difference, NULL);
		log_event(LOG_INFO, "reload_done", "configuration and targets were read again",
			"reload=%u targets=%u added=%u removed=%u changed=%u", reloader->reloads,
			ready->generation->roster->present, ready->change.added_count,
			ready->change.removed_count, ready->change.changed_count);
		warn_of_slots(reloader);
		if (setup->resolver)
			resolver_change(setup->resolver, ready->generation->roster, &ready->change);
		atomic_store(&reloader->busy, true);
		atomic_store(&reloader->ready, ready);
	}
	if (!config)
		return;
	config_destroy(reloader->latest);
	reloader->latest = config;
}

/* Whether the prober takes another generation. */
static bool is_free(struct reloader *reloader)
{
	if (atomic_load(&reloader->busy))
		return false;
	if (atomic_load(&reloader->all_left))
		reloader->under_way = 0;
	return reloader->under_way < UNDER_WAY_MOST;
}

/* Sleeps until something is asked for. With watch, looks at the files once a second; they are read
 * when they have stopped changing for a second. */
static bool wait_for_work(struct reloader *reloader)
{
	const struct config *config = latest(reloader);
	bool watch = reloader->setup.config->watch;
	struct pollfd fd = { .fd = reloader->wake_fd, .events = POLLIN };
	bool waits = !is_free(reloader), pending = false;

	for (;;) {
		eventfd_t value;

		poll(&fd, 1, watch || waits ? WATCH_MS : -1);
		eventfd_read(reloader->wake_fd, &value);
		if (atomic_load(&reloader->stop))
			return false;
		waits = !is_free(reloader);
		if (watch) {
			bool changed = has_changed(reloader, config);

			if (pending && !changed && !waits)
				return true;
			pending |= changed;
		}
		if (!waits && atomic_load(&reloader->asks) != atomic_load(&reloader->answered))
			return true;
	}
}

static void *run(void *arg)
{
	struct reloader *reloader = arg;

	setpriority(PRIO_PROCESS, (id_t)gettid(), RELOADER_NICE);
	has_changed(reloader, reloader->setup.config);
	while (wait_for_work(reloader)) {
		uint32_t asks = atomic_load(&reloader->asks);

		reload(reloader);
		atomic_store(&reloader->answered, asks);
	}
	return NULL;
}

int reloader_start(struct reloader **ret, const struct reloader_setup *setup, struct message *msg)
{
	struct reloader *reloader = calloc(1, sizeof *reloader);
	sigset_t all, before;
	int error;

	if (!reloader)
		return message_set(msg, -ENOMEM, "out of memory");
	reloader->setup = *setup;
	reloader->newest = setup->generation;
	atomic_store(&reloader->all_left, true);
	reloader->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (reloader->wake_fd < 0) {
		error = message_set(msg, -errno, "eventfd: %s", strerror(errno));
		free(reloader);
		return error;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&reloader->thread, NULL, run, reloader);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error) {
		close(reloader->wake_fd);
		free(reloader);
		return message_set(msg, -error, "cannot start a thread: %s", strerror(error));
	}
	pthread_setname_np(reloader->thread, "reload");
	*ret = reloader;
	return 0;
}

void reloader_stop(struct reloader *reloader)
{
	if (!reloader)
		return;
	atomic_store(&reloader->stop, true);
	eventfd_write(reloader->wake_fd, 1);
	pthread_join(reloader->thread, NULL);
}

void reloader_destroy(struct reloader *reloader)
{
	struct ready *ready;

	if (!reloader)
		return;
	ready = atomic_load(&reloader->ready);
	if (ready)
		roster_change_free(&ready->change);
	free(ready);
	atomic_store(&reloader->settled, UINT64_MAX);
	let_go(reloader);
	numbering_destroy(reloader->numbering);
	config_destroy(reloader->latest);
	free(reloader->looks);
	close(reloader->wake_fd);
	free(reloader);
}

void reloader_ask(struct reloader *reloader)
{
	atomic_fetch_add(&reloader->asks, 1);
	eventfd_write(reloader->wake_fd, 1);
}

bool reloader_is_done(const struct reloader *reloader)
{
	return atomic_load(&reloader->asks) == atomic_load(&reloader->answered) &&
	       !atomic_load(&reloader->busy);
}

/* What the publisher and the output have both come to. */
static uint64_t come_to(const struct reloader *reloader)
{
	const struct reloader_setup *setup = &reloader->setup;
	uint64_t least = UINT64_MAX, its;

	if (setup->publish)
		least = publish_stats(setup->publish).generation;
	if (setup->output) {
		its = output_generation(setup->output);
		least = its < least ? its : least;
	}
	return least;
}

static void settle(struct reloader *reloader)
{
	uint64_t number = prober_generation(reloader->setup.prober)->number;

	if (!prober_all_left(reloader->setup.prober))
		return;
	atomic_store(&reloader->all_left, true);
	if (come_to(reloader) < number)
		return;
	atomic_store(&reloader->settled, number);
	reloader->unsettled = false;
}

void reloader_step(struct reloader *reloader)
{
	struct prober *prober = reloader->setup.prober;
	struct ready *ready;

	if (reloader->unsettled)
		settle(reloader);
	if (!atomic_load(&reloader->busy) || prober_is_adopting(prober))
		return;
	ready = atomic_exchange(&reloader->ready, NULL);
	if (!ready) {
		atomic_store(&reloader->busy, false);
		return;
	}
	atomic_store(&reloader->all_left, false);
	reloader->unsettled = true;
	prober_adopt(prober, ready->generation, &ready->change);
	free(ready);
}
