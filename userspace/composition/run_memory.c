/* SPDX-License-Identifier: MIT */
#include "composition/run_memory.h"

#include <errno.h>
#include <unistd.h>

#include "edges/machine.h"
#include "pure/window.h"
#include "vocabulary/log.h"

/* It is believed at the next start, and written to. */
static int check_owner(const char *dir, struct message *msg)
{
	struct message found;
	enum machine_folder owner = machine_folder_owner(dir, geteuid(), &found);

	if (owner == MACHINE_FOLDER_BAD)
		return message_set(msg, -EPERM, "state_dir %s: %s", dir, found.text);
	if (owner == MACHINE_FOLDER_RISKY)
		log_event(LOG_WARN, "state_owner",
			"whose folder it is can change what is known of targets",
			"state_dir=%s why=%s", dir, found.text);
	return 0;
}

static int open_state(
	const struct config *config, uint32_t room, struct state_store **ret, struct message *msg)
{
	const struct window_config window = { config->window, config->average };
	const struct state_setup setup = {
		.dir = config->state_dir,
		.prober_id = config->id,
		.interval_ns = config->interval_ns,
		.window_size = window_saved_size(&window),
		.room = room,
	};
	struct message note;
	int error;

	if (!setup.dir)
		return 0;
	error = check_owner(setup.dir, msg);
	if (!error)
		error = state_open(ret, &setup, &note, msg);
	if (!error && note.text[0])
		log_event(LOG_WARN, "state_damaged", "targets begin anew", "why=%s", note.text);
	return error;
}

/* Without Redis nothing is sent, and what a former run has left waits. */
static int open_journal(const struct config *config, const struct roster *roster,
	struct state_store *state, struct journal **ret, struct message *msg)
{
	struct message note;
	int error;

	if (!state || !config->redis_url)
		return 0;
	error = journal_open(ret, config->state_dir, config, roster, &note, msg);
	if (error)
		return error;
	if (note.text[0])
		log_event(LOG_WARN, "transitions_damaged",
			"not all that was kept of alerts is sent", "why=%s", note.text);
	state_set_journal(state, *ret);
	return 0;
}

int run_open_memory(const struct config *config, const struct roster *roster, uint32_t room,
	struct state_store **ret_state, struct journal **ret_journal, struct message *msg)
{
	int error = open_state(config, room, ret_state, msg);

	return error ? error : open_journal(config, roster, *ret_state, ret_journal, msg);
}
