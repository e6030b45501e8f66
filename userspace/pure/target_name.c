/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "pure/parse.h"
#include "pure/targets.h"
#include "pure/text.h"

#define LABEL_MAX 63 /* RFC 1035 2.3.4 */

struct name_text {
	const char *text; /* the whole, for messages */
	size_t length;
	struct message *msg;
};

static int refuse(const struct name_text *whole, const char *why)
{
	char buffer[SHOWN_SIZE];

	return message_set(
		whole->msg, -EINVAL, "%s: %s", shown(buffer, whole->text, whole->length), why);
}

static int read_port(
	const struct name_text *whole, const char *text, size_t length, uint16_t *ret_port)
{
	char digits[8];
	uint64_t port;

	if (!length)
		return refuse(whole, "the port behind the colon is missing");
	if (length >= sizeof digits)
		return refuse(whole, "the port must be from 1 to 65535");
	memcpy(digits, text, length);
	digits[length] = '\0';
	if (parse_count(&port, digits) || port < 1 || port > 65535)
		return refuse(whole, "the port must be from 1 to 65535");
	*ret_port = (uint16_t)port;
	return 0;
}

/* An address in its canonical form; false when the text is none. */
static bool read_address(
	const char *text, size_t length, char ret_name[TARGET_NAME_MAX + 1], uint8_t *ret_literal)
{
	char copy[ADDRESS_TEXT_SIZE], canonical[ADDRESS_TEXT_SIZE];
	struct address address;

	if (length >= sizeof copy || memchr(text, '\0', length))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (address_parse(&address, copy))
		return false;
	strcpy(ret_name, address_text(&address, canonical));
	*ret_literal = address.family;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *label_fault(const char *label, size_t length)
{
	if (!length)
		return "a part of the name is empty";
	if (length > LABEL_MAX)
		return "a part of the name has more than 63 characters";
	if (label[0] == '-' || label[length - 1] == '-')
		return "a part of the name begins or ends with -";
	for (size_t i = 0; i < length; i++) {
		if (label[i] & 0x80)
			return "only ASCII can stand in a name; give the xn-- form of it";
		if (!is_letter(label[i]) && !is_digit(label[i]) && label[i] != '-' &&
			label[i] != '_')
			return "a name has letters, digits, - and _ only";
	}
	return NULL;
}

static int check_name(const struct name_text *whole, const char *name, size_t length)
{
	bool numeric = true;
	const char *fault;
	char buffer[SHOWN_SIZE];
	size_t start = 0;

	if (length > TARGET_NAME_MAX)
		return message_set(whole->msg, -EINVAL,
			"%s: a name has at most %d characters, this has %zu",
			shown(buffer, whole->text, whole->length), TARGET_NAME_MAX, length);
	for (size_t i = 0; i <= length; i++) {
		if (i < length && name[i] != '.')
			continue;
		fault = label_fault(name + start, i - start);
		if (fault)
			return refuse(whole, fault);
		numeric = true;
		for (size_t j = start; j < i; j++)
			numeric = numeric && is_digit(name[j]);
		start = i + 1;
	}
	/* No top-level domain is a number: resolvers would take it for an address. */
	if (numeric)
		return refuse(whole, "no valid IPv4 address, and no name ends in a number");
	return 0;
}

static int read_name(const struct name_text *whole, const char *text, size_t length,
	char ret_name[TARGET_NAME_MAX + 1], uint8_t *ret_literal)
{
	int rc;

	if (read_address(text, length, ret_name, ret_literal))
		return 0;
	if (length && text[length - 1] == '.')
		length--;
	if (!length)
		return refuse(whole, "the name is missing");
	rc = check_name(whole, text, length);
	if (rc)
		return rc;
	for (size_t i = 0; i < length; i++)
		ret_name[i] =
			(char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + ('a' - 'A') : text[i]);
	ret_name[length] = '\0';
	*ret_literal = 0;
	return 0;
}

/* text begins with '['. */
static int read_bracketed(const struct name_text *whole, char ret_name[TARGET_NAME_MAX + 1],
	uint16_t *ret_port, uint8_t *ret_literal)
{
	const char *inside = whole->text + 1, *end = memchr(inside, ']', whole->length - 1);
	size_t rest;

	if (!end)
		return refuse(whole, "the closing ] is missing");
	if (!memchr(inside, ':', (size_t)(end - inside)) ||
		!read_address(inside, (size_t)(end - inside), ret_name, ret_literal))
		return refuse(whole, "no IPv6 address stands between [ and ]");
	rest = (size_t)(whole->text + whole->length - end) - 1;
	if (!rest)
		return 0;
	if (end[1] != ':')
		return refuse(whole, "only :PORT may stand behind ]");
	return read_port(whole, end + 2, rest - 1, ret_port);
}

int target_parse_name(const char *text, size_t length, char ret_name[TARGET_NAME_MAX + 1],
	uint16_t *ret_port, uint8_t *ret_literal, struct message *msg)
{
	struct name_text whole = { text, length, msg };
	const char *colon = memchr(text, ':', length);
	char name[TARGET_NAME_MAX + 1];
	uint16_t port = 0;
	uint8_t literal = 0;
	int rc;

	if (length && text[0] == '[') {
		rc = read_bracketed(&whole, name, &port, &literal);
	} else if (!colon) {
		rc = read_name(&whole, text, length, name, &literal);
	} else if (memchr(colon + 1, ':', length - (size_t)(colon - text) - 1)) {
		rc = read_address(text, length, name, &literal)
			     ? 0
			     : refuse(&whole, "no IPv6 address, and NAME:PORT has one colon");
	} else {
		size_t before = (size_t)(colon - text);

		rc = read_name(&whole, text, before, name, &literal);
		if (!rc)
			rc = read_port(&whole, colon + 1, length - before - 1, &port);
	}
	if (rc)
		return rc;
	strcpy(ret_name, name);
	*ret_port = port;
	*ret_literal = literal;
	return 0;
}
