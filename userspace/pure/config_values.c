/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "pure/config_keys.h"
#include "pure/listen.h"
#include "pure/parse.h"
#include "pure/shard.h"
#include "pure/text.h"

#define NAME_SIZE 260
#define CANARIES 16
#define ID_MAX 64
#define UNIX_PATH_MAX 107 /* sun_path, unix(7), without its NUL */
#define HOST_MAX 253	  /* RFC 1035 2.3.4, without the dot */
#define REDIS_DB_MAX 65535
#define BETWEEN " \t,"

bool is_plain_name(const char *name, size_t max)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_-.");

	return length && length <= max && !name[length];
}

int check_id(char *value, struct message *why)
{
	/* It stands between the braces of Redis keys. */
	if (!is_plain_name(value, ID_MAX))
		return message_set(
			why, -EINVAL, "must be 1 to %d letters, digits, _ - or .", ID_MAX);
	return 0;
}

int check_prefix(char *value, struct message *why)
{
	return check_id(value, why);
}

int check_shard(char *value, struct message *why)
{
	struct shard shard;

	return shard_parse(&shard, value)
		       ? 0
		       : message_set(why, -EINVAL, "must be i/n, 1/4 for example, up to %d/%d",
				 SHARDS_MAX, SHARDS_MAX);
}

int check_listen(char *value, struct message *why)
{
	struct listen_place place;

	return listen_parse(&place, value)
		       ? 0
		       : message_set(why, -EINVAL,
				 "must be PORT (at 127.0.0.1), ADDRESS:PORT, [IPv6]:PORT, or empty");
}

int check_label(char *value, struct message *why)
{
	if (!is_plain_name(value, ID_MAX))
		return message_set(why, -EINVAL,
			"must be the name of a label: 1 to %d letters, digits, _ - or .", ID_MAX);
	if (key_find_target(value) || !strcmp(value, "class"))
		return message_set(
			why, -EINVAL, "must be the name of a label, and this is a key of targets");
	return 0;
}

/* Cuts "HOST", "HOST:PORT", "[ADDRESS]" or "[ADDRESS]:PORT" into its parts, in place; *ret_port is 0
 * when there is none. Whether host is a name or an address is the caller's to check. */
static int cut_host_port(char *text, char **ret_host, uint64_t *ret_port, bool *ret_bracketed)
{
	bool bracketed = *text == '[';
	char *host = text + bracketed;
	char *end = bracketed ? strchr(host, ']') : strchr(host, ':');
	uint64_t port = 0;

	if (bracketed && !end)
		return -EINVAL;
	if (end) {
		char *colon = end + bracketed;

		if (*colon == ':') {
			if (parse_count(&port, colon + 1) || port < 1 || port > 65535)
				return -EINVAL;
		} else if (*colon) {
			return -EINVAL;
		}
		*end = '\0';
	}
	*ret_host = host;
	*ret_port = port;
	*ret_bracketed = bracketed;
	return 0;
}

/* rest: what stands behind "redis://"; it is written to. */
static int check_redis_host(char *rest, struct message *why)
{
	static const char form[] = "must be redis://HOST[:PORT][/DB] or unix:///PATH[?db=N]";
	char *slash = strchr(rest, '/'), *host;
	struct address address;
	uint64_t db, port;
	bool bracketed;

	if (slash) {
		*slash = '\0';
		if (slash[1] && (parse_count(&db, slash + 1) || db > REDIS_DB_MAX))
			return message_set(
				why, -EINVAL, "%s: DB is no number up to %d", form, REDIS_DB_MAX);
	}
	if (cut_host_port(rest, &host, &port, &bracketed))
		return message_set(why, -EINVAL, "%s: PORT must be from 1 to 65535", form);
	if (bracketed ? address_parse(&address, host) || address.family != 6
		      : !is_plain_name(host, HOST_MAX))
		return message_set(why, -EINVAL, "%s: HOST is no name or address", form);
	return 0;
}

