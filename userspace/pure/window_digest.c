/* SPDX-License-Identifier: MIT */
/* A cycle as it is worked with, and as it is kept: with a million targets six of these are most of the memory
 * that a target takes. */
#include <math.h>
#include <string.h>

#include "pure/window_own.h"

/* A float without its lowest eight bits: 16 bits of mantissa, so within 8e-6 of its value. */
static struct short_float shorten(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof bits);
	bits = (bits + 0x80) >> 8;
	return (struct short_float) { { (uint8_t)bits, (uint8_t)(bits >> 8),
		(uint8_t)(bits >> 16) } };
}

static float lengthen(struct short_float kept)
{
	uint32_t bits = (uint32_t)kept.bytes[0] << 8 | (uint32_t)kept.bytes[1] << 16 |
			(uint32_t)kept.bytes[2] << 24;
	float value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

/* Latencies lie near their median, and what is kept is by how much they are off: the nearer, the finer. */
static struct short_float off_median(double value_ns, uint32_t median_ns)
{
	return shorten((float)(value_ns - (double)median_ns));
}

static double back_ns(struct short_float off_ns, uint32_t median_ns)
{
	return (double)median_ns + (double)lengthen(off_ns);
}

#define MOS_LEAST 1.0
#define MOS_STEPS 65536.0 /* to a MOS */
#define R_STEPS 2.0
#define MEDIAN_STEP_NS 16u
#define JOIN_STEP_NS 32.0f
#define JOIN_MOST ((float)((1u << 27) - 8)) /* as a float, below 2^27 */

static uint8_t r_steps(double r)
{
	double steps = r * R_STEPS + 0.5;

	return steps <= 0 ? 0 : steps >= UINT8_MAX ? UINT8_MAX : (uint8_t)steps;
}

void window_keep_score(struct kept_digest *kept, const struct window_score *score)
{
	kept->mos = (uint32_t)((score->mos_cycle - MOS_LEAST) * MOS_STEPS + 0.5) & ((1u << 18) - 1);
	kept->r_delay = r_steps(score->r_delay);
	kept->r_jitter = r_steps(score->r_jitter);
	kept->r_loss = r_steps(score->r_loss);
	kept->r_failed = r_steps(score->r_failed);
}

/* 0 would mean none, so nothing that is becomes 0. */
static uint32_t median_steps(uint32_t median_ns)
{
	uint32_t steps =
		median_ns / MEDIAN_STEP_NS + (median_ns % MEDIAN_STEP_NS >= MEDIAN_STEP_NS / 2);

	if (!median_ns)
		return 0;
	return steps < 1 ? 1 : steps < 1u << 28 ? steps : (1u << 28) - 1;
}

void window_keep(struct kept_digest *kept, const struct digest *digest, int64_t gap)
{
	*kept = (struct kept_digest) {
		.median = median_steps(digest->median_ns),
		.timed = digest->timed,
		.starts_anew = digest->starts_anew,
		.latencies = digest->latencies,
		.steps = digest->steps,
		.sent = digest->sent < 1023 ? digest->sent : 1023u,
		.lost = digest->lost < 1023 ? digest->lost : 1023u,
		.answered = digest->answered,
		.timeouts = digest->failures[FAILURE_TIMEOUT],
		.refused = digest->failures[FAILURE_REFUSED],
		.unreachable = digest->failures[FAILURE_UNREACHABLE],
		.dns = digest->failures[FAILURE_DNS],
		.step_sum = shorten(digest->step_sum_ns),
		.join = (uint32_t)fminf(digest->join_ns / JOIN_STEP_NS + 0.5f, JOIN_MOST),
		.m2 = shorten(digest->m2),
		.gap = (int8_t)(gap > INT8_MAX	 ? INT8_MAX
				: gap < INT8_MIN ? INT8_MIN
						 : gap),
	};
	if (digest->latencies)
		kept->mean = off_median((double)digest->mean_ns, kept->median * MEDIAN_STEP_NS);
}

struct digest window_digest(const struct kept_digest *kept)
{
	uint32_t median_ns = kept->median * MEDIAN_STEP_NS;

	return (struct digest) {
		.median_ns = median_ns,
		.step_sum_ns = lengthen(kept->step_sum),
		.join_ns = (float)kept->join * JOIN_STEP_NS,
		.mean_ns = kept->latencies ? (float)back_ns(kept->mean, median_ns) : 0,
		.m2 = lengthen(kept->m2),
		.mos_cycle = (float)(MOS_LEAST + kept->mos / MOS_STEPS),
		.r_delay = (float)(kept->r_delay / R_STEPS),
		.r_jitter = (float)(kept->r_jitter / R_STEPS),
		.r_loss = (float)(kept->r_loss / R_STEPS),
		.r_failed = (float)(kept->r_failed / R_STEPS),
		.sent = (uint16_t)kept->sent,
		.lost = (uint16_t)kept->lost,
		.latencies = (uint8_t)kept->latencies,
		.steps = (uint8_t)kept->steps,
		.answered = (uint8_t)kept->answered,
		.failures = {
			[FAILURE_TIMEOUT] = (uint8_t)kept->timeouts,
			[FAILURE_REFUSED] = (uint8_t)kept->refused,
			[FAILURE_UNREACHABLE] = (uint8_t)kept->unreachable,
			[FAILURE_DNS] = (uint8_t)kept->dns,
		},
		.timed = kept->timed,
		.starts_anew = kept->starts_anew,
	};
}
