/* SPDX-License-Identifier: MIT */
/* What of the results has no room in memory while Redis is away: files of up to CHUNK_ENTRIES_MAX results in
 * prober.state_dir, oldest first, within a bound. They outlive the process. One of them at a time is on its way to Redis:
 * its ids stand in its file before it is sent, so that whoever comes after a kill sends them again under the
 * same ones. Nothing here is synced: a machine that loses its power may lose some of it. */
#ifndef MOSPROBE_PUBLISH_DISK_H
#define MOSPROBE_PUBLISH_DISK_H

#include "edges/publish_chunk.h"
#include "vocabulary/message.h"

struct disk;

/* dir: locked by state_open() already. What is no file of this prober's is set aside (NAME.bad), and ret_note says so;
 * "" = nothing to say. max_bytes: of all files. Returns 0, or a negative errno with a message. */
int disk_open(struct disk **ret, const char *dir, const char *prober_id, uint64_t max_bytes,
	struct message *ret_note, struct message *msg);
void disk_close(struct disk *disk); /* NULL is fine */

/* Writes a chunk as the newest, and empties it. Returns how many entries were dropped for it: the oldest for want of
 * room, or all of it when it cannot be written, which is logged. */
uint64_t disk_put(struct disk *disk, struct chunk *chunk);
/* The oldest, read; NULL = there is none, or one is on its way already. What is damaged is set aside, and its entries
 * are added to *ret_dropped. */
struct chunk *disk_take(struct disk *disk, uint64_t *ret_dropped);
/* Before it is sent: under which ids. */
void disk_sending(struct disk *disk, struct chunk *chunk, struct stream_id first);
/* Of the one that was taken an entry is in the stream, or given up; after the last one the file is gone, and the chunk is.
 */
void disk_entry_done(struct disk *disk, struct chunk *chunk);

/* Entries in the files, but for those that are on their way; and the wall clock of the oldest, 0 = none. */
uint64_t disk_held(const struct disk *disk);
uint64_t disk_oldest_ms(const struct disk *disk);

#endif
