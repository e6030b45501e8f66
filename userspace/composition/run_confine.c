/* SPDX-License-Identifier: MIT */
#include "composition/run_confine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "composition/load.h"
#include "edges/privilege.h"
#include "edges/sandbox.h"
#include "vocabulary/log.h"

/* Of the thread that starts connects, where it may: a start that waits for a processor is late. */
#define PROBER_NICE (-10)

static void warn_of_file(const char *file)
{
	if (file && access(file, R_OK))
		log_event(LOG_WARN, "rights_unreadable",
			"a file was read, and a reload cannot read it now that rights are given up",
			"file=%s error=%s", file, strerror(errno));
}

/* Returns how many system calls are left, 0 = all, or a negative errno. */
static int filter_calls(const struct config *config, struct message *msg)
{
	bool strict = config->sandbox == SANDBOX_STRICT || getenv(RUN_SANDBOX_STRICT_VARIABLE);
	struct message why;
	int calls;

	if (config->sandbox == SANDBOX_NO)
		return 0;
	calls = sandbox_enter(strict, &why);
	if (calls >= 0)
		return calls;
	if (strict)
		return message_set(msg, calls, "[prober] sandbox: %s", why.text);
	log_event(
		LOG_WARN, "rights_sandbox", "system calls are not filtered", "error=%s", why.text);
	return 0;
}

int run_confine(const struct config *config, const char *config_file, struct message *ret_rights,
	struct message *msg)
{
	struct privilege_user user;
	bool had = privilege_any();
	int error = 0, calls;

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
	calls = filter_calls(config, msg);
	if (calls < 0)
		return calls;
	message_set(ret_rights, 0, "uid %u, %s, %s", (unsigned)geteuid(),
		had ? "every capability given up" : "started without capabilities",
		calls ? "system calls filtered" : "system calls not filtered");
	return 0;
}
