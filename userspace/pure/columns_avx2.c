/* SPDX-License-Identifier: MIT */
/* Compiled with -mavx2 -mfma. */
#ifdef __x86_64__
#define COLUMNS_KERNEL columns_avx2
#define COLUMNS_LANES 8
#include "pure/columns_kernel.h"
#else
typedef int columns_nothing_here;
#endif
