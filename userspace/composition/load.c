/* SPDX-License-Identifier: MIT */
#include "composition/load.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A text file larger than this is none of ours: ten million targets are half of it. */
#define FILE_SIZE_MOST ((size_t)1 << 30)

static int read_stream(FILE *stream, char **ret, size_t *ret_length)
{
	size_t size = 65536, length = 0;
	char *text = malloc(size);

	while (text) {
		length += fread(text + length, 1, size - length, stream);
		if (length < size)
			break;
		if (size >= FILE_SIZE_MOST) {
			free(text);
			return -EFBIG;
		}
		char *larger = realloc(text, size *= 2);

		if (!larger)
			free(text);
		text = larger;
	}
	if (!text)
		return -ENOMEM;
	if (ferror(stream)) {
		free(text);
		return errno ? -errno : -EIO;
	}
	*ret = text;
	*ret_length = length;
	return 0;
}

/* What tells the prober whom to believe must be its owner's. */
static int refuse_open(FILE *stream, const char *name, struct message *msg)
{
	struct stat status;

	if (fstat(fileno(stream), &status) || !S_ISREG(status.st_mode) ||
		!(status.st_mode & S_IWOTH))
		return 0;
	return message_set(msg, -EPERM, "%s: anybody may write to it (mode %03o): chmod o-w", name,
		status.st_mode & 0777);
}

/* kept: nobody else may be able to write to it. */
static int read_file(
	const char *name, bool kept, char **ret, size_t *ret_length, struct message *msg)
{
	FILE *stream = fopen(name, "re");
	int error;

	if (!stream)
		return message_set(msg, -errno, "%s: %s", name, strerror(errno));
	error = kept ? refuse_open(stream, name, msg) : 0;
	if (error) {
		fclose(stream);
		return error;
	}
	errno = 0;
	error = read_stream(stream, ret, ret_length);
	fclose(stream);
	if (error)
		message_set(msg, error, "%s: %s", name, strerror(-error));
	return error;
}

/* The host name as an id: what is no letter, digit, '.', '_' or '-' becomes '-'. */
static void default_id(char ret[65])
{
	char host[65] = "";

	if (gethostname(host, sizeof host - 1) || !host[0])
		strcpy(host, "mosprobe");
	for (char *c = host; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-",
			    *c))
			*c = '-';
	memcpy(ret, host, sizeof host);
}

/* Targets files that the configuration names are meant relative to where it stands. */
static int place_target_files(struct config *config, const char *config_file)
{
	const char *slash = strrchr(config_file, '/');
	size_t count = config->target_file_count, placed = 0;
	char **names = calloc(count + 1, sizeof *names);
	int error = names ? 0 : -ENOMEM;

	for (; !error && placed < count; placed++) {
		const char *name = config->target_files[placed];
		int folder = name[0] == '/' || !slash ? 0 : (int)(slash - config_file) + 1;

		if (asprintf(&names[placed], "%.*s%s", folder, config_file, name) < 0) {
			names[placed] = NULL;
			error = -ENOMEM;
		}
	}
	if (!error)
		error = config_set_target_files(config, (const char *const *)names, count);
	for (size_t i = 0; names && i < placed; i++)
		free(names[i]);
	free(names);
	return error;
}

static int read_config(struct config *config, const char *file, struct message *msg)
{
	size_t length = 0;
	char *text = NULL;
	int error = read_file(file, true, &text, &length, msg);

	if (!error)
		error = config_read(config, text, length, file, msg);
	if (!error && place_target_files(config, file))
		error = message_set(msg, -ENOMEM, "out of memory");
	free(text);
	return error;
}

/* Options, but for targets files, whose names may hold blanks; each --targets adds one, and together
 * they replace the configuration's. */
static int set_options(
	struct config *config, const struct load_option *options, size_t count, struct message *msg)
{
	const char *files[LOAD_OPTIONS_MAX];
	size_t file_count = 0;

	for (size_t i = 0; i < count; i++) {
		char where[MESSAGE_SIZE];
		int error;

		if (!strcmp(options[i].key, "targets")) {
			files[file_count++] = options[i].value;
			continue;
		}
		snprintf(where, sizeof where, "--%s %s", options[i].name, options[i].value);
		error = config_set(
			config, options[i].section, options[i].key, options[i].value, where, msg);
		if (error)
			return error;
	}
	if (file_count && config_set_target_files(config, files, file_count))
		return message_set(msg, -ENOMEM, "out of memory");
	return 0;
}

