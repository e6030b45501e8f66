/* SPDX-License-Identifier: MIT */
#include "composition/probe_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "edges/json.h"
#include "pure/emodel.h"
#include "vocabulary/nsec.h"

void probe_report_begin(struct probe_report *report, const struct config *config,
	const struct target *target, enum stamp_source source, bool json)
{
	char key[TARGET_KEY_SIZE];

	memset(report, 0, sizeof *report);
	report->config = config;
	report->target = target;
	report->json = json;
	if (json)
		return;
	target_key(target, key);
	printf("%s: %u samples a cycle over %.1f s, time-out %.1f s, codec %s, stamps %s\n\n", key,
		target->settings->samples, (double)config->interval_ns / NSEC_PER_SEC,
		(double)config->timeout_ns / NSEC_PER_SEC, target->settings->codec.name,
		stamp_source_name(source));
	printf("%3s  %-15s %-12s %11s %5s %9s %5s  %-8s %s\n", "#", "address", "outcome",
		"latency ms", "SYNs", "answered", "lost", "stamps", "note");
}

/* Why an outcome is what it is, in a few words. */
static void describe(char *ret, size_t size, const struct sample *sample)
{
	ret[0] = '\0';
	if (sample->outcome == OUTCOME_LOCAL_ERROR)
		snprintf(ret, size, "%s (%s)", local_error_name(sample->reason),
			sample->error ? strerror(sample->error) : "no errno");
	else if (sample->outcome == OUTCOME_SKIPPED)
		snprintf(ret, size, "%s", skip_reason_name(sample->reason));
	else if (sample->outcome == OUTCOME_UNREACHABLE && (sample->icmp_type || sample->icmp_code))
		snprintf(ret, size, "ICMP type %u code %u", sample->icmp_type, sample->icmp_code);
	else if (sample->ambiguous)
		snprintf(ret, size, "answered, but it is not certain which SYN");
	if (sample->provoked) {
		size_t used = strlen(ret);

		snprintf(ret + used, size - used, "%s%u SYNs provoked by wrong answers",
			used ? "; " : "", sample->provoked);
	}
}

static void print_json_sample(const struct probe_report *report, const struct sample *sample,
	const char *address, const char *note)
{
	struct json *json = json_new();

	json_add_text(json, "type", "sample");
	json_add_integer(json, "sample", report->samples);
	json_add_text(json, "addr", address);
	json_add_text(json, "outcome", outcome_name(sample->outcome));
	json_add_number(json, "latency_ms", sample->rtt_ns ? nsec_to_ms(sample->rtt_ns) : NAN);
	json_add_integer(json, "sent", sample->sent);
	json_add_integer(json, "lost", sample->lost);
	json_add_integer(json, "provoked", sample->provoked);
	json_add_integer(json, "ambiguous", sample->ambiguous);
	json_add_text(json, "stamp_source", stamp_source_name(sample->source));
	json_add_text(json, "note", note);
	json_end(json, stdout, 9);
}

void probe_report_sample(
	struct probe_report *report, const struct sample *sample, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE], note[128], latency[24] = "-", answered[8] = "-";

	report->samples++;
	report->ambiguous |= sample->ambiguous;
	report->refused |= sample->outcome == OUTCOME_REFUSED;
	report->denied |= sample->outcome == OUTCOME_SKIPPED && sample->reason == SKIP_DENIED;
	describe(note, sizeof note, sample);
	address_text(address, text);
	if (report->json) {
		print_json_sample(report, sample, text, note);
	} else {
		if (sample->rtt_ns)
			snprintf(latency, sizeof latency, "%.3f", nsec_to_ms(sample->rtt_ns));
		/* A latency is given only when the newest SYN was the one answered. */
		if (sample->rtt_ns)
			snprintf(answered, sizeof answered, "%u.", sample->sent);
		else if (sample->ambiguous)
			strcpy(answered, "?");
		printf("%3u  %-15s %-12s %11s %5u %9s %5u  %-8s %s\n", report->samples,
			text[0] ? text : "-", outcome_name(sample->outcome), latency, sample->sent,
			answered, sample->lost, stamp_source_name(sample->source), note);
	}
	fflush(stdout);
}

void probe_report_result(struct probe_report *report, const struct result *result)
{
	static struct fields fields;

	report->result = *result;
	report->has_result = true;
	if (report->json) {
		struct json *json = json_new();

		result_fields(&fields, result, report->config->id);
		json_add_text(json, "type", "result");
		json_add_fields(json, &fields);
		json_end(json, stdout, 12);
		fflush(stdout);
	}
}

static void print_part(const char *name, double points, const char *what)
{
	printf("  %-10s %7.2f  %s\n", name, isnan(points) ? 0 : points, what);
}

static void print_score(const struct probe_report *report)
{
	const struct result *result = &report->result;

	printf("\nlatency ");
	if (isnan(result->latency_ms))
		printf("unknown");
	else
		printf("%.3f ms", result->latency_ms);
	if (!isnan(result->jitter_ms))
		printf(", jitter %.3f ms", result->jitter_ms);
	if (!isnan(result->loss_pct))
		printf(", loss %.1f %% (%u of %u SYNs)", result->loss_pct, result->lost,
			result->sent);
	printf(", failed %.0f %% (%u of %u samples)\n", result->fail_pct, result->failed,
		result->n);
	printf("MOS %.2f (%s), inferred from the path by ITU-T G.107", result->mos,
		band_name(band_of(result->mos)));
	if (isnan(result->r)) {
		printf("\n");
		return;
	}
	printf(":\nR %.2f = %.2f, less\n", result->r, emodel_r_best());
	print_part("base", result->r_base, "what the best line loses to playout buffer and frame");
	print_part("delay", result->r_delay, "of the path");
	print_part(
		"jitter", result->r_jitter, "a deeper playout buffer, and packets too late for it");
	print_part("loss", result->r_loss, "of packets");
	print_part("codec", result->r_codec, "of its own");
	if (result->failed)
		print_part("failed", result->r_failed, "samples that were not answered, from R");
}

bool probe_report_end(struct probe_report *report)
{
	const struct result *result = &report->result;
	bool scored = report->has_result && !isnan(result->mos);

	if (!report->json && scored)
		print_score(report);
	else if (!report->json)
		printf("\nno score: nothing has answered%s\n",
			report->refused
				? "; it refused, so the path works, and nothing listens there"
				: "");
	if (!report->json && report->ambiguous)
		printf("\nAn answer that came 900 ms or more after its SYN, or after a lost packet, has no "
		       "certain latency.\n");
	if (!report->json && report->denied)
		printf("\nThis address lies in a block of prober.deny and is never connected to.\n");
	fflush(stdout);
	return scored && result->mos >= report->target->settings->alert.warning;
}
