/* SPDX-License-Identifier: MIT */
/* A file of results that wait on the disk. The first line says how many entries it is said to have, and may patch its head:
 * "COUNT [OFFSET BYTES]"; what follows is what stands there once it is unpacked, '\n' for NUL. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "edges/publish_disk.h"
#include "fuzz.h"
#include "vocabulary/log.h"

#define FILE_NAME "results-0000000001.spool"
#define MAX_BYTES (1u << 20)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_set_level(LOG_ERROR);
	return 0;
}

/* As disk_put() would write it. */
static void write_file(char *text, const char *head)
{
	struct chunk chunk = { .oldest_ms = 1795780800000 };
	size_t size = 0;
	uint8_t *packed;
	char *end;

	chunk.count = (uint32_t)strtoul(head, &end, 10);
	chunk.raw = text;
	chunk.raw_size = strlen(text);
	for (char *at = text; *at; at++)
		if (*at == '\n')
			*at = '\0';
	packed = chunk_pack(&chunk, XXH3_64bits("p", 1), &size);
	CHECK(packed);
	/* Into what is packed too, whose checksum is right then. */
	fuzz_patch(end, packed, size);
	if (size > sizeof(struct chunk_head)) {
		uint64_t sum = XXH3_64bits(
			packed + sizeof(struct chunk_head), size - sizeof(struct chunk_head));

		memcpy(packed + offsetof(struct chunk_head, checksum), &sum, sizeof sum);
	}
	fuzz_file(FILE_NAME, packed, size);
	free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fields fields;
	char *text = fuzz_text(data, size), *at = text, *head = fuzz_line(&at), path[128];
	struct message note, msg;
	uint64_t dropped = 0;
	struct chunk *chunk;
	struct disk *disk;

	if (head && at)
		write_file(at, head);
	CHECK(!disk_open(&disk, fuzz_folder(), "p", MAX_BYTES, &note, &msg));
	chunk = disk_take(disk, &dropped);
	if (chunk) {
		uint32_t count = chunk->count;

		disk_sending(disk, chunk, (struct stream_id) { 1795780800000, 1 });
		for (uint32_t i = 0; i < count; i++) {
			chunk_fields(chunk, i, &fields);
			for (unsigned k = 0; k < fields.count; k++)
				CHECK(strlen(fields.list[k].text) == fields.list[k].length);
		}
		for (uint32_t i = 0; i < count; i++)
			disk_entry_done(disk, chunk);
		CHECK(!disk_held(disk));
	}
	disk_close(disk);
	snprintf(path, sizeof path, "%s/" FILE_NAME, fuzz_folder());
	remove(path);
	free(text);
	return 0;
}
