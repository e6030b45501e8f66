/* SPDX-License-Identifier: MIT */
/* For every machine of the architecture. */
#define COLUMNS_KERNEL columns_plain
#define COLUMNS_LANES 4
#include "pure/columns_kernel.h"
