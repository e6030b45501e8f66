/* SPDX-License-Identifier: MIT */
#include "decision.h"

#include <math.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* A heavy tail that still has a mean and a variance (a Lomax distribution: mean scale / 2). */
#define PARETO_SHAPE 3.0

double draw(const struct event *event, enum purpose purpose)
{
	const uint64_t key[] = { event->seed, (uint64_t)(event->ip >> 64), (uint64_t)event->ip,
		(uint64_t)event->port << 32 | event->sequence,
		(uint64_t)purpose << 32 | event->repeat };

	return (double)(XXH3_64bits(key, sizeof key) >> 11) * 0x1p-53;
}

/* Drawn once for an address: port and SYN do not matter. */
static double base_ns(const struct event *event, const struct behaviour *behaviour)
{
	const struct event address = { .seed = event->seed, .ip = event->ip };
	double width = (double)(behaviour->latency_max_ns - behaviour->latency_min_ns);

	return (double)behaviour->latency_min_ns + width * draw(&address, DRAW_BASE);
}

static double jitter_ns(const struct event *event, const struct behaviour *behaviour)
{
	double scale = (double)behaviour->jitter_ns, u = draw(event, DRAW_JITTER);

	switch (behaviour->jitter) {
	case JITTER_NORMAL: /* Box and Muller, 1958; 1 - u is never 0 */
		return scale * sqrt(-2 * log(1 - u)) * cos(2 * M_PI * draw(event, DRAW_JITTER_2));
	case JITTER_UNIFORM:
		return scale * (2 * u - 1);
	case JITTER_PARETO:
		return scale * (pow(1 - u, -1 / PARETO_SHAPE) - 1);
	case JITTER_NONE:
		break;
	}
	return 0;
}

uint64_t draw_delay_ns(const struct event *event, const struct behaviour *behaviour)
{
	double delay_ns = base_ns(event, behaviour) + jitter_ns(event, behaviour);

	if (delay_ns < 0)
		return 0;
	return delay_ns > 2.0 * SCENARIO_DURATION_MAX_NS ? 2 * SCENARIO_DURATION_MAX_NS
							 : (uint64_t)delay_ns;
}

bool draw_lost(const struct event *event, const struct behaviour *behaviour)
{
	return draw(event, DRAW_LOSS) < behaviour->loss;
}

bool draw_lost_back(const struct event *event, const struct behaviour *behaviour)
{
	return draw(event, DRAW_LOSS_BACK) < behaviour->loss_back;
}
