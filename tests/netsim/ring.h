/* SPDX-License-Identifier: MIT */
/* The responder's end of the link: frames in through a shared ring, stamped by the kernel as they
 * arrive, and frames out past the queueing discipline. Owns AF_PACKET. */
#ifndef NETSIM_RING_H
#define NETSIM_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	int receive_fd, send_fd; /* -1 = not open; poll receive_fd for POLLIN */
	bool stamps;		 /* of what is sent */
	uint8_t *frames;
	size_t next;
};

struct ring_frame {
	const uint8_t *bytes; /* from the Ethernet header on */
	size_t captured;      /* of them; the rest of a long frame is cut off */
	uint64_t arrival_ns;  /* CLOCK_REALTIME */
};

/* stamps: has the kernel stamp what is sent. Returns 0 or a negative errno; the ring is then good for
 * ring_close() only. */
int ring_open(struct ring *ring, const char *interface, bool stamps);
void ring_close(struct ring *ring);

/* 1 with the oldest frame, which stays good until ring_release() gives its place back; 0 when there
 * is none. */
int ring_peek(const struct ring *ring, struct ring_frame *ret_frame);
void ring_release(struct ring *ring);

/* *ret_left_ns: the stamp, CLOCK_REALTIME, as the frame went onto the link; 0: none. Returns 0 or a
 * negative errno. */
int ring_send(struct ring *ring, const uint8_t *frame, size_t length, uint64_t *ret_left_ns);

/* Frames that found the ring full, since the last call. */
uint64_t ring_drops(struct ring *ring);

#endif
