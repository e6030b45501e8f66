/* SPDX-License-Identifier: MIT */
/* Addresses as numbers, and ranges of them. */
#ifndef NETSIM_ADDRESS_H
#define NETSIM_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

/* An address of either family in host order; IPv4 as its mapped form ::ffff:a.b.c.d (RFC 4291
 * 2.5.5.2), so that ranges, indices and look-ups are one arithmetic. */
typedef unsigned __int128 ip_number;

struct ip_range {
	ip_number first, last; /* both included, of one family */
};

#define IP_TEXT_SIZE 46 /* INET6_ADDRSTRLEN */

/* Return false, and leave the result alone, when text is not what they read. */
bool ip_parse(const char *text, ip_number *ret_ip);
/* ADDRESS, ADDRESS/BITS with no bit set beyond BITS, or FIRST-LAST. */
bool ip_range_parse(const char *text, struct ip_range *ret_range);

void ip_print(ip_number ip, char ret_text[IP_TEXT_SIZE]);
bool ip_is_v4(ip_number ip);

/* Between the number and the bytes of a header: 4 or 16 of them, in network order. */
ip_number ip_from_bytes(const uint8_t *bytes, bool v6);
void ip_to_bytes(ip_number ip, uint8_t *ret_bytes);

bool ip_range_holds(const struct ip_range *outer, const struct ip_range *inner);
bool ip_range_overlaps(const struct ip_range *a, const struct ip_range *b);
/* Addresses in the range, 2^32 or more as UINT32_MAX. */
uint32_t ip_range_size(const struct ip_range *range);

#endif
