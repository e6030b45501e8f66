/* SPDX-License-Identifier: MIT */
/* Compiled with -mavx512f -mavx512dq -mavx512vl. */
#ifdef __x86_64__
#define COLUMNS_KERNEL columns_avx512
#define COLUMNS_LANES 16
#include "pure/columns_kernel.h"
#else
typedef int columns_nothing_here;
#endif
