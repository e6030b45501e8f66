/* SPDX-License-Identifier: MIT */
/* Memory that is there from the start: a page that is touched for the first time while answers
 * are due makes them late, in a virtual machine by tens of microseconds. */
#ifndef NETSIM_PAGES_H
#define NETSIM_PAGES_H

#include <stddef.h>

/* Zeroed; of it the first `touched` bytes are really there. NULL when memory is out. */
void *pages_take(size_t bytes, size_t touched);
void pages_give(void *pages, size_t bytes); /* NULL is fine */

#endif
