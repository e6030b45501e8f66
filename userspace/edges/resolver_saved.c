/* SPDX-License-Identifier: MIT */
#include "edges/resolver_saved.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "vocabulary/log.h"
#include "vocabulary/names.h"
#include "vocabulary/nsec.h"

#define FILE_NAME "names.state"
#define LINE_SIZE 512
#define ENDS_MOST_S (INT64_C(1) << 40) /* no clock goes as far */

static const char heading[] = "mosprobe names 1\n";

/* Lines are summed up one by one. */
static uint64_t add_sum(uint64_t sum, const char *line)
{
	return XXH3_64bits_withSeed(line, strlen(line), sum);
}

/* "NAME V4 SECONDS V6 SECONDS", the seconds of the wall clock at which the TTL ends; "-" = none. */
static bool read_line(const char *line, char name[LINE_SIZE], struct dns_saved *ret)
{
	char texts[DNS_FAMILIES][ADDRESS_TEXT_SIZE + 1];
	int64_t now_s = (int64_t)(nsec_real() / NSEC_PER_SEC), ends_s[DNS_FAMILIES];

	_Static_assert(ADDRESS_TEXT_SIZE >= 46, "as wide as what is read below");
	if (sscanf(line, "%511s %45s %" SCNd64 " %45s %" SCNd64, name, texts[DNS_V4],
		    &ends_s[DNS_V4], texts[DNS_V6], &ends_s[DNS_V6]) != 5)
		return false;
	for (int f = 0; f < DNS_FAMILIES; f++) {
		ret->address[f] = (struct address) { .family = 0 };
		if (ends_s[f] < 0 || ends_s[f] > ENDS_MOST_S)
			return false;
		ret->left_s[f] = ends_s[f] - now_s;
		if (strcmp(texts[f], "-") != 0 &&
			(address_parse(&ret->address[f], texts[f]) ||
				ret->address[f].family != (f == DNS_V4 ? 4 : 6)))
			return false;
	}
	return true;
}

/* Reads all of it twice: a cache that has taken a part of what is damaged later would not do. */
static bool is_whole(FILE *file)
{
	uint64_t sum = 0, found = 0;
	char line[LINE_SIZE];
	bool ended = false;

	if (!fgets(line, sizeof line, file) || strcmp(line, heading) != 0)
		return false;
	do {
		if (ended)
			return false;
		ended = sscanf(line, "checksum %" SCNx64 "\n", &found) == 1;
		if (!ended)
			sum = add_sum(sum, line);
	} while (fgets(line, sizeof line, file));
	rewind(file);
	return ended && found == sum;
}

static size_t take(struct dns_cache *cache, struct names *known, FILE *file, uint64_t now_ns)
{
	char line[LINE_SIZE], name[LINE_SIZE];
	struct dns_saved saved;
	size_t taken = 0;

	while (fgets(line, sizeof line, file))
		if (read_line(line, name, &saved) && names_known(known, name))
			taken +=
				dns_cache_restore(cache, names_number(known, name), now_ns, &saved);
	return taken;
}

static void set_aside(const char *path)
{
	char bad[PATH_MAX + 4];

	snprintf(bad, sizeof bad, "%s.bad", path);
	if (!rename(path, bad))
		log_event(LOG_WARN, "names_damaged",
			"names are looked up anew: the file of addresses is damaged, or of another version",
			"file=%s renamed=%s", path, bad);
}

size_t resolver_saved_load(struct dns_cache *cache, const char *const *names, size_t count,
	const char *dir, uint64_t now_ns)
{
	struct names *known = names_create(count, false);
	char path[PATH_MAX];
	size_t taken = 0;
	FILE *file;

	snprintf(path, sizeof path, "%s/" FILE_NAME, dir);
	file = fopen(path, "re");
	for (size_t i = 0; known && i < count; i++)
		names_number(known, names[i]);
	if (file && known && is_whole(file))
		taken = take(cache, known, file, now_ns);
	else if (file && known)
		set_aside(path);
	if (file)
		fclose(file);
	names_destroy(known);
	return taken;
}

static void format_line(char line[LINE_SIZE], const char *name, const struct dns_saved *saved)
{
	int64_t now_s = (int64_t)(nsec_real() / NSEC_PER_SEC);
	char texts[DNS_FAMILIES][ADDRESS_TEXT_SIZE];

	for (int f = 0; f < DNS_FAMILIES; f++)
		if (saved->address[f].family)
			address_text(&saved->address[f], texts[f]);
		else
			strcpy(texts[f], "-");
	snprintf(line, LINE_SIZE, "%s %s %" PRId64 " %s %" PRId64 "\n", name, texts[DNS_V4],
		now_s + saved->left_s[DNS_V4], texts[DNS_V6], now_s + saved->left_s[DNS_V6]);
}

int resolver_saved_write(
	const struct dns_cache *cache, size_t room, const char *dir, uint64_t now_ns)
{
	char path[PATH_MAX], next[PATH_MAX], line[LINE_SIZE];
	uint64_t sum = add_sum(0, heading);
	struct dns_saved saved;
	FILE *file;
	bool failed;

	snprintf(path, sizeof path, "%s/" FILE_NAME, dir);
	snprintf(next, sizeof next, "%s/" FILE_NAME ".new", dir);
	file = fopen(next, "we");
	if (!file)
		return -errno;
	fputs(heading, file);
	for (size_t i = 0; i < room; i++) {
		if (!dns_cache_save(cache, (uint32_t)i, now_ns, &saved))
			continue;
		format_line(line, dns_cache_name(cache, (uint32_t)i), &saved);
		fputs(line, file);
		sum = add_sum(sum, line);
	}
	fprintf(file, "checksum %016" PRIx64 "\n", sum);
	failed = ferror(file);
	if (fclose(file) || failed)
		return errno ? -errno : -EIO;
	return rename(next, path) ? -errno : 0;
}
