/* SPDX-License-Identifier: MIT */
/* Inside of config: what its parts (the values, the text, the checks at the end) share. */
#ifndef MOSPROBE_CONFIG_OWN_H
#define MOSPROBE_CONFIG_OWN_H

#include "pure/config.h"
#include "pure/config_keys.h"

#define CLASS_NAME_MAX 32

/* One key=value of a class. Kept as text, since a class starts from the globals as finally read. */
struct class_value {
	struct class_value *next;
	const char *key, *value;
	unsigned reading, line; /* which config_read(), and where in its text */
};

struct config_class {
	struct config_class *next;
	const char *name;
	const char *where; /* "NAME:LINE: [class NAME]" of its first line */
	struct class_value *values, **values_end;
	struct settings_draft draft; /* as config_finish() makes it */
};

struct config_own {
	struct arena *arena;	     /* every string and list of the configuration */
	struct settings_draft draft; /* the globals of targets */
	struct config_class *classes, **classes_end;
	/* By key_index(): "NAME:LINE: [section] key = value" or the option; NULL = the default */
	const char *where[KEY_MAX];
	unsigned readings; /* config_read()s so far */
	bool deny_none;	   /* `deny = none`: an empty list is meant */
};

/* Returns 0 for a section that exists (other than a class), or -EINVAL with the reason. */
int config_unknown_section(const char *name, struct message *why);
/* Sets a key, as config_set() does; more: adds to a list. Gives the reason only. */
int config_assign(struct config *config, const char *section, const char *name, const char *value,
	bool more, const char *where, struct message *why);

/* What is wrong with settings, in parts: the key, its value, and why. */
struct settings_fault {
	const char *key;
	char value[64];
	struct message why;
};
/* settings_finish() with its message in parts. */
int settings_resolve(
	struct settings_draft *draft, const struct path_model *model, struct settings_fault *fault);

#endif
