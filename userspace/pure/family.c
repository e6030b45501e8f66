/* SPDX-License-Identifier: MIT */
#include "pure/family.h"

#define PATIENCE_MOST 7

unsigned family_choose(const struct family_use *family, bool has4, bool has6)
{
	if (has4 && has6)
		return family->second ? 6 : 4;
	return has4 ? 4 : has6 ? 6 : 0;
}

bool family_note(struct family_use *family, bool answered, bool both)
{
	if (answered) {
		family->failed = family->patience = 0;
		return false;
	}
	if (!both || family->failed++ < family->patience)
		return false;
	family->second = !family->second;
	family->failed = 0;
	if (family->patience < PATIENCE_MOST)
		family->patience = (uint8_t)(2 * family->patience + 1);
	return true;
}
