/* SPDX-License-Identifier: MIT */
#include "edges/resolver_own.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "edges/resolver_cares.h"
#include "edges/resolver_saved.h"
#include "vocabulary/log.h"
#include "vocabulary/nsec.h"

/* Names under way at once: bounds the memory, and how many dead names (each of which takes the sum of
 * all time-outs, seconds) can be there before they hold up the others. */
#define LOOKS_MAX 512
#define REQUESTS_MAX 8192
#define SLEEP_MOST_MS 1000
/* When the prober's queue is full: how long until it is tried again. */
#define TELL_AGAIN_MS 10
#define LOOKUPS_WORTH_TELLING 1000
/* Addresses are kept so often, for a process that is killed. */
#define SAVED_EVERY_NS (60 * NSEC_PER_SEC)

/* Hosts that come (with a name) and go (without). */
struct batch {
	struct batch *next;
	size_t count;
	struct {
		uint32_t host;
		const char *name;
	} hosts[];
};

struct resolver {
	struct queue *answers;
	struct queue *requests; /* of uint32_t: hosts to be looked up out of turn */
	struct dns_client *client;
	struct dns_cache *cache;
	uint64_t now_ns, started_ns;
	const char *state_dir; /* NULL = addresses are not kept */
	uint64_t saved_ns;     /* when they were */
	bool told_first;
	size_t room;
	pthread_t thread;
	pthread_mutex_t lock;
	struct batch *batches; /* under the lock, oldest first */
	int wake_fd;
	_Atomic bool stop;
	_Atomic uint64_t lookups, found, not_found, failed, pending;
};

static void count_lookup(struct resolver *resolver, const struct dns_reply replies[DNS_FAMILIES])
{
	bool found = false, failed = false;

	for (int f = 0; f < DNS_FAMILIES; f++) {
		found |= replies[f].kind == DNS_REPLY_FOUND;
		failed |= replies[f].kind == DNS_REPLY_FAILED;
	}
	resolver->lookups++;
	if (found)
		resolver->found++;
	else if (failed)
		resolver->failed++;
	else
		resolver->not_found++;
}

/* Once all have been looked up that were there at the start. */
static void tell_first(struct resolver *resolver)
{
	uint64_t took_ms = (resolver->now_ns - resolver->started_ns) / NSEC_PER_MSEC;

	resolver->told_first = true;
	if (resolver->lookups < LOOKUPS_WORTH_TELLING)
		return;
	log_event(LOG_INFO, "names_looked_up", "all names have been looked up",
		"names=%lu found=%lu not_found=%lu failed=%lu took_s=%.1f",
		(unsigned long)resolver->lookups, (unsigned long)resolver->found,
		(unsigned long)resolver->not_found, (unsigned long)resolver->failed,
		(double)took_ms / 1000);
}

/* Nothing is known of it yet, not even from before. */
static bool is_awaited(const struct dns_known *known)
{
	return !known->looked && !known->address[DNS_V4].family && !known->address[DNS_V6].family;
}

static void looked_up(void *context, uint32_t host, const struct dns_reply replies[DNS_FAMILIES])
{
	struct resolver *resolver = context;

	struct dns_known before = dns_cache_known(resolver->cache, host);
	bool waits = is_awaited(&before);

	count_lookup(resolver, replies);
	dns_cache_store(resolver->cache, host, replies, resolver->now_ns);
	if (waits && dns_cache_known(resolver->cache, host).looked && !--resolver->pending &&
		!resolver->told_first)
		tell_first(resolver);
}

/* No more than one sweep of the bound in a turn, since answers may come at once (hosts file, a server
 * that cannot be reached) and the rest of the turn must not wait for a long list. */
static void ask_due(struct resolver *resolver)
{
	uint32_t host;

	for (unsigned i = 0; i < LOOKS_MAX && dns_client_has_room(resolver->client); i++) {
		struct dns_known known;

		if (!dns_cache_due(resolver->cache, resolver->now_ns, &host))
			return;
		known = dns_cache_known(resolver->cache, host);
		dns_client_ask(resolver->client, host, dns_cache_name(resolver->cache, host),
			known.address, resolver->now_ns);
	}
}

