/* SPDX-License-Identifier: MIT */
#include "edges/output_own.h"

#include <stdio.h>

static const char heading[] =
	"start_ns\ttarget\taddr\tcycle\tindex\toutcome\treason\trtt_ns\tsent\tlost\t"
	"provoked\tambiguous\tstamp_source\tdue_ns\tduplicates\twrong_acks\tforeign_ts\n";

void output_samples_heading(struct sink *sink)
{
	sink_add(sink, heading, sizeof heading - 1);
}

static const char *reason_name(const struct sample *sample)
{
	if (sample->outcome == OUTCOME_LOCAL_ERROR)
		return local_error_name(sample->reason);
	return sample->outcome == OUTCOME_SKIPPED ? skip_reason_name(sample->reason) : "";
}

void output_samples_event(const struct event *event, struct sink *sink)
{
	const struct sample *sample = &event->sample.sample;
	char line[TARGET_KEY_SIZE + 320], key[TARGET_KEY_SIZE], addr[ADDRESS_TEXT_SIZE];
	int length;

	if (event->kind != EVENT_SAMPLE)
		return;
	target_key(event->sample.target, key);
	length = snprintf(line, sizeof line,
		"%lu\t%s\t%s\t%lu\t%u\t%s\t%s\t%u\t%u\t%u\t%u\t%u\t%s\t%lu\t%u\t%u\t%u\n",
		(unsigned long)sample->start_ns, key, address_text(&event->sample.addr, addr),
		(unsigned long)event->sample.cycle, sample->index, outcome_name(sample->outcome),
		reason_name(sample), sample->rtt_ns, sample->sent, sample->lost, sample->provoked,
		sample->ambiguous, stamp_source_name(sample->source), (unsigned long)sample->due_ns,
		sample->duplicates, sample->wrong_acks, sample->foreign_ts);
	sink_add(sink, line, (size_t)length);
}
