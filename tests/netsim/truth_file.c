/* SPDX-License-Identifier: MIT */
#include "truth_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int map_file(struct truth_file *file, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error = 0;
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status))
		error = -errno;
	else if ((size_t)status.st_size < sizeof(struct truth_header))
		error = -EBADMSG;
	if (!error) {
		file->map_bytes = (size_t)status.st_size;
		file->map = mmap(NULL, file->map_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
		if (file->map == MAP_FAILED) {
			error = -errno;
			file->map = NULL;
		}
	}
	close(fd);
	return error;
}

/* How many SYNs there are: their numbers may have gaps. */
static void count(struct truth_file *file)
{
	for (size_t i = 0; i < file->record_count; i++) {
		const struct truth_record *record = &file->records[i];

		if (record->type == TRUTH_END) {
			file->complete = true;
			file->lost = record->syn;
		} else if (record->syn >= file->syn_count && record->syn < UINT32_MAX) {
			file->syn_count = record->syn + 1;
		}
	}
}

static void sort(struct truth_file *file)
{
	size_t *places = file->first_sent + 1, total = 0;

	/* First how many each SYN has, then where they begin, which filling in moves to their
	 * end. */
	for (size_t i = 0; i < file->record_count; i++) {
		const struct truth_record *record = &file->records[i];

		if (record->type == TRUTH_SYN && record->syn < file->syn_count)
			file->syns[record->syn] = record;
		else if (record->type == TRUTH_SENT && record->syn < file->syn_count)
			places[record->syn]++;
	}
	for (size_t i = 0; i < file->syn_count; i++) {
		size_t own = places[i];

		places[i] = total;
		total += own;
	}
	for (size_t i = 0; i < file->record_count; i++) {
		const struct truth_record *record = &file->records[i];

		if (record->type == TRUTH_SENT && record->syn < file->syn_count)
			file->sent[places[record->syn]++] = record;
	}
}

int truth_file_open(struct truth_file *file, const char *path)
{
	int error;

	memset(file, 0, sizeof *file);
	error = map_file(file, path);
	if (error)
		return error;
	assert(file->map);
	file->header = file->map;
	file->records = (const void *)(file->header + 1);
	if (memcmp(file->header->magic, TRUTH_MAGIC, sizeof TRUTH_MAGIC) != 0 ||
		file->header->record_bytes != sizeof *file->records) {
		truth_file_close(file);
		return -EBADMSG;
	}
	file->record_count = (file->map_bytes - sizeof *file->header) / sizeof *file->records;
	count(file);
	file->syns = calloc(file->syn_count + 1, sizeof *file->syns);
	file->sent = calloc(file->record_count + 1, sizeof *file->sent);
	file->first_sent = calloc(file->syn_count + 2, sizeof *file->first_sent);
	if (!file->syns || !file->sent || !file->first_sent) {
		truth_file_close(file);
		return -ENOMEM;
	}
	sort(file);
	return 0;
}

void truth_file_close(struct truth_file *file)
{
	if (file->map)
		munmap(file->map, file->map_bytes);
	free(file->syns);
	free(file->sent);
	free(file->first_sent);
	memset(file, 0, sizeof *file);
}
