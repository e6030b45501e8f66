/* SPDX-License-Identifier: MIT */
#include "edges/publish_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "vocabulary/log.h"

#define NAME_SIZE 48
#define NAME_FORMAT "results-%010" PRIu64 ".spool"

/* A file. */
struct part {
	uint64_t number, bytes, oldest_ms;
	uint32_t count;
};

struct disk {
	int dir_fd;
	char *dir;
	uint64_t prober; /* a hash of its id */
	uint64_t max_bytes, bytes;
	struct part *parts; /* a queue, oldest first */
	size_t first, count, room;
	uint64_t held; /* entries of the parts that were not taken */
	struct chunk *taken;
};

static void complain(struct disk *disk, const char *name, int error)
{
	log_event(LOG_ERROR, "spool_unkept", "results that have no room in memory are dropped",
		"error=%s state_dir=%s file=%s", strerror(-error), disk->dir, name);
}

static void name_of(uint64_t number, char ret[NAME_SIZE])
{
	snprintf(ret, NAME_SIZE, NAME_FORMAT, number);
}

static bool push(struct disk *disk, struct part part)
{
	if (disk->first + disk->count == disk->room) {
		size_t room = disk->room ? 2 * disk->count + 64 : 64;
		struct part *parts = malloc(room * sizeof *parts);

		if (!parts)
			return false;
		if (disk->count)
			memcpy(parts, disk->parts + disk->first, disk->count * sizeof *parts);
		free(disk->parts);
		disk->parts = parts;
		disk->room = room;
		disk->first = 0;
	}
	disk->parts[disk->first + disk->count++] = part;
	disk->bytes += part.bytes;
	disk->held += part.count;
	return true;
}

static void pop(struct disk *disk)
{
	disk->bytes -= disk->parts[disk->first].bytes;
	disk->first++;
	disk->count--;
}

/* Renames it to NAME.bad. */
static void set_aside(const struct disk *disk, const char *name)
{
	char bad[NAME_SIZE + 8];

	snprintf(bad, sizeof bad, "%.*s.bad", NAME_SIZE - 1, name);
	renameat(disk->dir_fd, name, disk->dir_fd, bad);
}

static bool read_head(
	struct disk *disk, const char *name, struct chunk_head *ret, uint64_t *ret_size)
{
	int fd = openat(disk->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat status;
	bool good = fd >= 0 && !fstat(fd, &status) &&
		    read(fd, ret, sizeof *ret) == (ssize_t)sizeof *ret &&
		    chunk_head_is_good(ret, disk->prober, (uint64_t)status.st_size);

	if (good)
		*ret_size = (uint64_t)status.st_size;
	if (fd >= 0)
		close(fd);
	return good;
}

static int by_number(const void *one, const void *other)
{
	uint64_t a = ((const struct part *)one)->number, b = ((const struct part *)other)->number;

	return (a > b) - (a < b);
}

/* One name of the folder. Returns -ENOMEM, or 0. */
static int find(struct disk *disk, const char *name, unsigned *bad)
{
	struct chunk_head head;
	char right[NAME_SIZE];
	uint64_t number, size;
	int end = 0;

	if (sscanf(name, "results-%" SCNu64 ".spool%n", &number, &end) != 1 || !end || name[end])
		return 0;
	name_of(number, right);
	if (strcmp(name, right))
		return 0;
	if (!read_head(disk, name, &head, &size)) {
		set_aside(disk, name);
		(*bad)++;
		return 0;
	}
	return push(disk, (struct part) { .number = number,
				  .bytes = size,
				  .oldest_ms = head.oldest_ms,
				  .count = head.count })
		       ? 0
		       : -ENOMEM;
}

static int find_all(struct disk *disk, struct message *ret_note, struct message *msg)
{
	DIR *folder = fdopendir(dup(disk->dir_fd));
	const struct dirent *entry;
	unsigned bad = 0;
	int error = 0;

	if (!folder)
		return message_set(msg, -errno, "state_dir %s: %s", disk->dir, strerror(errno));
	while (!error && (entry = readdir(folder)))
		error = find(disk, entry->d_name, &bad);
	closedir(folder);
	if (error)
		return message_set(msg, error, "state_dir %s: %s", disk->dir, strerror(-error));
	if (disk->count)
		qsort(disk->parts, disk->count, sizeof *disk->parts, by_number);
	if (bad)
		message_set(ret_note, 0,
			"state_dir %s: %u files of results are damaged or another prober's: "
			"renamed to *.bad, and not sent",
			disk->dir, bad);
	return 0;
}

int disk_open(struct disk **ret, const char *dir, const char *prober_id, uint64_t max_bytes,
	struct message *ret_note, struct message *msg)
{
	struct disk *disk = calloc(1, sizeof *disk);
	int error;

