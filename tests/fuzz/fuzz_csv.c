/* SPDX-License-Identifier: MIT */
/* `mosprobe score --csv`. Each line comes back with its score. */
#include "composition/score_csv.h"
#include "fuzz.h"
#include "pure/config.h"

static struct config *config;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	config = fuzz_config("");
	return 0;
}

static size_t lines(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += text[i] == '\n';
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *written = NULL;
	FILE *in, *out;
	size_t length = 0;
	struct message msg;
	int error;

	if (size)
		in = fmemopen(text, size, "r");
	else
		in = fopen("/dev/null", "re");
	CHECK(in);
	out = open_memstream(&written, &length);
	CHECK(out);
	error = score_csv(in, out, &config->model, &config->defaults.codec, &msg);
	fclose(in);
	fclose(out);
	if (!error)
		CHECK(lines(written, length) == lines(text, size) + (size && text[size - 1] != '\n'));
	else
		CHECK(lines(written, length) <= lines(text, size));
	/* What does not exist is left empty; a field of the input may hold these letters. */
	if (!strstr(text, "nan") && !strstr(text, "inf"))
		CHECK(!strstr(written, "nan") && !strstr(written, "inf"));
	free(written);
	free(text);
	return 0;
}