static int check_redis_path(const char *path, struct message *why)
{
	size_t length = strcspn(path, "?");
	const char *query = path + length;
	uint64_t db;

	if (*path != '/' || length < 2)
		return message_set(why, -EINVAL,
			"must be unix:///PATH[?db=N], PATH from the root: three slashes");
	if (length > UNIX_PATH_MAX)
		return message_set(why, -EINVAL,
			"PATH of a socket has at most %d bytes, this has %zu", UNIX_PATH_MAX,
			length);
	if (*query &&
		(strncmp(query, "?db=", 4) || parse_count(&db, query + 4) || db > REDIS_DB_MAX))
		return message_set(why, -EINVAL,
			"must be unix:///PATH[?db=N], N up to %d and nothing else behind '?'",
			REDIS_DB_MAX);
	return 0;
}

int check_redis_url(char *value, struct message *why)
{
	static const char tcp[] = "redis://", local[] = "unix://", tls[] = "rediss://";
	const char *scheme_end = strstr(value, "://");
	const char *authority = scheme_end ? scheme_end + 3 : value;
	size_t authority_length = strcspn(authority, "/?");
	char copy[512];

	if (memchr(authority, '@', authority_length) || strstr(authority, "password="))
		return message_set(why, -EINVAL,
			"an URL with a user or password in it is refused, since URLs are shown and "
			"logged: use username and password_file, or the environment");
	if (!strncmp(value, tls, sizeof tls - 1))
		return message_set(why, -EINVAL,
			"TLS is not built in: run a TLS proxy (stunnel, for one) on this machine and "
			"give redis://127.0.0.1:PORT");
	if (!strncmp(value, local, sizeof local - 1))
		return check_redis_path(value + sizeof local - 1, why);
	if (strncmp(value, tcp, sizeof tcp - 1) || strlen(value) >= sizeof copy)
		return message_set(
			why, -EINVAL, "must be redis://HOST[:PORT][/DB] or unix:///PATH[?db=N]");
	strcpy(copy, value + sizeof tcp - 1);
	return check_redis_host(copy, why);
}

static int check_server(const char *item, size_t length, struct message *why)
{
	char copy[ADDRESS_TEXT_SIZE + 8], buffer[SHOWN_SIZE], *host;
	struct address address;
	uint64_t port;
	bool bracketed;

	if (length < sizeof copy) {
		memcpy(copy, item, length);
		copy[length] = '\0';
		if (!address_parse(&address, copy))
			return 0; /* IPv6 too may stand without brackets when it has no port */
		if (!cut_host_port(copy, &host, &port, &bracketed) &&
			!address_parse(&address, host) && (address.family == 6) == bracketed)
			return 0;
	}
	return message_set(
		why, -EINVAL, "%s is not IP, IP:PORT or [IPv6]:PORT", shown(buffer, item, length));
}

/* Tidied to "a,b,c". */
int check_servers(char *value, struct message *why)
{
	char *to = value;

	for (const char *at = value + strspn(value, BETWEEN); *at;) {
		size_t length = strcspn(at, BETWEEN);
		const char *next = at + length + strspn(at + length, BETWEEN);
		int rc = check_server(at, length, why);

		if (rc)
			return rc;
		if (to > value)
			*to++ = ',';
		memmove(to, at, length);
		to += length;
		at = next;
	}
	if (to == value)
		return message_set(why, -EINVAL, "must be IP[:PORT],... or empty");
	*to = '\0';
	return 0;
}

static int check_canary(const char *item, size_t length, struct message *why)
{
	char copy[NAME_SIZE], buffer[SHOWN_SIZE], *host;
	struct address address;
	uint64_t port;
	bool bracketed;

	if (length < sizeof copy) {
		memcpy(copy, item, length);
		copy[length] = '\0';
		if (!cut_host_port(copy, &host, &port, &bracketed) &&
			(bracketed ? !address_parse(&address, host) && address.family == 6
				   : is_plain_name(host, sizeof copy)))
			return 0;
	}
	return message_set(why, -EINVAL, "%s is not NAME, NAME:PORT or [IPv6]:PORT",
		shown(buffer, item, length));
}