	ret_note->text[0] = '\0';
	if (!disk)
		return message_set(msg, -ENOMEM, "out of memory");
	disk->max_bytes = max_bytes;
	disk->prober = XXH3_64bits(prober_id, strlen(prober_id));
	disk->dir = strdup(dir);
	disk->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = !disk->dir ? message_set(msg, -ENOMEM, "out of memory")
		: disk->dir_fd < 0
			? message_set(msg, -errno, "state_dir %s: %s", dir, strerror(errno))
			: find_all(disk, ret_note, msg);
	if (error) {
		disk_close(disk);
		return error;
	}
	*ret = disk;
	return 0;
}

void disk_close(struct disk *disk)
{
	if (!disk)
		return;
	if (disk->taken) {
		chunk_free(disk->taken);
		free(disk->taken);
	}
	if (disk->dir_fd >= 0)
		close(disk->dir_fd);
	free(disk->parts);
	free(disk->dir);
	free(disk);
}

/* The oldest that is not on its way. */
static uint64_t drop_oldest(struct disk *disk)
{
	size_t at = disk->first + (disk->taken != NULL);
	struct part part = disk->parts[at];
	char name[NAME_SIZE];

	name_of(part.number, name);
	unlinkat(disk->dir_fd, name, 0);
	/* The taken one stays the first. */
	if (disk->taken)
		disk->parts[at] = disk->parts[disk->first];
	disk->first++;
	disk->count--;
	disk->bytes -= part.bytes;
	disk->held -= part.count;
	return part.count;
}

/* As a whole, or not at all. */
static int write_file(struct disk *disk, const char *name, const void *file, size_t size)
{
	int fd = openat(disk->dir_fd, "results.new",
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	const char *at = file;
	int error = fd < 0 ? -errno : 0;

	while (!error && size) {
		ssize_t put = write(fd, at, size);

		if (put < 0 && errno != EINTR)
			error = -errno;
		else if (put > 0) {
			at += put;
			size -= (size_t)put;
		}
	}
	if (fd >= 0 && close(fd) && !error)
		error = -errno;
	if (!error && renameat(disk->dir_fd, "results.new", disk->dir_fd, name))
		error = -errno;
	if (error)
		unlinkat(disk->dir_fd, "results.new", 0);
	return error;
}

uint64_t disk_put(struct disk *disk, struct chunk *chunk)
{
	uint64_t number = disk->count ? disk->parts[disk->first + disk->count - 1].number + 1 : 1;
	uint64_t dropped = 0;
	char name[NAME_SIZE];
	size_t size = 0;
	void *file;
	int error;

	if (!chunk->count)
		return 0;
	name_of(number, name);
	file = chunk_pack(chunk, disk->prober, &size);
	error = !file ? -ENOMEM : size > disk->max_bytes ? -EFBIG : 0;
	while (!error && disk->bytes + size > disk->max_bytes &&
		disk->count > (disk->taken != NULL))
		dropped += drop_oldest(disk);
	if (!error)
		error = write_file(disk, name, file, size);
	if (!error && !push(disk, (struct part) { .number = number,
					  .bytes = size,
					  .oldest_ms = chunk->oldest_ms,
					  .count = chunk->count })) {
		unlinkat(disk->dir_fd, name, 0);
		error = -ENOMEM;
	}
	free(file);
	if (error) {
		complain(disk, name, error);
		dropped += chunk->count;
	}
	chunk->count = 0;
	chunk->raw_size = 0;
	return dropped;
}

/* Reads a file that was good when it was found. */
static int read_chunk(struct disk *disk, const char *name, struct chunk *ret)
{
	int fd = openat(disk->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct chunk_head head = { .count = 0 };
	struct stat status = { .st_size = 0 };
	void *packed = NULL;
	int error = fd < 0 || fstat(fd, &status) ? -errno : 0;

	if (!error && (read(fd, &head, sizeof head) != (ssize_t)sizeof head ||
			      !chunk_head_is_good(&head, disk->prober, (uint64_t)status.st_size)))
		error = -EBADMSG;
	if (!error) {
		packed = malloc(head.packed_size + 1);
		error = !packed ? -ENOMEM
			: read(fd, packed, head.packed_size) != (ssize_t)head.packed_size
				? -EBADMSG
				: chunk_unpack(ret, &head, packed);
	}
	free(packed);
	if (fd >= 0)
		close(fd);
	return error;
}

struct chunk *disk_take(struct disk *disk, uint64_t *ret_dropped)
{
	while (disk->count && !disk->taken) {
		struct part *part = &disk->parts[disk->first];
		struct chunk *chunk = calloc(1, sizeof *chunk);
		char name[NAME_SIZE];
		int error;

		name_of(part->number, name);
		error = chunk ? read_chunk(disk, name, chunk) : -ENOMEM;
		if (error)
			free(chunk);
		if (error == -ENOMEM)
			return NULL;
		disk->held -= part->count;
		if (!error) {
			chunk->number = part->number;
			disk->taken = chunk;
			return chunk;
		}
		log_event(LOG_WARN, "spool_unread", "results that waited on disk are not sent",
			"file=%s state_dir=%s error=%s results=%u", name, disk->dir,
			strerror(-error), part->count);
		*ret_dropped += part->count;
		set_aside(disk, name);
		pop(disk);
	}
	return NULL;
}

void disk_sending(struct disk *disk, struct chunk *chunk, struct stream_id first)
{
	const uint64_t id[2] = { first.ms, first.seq };
	char name[NAME_SIZE];
	int fd;

	chunk->first = first;
	name_of(chunk->number, name);
	fd = openat(disk->dir_fd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || pwrite(fd, id, sizeof id, offsetof(struct chunk_head, first_ms)) !=
			      (ssize_t)sizeof id)
		complain(disk, name, -errno);
	if (fd >= 0)
		close(fd);
}

void disk_entry_done(struct disk *disk, struct chunk *chunk)
{
	char name[NAME_SIZE];

	if (--chunk->left)
		return;
	name_of(chunk->number, name);
	unlinkat(disk->dir_fd, name, 0);
	pop(disk);
	chunk_free(chunk);
	free(chunk);
	disk->taken = NULL;
}

uint64_t disk_held(const struct disk *disk)
{
	return disk ? disk->held : 0;
}

uint64_t disk_oldest_ms(const struct disk *disk)
{
	return disk && disk->count ? disk->parts[disk->first].oldest_ms : 0;
}
