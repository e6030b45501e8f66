/* SPDX-License-Identifier: MIT */
/* One message for a person: why a call failed, made where the reason is known, printed by the
 * composition. Modules below it never log. */
#ifndef MOSPROBE_MESSAGE_H
#define MOSPROBE_MESSAGE_H

#define MESSAGE_SIZE 768

struct message {
	char text[MESSAGE_SIZE]; /* NUL-terminated, without a newline; "" = none */
};

/* Sets msg (may be NULL) as printf does, cut to its size, with passwords in URLs masked (mask.h). Returns
 * error, so that a function can
 * end in `return message_set(msg, -EINVAL, ...)`. */
int message_set(struct message *msg, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#ifdef MOSPROBE_LINT
/* For analysers, which do not see across files what it returns. */
#define message_set(msg, error, ...)                                                               \
	({                                                                                         \
		int message_error = (error);                                                       \
		message_set(msg, message_error, __VA_ARGS__);                                      \
		message_error;                                                                     \
	})
#endif

#endif
