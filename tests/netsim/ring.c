/* SPDX-License-Identifier: MIT */
#include "ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <time.h> /* linux/errqueue.h needs its timespec */
#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* 256 bytes hold the ring's own header and a SYN with all its options. 32,768 of them: half a
 * second of 20,000 handshakes a second. */
#define FRAME_BYTES 256
#define BLOCK_BYTES 65536
#define BLOCKS 128
#define FRAMES (BLOCKS * BLOCK_BYTES / FRAME_BYTES)

static struct tpacket2_hdr *header_at(const struct ring *ring)
{
	return (struct tpacket2_hdr *)(void *)(ring->frames + ring->next * FRAME_BYTES);
}

static int set(int fd, int option, const void *value, socklen_t size)
{
	return setsockopt(fd, SOL_PACKET, option, value, size) ? -errno : 0;
}

static int open_receive(struct ring *ring, const struct sockaddr_ll *link)
{
	const struct tpacket_req req = {
		.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = BLOCKS,
		.tp_frame_size = FRAME_BYTES,
		.tp_frame_nr = FRAMES,
	};
	/* Version 3 would hold frames back until a block is full or its timer runs out. */
	const int version = TPACKET_V2, yes = 1;
	void *map;
	int error;

	/* Protocol 0: nothing arrives before everything is set. */
	ring->receive_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (ring->receive_fd < 0)
		return -errno;
	error = set(ring->receive_fd, PACKET_VERSION, &version, sizeof version);
	if (!error)
		error = set(ring->receive_fd, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
	if (!error)
		error = set(ring->receive_fd, PACKET_RX_RING, &req, sizeof req);
	if (error)
		return error;
	map = mmap(NULL, (size_t)BLOCKS * BLOCK_BYTES, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_POPULATE, ring->receive_fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	ring->frames = map;
	return bind(ring->receive_fd, (const struct sockaddr *)link, sizeof *link) ? -errno : 0;
}

static int open_send(struct ring *ring, struct sockaddr_ll *link)
{
	/* TSONLY: the stamps come back without their frames. */
	const int stamps = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
			   SOF_TIMESTAMPING_OPT_TSONLY;
	const int yes = 1;
	int error;

	ring->send_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (ring->send_fd < 0)
		return -errno;
	error = set(ring->send_fd, PACKET_QDISC_BYPASS, &yes, sizeof yes);
	if (error)
		return error;
	if (ring->stamps &&
		setsockopt(ring->send_fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof stamps))
		return -errno;
	link->sll_protocol = 0; /* this one does not receive */
	return bind(ring->send_fd, (const struct sockaddr *)link, sizeof *link) ? -errno : 0;
}

int ring_open(struct ring *ring, const char *interface, bool stamps)
{
	struct sockaddr_ll link = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(interface),
	};
	int error;

	*ring = (struct ring) { .receive_fd = -1, .send_fd = -1, .stamps = stamps };
	if (!link.sll_ifindex)
		return -errno;
	error = open_receive(ring, &link);
	return error ? error : open_send(ring, &link);
}

void ring_close(struct ring *ring)
{
	if (ring->frames)
		munmap(ring->frames, (size_t)BLOCKS * BLOCK_BYTES);
	if (ring->receive_fd >= 0)
		close(ring->receive_fd);
	if (ring->send_fd >= 0)
		close(ring->send_fd);
	*ring = (struct ring) { .receive_fd = -1, .send_fd = -1 };
}

int ring_peek(const struct ring *ring, struct ring_frame *ret_frame)
{
	struct tpacket2_hdr *header = header_at(ring);

	if (!(__atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return 0;
	ret_frame->bytes = (const uint8_t *)header + header->tp_mac;
	ret_frame->captured = header->tp_snaplen;
	ret_frame->arrival_ns = (uint64_t)header->tp_sec * 1000000000 + header->tp_nsec;
	return 1;
}

void ring_release(struct ring *ring)
{
	__atomic_store_n(&header_at(ring)->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	ring->next = (ring->next + 1) % FRAMES;
}

static uint64_t stamp_of(struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		struct scm_timestamping stamps;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPING)
			continue;
		memcpy(&stamps, CMSG_DATA(c), sizeof stamps);
		return (uint64_t)stamps.ts[0].tv_sec * 1000000000 + (uint64_t)stamps.ts[0].tv_nsec;
	}
	return 0;
}

/* The newest stamp: past the queueing discipline a frame is on the link, and stamped, before send()
 * comes back. */
static uint64_t take_stamp(const struct ring *ring)
{
	uint64_t stamp_ns = 0;

	for (;;) {
		char control[256];
		struct msghdr message = { .msg_control = control,
			.msg_controllen = sizeof control };

		if (recvmsg(ring->send_fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return stamp_ns;
		stamp_ns = stamp_of(&message);
	}
}

int ring_send(struct ring *ring, const uint8_t *frame, size_t length, uint64_t *ret_left_ns)
{
	*ret_left_ns = 0;
	if (send(ring->send_fd, frame, length, 0) < 0)
		return -errno;
	if (ring->stamps)
		*ret_left_ns = take_stamp(ring);
	return 0;
}

uint64_t ring_drops(struct ring *ring)
{
	struct tpacket_stats stats = { 0 };
	socklen_t size = sizeof stats;

	getsockopt(ring->receive_fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size);
	return stats.tp_drops;
}