/* Returns false when the prober's queue is full and something is left to tell. It is looked at first,
 * so that its count of refusals stays one of losses. */
static bool tell(struct resolver *resolver)
{
	struct dns_known known;
	bool any = false;

	while (dns_cache_news(resolver->cache, &known) &&
		queue_depth(resolver->answers) < queue_capacity(resolver->answers)) {
		struct dns_answer answer = resolver_answer(&known);

		queue_push(resolver->answers, &answer);
		dns_cache_told(resolver->cache);
		any = true;
	}
	if (any)
		queue_wake(resolver->answers);
	return !dns_cache_news(resolver->cache, &known);
}

static void take_batch(struct resolver *resolver, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		uint32_t host = batch->hosts[i].host;

		if (batch->hosts[i].name) {
			dns_cache_add(
				resolver->cache, host, batch->hosts[i].name, resolver->now_ns);
			resolver->pending++;
		} else {
			struct dns_known known = dns_cache_known(resolver->cache, host);

			resolver->pending -= is_awaited(&known);
			dns_cache_remove(resolver->cache, host);
		}
	}
}

static void take_batches(struct resolver *resolver)
{
	struct batch *batch;

	pthread_mutex_lock(&resolver->lock);
	batch = resolver->batches;
	resolver->batches = NULL;
	pthread_mutex_unlock(&resolver->lock);
	while (batch) {
		struct batch *next = batch->next;

		take_batch(resolver, batch);
		free(batch);
		batch = next;
	}
}

static int sleep_ms(const struct resolver *resolver, bool told)
{
	uint64_t next_ns = dns_cache_next_ns(resolver->cache);
	int most = told ? SLEEP_MOST_MS : TELL_AGAIN_MS;

	if (dns_client_has_room(resolver->client)) {
		uint64_t wait_ns = next_ns > resolver->now_ns ? next_ns - resolver->now_ns : 0;

		if (wait_ns < (uint64_t)most * NSEC_PER_MSEC)
			most = (int)((wait_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC);
	}
	return most ? dns_client_wait_ms(resolver->client, most) : 0;
}

/* Off the prober's turn: this thread may wait for a disk. */
static void save(struct resolver *resolver)
{
	int error;

	if (!resolver->state_dir)
		return;
	resolver->saved_ns = resolver->now_ns;
	error = resolver_saved_write(
		resolver->cache, resolver->room, resolver->state_dir, resolver->now_ns);
	if (error)
		log_event(LOG_ERROR, "names_unkept", "addresses are not kept",
			"error=%s state_dir=%s", strerror(-error), resolver->state_dir);
}

static void *run(void *arg)
{
	struct resolver *resolver = arg;
	struct pollfd fds[] = {
		{ .fd = resolver->wake_fd, .events = POLLIN },
		{ .fd = queue_fd(resolver->requests), .events = POLLIN },
		{ .fd = dns_client_fd(resolver->client), .events = POLLIN },
	};

	while (!atomic_load(&resolver->stop)) {
		eventfd_t woken;
		uint32_t host;
		bool told;

		resolver->now_ns = nsec_mono();
		eventfd_read(resolver->wake_fd, &woken);
		take_batches(resolver);
		dns_client_turn(resolver->client, resolver->now_ns);
		while (queue_pop(resolver->requests, &host))
			if (host < resolver->room)
				dns_cache_hurry(resolver->cache, host, resolver->now_ns);
		ask_due(resolver);
		told = tell(resolver);
		if (resolver->now_ns - resolver->saved_ns >= SAVED_EVERY_NS)
			save(resolver);
		if (queue_may_sleep(resolver->requests))
			poll(fds, sizeof fds / sizeof *fds, sleep_ms(resolver, told));
		queue_awake(resolver->requests);
	}
	resolver->now_ns = nsec_mono();
	save(resolver);
	return NULL;
}

static void destroy(struct resolver *resolver)
{
	take_batches(resolver);
	dns_client_destroy(resolver->client);
	dns_cache_destroy(resolver->cache);
	queue_destroy(resolver->requests);
	if (resolver->wake_fd >= 0)
		close(resolver->wake_fd);
	pthread_mutex_destroy(&resolver->lock);
	free(resolver);
}

/* Signals are the main thread's. */
static int start_thread(struct resolver *resolver)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&resolver->thread, NULL, run, resolver);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}

