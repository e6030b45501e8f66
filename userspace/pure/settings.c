/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "pure/codec.h"
#include "pure/config.h"
#include "pure/config_keys.h"
#include "pure/config_own.h"
#include "pure/emodel.h"
#include "pure/text.h"

#define RECOVERY_ABOVE_WARNING 0.2
/* A recovery level that only a flawless line reaches would never be reached. */
#define RECOVERY_BELOW_BEST 0.05

int settings_set(
	struct settings_draft *draft, const char *key, const char *value, struct message *msg)
{
	const struct key *known = key_find_target(key);
	char buffer[SHOWN_SIZE];
	struct message why;
	int rc;

	if (!known)
		return 1;
	rc = key_read(known, draft, NULL, value, false, &why);
	if (rc)
		return message_set(msg, rc, "%s = %s: %s", key,
			key_value_shown(known, value, buffer), why.text);
	/* A recovery level goes with the warning level that it was given for. */
	if (!strcmp(known->name, "warning") && draft->recovery_inherited)
		draft->recovery_given = draft->recovery_inherited = false;
	return 0;
}

static int resolve_codec(struct settings_draft *draft, struct settings_fault *fault)
{
	bool custom = !isnan(draft->ie) && !isnan(draft->bpl);
	struct codec codec;
	int rc = codec_find(&codec, draft->codec_name, &fault->why);

	if (rc && custom) {
		memset(&codec, 0, sizeof codec);
		rc = 0;
	}
	if (!rc)
		rc = codec_override(&codec, draft->ie, draft->bpl, &fault->why);
	if (rc) {
		fault->key = "codec";
		snprintf(fault->value, sizeof fault->value, "%s", draft->codec_name);
		return -EINVAL;
	}
	draft->settings.codec = codec;
	return 0;
}

static void at_fault(struct settings_fault *fault, const char *key, double level)
{
	fault->key = key;
	snprintf(fault->value, sizeof fault->value, "%g", level);
}

int settings_resolve(
	struct settings_draft *draft, const struct path_model *model, struct settings_fault *fault)
{
	struct alert_policy *alert = &draft->settings.alert;
	double best, most;
	int rc = resolve_codec(draft, fault);

	if (rc)
		return rc;
	if (!draft->recovery_given)
		alert->recovery = alert->warning + RECOVERY_ABOVE_WARNING;
	if (!(alert->critical < alert->warning)) {
		at_fault(fault, "critical", alert->critical);
		return message_set(
			&fault->why, -EINVAL, "must be below warning (%g)", alert->warning);
	}
	at_fault(fault, "recovery", alert->recovery);
	if (!(alert->warning <= alert->recovery))
		return message_set(
			&fault->why, -EINVAL, "must not be below warning (%g)", alert->warning);
	best = emodel_path_best(model, &draft->settings.codec).s;
	most = best - RECOVERY_BELOW_BEST;
	if (!(alert->recovery <= most))
		return message_set(&fault->why, -EINVAL,
			"must be at most %.3f, 0.05 below the best that codec %s can reach%s",
			floor(most * 1000) / 1000, draft->settings.codec.name,
			draft->recovery_given ? ""
					      : " (without a value of its own it is 0.2 above "
						"warning)");
	draft->recovery_inherited = draft->recovery_given;
	return 0;
}

int settings_finish(
	struct settings_draft *draft, const struct path_model *model, struct message *msg)
{
	struct settings_fault fault;
	int rc = settings_resolve(draft, model, &fault);

	return rc ? message_set(msg, rc, "%s = %s: %s", fault.key, fault.value, fault.why.text) : 0;
}

static bool is_slip(const char *label, const char *key)
{
	size_t length = strlen(label), key_length = strlen(key);

	/* one letter off in a name of two is another word */
	if (key_length <= 2)
		return !strcasecmp(label, key);
	/* most are told by their length, which is cheap: every label of every target comes here */
	return length <= key_length + 1 && key_length <= length + 1 &&
	       edit_distance(label, key) <= 1;
}

const char *settings_slip(const char *label)
{
	const struct key *key;

	for (unsigned i = 0; (key = key_at(i)); i++)
		if (key->target && is_slip(label, key->name))
			return key->name;
	return is_slip(label, "class") ? "class" : NULL;
}
