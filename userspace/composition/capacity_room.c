/* SPDX-License-Identifier: MIT */
#include "composition/capacity_room.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "edges/links.h"
#include "edges/machine.h"
#include "edges/scrape.h"

#define PORT 5060
/* Of SIMULATED_V4, without the link's own four at its end: more targets than these use further ports. */
#define LINK_FIRST (198u << 24 | 18u << 16)
#define LINK_ADDRESSES 131068u
/* On loopback: not 127.0.0.1, where others are. */
#define LOOPBACK_FIRST (127u << 24 | 1u << 16)
#define LOOPBACK_ADDRESSES (1u << 23)
#define BACKLOG 65535

static int set_up_link(struct capacity_room *room, struct message *msg)
{
	sigset_t mask;
	int error, cpu = room->cpus > 1 ? (int)room->last_cpu : REFLECTOR_CPU_OF_SENDER;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	error = links_enter_namespace(msg);
	if (error)
		return error;
	room->peers_namespace = links_open_namespace(0);
	error = links_enter_namespace(msg);
	if (error)
		return error;
	room->other_namespace = links_open_namespace(0);
	if (room->peers_namespace < 0 || room->other_namespace < 0 ||
		setns(room->peers_namespace, CLONE_NEWNET))
		return message_set(msg, -errno, "cannot change the network namespace");
	error = links_set_up_peers(room->other_namespace, &mask, msg);
	if (!error)
		error = reflector_create(&room->reflector, room->peers_namespace,
			room->other_namespace, cpu, false, msg);
	if (!error && setns(room->other_namespace, CLONE_NEWNET))
		error = message_set(msg, -errno, "cannot change the network namespace");
	if (!error)
		error = links_set_up_command(&mask, msg);
	if (error)
		return error;
	room->timed = reflector_time(room->reflector);
	room->answering_process = reflector_process(room->reflector);
	return 0;
}

/* The kernel answers a SYN to any address of loopback for it. From elsewhere nobody reaches it. */
static int open_listener(struct capacity_room *room, struct message *msg)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof address;

	room->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (room->listener < 0 ||
		setsockopt(room->listener, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof "lo") ||
		bind(room->listener, (const struct sockaddr *)&address, length) ||
		listen(room->listener, BACKLOG) ||
		getsockname(room->listener, (struct sockaddr *)&address, &length))
		return message_set(
			msg, -errno, "cannot listen on loopback only: %s", strerror(errno));
	room->port = ntohs(address.sin_port);
	return 0;
}

static void leave_link(struct capacity_room *room)
{
	reflector_destroy(room->reflector);
	room->reflector = NULL;
	if (room->peers_namespace >= 0)
		close(room->peers_namespace);
	if (room->other_namespace >= 0)
		close(room->other_namespace);
	room->peers_namespace = room->other_namespace = -1;
}

static int make_folder(struct capacity_room *room, struct message *msg)
{
	const char *where = getenv("TMPDIR");

	if (!where || strlen(where) > sizeof room->folder - sizeof "/mosprobe-capacity.XXXXXX")
		where = "/tmp";
	snprintf(room->folder, sizeof room->folder, "%s/mosprobe-capacity.XXXXXX", where);
	if (mkdtemp(room->folder))
		return 0;
	message_set(msg, -errno, "cannot make the folder %s: %s", room->folder, strerror(errno));
	room->folder[0] = '\0';
	return -errno;
}

int capacity_room_open(struct capacity_room *room, bool redis, struct message *msg)
{
	int error;

	*room = (struct capacity_room) {
		.own_namespace = -1,
		.peers_namespace = -1,
		.other_namespace = -1,
		.listener = -1,
		.port = PORT,
	};
	room->cpus = machine_cpus(&room->last_cpu);
	room->interrupts_apart = machine_counts_interrupts_apart();
	error = make_folder(room, msg);
	if (error)
		return error;
	room->own_namespace = links_open_namespace(0);
	if (set_up_link(room, &room->why_loopback)) {
		leave_link(room);
		if (setns(room->own_namespace, CLONE_NEWNET))
			errno = 0; /* without the right to, it has never left */
		error = open_listener(room, msg);
	} else {
		room->why_loopback.text[0] = '\0';
	}
	room->metrics_port = scrape_free_port();
	if (!error && redis)
		redis_server_start(&room->redis, room->folder, &room->why_no_redis);
	return error;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	return remove(path) && errno != ENOENT;
}

static void remove_folder(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void capacity_room_forget(const struct capacity_room *room)
{
	char path[96];

	snprintf(path, sizeof path, "%s/state", room->folder);
	remove_folder(path);
}

void capacity_room_close(struct capacity_room *room)
{
	redis_server_stop(room->redis);
	leave_link(room);
	if (room->listener >= 0)
		close(room->listener);
	if (room->own_namespace >= 0)
		close(room->own_namespace);
	if (room->folder[0])
		remove_folder(room->folder);
	room->folder[0] = '\0';
}

bool capacity_room_shares_cpu(const struct capacity_room *room)
{
	return !room->reflector || room->cpus == 1;
}

int capacity_room_write_targets(const struct capacity_room *room, uint32_t count)
{
	uint32_t first = room->reflector ? LINK_FIRST : LOOPBACK_FIRST;
	uint32_t addresses = room->reflector ? LINK_ADDRESSES : LOOPBACK_ADDRESSES;
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/targets", room->folder);
	file = fopen(path, "we");
	if (!file)
		return -errno;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t address = first + i % addresses;

		fprintf(file, "%u.%u.%u.%u:%u\n", address >> 24, address >> 16 & 255,
			address >> 8 & 255, address & 255, room->port + i / addresses);
	}
	return fclose(file) ? -errno : 0;
}
