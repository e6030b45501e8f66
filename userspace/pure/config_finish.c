/* SPDX-License-Identifier: MIT */
/* The checks that need more than one key, and the classes, which start from the globals. */
#include <errno.h>
#include <string.h>

#include "pure/config_own.h"
#include "pure/parse.h"

/* value: of a key that nobody set. */
static int fail(const struct config *config, const struct key *key, const char *value,
	const char *name, const struct message *why, struct message *msg)
{
	const char *where = config->own->where[key_index(key)];

	if (where)
		return message_set(msg, -EINVAL, "%s: %s", where, why->text);
	return message_set(msg, -EINVAL, "%s: [%s] %s = %s: %s", name, key->section, key->name,
		value, why->text);
}

/* A duration as it was read, and where. */
struct bound {
	const struct key *key;
	uint64_t ns;
};

static struct bound bound(const char *section, const char *name, uint64_t ns)
{
	return (struct bound) { key_find(section, name), ns };
}

/* Two keys of which low must be below high (or the same, with equal). The one that was set is to blame;
 * when both were, low. */
static int check_order(const struct config *config, struct bound low, struct bound high, bool equal,
	const char *name, struct message *msg)
{
	const char *const *where = config->own->where;
	bool blame_high = where[key_index(high.key)] && !where[key_index(low.key)];
	struct bound blamed = blame_high ? high : low, other = blame_high ? low : high;
	bool same_section = !strcmp(low.key->section, high.key->section);
	char buffer[DURATION_TEXT_SIZE];
	struct message why;

	if (low.ns < high.ns || (equal && low.ns == high.ns))
		return 0;
	message_set(&why, 0, "must %s %s%s%s%s (%s)",
		blame_high ? equal ? "not be below" : "be above"
		: equal	   ? "not be above"
			   : "be below",
		same_section ? "" : "[", same_section ? "" : other.key->section,
		same_section ? "" : "] ", other.key->name, duration_text(other.ns, buffer));
	return fail(config, blamed.key, blamed.key->initial, name, &why, msg);
}

static int check_globals(const struct config *config, const char *name, struct message *msg)
{
	const struct path_model *model = &config->model;
	const struct key *id = key_find("prober", "id"), *deny = key_find("prober", "deny");
	struct message why;
	int rc;

	if (check_id(config->id, &why))
		return fail(config, id, config->id, name, &why, msg);
	rc = check_order(config, bound("prober", "timeout", config->timeout_ns),
		bound("prober", "interval", config->interval_ns), false, name, msg);
	if (!rc)
		rc = check_order(config,
			bound("score", "playout_min", (uint64_t)(model->playout_min_ms * 1e6)),
			bound("score", "playout_max", (uint64_t)(model->playout_max_ms * 1e6)),
			true, name, msg);
	if (!rc)
		rc = check_order(config, bound("dns", "ttl_min", config->dns_ttl_min_ns),
			bound("dns", "ttl_max", config->dns_ttl_max_ns), true, name, msg);
	/* A time-out tells of a cut that late: a shorter window would have passed meanwhile. */
	if (!rc && config->guard.window_ns)
		rc = check_order(config, bound("prober", "timeout", config->timeout_ns),
			bound("guard", "window", config->guard.window_ns), true, name, msg);
	if (!rc && !config->deny_count && !config->own->deny_none) {
		message_set(&why, 0, "must be blocks of addresses, or none");
		return fail(config, deny, "", name, &why, msg);
	}
	return rc;
}

static int finish_class(
	const struct config *config, struct config_class *class, struct message *msg)
{
	struct message why;
	int rc = 0;

	class->draft = config->own->draft;
	for (const struct class_value *value = class->values; value && !rc; value = value->next)
		rc = settings_set(&class->draft, value->key, value->value, &why);
	if (!rc)
		rc = settings_finish(&class->draft, &config->model, &why);
	return rc ? message_set(msg, -EINVAL, "%s %s", class->where, why.text) : 0;
}

int config_finish(struct config *config, const char *name, struct message *msg)
{
	struct config_own *own = config->own;
	struct settings_fault fault;
	int rc = check_globals(config, name, msg);

	if (rc)
		return rc;
	if (settings_resolve(&own->draft, &config->model, &fault))
		return fail(config, key_find_target(fault.key), fault.value, name, &fault.why, msg);
	config->defaults = own->draft.settings;
	for (struct config_class *class = own->classes; class && !rc; class = class->next)
		rc = finish_class(config, class, msg);
	return rc;
}
