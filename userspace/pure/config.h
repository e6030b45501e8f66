/* SPDX-License-Identifier: MIT */
/* The configuration: an INI text to values. One table holds every key with its default, its range
 * and its unit. Pure: whoever has the text passes it in; the result is never changed afterwards. */
#ifndef MOSPROBE_CONFIG_H
#define MOSPROBE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vocabulary/address.h"
#include "vocabulary/log.h"
#include "vocabulary/message.h"
#include "vocabulary/sample.h"
#include "vocabulary/settings.h"

enum stamps { STAMPS_AUTO, STAMPS_BPF, STAMPS_TCP_INFO, STAMPS_CLOCK };
enum engine_choice { ENGINE_AUTO, ENGINE_IO_URING, ENGINE_EPOLL };
enum sandbox { SANDBOX_NO, SANDBOX_YES, SANDBOX_STRICT };
enum output_mode { OUTPUT_TABLE, OUTPUT_JSONL, OUTPUT_SAMPLES, OUTPUT_NONE };

struct config {
	/* [prober] */
	char *id; /* this vantage point, 1..64 letters, digits, _ - . ; default: the host name */
	char **target_files; /* in the order given */
	size_t target_file_count;
	char *shard;	      /* "i/n", shard_parse(): of the targets; NULL = all */
	char *user;	      /* that it becomes once it needs no rights; NULL = stays who it is */
	enum sandbox sandbox; /* which system calls are left then */
	bool standby;	      /* waits while another prober of this id writes */
	bool watch;	      /* these files are read again when they change */
	uint64_t interval_ns; /* a cycle, 1 s .. 1 h */
	uint64_t timeout_ns;  /* of a sample; below interval */
	unsigned window;      /* cycles in a window */
	unsigned average;     /* cycles in a mos */
	unsigned closer_samples; /* of a cycle of a target that there is doubt about */
	double closer_below;	 /* mos under which there is */
	double closer_share_pct; /* of all targets, at most */
	enum stamps stamps;
	enum engine_choice engine;
	struct address source[2]; /* of our side, IPv4 and IPv6; family 0 = as routes have it */
	uint8_t dscp;		  /* of our packets, 0..63; RFC 2474 */
	unsigned max_rate;	  /* connects a second; 0 = as the schedule has it */
	unsigned address_rate;	  /* connects a second to one address; 0 = any */
	unsigned max_in_flight;	  /* 0 = auto */
	char *state_dir; /* what is known of targets outlives the process there; NULL = it does not */
	enum output_mode output;
	uint64_t cycles;	    /* ends after each target has finished so many; 0 = endless */
	struct address_block *deny; /* never connected to */
	size_t deny_count;
	/* [score], [alert], and the rest of [prober]: what targets start from */
	struct path_model model;
	struct settings defaults;
	struct guard_policy guard;  /* [guard] */
	char *guard_canaries;	    /* "NAME[:PORT] ..."; NULL = none */
	struct group_policy groups; /* [guard] too */
	/* [dns] */
	char *dns_servers; /* "IP[:PORT],..."; NULL = the system's */
	uint64_t dns_ttl_min_ns, dns_ttl_max_ns, dns_stale_max_ns, dns_timeout_ns;
	/* [redis] */
	char *redis_url; /* redis://HOST[:PORT][/DB] or unix:///PATH[?db=N]; NULL = none */
	char *redis_username;
	char *redis_password_file;
	char *redis_prefix;
	uint64_t results_maxlen, alerts_maxlen;
	uint64_t spool_max_bytes;
	uint32_t history_targets_max;  /* of which 24 hours are kept; 0 = of none */
	unsigned wait_replicas;	       /* that must have a transition before it is done */
	uint64_t disk_spool_max_bytes; /* in state_dir, when there is one */

	/* [metrics] */
	char *metrics_listen; /* listen_parse(); NULL = nowhere */

	/* [log] */
	enum log_level log_level; /* lines up to it are written */
	enum log_form log_form;

	struct config_own *own; /* opaque: classes, memory, where each key was set */
};

/* Returns the defaults, every string owned by the result; NULL when memory is out. id_default: the
 * host name. */
struct config *config_create(const char *id_default);
void config_destroy(struct config *config); /* NULL is fine */

/* Reads text (length bytes, any bytes) on top of *config: what it sets replaces what was set before,
 * lists as a whole. name is used in messages. Returns 0, -ENOMEM, or -EINVAL with "NAME:LINE:
 * [section] key = value: why". Nothing may be used of config then. */
int config_read(struct config *config, const char *text, size_t length, const char *name,
	struct message *msg);

/* Sets one key as a command-line option does ("prober", "interval", "20s"), over what a file said.
 * where starts the message: "--interval 20s". Returns 0, -ENOMEM or -EINVAL. */
int config_set(struct config *config, const char *section, const char *key, const char *value,
	const char *where, struct message *msg);

/* Replaces the list of targets files; the names are copied, and may hold blanks. Returns 0 or
 * -ENOMEM. */
int config_set_target_files(struct config *config, const char *const *files, size_t count);

/* To be called once, when all is read: checks what goes across keys (timeout and interval, the order
 * of the alert levels, the codec's best score), and fills defaults and the classes. name is used in
 * messages. Returns 0, -ENOMEM or -EINVAL. */
int config_finish(struct config *config, const char *name, struct message *msg);

/* Calls found for every key that has another value in b, but for those that a running prober takes over
 * from a new file: [score], [log], the names of targets files, what targets and classes start from. */
void config_differences(const struct config *a, const struct config *b,
	void (*found)(void *context, const char *section, const char *key), void *context);

/* One key=value of a target or of a class into *draft. Returns 1 when key is no known target key
 * (then it is a label; `class` too is none of them), 0, or -EINVAL with "key = value: why" (no file
 * name). Of codec, ie, bpl and recovery it only remembers: see settings_finish(). An empty ie, bpl
 * or recovery is as if never given. */
struct settings_draft {
	struct settings settings;
	double ie, bpl;		 /* NAN = not given */
	bool recovery_given;	 /* else it follows the warning level */
	bool recovery_inherited; /* given further out: a warning level set here ends it */
	char codec_name[CODEC_NAME_SIZE * 2]; /* as given */
};
int settings_set(
	struct settings_draft *draft, const char *key, const char *value, struct message *msg);
/* Resolves codec, ie and bpl, the recovery level (0.2 above the warning level when not given), and
 * checks the order of the levels against the codec's best score. May be called again after further
 * settings_set(). Returns 0 or -EINVAL with "key = value: why". */
int settings_finish(
	struct settings_draft *draft, const struct path_model *model, struct message *msg);

/* Where a target of class name starts from (NULL or "": the global defaults). Returns NULL when
 * there is no such class. */
const struct settings_draft *config_class_find(const struct config *config, const char *name);

/* The known target key that a label's name is a slip of (one letter off, or other case), NULL when
 * there is none. Two-letter keys are held against case only: `id` is a fair label, not a slip of
 * `ie`. */
const char *settings_slip(const char *label);

#endif
