/* SPDX-License-Identifier: MIT */
#include "alerts.h"

#include <math.h>

#define DAY_S 86400.0
#define MONTH_S (30.4 * DAY_S)
#define HOLE_S 0.1
#define CUT_S 30.0
/* Linux since 6.5: at 1, 2, 3, 4, 5, 7 s. */
#define SYN_EVERY_S 1.0
/* What comes later than this is not told from the answer to the next SYN. */
#define CERTAIN_MS 900.0

double network_unit(struct network *network)
{
	uint64_t z = network->random += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* Holes and cuts come as one Poisson process. */
static void next_dark(struct network *network, double now_s)
{
	double holes = network->line->holes_a_day / DAY_S;
	double cuts = network->line->cuts_a_month / MONTH_S, rate = holes + cuts;
	bool cut;

	network->dark_from_s = network->dark_to_s = INFINITY;
	if (rate <= 0)
		return;
	network->dark_from_s = now_s - log(1 - network_unit(network)) / rate;
	cut = network_unit(network) * rate < cuts;
	network->dark_to_s = network->dark_from_s + (cut ? CUT_S : HOLE_S);
}

void network_start(struct network *network, const struct line *line, uint64_t seed)
{
	*network = (struct network) { .line = line, .random = seed, .event_s = INFINITY };
	next_dark(network, 0);
}

static bool is_dark(struct network *network, double at_s)
{
	double event_s = network->event_s;

	if (at_s >= event_s && at_s < event_s + network->line->outage_s)
		return true;
	while (at_s >= network->dark_to_s)
		next_dark(network, network->dark_to_s);
	return at_s >= network->dark_from_s;
}

static double normal(struct network *network)
{
	double radius = sqrt(-2 * log(1 - network_unit(network)));

	return radius * cos(2 * M_PI * network_unit(network));
}

static double rtt_ms(struct network *network, const struct weather *weather)
{
	double rtt = weather->rtt_ms + weather->noise_ms * network_unit(network);

	if (network->samples % 2)
		rtt += weather->swing_ms;
	if (weather->sigma_ms > 0)
		rtt += weather->sigma_ms * normal(network);
	if (weather->queue_ms > 0)
		rtt -= weather->queue_ms * log(1 - network_unit(network));
	return fmax(1, rtt);
}

struct sample network_sample(struct network *network, double at_s, double timeout_s)
{
	const struct line *line = network->line;
	struct sample sample = { .outcome = OUTCOME_TIMEOUT };
	bool known = false; /* the peer has seen a SYN before */

	network->samples++;
	for (double syn_s = at_s; syn_s < at_s + timeout_s; syn_s += SYN_EVERY_S) {
		bool changed =
			line->has_event && !(line->outage_s > 0) && syn_s >= network->event_s;
		const struct weather *weather = changed ? &line->changed : &line->weather;
		double chance = weather->loss > 0 ? network_unit(network) : 1;
		double rtt = rtt_ms(network, weather), back_s = syn_s + rtt / 1000;
		bool reaches = !is_dark(network, syn_s) && chance >= weather->loss / 2;
		bool answered = reaches && chance >= weather->loss && !is_dark(network, back_s);

		sample.sent++;
		if (answered && back_s < at_s + timeout_s) {
			bool late = rtt >= CERTAIN_MS;

			sample.outcome = OUTCOME_OK;
			sample.lost = (uint8_t)(sample.sent - 1 + late);
			/* A peer that had seen an earlier SYN answers with the time of that one. */
			sample.ambiguous = late || known;
			sample.rtt_ns = sample.ambiguous ? 0 : (uint32_t)(rtt * 1e6);
			return sample;
		}
		known |= reaches;
	}
	sample.sent = 0;
	return sample;
}
