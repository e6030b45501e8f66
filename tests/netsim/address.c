/* SPDX-License-Identifier: MIT */
#include "address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define V4_MAPPED ((ip_number)0xffff << 32)

ip_number ip_from_bytes(const uint8_t *bytes, bool v6)
{
	ip_number ip = v6 ? 0 : 0xffff;

	for (int i = 0; i < (v6 ? 16 : 4); i++)
		ip = ip << 8 | bytes[i];
	return ip;
}

void ip_to_bytes(ip_number ip, uint8_t *ret_bytes)
{
	for (int i = ip_is_v4(ip) ? 3 : 15; i >= 0; i--, ip >>= 8)
		ret_bytes[i] = (uint8_t)ip;
}

bool ip_is_v4(ip_number ip)
{
	return ip >> 32 == V4_MAPPED >> 32;
}

bool ip_parse(const char *text, ip_number *ret_ip)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1)
		*ret_ip = ip_from_bytes(bytes, false);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		*ret_ip = ip_from_bytes(bytes, true);
	else
		return false;
	return true;
}

void ip_print(ip_number ip, char ret_text[IP_TEXT_SIZE])
{
	uint8_t bytes[16];

	ip_to_bytes(ip, bytes);
	inet_ntop(ip_is_v4(ip) ? AF_INET : AF_INET6, bytes, ret_text, IP_TEXT_SIZE);
}

static bool parse_prefix(ip_number first, const char *bits_text, struct ip_range *ret_range)
{
	unsigned long width = ip_is_v4(first) ? 32 : 128, bits;
	ip_number rest;
	char *end;

	if (bits_text[0] < '0' || bits_text[0] > '9')
		return false;
	bits = strtoul(bits_text, &end, 10);
	if (*end || bits < 1 || bits > width)
		return false;
	rest = ((ip_number)1 << (width - bits)) - 1;
	if (first & rest)
		return false;
	ret_range->first = first;
	ret_range->last = first | rest;
	return true;
}

bool ip_range_parse(const char *text, struct ip_range *ret_range)
{
	char first_text[IP_TEXT_SIZE];
	size_t length = strcspn(text, "/-");
	ip_number first, last;

	if (length >= sizeof first_text)
		return false;
	memcpy(first_text, text, length);
	first_text[length] = '\0';
	if (!ip_parse(first_text, &first))
		return false;
	if (text[length] == '/')
		return parse_prefix(first, text + length + 1, ret_range);
	last = first;
	if (text[length] == '-' && !ip_parse(text + length + 1, &last))
		return false;
	if (last < first || ip_is_v4(first) != ip_is_v4(last))
		return false;
	ret_range->first = first;
	ret_range->last = last;
	return true;
}

bool ip_range_holds(const struct ip_range *outer, const struct ip_range *inner)
{
	return outer->first <= inner->first && inner->last <= outer->last;
}

bool ip_range_overlaps(const struct ip_range *a, const struct ip_range *b)
{
	return a->first <= b->last && b->first <= a->last;
}

uint32_t ip_range_size(const struct ip_range *range)
{
	ip_number beyond_first = range->last - range->first;

	return beyond_first >= UINT32_MAX ? UINT32_MAX : (uint32_t)beyond_first + 1;
}
