/* SPDX-License-Identifier: MIT */
/* The fields of one published entry as text: names, numbers in their one format, and the memory
 * they stand in. Quantities of time and per cent have 3 decimals, scores 4; the decimal point is a point
 * in every locale; what does not exist is an empty text. */
#ifndef MOSPROBE_FIELDS_H
#define MOSPROBE_FIELDS_H

#include <stddef.h>
#include <stdint.h>

/* One field as it stands in a stream. */
struct field {
	const char *name;
	const char *text; /* NUL-terminated; "" = does not exist */
	size_t length;	  /* of text */
	uint8_t number;	  /* 1: text is a decimal number (or empty) */
};

#define FIELDS_MAX 160 /* named fields and labels */
#define FIELDS_TEXT_SIZE 16384

/* Fields with the memory of their texts; reused for one entry after the other. */
struct fields {
	struct field list[FIELDS_MAX];
	unsigned count;
	size_t used;
	char memory[FIELDS_TEXT_SIZE];
};

/* Every adder drops its field when there is no room left. */

/* Adds one more field, printf style; number as in struct field. */
void fields_add(struct fields *fields, const char *name, int number, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* text is not copied: it must live as long as the fields are used. */
void fields_add_text(struct fields *fields, const char *name, const char *text);
void fields_add_copy(struct fields *fields, const char *name, const char *text);
void fields_add_integer(struct fields *fields, const char *name, uint64_t value);
/* See fixed_text(). */
void fields_add_fixed(struct fields *fields, const char *name, double value, unsigned decimals);
/* As label.<key>, which is copied; the value is not. */
void fields_add_label(struct fields *fields, const char *key, const char *value);
/* labels: "key\0value\0key\0value\0\0" or NULL; added as label.<key>, the values not copied. */
void fields_add_labels(struct fields *fields, const char *labels);

/* A hash over the texts of the fields from index `from` on; never 0. Equal lists have equal
 * hashes. */
uint64_t fields_hash(const struct fields *fields, unsigned from);

/* The longest text is that of a double's 309 digits. */
#define FIXED_TEXT_SIZE 336

/* value with `decimals` (0..6) decimals, rounded to nearest; "" when it is not finite; never a
 * negative zero. Returns its length. */
size_t fixed_text(char ret[FIXED_TEXT_SIZE], double value, unsigned decimals);

#endif