int check_canaries(char *value, struct message *why)
{
	unsigned count = 0;

	for (const char *at = value + strspn(value, BETWEEN); *at; at += strspn(at, BETWEEN)) {
		size_t length = strcspn(at, BETWEEN);
		int rc = check_canary(at, length, why);

		if (rc)
			return rc;
		if (++count > CANARIES)
			return message_set(why, -EINVAL, "at most %d canaries", CANARIES);
		at += length;
	}
	return count ? 0 : message_set(why, -EINVAL, "must be NAME[:PORT] ... or empty");
}

/* Room for one more after count elements. It is full when count is a power of two, since it always
 * grew to twice the count. */
static void *room_for_one(struct arena **arena, void *array, size_t count, size_t size)
{
	void *larger;

	if (count & (count - 1))
		return array;
	larger = arena_take(arena, (count ? 2 * count : 1) * size);
	if (larger && count)
		memcpy(larger, array, count * size);
	return larger;
}

static int add_file(
	struct config *config, struct arena **arena, const char *item, struct message *why)
{
	char **files =
		room_for_one(arena, config->target_files, config->target_file_count, sizeof *files);
	char *copy = arena_text(arena, item, strlen(item));

	if (!files || !copy)
		return message_set(why, -ENOMEM, "out of memory");
	files[config->target_file_count++] = copy;
	config->target_files = files;
	return 0;
}

static int add_block(
	struct config *config, struct arena **arena, const char *item, struct message *why)
{
	struct address_block block, *blocks;
	char buffer[SHOWN_SIZE];

	if (address_block_parse(&block, item))
		return message_set(why, -EINVAL,
			"%s is no block of addresses, such as 10.0.0.0/8: must be blocks, or none",
			shown(buffer, item, strlen(item)));
	blocks = room_for_one(arena, config->deny, config->deny_count, sizeof *blocks);
	if (!blocks)
		return message_set(why, -ENOMEM, "out of memory");
	blocks[config->deny_count++] = block;
	config->deny = blocks;
	return 0;
}

static int add_source(struct config *config, const char *item, struct message *why)
{
	static const char form[] = "must be an address of this machine, one of each family at most";
	char buffer[SHOWN_SIZE];
	struct address address;

	if (address_parse(&address, item))
		return message_set(why, -EINVAL, "%s is no address: %s",
			shown(buffer, item, strlen(item)), form);
	if (config->source[address.family == 6].family)
		return message_set(why, -EINVAL, "%s", form);
	config->source[address.family == 6] = address;
	return 0;
}

static void empty_list(const struct key *key, struct config *config)
{
	if (key->type == KEY_FILES)
		config->target_file_count = 0;
	else if (key->type == KEY_BLOCKS)
		config->deny_count = 0;
	else
		memset(config->source, 0, sizeof config->source);
}

int key_read_list(const struct key *key, struct config *config, struct arena **arena,
	const char *value, bool more, struct message *why)
{
	char *copy = arena_text(arena, value, strlen(value)), *state = NULL;
	int rc = 0;

	if (!copy)
		return message_set(why, -ENOMEM, "out of memory");
	if (!more)
		empty_list(key, config);
	if (!more && key->type == KEY_BLOCKS && !strcmp(value, "none"))
		return 0;
	for (char *item = strtok_r(copy, BETWEEN, &state); item && !rc;
		item = strtok_r(NULL, BETWEEN, &state))
		rc = key->type == KEY_FILES    ? add_file(config, arena, item, why)
		     : key->type == KEY_BLOCKS ? add_block(config, arena, item, why)
					       : add_source(config, item, why);
	return rc;
}
