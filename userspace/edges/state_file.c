/* SPDX-License-Identifier: MIT */
#include "edges/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define FILE_NAME "targets.state"
#define FILE_NEW FILE_NAME ".new"
#define FILE_BAD FILE_NAME ".bad"
#define LOCK_NAME "lock"
#define HEADER_SIZE 4096
/* The file grows by so many places, so that its size tells whether it was cut. */
#define GROWTH 256u

struct header {
	char magic[16];
	uint32_t version, byte_order, record_size, window_size;
	uint64_t interval_ns;
	char prober_id[72];
	uint64_t checksum; /* of what stands before */
};

static const char magic[16] = "mosprobe state\n";

static struct header header_of(const struct state_setup *setup)
{
	struct header header = {
		.version = STATE_RECORD_VERSION,
		.byte_order = 0x01020304,
		.record_size = (uint32_t)state_record_size(setup->window_size),
		.window_size = (uint32_t)setup->window_size,
		.interval_ns = setup->interval_ns,
	};

	memcpy(header.magic, magic, sizeof magic);
	snprintf(header.prober_id, sizeof header.prober_id, "%s", setup->prober_id);
	header.checksum = XXH3_64bits(&header, offsetof(struct header, checksum));
	return header;
}

/* Who has it, for the message. */
static long lock_holder(int fd)
{
	char text[32] = "";

	return pread(fd, text, sizeof text - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;
}

int state_file_lock(struct state_file *file, const char *dir, struct message *msg)
{
	char text[32];
	int length;

	*file = (struct state_file) { .dir_fd = -1, .lock_fd = -1, .fd = -1 };
	if (mkdir(dir, 0700) && errno != EEXIST)
		return message_set(msg, -errno, "state_dir %s: %s", dir, strerror(errno));
	file->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->dir_fd < 0)
		return message_set(msg, -errno, "state_dir %s: %s", dir, strerror(errno));
	file->lock_fd =
		openat(file->dir_fd, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file->lock_fd < 0)
		return message_set(
			msg, -errno, "state_dir %s: " LOCK_NAME ": %s", dir, strerror(errno));
	if (flock(file->lock_fd, LOCK_EX | LOCK_NB))
		return message_set(msg, -EBUSY,
			"state_dir %s: another prober has it, process %ld; each needs a folder of its own",
			dir, lock_holder(file->lock_fd));
	length = snprintf(text, sizeof text, "%d\n", (int)getpid());
	if (ftruncate(file->lock_fd, 0) || pwrite(file->lock_fd, text, (size_t)length, 0) != length)
		return message_set(
			msg, -errno, "state_dir %s: " LOCK_NAME ": %s", dir, strerror(errno));
	return 0;
}

/* Why it cannot be trusted, or NULL. */
static const char *header_fault(const struct header *header, size_t size, const struct header *ours)
{
	size_t step;

	if (size < HEADER_SIZE || memcmp(header->magic, magic, sizeof magic) != 0)
		return "it is no state of mosprobe";
	if (header->byte_order != ours->byte_order)
		return "it was written on another kind of machine";
	if (header->checksum != XXH3_64bits(header, offsetof(struct header, checksum)))
		return "it is damaged";
	if (header->version != ours->version)
		return "it is another version's";
	if (strcmp(header->prober_id, ours->prober_id) != 0)
		return "it is another prober's";
	step = (size_t)GROWTH * 2 * header->record_size;
	if (header->record_size != state_record_size(header->window_size) ||
		(size - HEADER_SIZE) % step)
		return "it was cut off";
	return NULL;
}

static const char *half(const struct state_file *file, uint32_t place, unsigned which)
{
	size_t record_size = state_record_size(file->found_window_size);

	return file->found + HEADER_SIZE + (2 * (size_t)place + which) * record_size;
}

static bool is_zero(const char *bytes, size_t size)
{
	return !bytes[0] && !memcmp(bytes, bytes + 1, size - 1);
}

bool state_file_record(const struct state_file *file, uint32_t place, struct state_parts *ret,
	const void **ret_window, uint32_t *ret_sequence)
{
	bool found = false;

	for (unsigned which = 0; which < 2; which++) {
		struct state_parts parts;
		const void *window;
		uint32_t sequence;

		if (!state_record_read(half(file, place, which), file->found_window_size, &parts,
			    &window, &sequence))
			continue;
		if (found && (int32_t)(sequence - *ret_sequence) < 0)
			continue;
		*ret = parts;
		*ret_window = window;
		*ret_sequence = sequence;
		found = true;
	}
	return found;
}

/* A place of which both halves were written, and neither can be read: no kill does that. */
static bool has_damage(const struct state_file *file)
{
	size_t record_size = state_record_size(file->found_window_size);
	struct state_parts parts;
	const void *window;
	uint32_t sequence;

	for (uint32_t i = 0; i < file->found_places; i++)
		if (!state_file_record(file, i, &parts, &window, &sequence) &&
			!is_zero(half(file, i, 0), record_size) &&
			!is_zero(half(file, i, 1), record_size))
			return true;
	return false;
}

static void set_aside(struct state_file *file, const struct state_setup *setup, const char *why,
	struct message *note)
{
	renameat(file->dir_fd, FILE_NAME, file->dir_fd, FILE_BAD);
	message_set(note, 0,
		"state_dir %s: " FILE_NAME " is not used, for %s; it is " FILE_BAD
		" now, and every target "
		"begins anew",
		setup->dir, why);
}

static int map(struct state_file *file, int fd, size_t size, const struct state_setup *setup,
	struct message *msg)
{
	void *memory = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return message_set(msg, -errno, "state_dir %s: " FILE_NAME ": %s", setup->dir,
			strerror(errno));
	file->found = memory;
	file->found_size = size;
	return 0;
}

