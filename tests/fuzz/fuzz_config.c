/* SPDX-License-Identifier: MIT */
/* A configuration file. Lines that begin with '!' are options of the command line instead: "!prober interval 20s". */
#include "fuzz.h"
#include "pure/config.h"

static void ignore(void *context, const char *section, const char *key)
{
	CHECK(section && key);
	++*(unsigned *)context;
}

static int read_all(struct config *config, char *text)
{
	char file[65536], *line, *at = text;
	struct message msg;
	size_t length = 0;
	int error = 0;

	file[0] = '\0';
	while ((line = fuzz_line(&at)) && !error) {
		char section[64], key[64], value[1024] = "";

		if (sscanf(line, "!%63s %63s %1023[^\n]", section, key, value) >= 2)
			error = config_set(config, section, key, value, "--option", &msg);
		else
			length +=
				(size_t)snprintf(file + length, sizeof file - length, "%s\n", line);
		if (length >= sizeof file)
			return -1;
	}
	if (!error)
		error = config_read(config, file, length, "fuzz.conf", &msg);
	if (!error)
		error = config_finish(config, "fuzz.conf", &msg);
	if (error)
		CHECK(*msg.text && strlen(msg.text) < sizeof msg.text);
	return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = config_create("host"), *again = config_create("host");
	char *text = fuzz_text(data, size), *copy = fuzz_text(data, size);
	unsigned differences = 0;
	int error;

	CHECK(config && again);
	error = read_all(config, text);
	CHECK(read_all(again, copy) == error);
	if (!error) {
		config_differences(config, again, ignore, &differences);
		CHECK(!differences);
		CHECK(config->timeout_ns < config->interval_ns);
		CHECK(config->window >= 1 && config->window <= 60 && config->average >= 1);
		CHECK(config->defaults.alert.critical < config->defaults.alert.warning);
		CHECK(config->defaults.alert.warning <= config->defaults.alert.recovery);
	}
	free(text);
	free(copy);
	config_destroy(config);
	config_destroy(again);
	return 0;
}