const char *load_config_file(const char *file)
{
	return file || access(LOAD_CONFIG_DEFAULT, F_OK) ? file : LOAD_CONFIG_DEFAULT;
}

int load_config(struct config **ret, const char *file, const struct load_option *options,
	size_t option_count, struct message *msg)
{
	struct config *config;
	char id[65];
	int error = 0;

	default_id(id);
	config = config_create(id);
	if (!config)
		return message_set(msg, -ENOMEM, "out of memory");
	file = load_config_file(file);
	if (file)
		error = read_config(config, file, msg);
	if (!error)
		error = set_options(config, options, option_count, msg);
	if (!error)
		error = config_finish(config, file ? file : "defaults", msg);
	if (error) {
		config_destroy(config);
		return error;
	}
	*ret = config;
	return 0;
}

/* After the whole list was read: a mistake in a line of another shard is one for all. */
static int keep_shard(struct target_list *list, const struct config *config, struct message *msg)
{
	size_t all = targets_count(list);
	struct shard shard;

	if (!config->shard || !shard_parse(&shard, config->shard))
		return 0;
	if (targets_keep_shard(list, &shard))
		return message_set(msg, -ENOMEM, "out of memory");
	return targets_count(list)
		       ? 0
		       : message_set(msg, -ENOENT, "shard %s has none of the %zu targets",
				 config->shard, all);
}

int load_targets(struct target_list **ret, const struct config *config, struct message *msg)
{
	struct target_list *list;
	int error = 0;

	if (!config->target_file_count)
		return message_set(msg, -ENOENT,
			"no targets: name a file with --targets FILE, or [prober] targets = FILE");
	list = targets_create();
	if (!list)
		return message_set(msg, -ENOMEM, "out of memory");
	for (size_t i = 0; !error && i < config->target_file_count; i++) {
		const char *name = config->target_files[i];
		size_t before = targets_count(list), length = 0;
		char *text = NULL;

		error = read_file(name, false, &text, &length, msg);
		if (!error)
			error = targets_add(list, text, length, name, config, msg);
		free(text);
		if (!error && targets_count(list) == before)
			error = message_set(msg, -ENOENT, "%s: no targets in it", name);
	}
	if (!error)
		error = keep_shard(list, config, msg);
	if (error) {
		targets_destroy(list);
		return error;
	}
	*ret = list;
	return 0;
}

int load_key(char ret[TARGET_KEY_SIZE], const char *name, const struct config *config,
	struct message *msg)
{
	char normal[TARGET_NAME_MAX + 1];
	struct target target = { .name = normal };
	int error =
		target_parse_name(name, strlen(name), normal, &target.port, &target.literal, msg);

	if (error)
		return error;
	if (!target.port)
		target.port = config->defaults.port;
	target_key(&target, ret);
	return 0;
}

bool load_password_is_exposed(const struct config *config, struct message *ret_why)
{
	const char *name = config->redis_password_file;
	struct stat status;

	if (!name || stat(name, &status) || !(status.st_mode & (S_IRGRP | S_IROTH)))
		return false;
	message_set(ret_why, 0, "%s: %s may read the password (mode %03o): chmod 600", name,
		status.st_mode & S_IROTH ? "anybody" : "its group", status.st_mode & 0777);
	return true;
}

int load_password(char **ret, const struct config *config, struct message *msg)
{
	const char *variable = getenv(LOAD_PASSWORD_VARIABLE);
	size_t length = 0;
	char *text = NULL, *password;
	int error;

	*ret = NULL;
	if (!config->redis_password_file) {
		if (variable && *variable && !(*ret = strdup(variable)))
			return message_set(msg, -ENOMEM, "out of memory");
		return 0;
	}
	error = read_file(config->redis_password_file, true, &text, &length, msg);
	if (error)
		return error;
	while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		length--;
	if (!length || memchr(text, '\0', length)) {
		free(text);
		return message_set(
			msg, -EINVAL, "%s: no password in it", config->redis_password_file);
	}
	password = strndup(text, length);
	explicit_bzero(text, length);
	free(text);
	if (!password)
		return message_set(msg, -ENOMEM, "out of memory");
	*ret = password;
	return 0;
}
