/* SPDX-License-Identifier: MIT */
#include "pages.h"

#include <stdint.h>
#include <sys/mman.h>

#define PAGE_BYTES 4096 /* the least that there is */

void *pages_take(size_t bytes, size_t touched)
{
	volatile uint8_t *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (pages == MAP_FAILED)
		return NULL;
	for (size_t i = 0; i < bytes && i < touched; i += PAGE_BYTES)
		pages[i] = 0;
	return (void *)pages;
}

void pages_give(void *pages, size_t bytes)
{
	if (pages)
		munmap(pages, bytes);
}
