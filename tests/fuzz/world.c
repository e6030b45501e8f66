/* SPDX-License-Identifier: MIT */
/* What a prober has to do with, where that is not what is fuzzed. */
#include "fuzz.h"
#include "pure/targets.h"
#include "vocabulary/log.h"

struct config *fuzz_config(const char *text)
{
	struct config *config = config_create("p");
	struct message msg;

	CHECK(config && !config_read(config, text, strlen(text), "fuzz.conf", &msg));
	CHECK(!config_finish(config, "fuzz.conf", &msg));
	log_set_level(LOG_ERROR);
	return config;
}

struct target_list *fuzz_targets(const struct config *config)
{
	static const char text[] = "a.example.com isp=acme\n[2001:db8::7]:5061\n";
	struct target_list *list = targets_create();
	struct message msg;

	CHECK(list && !targets_add(list, text, sizeof text - 1, "fuzz.targets", config, &msg));
	return list;
}
