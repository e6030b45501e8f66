/* SPDX-License-Identifier: MIT */
#include "composition/run_confine.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "composition/load.h"
#include "edges/privilege.h"
#include "vocabulary/log.h"

/* Of the thread that starts connects, where it may: a start that waits for a processor is late. */
#define PROBER_NICE (-10)

static void warn_of_file(const char *file)
{
	if (file && access(file, R_OK))
		log_line(LOG_WARN,
			"%s: %s, now that rights are given up: it was read, and a reload cannot read it",
			file, strerror(errno));
}

int run_confine(const struct config *config, const char *config_file, struct message *ret_rights,
	struct message *msg)
{
	struct privilege_user user;
	bool had = privilege_any();
	int error = 0;

	if (config->user)
		error = privilege_find(&user, config->user, msg);
	if (error)
		return error;
	if (config->user && config->state_dir)
		privilege_give_folder(config->state_dir, &user);
	privilege_set_nice(PROBER_NICE);
	error = privilege_drop(config->user ? &user : NULL, msg);
	if (error)
		return error;
	warn_of_file(load_config_file(config_file));
	for (size_t i = 0; i < config->target_file_count; i++)
		warn_of_file(config->target_files[i]);
	if (config->redis_url && config->standby)
		warn_of_file(config->redis_password_file);
	message_set(ret_rights, 0, "uid %u, %s", (unsigned)geteuid(),
		had ? "every capability given up" : "started without capabilities");
	return 0;
}
