/* SPDX-License-Identifier: MIT */
/* `mosprobe run` opens what is kept in prober.state_dir. */
#ifndef MOSPROBE_RUN_MEMORY_H
#define MOSPROBE_RUN_MEMORY_H

#include "edges/journal.h"
#include "edges/state.h"

/* Opens both, where the configuration wants them; what was set aside is logged. room: targets that there can be.
 * Returns 0, or a negative errno with a message; the caller closes what is not NULL. */
int run_open_memory(const struct config *config, const struct roster *roster, uint32_t room,
	struct state_store **ret_state, struct journal **ret_journal, struct message *msg);

#endif
