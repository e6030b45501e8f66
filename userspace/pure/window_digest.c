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

/* 0 would mean none, so nothing that is becomes 0. */
static uint32_t latency_ns(struct short_float off_ns, uint32_t median_ns)
{
	double value_ns = back_ns(off_ns, median_ns);

	if (!(value_ns > 1))
		return 1;
	return value_ns < UINT32_MAX ? (uint32_t)(value_ns + 0.5) : UINT32_MAX;
}

#define MOS_LEAST 1.0f
#define MOS_STEPS ((1u << 22) / 4.0f) /* to a MOS */
#define R_STEPS 512.0f

static uint16_t r_steps(float r)
{
	float steps = r * R_STEPS + 0.5f;

	return steps <= 0 ? 0 : steps >= UINT16_MAX ? UINT16_MAX : (uint16_t)steps;
}

void window_keep_score(struct kept_digest *kept, const struct window_score *score)
{
	kept->mos = (uint32_t)((score->mos_cycle - (double)MOS_LEAST) * (double)MOS_STEPS + 0.5) &
		    ((1u << 22) - 1);
	kept->r_delay = r_steps((float)score->r_delay);
	kept->r_jitter = r_steps((float)score->r_jitter);
	kept->r_loss = r_steps((float)score->r_loss);
	kept->r_failed = r_steps((float)score->r_failed);
}

void window_keep(struct kept_digest *kept, const struct digest *digest)
{
	memset(kept, 0, sizeof *kept);
	kept->number = digest->number;
	kept->median_ns = digest->median_ns;
	kept->sent = digest->sent < 1023 ? digest->sent : 1023u;
	kept->lost = digest->lost < 1023 ? digest->lost : 1023u;
	kept->latencies = digest->latencies;
	kept->steps = digest->steps;
	kept->answered = digest->answered;
	kept->starts_anew = digest->starts_anew;
	kept->has_answer_latency = digest->last_ns != 0;
	for (unsigned i = 0; i < FAILURE_COUNT; i++)
		kept->failures[i] = digest->failures[i];
	if (digest->last_ns) {
		kept->first = off_median(digest->first_ns, digest->median_ns);
		kept->last = off_median(digest->last_ns, digest->median_ns);
	}
	if (!digest->latencies)
		return;
	kept->mean = off_median((double)digest->mean_ns, digest->median_ns);
	kept->step_sum = shorten(digest->step_sum_ns);
	kept->m2 = shorten(digest->m2);
}

struct digest window_digest(const struct kept_digest *kept)
{
	struct digest digest = {
		.number = kept->number,
		.median_ns = kept->median_ns,
		.step_sum_ns = lengthen(kept->step_sum),
		.m2 = lengthen(kept->m2),
		.mos_cycle = MOS_LEAST + (float)kept->mos / MOS_STEPS,
		.r_delay = (float)kept->r_delay / R_STEPS,
		.r_jitter = (float)kept->r_jitter / R_STEPS,
		.r_loss = (float)kept->r_loss / R_STEPS,
		.r_failed = (float)kept->r_failed / R_STEPS,
		.sent = (uint16_t)kept->sent,
		.lost = (uint16_t)kept->lost,
		.latencies = (uint8_t)kept->latencies,
		.steps = (uint8_t)kept->steps,
		.answered = (uint8_t)kept->answered,
		.starts_anew = (uint8_t)kept->starts_anew,
	};

	memcpy(digest.failures, kept->failures, sizeof digest.failures);
	if (kept->latencies)
		digest.mean_ns = (float)back_ns(kept->mean, kept->median_ns);
	if (kept->has_answer_latency) {
		digest.first_ns = latency_ns(kept->first, kept->median_ns);
		digest.last_ns = latency_ns(kept->last, kept->median_ns);
	}
	return digest;
}
