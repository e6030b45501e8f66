/* SPDX-License-Identifier: MIT */
#include "decision.h"

#include <math.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* A heavy tail that still has a mean and a variance (a Lomax distribution: mean scale / 2). */
#define PARETO_SHAPE 3.0
/* Steps of a stretch, so that sums of them stay far below 2^64. */
#define STRETCH_MAX 1e12

static double draw_any(const struct event *event, unsigned int purpose)
{
	const uint64_t key[] = { event->seed, (uint64_t)(event->ip >> 64), (uint64_t)event->ip,
		(uint64_t)event->port << 32 | event->sequence,
		(uint64_t)purpose << 32 | event->repeat };

	return (double)(XXH3_64bits(key, sizeof key) >> 11) * 0x1p-53;
}

double draw(const struct event *event, enum purpose purpose)
{
	return draw_any(event, purpose);
}

/* Drawn once for an address: port and SYN do not matter. */
double draw_latency_ns(const struct event *event, uint64_t min_ns, uint64_t max_ns)
{
	const struct event address = { .seed = event->seed, .ip = event->ip };

	return (double)min_ns + (double)(max_ns - min_ns) * draw(&address, DRAW_BASE);
}

double draw_jitter_ns(
	const struct event *event, enum jitter jitter, double scale_ns, unsigned int purpose)
{
	double u = draw_any(event, purpose);

	switch (jitter) {
	case JITTER_NORMAL: /* Box and Muller, 1958; 1 - u is never 0 */
		return scale_ns * sqrt(-2 * log(1 - u)) *
		       cos(2 * M_PI * draw_any(event, purpose + 1));
	case JITTER_UNIFORM:
		return scale_ns * (2 * u - 1);
	case JITTER_PARETO:
		return scale_ns * (pow(1 - u, -1 / PARETO_SHAPE) - 1);
	case JITTER_NONE:
		break;
	}
	return 0;
}

bool draw_lost(const struct event *event, enum direction direction, double loss)
{
	return draw(event, direction == FORTH ? DRAW_LOSS : DRAW_LOSS_BACK) < loss;
}

/* How many steps a state lasts that each step leaves with this probability: at least one. */
static uint64_t stretch_steps(double u, double leave)
{
	double steps = leave < 1 ? 1 + floor(log(1 - u) / log(1 - leave)) : 1;

	return steps < STRETCH_MAX ? (uint64_t)steps : (uint64_t)STRETCH_MAX;
}

static bool is_bad(const struct burst_line *line)
{
	return line->begins_bad != (line->stretch & 1);
}

/* To the stretch that holds this step: good and bad ones take turns, and each one's length is drawn
 * by its number, so the line is the same whenever somebody looks. */
static void move_on(const struct event *line_event, enum direction direction,
	const struct burst *burst, uint64_t step, struct burst_line *line)
{
	struct event event = *line_event;
	enum purpose purpose = direction == FORTH ? DRAW_BURST : DRAW_BURST_BACK;

	if (!line->end) {
		event.repeat = 1; /* the first state, as often bad as the line is in the long run */
		line->begins_bad =
			draw(&event, purpose) < burst->enter / (burst->enter + burst->leave);
		event.repeat = 0;
	}
	while (line->end <= step) {
		bool bad;

		line->stretch += line->end > 0;
		bad = is_bad(line);
		event.sequence = line->stretch;
		line->end +=
			stretch_steps(draw(&event, purpose), bad ? burst->leave : burst->enter);
	}
}

bool draw_burst_lost(const struct event *event, enum direction direction,
	const struct behaviour *behaviour, uint64_t now_ns, struct burst_line *line)
{
	const struct burst *burst = &behaviour->burst[direction];
	struct event line_event = { .seed = event->seed, .ip = event->ip };
	uint64_t step = line->packets++;
	bool bad;

	if (burst->enter <= 0)
		return false;
	if (behaviour->burst_step_ns)
		step = now_ns / behaviour->burst_step_ns;
	else
		line_event.port = event->port;
	move_on(&line_event, direction, burst, step, line);
	bad = is_bad(line);
	return draw(event, direction == FORTH ? DRAW_BURST_LOSS : DRAW_BURST_LOSS_BACK) <
	       (bad ? burst->bad : burst->good);
}
