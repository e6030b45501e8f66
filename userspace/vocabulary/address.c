/* SPDX-License-Identifier: MIT */
#include "vocabulary/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* ::ffff:0:0/96 before the IPv4 address */
#define MAPPED_BITS 96

int address_parse(struct address *ret, const char *text)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct address a = { .family = 0 };

	if (inet_pton(AF_INET, text, a.bytes) == 1) {
		a.family = 4;
	} else if (inet_pton(AF_INET6, text, a.bytes) == 1) {
		a.family = 6;
		if (!memcmp(a.bytes, mapped, sizeof mapped)) {
			memmove(a.bytes, a.bytes + 12, 4);
			memset(a.bytes + 4, 0, 12);
			a.family = 4;
		}
	} else {
		return -EINVAL;
	}
	*ret = a;
	return 0;
}

int address_block_parse(struct address_block *ret, const char *text)
{
	char base[ADDRESS_TEXT_SIZE];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	struct address_block block;
	unsigned long bits, most;
	bool mapped;
	char *end;

	if (length >= sizeof base)
		return -EINVAL;
	memcpy(base, text, length);
	base[length] = '\0';
	if (address_parse(&block.base, base))
		return -EINVAL;
	mapped = block.base.family == 4 && strchr(base, ':');
	most = block.base.family == 4 && !mapped ? 32 : 128;
	bits = most;
	if (slash) {
		if (slash[1] < '0' || slash[1] > '9')
			return -EINVAL;
		bits = strtoul(slash + 1, &end, 10);
		if (*end || bits > most || (mapped && bits < MAPPED_BITS))
			return -EINVAL;
	}
	block.bits = (uint8_t)(mapped ? bits - MAPPED_BITS : bits);
	*ret = block;
	return 0;
}

bool address_block_has(const struct address_block *block, const struct address *address)
{
	unsigned whole = block->bits / 8, rest = block->bits % 8;

	if (block->base.family != address->family)
		return false;
	if (memcmp(block->base.bytes, address->bytes, whole))
		return false;
	return !rest || !((block->base.bytes[whole] ^ address->bytes[whole]) >> (8 - rest));
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

const char *address_text(const struct address *address, char buffer[ADDRESS_TEXT_SIZE])
{
	buffer[0] = '\0';
	if (address->family)
		inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->bytes, buffer,
			ADDRESS_TEXT_SIZE);
	return buffer;
}

socklen_t address_to_sockaddr(
	const struct address *address, uint16_t port, struct sockaddr_storage *storage)
{
	memset(storage, 0, sizeof *storage);
	if (address->family == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)storage;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, address->bytes, 4);
		return sizeof *in;
	}
	if (address->family == 6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, address->bytes, 16);
		return sizeof *in6;
	}
	return 0;
}
