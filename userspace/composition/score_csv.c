/* SPDX-License-Identifier: MIT */
#include "composition/score_csv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "composition/score_query.h"

#define SHOWN_MAX 64 /* of a bad field, in a message */

struct columns {
	enum query_field field[QUERY_FIELDS];
	unsigned count;
};

/* A field of a line, without the blanks around it. */
struct cell {
	const char *text;
	size_t length;
	const char *end; /* its comma, or the line's NUL */
};

static struct cell cell_at(const char *at)
{
	struct cell cell = { .text = at + strspn(at, " \t") };

	cell.length = strcspn(cell.text, ",");
	cell.end = cell.text + cell.length;
	while (cell.length && strchr(" \t", cell.text[cell.length - 1]))
		cell.length--;
	return cell;
}

static int shown(const struct cell *cell)
{
	return cell->length < SHOWN_MAX ? (int)cell->length : SHOWN_MAX;
}

/* Adds the columns that line names to *columns, which is empty. */
static int read_header(struct columns *columns, const char *line, struct message *msg)
{
	struct query query = { .codec = "" };
	struct cell cell;

	for (const char *at = line;; at = cell.end + 1) {
		int field;

		cell = cell_at(at);
		field = query_field_find(cell.text, cell.length);
		if (field < 0)
			return message_set(msg, -EINVAL,
				"'%.*s' is no column; known are rtt_ms, jitter_ms, loss_pct, "
				"fail_pct, codec, ie, bpl and one_way_ms, loss_pct, burst_r, ie, bpl",
				shown(&cell), cell.text);
		if (query.given[field])
			return message_set(
				msg, -EINVAL, "column %s is there twice", query_field_name(field));
		query.given[field] = true;
		columns->field[columns->count++] = field;
		if (!*cell.end)
			return query_check(&query, msg);
	}
}

static int read_line(
	const struct columns *columns, struct query *query, const char *line, struct message *msg)
{
	const char *at = line;

	for (unsigned i = 0; i < columns->count; i++) {
		struct cell cell = cell_at(at);
		struct message why;

		if (query_set(query, columns->field[i], cell.text, cell.length, &why))
			return message_set(msg, -EINVAL, "%s = %.*s: %s",
				query_field_name(columns->field[i]), shown(&cell), cell.text,
				why.text);
		if (!*cell.end != (i + 1 == columns->count))
			return message_set(msg, -EINVAL, "%s fields than the header's %u",
				*cell.end ? "more" : "fewer", columns->count);
		at = cell.end + 1;
	}
	return 0;
}

/* Takes the line end off. Returns false when there is a NUL inside: nothing after it would be
 * seen. */
static bool trim(char *line, size_t length)
{
	if (strlen(line) != length)
		return false;
	if (length && line[length - 1] == '\n')
		line[--length] = '\0';
	if (length && line[length - 1] == '\r')
		line[--length] = '\0';
	return true;
}

static void write_line(FILE *out, const char *line, const struct query_answer *answer)
{
	fputs(line, out);
	if (isnan(answer->r))
		fprintf(out, ",,%.13g\n", answer->mos);
	else
		fprintf(out, ",%.13g,%.13g\n", answer->r, answer->mos);
}

int score_csv(FILE *in, FILE *out, const struct path_model *model, const struct codec *codec,
	struct message *msg)
{
	struct query query = { .codec = "" };
	struct query_answer answer;
	struct columns columns = { .count = 0 };
	struct message why = { "" };
	unsigned long long number = 0;
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int rc = 0;

	while ((length = getline(&line, &size, in)) >= 0) {
		number++;
		if (!trim(line, (size_t)length))
			rc = message_set(&why, -EINVAL, "holds a NUL byte");
		else if (number == 1)
			rc = read_header(&columns, line, &why);
		else
			rc = read_line(&columns, &query, line, &why);
		if (!rc && number > 1)
			rc = query_answer(&answer, &query, model, codec, &why);
		if (rc)
			break;
		if (number == 1)
			fprintf(out, "%s,r,mos\n", line);
		else
			write_line(out, line, &answer);
		if (ferror(out))
			break;
	}
	free(line);
	if (rc)
		message_set(msg, rc, "line %llu: %s", number, why.text);
	else if (length < 0 && !feof(in))
		rc = message_set(msg, -EIO, "cannot read: %s", strerror(errno));
	else if (!number)
		rc = message_set(msg, -EINVAL, "line 1: there is no header line");
	if ((fflush(out) || ferror(out)) && !rc)
		rc = message_set(msg, -EIO, "cannot write: %s", strerror(errno));
	return rc;
}
