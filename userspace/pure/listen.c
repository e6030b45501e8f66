/* SPDX-License-Identifier: MIT */
#include "pure/listen.h"

#include <string.h>

#include "pure/parse.h"

#define LOOPBACK "127.0.0.1"

bool listen_parse(struct listen_place *ret, const char *text)
{
	const char *colon = strrchr(text, ':');
	const char *port_text = colon ? colon + 1 : text, *host = colon ? text : LOOPBACK;
	size_t length = colon ? (size_t)(colon - text) : strlen(host);
	bool bracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';
	char copy[ADDRESS_TEXT_SIZE + 2];
	struct listen_place place;
	uint64_t port;

	if (bracketed) {
		host++;
		length -= 2;
	}
	if (length >= sizeof copy || parse_count(&port, port_text) || !port || port > 65535)
		return false;
	memcpy(copy, host, length);
	copy[length] = '\0';
	if (address_parse(&place.address, copy) || (strchr(copy, ':') != NULL) != bracketed)
		return false;
	place.port = (uint16_t)port;
	*ret = place;
	return true;
}

bool listen_is_local(const struct listen_place *place)
{
	static const struct address ipv6 = { .bytes = { [15] = 1 }, .family = 6 };

	return place->address.family == 4 ? place->address.bytes[0] == 127
					  : address_equal(&place->address, &ipv6);
}
