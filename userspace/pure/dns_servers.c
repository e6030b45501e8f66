/* SPDX-License-Identifier: MIT */
#include "pure/dns_servers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vocabulary/address.h"

/* "IP", "IP:PORT" or "[IPv6]:PORT". item is written to. */
static int server_parse(char *item, struct address *ret, unsigned long *ret_port)
{
	char *host = item, *rest = item + strcspn(item, ":"), *end;

	*ret_port = 53;
	if (*item == '[') {
		host = item + 1;
		rest = strchr(item, ']');
		if (!rest)
			return -EINVAL;
		*rest++ = '\0';
	} else if (rest != strrchr(item, ':')) {
		return address_parse(ret, item); /* IPv6 alone, or no port */
	}
	if (*rest == ':') {
		*rest++ = '\0';
		*ret_port = *rest >= '0' && *rest <= '9' ? strtoul(rest, &end, 10) : 0;
		if (*ret_port < 1 || *ret_port > 65535 || *end)
			return -EINVAL;
	} else if (*rest) {
		return -EINVAL;
	}
	return address_parse(ret, host);
}

int dns_servers_check(const char *text, char ret[DNS_SERVERS_TEXT_SIZE], struct message *msg)
{
	size_t used = 0, length;

	for (const char *p = text; *(p += strspn(p, ", \t")); p += length) {
		char item[64], buffer[ADDRESS_TEXT_SIZE];
		struct address address;
		unsigned long port;

		length = strcspn(p, ", \t");
		snprintf(item, sizeof item, "%.*s", (int)length, p);
		if (length >= sizeof item || server_parse(item, &address, &port))
			return message_set(msg, -EINVAL,
				"[dns] servers = %.*s: must be an IP address, with or without :PORT",
				(int)length, p);
		used += (size_t)snprintf(ret + used, DNS_SERVERS_TEXT_SIZE - used,
			address.family == 6 ? "%s[%s]:%lu" : "%s%s:%lu", used ? "," : "",
			address_text(&address, buffer), port);
		if (used >= DNS_SERVERS_TEXT_SIZE)
			return message_set(msg, -EINVAL, "[dns] servers: too many");
	}
	return used ? 0 : message_set(msg, -EINVAL, "[dns] servers: none given");
}
