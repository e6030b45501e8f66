/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "pure/targets_own.h"
#include "pure/text.h"

/* Appends a label to labels; returns the new end. */
static char *put_label(char *end, const struct target_pair *pair)
{
	end = stpcpy(end, pair->key) + 1;
	return stpcpy(end, pair->value) + 1;
}

/* Applies the pairs of list->line to *draft, and gathers the others in list->labels. */
static int apply_pairs(struct target_list *list, struct settings_draft *draft, bool *ret_port_given,
	size_t *ret_labels_size, struct message *msg)
{
	char *end = list->labels;
	unsigned count = 0;

	for (size_t i = 0; i < list->line.count; i++) {
		const struct target_pair *pair = &list->line.pairs[i];
		const char *meant;
		int rc;

		if (!strcmp(pair->key, "class"))
			continue;
		if (!strcmp(pair->key, "port"))
			*ret_port_given = true;
		rc = settings_set(draft, pair->key, pair->value, msg);
		if (rc < 0)
			return rc;
		if (!rc)
			continue;
		meant = settings_slip(pair->key);
		if (meant)
			return message_set(msg, -EINVAL,
				"%s: did you mean %s? A label needs another name", pair->key,
				meant);
		if (++count > LABELS_MAX)
			return message_set(
				msg, -EINVAL, "%s: more than %d labels", pair->key, LABELS_MAX);
		if (strlen(pair->value) > LABEL_VALUE_MAX)
			return message_set(msg, -EINVAL,
				"%s: the value has %zu bytes, at most %d are allowed", pair->key,
				strlen(pair->value), LABEL_VALUE_MAX);
		end = put_label(end, pair);
	}
	*ret_labels_size = (size_t)(end - list->labels);
	return 0;
}

static int start_draft(const struct target_list *list, const struct config *config,
	struct settings_draft *draft, struct message *msg)
{
	const struct settings_draft *class;
	const char *name = NULL;
	char buffer[SHOWN_SIZE];

	for (size_t i = 0; i < list->line.count; i++)
		if (!strcmp(list->line.pairs[i].key, "class"))
			name = list->line.pairs[i].value;
	if (name && !*name)
		return message_set(msg, -EINVAL, "class: the name of the class is missing");
	if (!name)
		name = "";
	class = config_class_find(config, name);
	if (!class)
		return message_set(msg, -EINVAL,
			"class = %s: the configuration has no such [class ...]",
			shown(buffer, name, strlen(name)));
	memcpy(draft, class, sizeof *draft);
	return 0;
}

/* The settings of a draft, finished and shared. */
static int settle(struct target_list *list, const struct config *config,
	const struct settings_draft *draft, const struct settings **ret, struct message *msg)
{
	struct drafted *drafted = &list->drafted[XXH3_64bits(draft, sizeof *draft) % DRAFTED_SIZE];
	struct settings_draft finished;
	int rc;

	if (!drafted->settings || memcmp(&drafted->draft, draft, sizeof *draft)) {
		memcpy(&finished, draft, sizeof finished);
		rc = settings_finish(&finished, &config->model, msg);
		if (rc)
			return rc;
		drafted->settings = targets_intern(list, &finished.settings);
		if (!drafted->settings)
			return message_set(msg, -ENOMEM, "out of memory");
		memcpy(&drafted->draft, draft, sizeof *draft);
	}
	*ret = drafted->settings;
	return 0;
}

/* The target on list->line. */
static int add_target(
	struct target_list *list, uint32_t line, const struct config *config, struct message *msg)
{
	char name[TARGET_NAME_MAX + 1];
	struct target made = { .name = name, .line = line };
	struct settings_draft draft;
	bool port_given = false;
	size_t labels_size = 0;
	uint16_t base_port;
	int rc = target_parse_name(
		list->line.name, list->line.name_length, name, &made.port, &made.literal, msg);

	if (!rc)
		rc = start_draft(list, config, &draft, msg);
	if (rc)
		return rc;
	base_port = draft.settings.port;
	rc = apply_pairs(list, &draft, &port_given, &labels_size, msg);
	if (rc)
		return rc;
	if (port_given && made.port)
		return message_set(msg, -EINVAL, "port: given twice, with the name and as port=");
	if (!made.port)
		made.port = draft.settings.port;
	/* So that targets that differ in port= only have the same settings. */
	draft.settings.port = base_port;
	rc = settle(list, config, &draft, &made.settings, msg);
	return rc ? rc : targets_put(list, &made, labels_size, msg);
}

int targets_add(struct target_list *list, const char *text, size_t length, const char *file,
	const struct config *config, struct message *msg)
{
	static const char bom[] = "\xef\xbb\xbf";
	const char *end = length ? text + length : text;
	struct message why;
	int rc = targets_add_source(list, file);

	if (rc)
		return message_set(msg, rc, "out of memory");
	memset(list->drafted, 0, sizeof list->drafted); /* config may be another */
	if (length >= 3 && !memcmp(text, bom, 3))
		text += 3;
	for (uint32_t line = 1; text < end; line++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline ? newline : end;

		rc = target_line_cut(&list->line, text, (size_t)(line_end - text), &why);
		if (!rc && list->line.name)
			rc = add_target(list, line, config, &why);
		if (rc)
			return message_set(
				msg, rc, "%.*s:%u: %s", FILE_NAME_SHOWN, file, line, why.text);
		text = newline ? newline + 1 : end;
	}
	return 0;
}
