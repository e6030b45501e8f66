/* SPDX-License-Identifier: MIT */
#include "composition/capacity_reading.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "edges/machine.h"
#include "edges/scrape.h"
#include "pure/exposition.h"
#include "pure/metrics.h"
#include "vocabulary/nsec.h"

/* What Ethernet adds to a frame: preamble, FCS, gap (IEEE 802.3). */
#define FRAME_MORE_BYTES 24
/* Heartbeats come every 5 s at most. */
#define CLOCK_STEP_S 6

static double labelled(const char *text, const char *family, const char *label, const char *value)
{
	char series[128];

	snprintf(series, sizeof series, "%s{%s=\"%s\"}", family, label, value);
	return exposition_read(text, series);
}

static void read_lateness(const char *text, struct buckets *ret)
{
	double below = 0, here;
	char bound[32];

	for (unsigned i = 0; i <= metrics_lateness_bounds.count; i++) {
		if (i < metrics_lateness_bounds.count)
			snprintf(bound, sizeof bound, "%.16g", metrics_lateness_bounds.upper[i]);
		here = labelled(text, "mosprobe_start_lateness_seconds_bucket", "le",
			i < metrics_lateness_bounds.count ? bound : "+Inf");
		ret->counts[i] = (uint64_t)(here - below);
		below = here;
	}
}

/* The text of a label, wherever it stands first. */
static void read_label(const char *text, const char *label, char ret[16])
{
	char before[32];
	const char *found;

	snprintf(before, sizeof before, ",%s=\"", label);
	found = strstr(text, before);
	if (found)
		snprintf(ret, 16, "%.*s", (int)strcspn(found + strlen(before), "\""),
			found + strlen(before));
}

static void read_prober(const char *text, struct capacity_reading *ret)
{
	static const char samples[] = "mosprobe_samples_total";

	read_label(text, "stamps", ret->stamps);
	read_label(text, "engine", ret->engine);
	ret->beat_s = exposition_read(text, "mosprobe_heartbeat_timestamp_seconds");
	ret->prober_cpu_s = exposition_read(text, "mosprobe_prober_cpu_seconds_total");
	ret->cycles = exposition_read(text, "mosprobe_cycles_total");
	ret->waiting = exposition_read(text, "mosprobe_spool_entries");
	ret->ok = labelled(text, samples, "outcome", outcome_name(OUTCOME_OK));
	ret->skipped = labelled(text, samples, "outcome", outcome_name(OUTCOME_SKIPPED));
	ret->all = 0;
	for (int i = 0; i < OUTCOME_COUNT; i++)
		ret->all += labelled(text, samples, "outcome", outcome_name(i));
	read_lateness(text, &ret->lateness_s);
}

bool capacity_reading_begun(
	const struct capacity_room *room, pid_t prober, struct capacity_reading *ret)
{
	static const char stream[] = CAPACITY_PREFIX ":{" CAPACITY_PROBER_ID "}:results";
	char *text = malloc(METRICS_TEXT_SIZE + 1024);
	bool begun = text && scrape_http(text, METRICS_TEXT_SIZE + 1024, room->metrics_port,
				     "/metrics") > 0;

	memset(ret, 0, sizeof *ret);
	if (begun) {
		read_prober(text, ret);
		begun = !isnan(ret->beat_s);
	}
	free(text);
	if (!begun)
		return false;
	ret->at_s = (double)nsec_mono() / NSEC_PER_SEC;
	ret->process_cpu_s = (double)machine_cpu_ns(prober) / NSEC_PER_SEC;
	ret->resident_bytes = (double)machine_resident_bytes(prober);
	ret->waited_s = machine_waited_s(prober);
	ret->stolen_s = machine_stolen_s();
	ret->interrupts_s = machine_interrupts_s();
	if (room->answering_process)
		ret->answering_cpu_s =
			(double)machine_cpu_ns(room->answering_process) / NSEC_PER_SEC;
	if (room->reflector && reflector_settle(room->reflector, &ret->peers))
		return false;
	if (room->redis) {
		ret->redis_cpu_s =
			(double)machine_cpu_ns(redis_server_process(room->redis)) / NSEC_PER_SEC;
		ret->redis = redis_server_counts(room->redis, stream);
	}
	return true;
}

/* By the wall clock, which somebody may have set meanwhile: then by ours. */
static double between_beats_s(
	const struct capacity_reading *before, const struct capacity_reading *after)
{
	double beats_s = after->beat_s - before->beat_s, seconds = after->at_s - before->at_s;

	return beats_s > 0 && fabs(beats_s - seconds) < CLOCK_STEP_S ? beats_s : seconds;
}

