/* SPDX-License-Identifier: MIT */
/* An IPv4 or IPv6 address without port, and blocks of them. */
#ifndef MOSPROBE_ADDRESS_H
#define MOSPROBE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_SIZE 46 /* INET6_ADDRSTRLEN */

struct address {
	uint8_t bytes[16]; /* network order; IPv4 uses the first four, the rest is 0 */
	uint8_t family;	   /* 4, 6, or 0 = none */
};

/* A block: every address whose first `bits` bits are those of `base`. */
struct address_block {
	struct address base;
	uint8_t bits;
};

/* Reads "198.18.0.1" or "2001:db8::7" (without brackets). Returns 0, or -EINVAL. An IPv4-mapped
 * IPv6 address becomes the IPv4 address it means. */
int address_parse(struct address *ret, const char *text);
/* Reads "10.0.0.0/8", or a lone address; "::ffff:10.0.0.0/104" is 10.0.0.0/8. Returns 0, or
 * -EINVAL. */
int address_block_parse(struct address_block *ret, const char *text);
bool address_block_has(const struct address_block *block, const struct address *address);
bool address_equal(const struct address *a, const struct address *b);

/* "" for none. Returns buffer. */
const char *address_text(const struct address *address, char buffer[ADDRESS_TEXT_SIZE]);
/* Fills storage and returns its length; 0 for none. */
socklen_t address_to_sockaddr(
	const struct address *address, uint16_t port, struct sockaddr_storage *storage);

#endif
