/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share. Each is one function that libFuzzer calls with any bytes; what it finds is a
 * crash, a report of a sanitizer, or a CHECK that does not hold.
 *
 * Corpora are texts, so that a person can read and write them. Formats that are binary are fuzzed by patches: the
 * target makes a good file, and the input says what to change in it. */
#ifndef MOSPROBE_TESTS_FUZZ_H
#define MOSPROBE_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Declared by libFuzzer nowhere. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__,           \
				#condition);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* A copy of exactly these bytes and a NUL, so that reading beyond is seen. To be freed. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	CHECK(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* The next line of *at (bounded by NULs and newlines), NULL at the end; *at moves on. */
static inline char *fuzz_line(char **at)
{
	char *line = *at, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	*at = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return line;
}

/* A patch, "OFFSET BYTES" in hexadecimal: "1c8 ff ff". What lies outside of target is left out. */
static inline void fuzz_patch(const char *line, uint8_t *target, size_t size)
{
	char *end;
	size_t at = strtoul(line, &end, 16);
	unsigned byte;
	int used;

	while (at < size && sscanf(end, " %2x%n", &byte, &used) == 1) {
		target[at++] = (uint8_t)byte;
		end += used;
	}
}

struct config;
struct target_list;

/* A configuration of prober "p", finished, with this text; the log holds errors only from then on. */
struct config *fuzz_config(const char *text);
/* a.example.com with isp=acme, and [2001:db8::7]:5061. */
struct target_list *fuzz_targets(const struct config *config);

/* A folder for files of this process, removed at its end. */
const char *fuzz_folder(void);
/* Makes or replaces a file in it. */
void fuzz_file(const char *name, const void *bytes, size_t size);

#endif
