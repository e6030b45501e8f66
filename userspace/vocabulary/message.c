/* SPDX-License-Identifier: MIT */
#include "vocabulary/message.h"

#include <stdarg.h>
#include <stdio.h>

#include "vocabulary/mask.h"

int(message_set)(struct message *msg, int error, const char *format, ...)
{
	if (msg) {
		va_list args;

		va_start(args, format);
		vsnprintf(msg->text, sizeof msg->text, format, args);
		va_end(args);
		mask_passwords(msg->text, sizeof msg->text);
	}
	return error;
}
