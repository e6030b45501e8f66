/* SPDX-License-Identifier: MIT */
#include "values.h"

#include <stdlib.h>
#include <string.h>

/* The names, and what stands behind the colon when nothing does; 0: nothing may. */
static const struct {
	const char *name;
	uint64_t default_ns;
} answers[ANSWER_COUNT] = {
	[ANSWER_SYNACK] = { "synack", 0 },
	[ANSWER_RST] = { "rst", 0 },
	[ANSWER_SILENCE] = { "silence", 0 },
	[ANSWER_ICMP_HOST] = { "icmp-host", 0 },
	[ANSWER_ICMP_PORT] = { "icmp-port", 0 },
	[ANSWER_ICMP_ADMIN] = { "icmp-admin", 0 },
	[ANSWER_TWICE] = { "twice", 1000000 },
	[ANSWER_LATE] = { "late", 1300000000 },
	[ANSWER_BAD_ACK] = { "bad-ack", 0 },
	[ANSWER_BAD_ACK_FIRST] = { "bad-ack-first", 1000000 },
	[ANSWER_RST_BAD_ACK] = { "rst-bad-ack", 0 },
	[ANSWER_COOKIE] = { "cookie", 0 },
};

/* A plain decimal number; *ret_unit is what follows it. */
static bool parse_number(const char *text, double *ret_number, const char **ret_unit)
{
	size_t length = strspn(text, "0123456789.");
	char number[32], *end;

	if (!length || length >= sizeof number)
		return false;
	memcpy(number, text, length);
	number[length] = '\0';
	*ret_number = strtod(number, &end);
	*ret_unit = text + length;
	return !*end && end != number;
}

/* The number of a word of length bytes, and its unit in ret_unit. */
static bool parse_word(const char *text, size_t length, double *ret_number, char ret_unit[8])
{
	char word[40];
	const char *unit;

	if (length >= sizeof word)
		return false;
	memcpy(word, text, length);
	word[length] = '\0';
	if (!parse_number(word, ret_number, &unit) || strlen(unit) > 7)
		return false;
	strcpy(ret_unit, unit);
	return true;
}

bool value_duration(const char *text, size_t length, uint64_t maximum_ns, uint64_t *ret_ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 } };
	char unit[8];
	double number;

	if (!parse_word(text, length, &number, unit))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		number *= units[i].ns;
		if (number > (double)maximum_ns)
			return false;
		*ret_ns = (uint64_t)(number + 0.5);
		return true;
	}
	return false;
}

bool value_time(const char *text, uint64_t *ret_ns)
{
	return value_duration(text, strlen(text), SCENARIO_TIME_MAX_NS, ret_ns);
}

bool value_share(const char *text, size_t length, double *ret_share)
{
	double percent;
	char unit[8];

	if (!parse_word(text, length, &percent, unit) || strcmp(unit, "%") != 0 || percent > 100)
		return false;
	*ret_share = percent / 100;
	return true;
}

const char *value_latency(const char *text, uint64_t *ret_min_ns, uint64_t *ret_max_ns)
{
	static const char allowed[] =
		"must be A or A..B, each a number with us, ms or s from 0us to 60s, A <= B";
	const char *dots = strstr(text, ".."), *upper = dots ? dots + 2 : text;
	size_t length = dots ? (size_t)(dots - text) : strlen(text);
	uint64_t min_ns, max_ns;

	if (!value_duration(text, length, SCENARIO_DURATION_MAX_NS, &min_ns) ||
		!value_duration(upper, strlen(upper), SCENARIO_DURATION_MAX_NS, &max_ns) ||
		min_ns > max_ns)
		return allowed;
	*ret_min_ns = min_ns;
	*ret_max_ns = max_ns;
	return NULL;
}

const char *value_jitter(const char *text, enum jitter *ret_jitter, uint64_t *ret_ns)
{
	static const char allowed[] =
		"must be none, normal:SD, uniform:HALFWIDTH or pareto:SCALE, with us, ms or s";
	static const struct {
		const char *prefix;
		enum jitter jitter;
	} shapes[] = { { "normal:", JITTER_NORMAL }, { "uniform:", JITTER_UNIFORM },
		{ "pareto:", JITTER_PARETO } };

	if (!strcmp(text, "none")) {
		*ret_jitter = JITTER_NONE;
		return NULL;
	}
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		size_t length = strlen(shapes[i].prefix);

		if (strncmp(text, shapes[i].prefix, length) != 0)
			continue;
		text += length;
		if (!value_duration(text, strlen(text), SCENARIO_DURATION_MAX_NS, ret_ns))
			return allowed;
		*ret_jitter = shapes[i].jitter;
		return NULL;
	}
	return allowed;
}

const char *value_answer(const char *text, enum answer *ret_answer, uint64_t *ret_ns)
{
	size_t length = strcspn(text, ":");
	uint64_t ns;

	for (int i = 0; i < ANSWER_COUNT; i++) {
		if (strlen(answers[i].name) != length ||
			strncmp(text, answers[i].name, length) != 0)
			continue;
		ns = answers[i].default_ns;
		if (text[length] &&
			(!ns || !value_duration(text + length + 1, strlen(text + length + 1),
					SCENARIO_DURATION_MAX_NS, &ns)))
			break;
		*ret_answer = (enum answer)i;
		*ret_ns = ns;
		return NULL;
	}
	return "must be synack, rst, silence, icmp-host, icmp-port, icmp-admin, twice[:GAP], "
	       "late[:DELAY], bad-ack, bad-ack-first[:GAP], rst-bad-ack or cookie";
}

const char *answer_name(enum answer answer)
{
	return answers[answer].name;
}

const char *value_burst(const char *text, struct burst *burst)
{
	static const char allowed[] =
		"must be none or P%:R%[:GOOD%:BAD%], P and R above 0%, the others from 0% to 100%";
	double shares[4] = { 0, 0, 0, 1 };
	int count = 0;

	if (!strcmp(text, "none")) {
		burst->enter = 0;
		return NULL;
	}
	while (count < 4) {
		size_t length = strcspn(text, ":");

		if (!value_share(text, length, &shares[count++]))
			return allowed;
		text += length;
		if (!*text)
			break;
		text++;
	}
	if (*text || count % 2 || shares[0] <= 0 || shares[1] <= 0)
		return allowed;
	burst->enter = shares[0];
	burst->leave = shares[1];
	burst->good = shares[2];
	burst->bad = shares[3];
	return NULL;
}
