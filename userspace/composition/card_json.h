/* SPDX-License-Identifier: MIT */
/* A card for programs. */
#ifndef MOSPROBE_CARD_JSON_H
#define MOSPROBE_CARD_JSON_H

#include <stdio.h>

#include "pure/card.h"

/* One JSON object with the names of the streams, units in them; null = does not exist. history: 288 records of five
 * minutes, the oldest first. Returns 0, -ENOMEM or -EIO. */
int card_json(const struct card *card, FILE *stream);

#endif