/* Looks at what is mapped. Returns why it cannot be trusted, or NULL. */
static const char *examine(struct state_file *file, const struct state_setup *setup)
{
	const struct header ours = header_of(setup);
	struct header header = { .version = 0 };
	const char *fault;

	if (file->found_size >= sizeof header)
		memcpy(&header, file->found, sizeof header);
	fault = header_fault(&header, file->found_size, &ours);
	if (fault)
		return fault;
	file->found_window_size = header.window_size;
	file->found_places =
		(uint32_t)((file->found_size - HEADER_SIZE) / ((size_t)2 * header.record_size));
	file->same_interval = header.interval_ns == ours.interval_ns;
	file->same = file->same_interval && header.window_size == ours.window_size;
	return has_damage(file) ? "it is damaged" : NULL;
}

int state_file_read(struct state_file *file, const struct state_setup *setup, struct message *note,
	struct message *msg)
{
	int fd = openat(file->dir_fd, FILE_NAME, O_RDWR | O_CLOEXEC), error;
	const char *fault = "it is no state of mosprobe";
	struct stat status;

	note->text[0] = '\0';
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &status)) {
		error = message_set(msg, -errno, "state_dir %s: " FILE_NAME ": %s", setup->dir,
			strerror(errno));
		if (fd >= 0)
			close(fd);
		return error;
	}
	if (S_ISREG(status.st_mode) && status.st_size) {
		error = map(file, fd, (size_t)status.st_size, setup, msg);
		if (error) {
			close(fd);
			return error;
		}
		fault = examine(file, setup);
	}
	if (fault) {
		state_file_forget_found(file);
		set_aside(file, setup, fault, note);
	}
	if (fault || !file->same)
		close(fd);
	else
		file->fd = fd;
	return 0;
}

void state_file_forget_found(struct state_file *file)
{
	if (file->found)
		munmap((void *)file->found, file->found_size);
	file->found = NULL;
	file->found_places = 0;
}

static int make_room(struct state_file *file, uint32_t places)
{
	uint32_t *sequences = realloc(file->sequences, places * sizeof *sequences);

	if (!sequences)
		return -ENOMEM;
	memset(sequences + file->places, 0, (places - file->places) * sizeof *sequences);
	file->sequences = sequences;
	if (ftruncate(file->fd, (off_t)(HEADER_SIZE + (size_t)places * 2 * file->record_size)))
		return -errno;
	file->places = places;
	return 0;
}

int state_file_make(struct state_file *file, const struct state_setup *setup, struct message *msg)
{
	struct header header = header_of(setup);
	char page[HEADER_SIZE] = { 0 };
	int error;

	file->window_size = setup->window_size;
	file->record_size = header.record_size;
	if (file->fd >= 0) {
		error = make_room(file, file->found_places);
		return error ? message_set(
				       msg, error, "state_dir %s: %s", setup->dir, strerror(-error))
			     : 0;
	}
	memcpy(page, &header, sizeof header);
	file->fd = openat(
		file->dir_fd, FILE_NEW, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file->fd < 0 || pwrite(file->fd, page, sizeof page, 0) != (ssize_t)sizeof page)
		return message_set(msg, errno ? -errno : -EIO, "state_dir %s: " FILE_NEW ": %s",
			setup->dir, strerror(errno));
	return 0;
}

int state_file_commit(struct state_file *file)
{
	if (file->same)
		return 0;
	return renameat(file->dir_fd, FILE_NEW, file->dir_fd, FILE_NAME) ? -errno : 0;
}

int state_file_write(struct state_file *file, uint32_t place, void *record)
{
	uint32_t sequence;
	off_t at;
	ssize_t written;

	while (place >= file->places) {
		int error = make_room(file, file->places + GROWTH);

		if (error)
			return error;
	}
	sequence = file->sequences[place] + 1;
	state_record_seal(record, file->window_size, sequence);
	at = (off_t)(HEADER_SIZE + (2 * (size_t)place + sequence % 2) * file->record_size);
	written = pwrite(file->fd, record, file->record_size, at);
	if (written != (ssize_t)file->record_size)
		return written < 0 ? -errno : -ENOSPC;
	file->sequences[place] = sequence;
	return 0;
}

#define TEXT_MOST (64u << 20)

char *state_file_text(const struct state_file *file, const char *name, size_t *ret_length)
{
	int fd = openat(file->dir_fd, name, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char *text = NULL;
	ssize_t length = -1;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size < TEXT_MOST) {
		text = malloc((size_t)status.st_size + 1);
		length = text ? read(fd, text, (size_t)status.st_size) : -1;
	}
	close(fd);
	if (length < 0) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	*ret_length = (size_t)length;
	return text;
}

int state_file_replace(const struct state_file *file, const char *name, const char *text)
{
	size_t length = strlen(text);
	char next[64];
	int fd, error = 0;

	snprintf(next, sizeof next, "%s.new", name);
	fd = openat(file->dir_fd, next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, length) != (ssize_t)length)
		error = errno ? -errno : -ENOSPC;
	if (!error && fdatasync(fd))
		error = -errno;
	close(fd);
	if (!error && renameat(file->dir_fd, next, file->dir_fd, name))
		error = -errno;
	return error;
}

void state_file_close(struct state_file *file)
{
	state_file_forget_found(file);
	free(file->sequences);
	for (int *fd = (int[]) { file->fd, file->lock_fd, file->dir_fd, -2 }; *fd != -2; fd++)
		if (*fd >= 0)
			close(*fd);
	*file = (struct state_file) { .dir_fd = -1, .lock_fd = -1, .fd = -1 };
}