int resolver_start(struct resolver **ret, const struct config *config, const char *const *names,
	size_t count, size_t room, uint64_t first_within_ns, struct queue *answers,
	struct message *msg)
{
	struct dns_policy policy = {
		.ttl_min_ns = config->dns_ttl_min_ns,
		.ttl_max_ns = config->dns_ttl_max_ns,
		.stale_max_ns = config->dns_stale_max_ns,
	};
	struct resolver *resolver = calloc(1, sizeof *resolver);
	int error;

	if (!resolver)
		return message_set(msg, -ENOMEM, "DNS: out of memory");
	pthread_mutex_init(&resolver->lock, NULL);
	resolver->room = room > count ? room : count;
	resolver->pending = count;
	resolver->started_ns = nsec_mono();
	resolver->answers = answers;
	resolver->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (resolver->wake_fd < 0) {
		error = message_set(msg, -errno, "DNS: cannot start: %m");
		goto fail;
	}
	error = queue_create(&resolver->requests, sizeof(uint32_t), REQUESTS_MAX);
	if (!error)
		error = dns_cache_create(&resolver->cache, &policy, names, count, resolver->room,
			nsec_mono(), first_within_ns);
	if (error) {
		message_set(msg, error, "DNS: cannot start: out of memory or descriptors");
		goto fail;
	}
	if (config->state_dir) {
		resolver->state_dir = config->state_dir;
		resolver->saved_ns = nsec_mono();
		resolver->pending -= resolver_saved_load(
			resolver->cache, names, count, config->state_dir, resolver->saved_ns);
	}
	error = dns_client_create(&resolver->client, config, LOOKS_MAX, looked_up, resolver, msg);
	if (error)
		goto fail;
	error = start_thread(resolver);
	if (error) {
		message_set(msg, error, "DNS: cannot start a thread");
		goto fail;
	}
	*ret = resolver;
	return 0;
fail:
	destroy(resolver);
	return error;
}

void resolver_stop(struct resolver *resolver)
{
	if (!resolver)
		return;
	atomic_store(&resolver->stop, true);
	eventfd_write(resolver->wake_fd, 1);
	pthread_join(resolver->thread, NULL);
	destroy(resolver);
}

/* Addresses need no look-up. */
static bool is_name(const char *text)
{
	struct address address;

	return address_parse(&address, text) != 0;
}

void resolver_change(
	struct resolver *resolver, const struct roster *roster, const struct roster_change *change)
{
	size_t room = (size_t)change->hosts_added_count + change->hosts_removed_count;
	struct batch *batch = calloc(1, sizeof *batch + room * sizeof *batch->hosts), **end;

	if (!batch)
		return;
	for (uint32_t i = 0; i < change->hosts_removed_count; i++)
		if (is_name(roster->hosts[change->hosts_removed[i]]))
			batch->hosts[batch->count++].host = change->hosts_removed[i];
	for (uint32_t i = 0; i < change->hosts_added_count; i++) {
		uint32_t host = change->hosts_added[i];

		if (!is_name(roster->hosts[host]))
			continue;
		batch->hosts[batch->count].host = host;
		batch->hosts[batch->count++].name = roster->hosts[host];
	}
	pthread_mutex_lock(&resolver->lock);
	for (end = &resolver->batches; *end; end = &(*end)->next)
		;
	*end = batch;
	pthread_mutex_unlock(&resolver->lock);
	eventfd_write(resolver->wake_fd, 1);
}

bool resolver_refresh(struct resolver *resolver, uint32_t host)
{
	if (!queue_push(resolver->requests, &host))
		return false;
	queue_wake(resolver->requests);
	return true;
}

struct resolver_stats resolver_stats(const struct resolver *resolver)
{
	return (struct resolver_stats) {
		.lookups = resolver->lookups,
		.found = resolver->found,
		.not_found = resolver->not_found,
		.failed = resolver->failed,
		.pending = resolver->pending,
	};
}