/* The prober's thread has the peers' work in it where they answer on its CPU, the kernel's thread where it is another. */
static void take_cpu(struct capacity_step *step, const struct capacity_room *room,
	const struct capacity_reading *before, const struct capacity_reading *after)
{
	double beats_s = between_beats_s(before, after), seconds = step->seconds;
	double programs =
		(double)(after->peers.programs_ns - before->peers.programs_ns) / 1e9 / seconds;
	double process = (after->process_cpu_s - before->process_cpu_s) / seconds;

	step->cpu_prober = (after->prober_cpu_s - before->prober_cpu_s) / beats_s;
	step->cpu_publish = fmax(0, process - step->cpu_prober);
	step->cpu_redis = (after->redis_cpu_s - before->redis_cpu_s) / seconds;
	step->cpu_answers = programs;
	if (room->answering_process)
		step->cpu_receive = fmax(
			0, (after->answering_cpu_s - before->answering_cpu_s) / seconds - programs);
	if (room->interrupts_apart)
		step->cpu_receive += (after->interrupts_s - before->interrupts_s) / seconds;
	else if (room->reflector && room->cpus == 1)
		step->cpu_prober = fmax(0, step->cpu_prober - programs);
}

static void take_wire(struct capacity_step *step, const struct reflector_counts *before,
	const struct reflector_counts *after)
{
	double sent = after->sent_packets - before->sent_packets;
	double received = after->received_packets - before->received_packets;
	double bytes = (double)(after->sent_bytes - before->sent_bytes) +
		       (double)(after->received_bytes - before->received_bytes);

	/* Where the answers come late, some are under way at either reading. */
	double lost = (double)(after->lost_ring - before->lost_ring) + (double)after->lost_queue +
		      (double)after->lost_back - (double)before->lost_queue -
		      (double)before->lost_back;

	step->sent_packets_per_s = sent / step->seconds;
	step->received_packets_per_s = received / step->seconds;
	step->wire_bits_per_s = (bytes + (sent + received) * FRAME_MORE_BYTES) * 8 / step->seconds;
	step->lost_pct = sent > 0 ? fmax(0, lost) / sent * 100 : 0;
}

static void take_redis(struct capacity_step *step, const struct capacity_reading *before,
	const struct capacity_reading *after)
{
	const struct redis_server_counts *first = &before->redis, *last = &after->redis;
	double known = fmin(last->entries, step->loaded);

	step->redis_commands_per_s = (last->commands - first->commands) / step->seconds;
	step->redis_bytes_per_s = (last->input_bytes - first->input_bytes) / step->seconds;
	step->behind_per_s = (after->waiting - before->waiting) / step->seconds;
	if (last->entries > 0)
		step->redis_entry_bytes = last->stream_bytes / last->entries;
	if (known > 0)
		step->redis_target_bytes = fmax(0, last->memory_bytes - last->stream_bytes) / known;
}

struct capacity_step capacity_reading_between(const struct capacity_room *room, double loaded,
	const struct capacity_reading *before, const struct capacity_reading *after)
{
	double beats_s = between_beats_s(before, after), all = after->all - before->all;
	double skipped = after->skipped - before->skipped, ok = after->ok - before->ok;
	struct capacity_step step = { .loaded = loaded, .seconds = after->at_s - before->at_s };
	struct buckets lateness = { .sum = 0 };
	double starts = 0;

	for (unsigned i = 0; i <= metrics_lateness_bounds.count; i++) {
		lateness.counts[i] = after->lateness_s.counts[i] - before->lateness_s.counts[i];
		starts += (double)lateness.counts[i];
	}
	step.starts_per_s = starts / beats_s;
	step.results_per_s = (after->cycles - before->cycles) / beats_s;
	step.late_p99_ms = buckets_quantile(&lateness, &metrics_lateness_bounds, 0.99) * 1e3;
	step.skipped_pct = all > 0 ? skipped / all * 100 : 0;
	step.unanswered_pct = all > skipped ? (all - skipped - ok) / (all - skipped) * 100 : 0;
	step.resident_bytes = after->resident_bytes;
	step.waited_pct = (after->waited_s - before->waited_s) / step.seconds * 100;
	step.stolen_pct = (after->stolen_s - before->stolen_s) / step.seconds / room->cpus * 100;
	take_cpu(&step, room, before, after);
	take_wire(&step, &before->peers, &after->peers);
	if (room->redis)
		take_redis(&step, before, after);
	return step;
}
