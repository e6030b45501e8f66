/* SPDX-License-Identifier: MIT */
#include "composition/probe_report.h"

#include <math.h>
#include <stdarg.h>
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

/* Parts with "; " between them, cut to their room. */
struct note {
	char text[256];
};

static void note_add(struct note *note, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void note_add(struct note *note, const char *format, ...)
{
	size_t used = strlen(note->text);
	va_list args;

	if (used && used + 3 < sizeof note->text) {
		strcpy(note->text + used, "; ");
		used += 2;
	}
	va_start(args, format);
	vsnprintf(note->text + used, sizeof note->text - used, format, args);
	va_end(args);
}

/* "3 answers with a wrong acknowledgement", or nothing. */
static void note_count(struct note *note, unsigned count, const char *noun, const char *what)
{
	if (count)
		note_add(note, "%u %s%s %s", count, noun, count > 1 ? "s" : "", what);
}

/* One SYN was sent, and its answer came too late to be certainly its own. */
static bool is_late(const struct sample *sample)
{
	return sample->ambiguous && sample->sent == 1 && sample->lost;
}

/* Which SYN was answered; 0 when that is not known. */
static unsigned answered_syn(const struct sample *sample)
{
	return sample->rtt_ns || is_late(sample) ? sample->sent : 0;
}

static bool is_answered(const struct sample *sample)
{
	return sample->outcome == OUTCOME_OK || sample->outcome == OUTCOME_REFUSED;
}

/* Why a sample is what it is, in a few words. */
static void describe(struct note *note, const struct sample *sample)
{
	note->text[0] = '\0';
	if (sample->outcome == OUTCOME_LOCAL_ERROR)
		note_add(note, "%s (%s)", local_error_name(sample->reason),
			sample->error ? strerror(sample->error) : "no errno");
	else if (sample->outcome == OUTCOME_SKIPPED)
		note_add(note, "%s", skip_reason_name(sample->reason));
	else if (sample->outcome == OUTCOME_UNREACHABLE && (sample->icmp_type || sample->icmp_code))
		note_add(note, "ICMP type %u code %u", sample->icmp_type, sample->icmp_code);
	else if (sample->outcome == OUTCOME_DNS_FAIL)
		note_add(note, "the name does not exist, or has no address");
	else if (sample->outcome == OUTCOME_DNS_UNKNOWN)
		note_add(note, "no address, for the resolver fails");
	else if (is_late(sample))
		note_add(note, "answered 900 ms or more after its SYN");
	else if (sample->ambiguous)
		note_add(note, "answered, but it is not certain which SYN");
	note_count(note, sample->provoked, "SYN", "provoked by a wrong answer");
	note_count(note, sample->wrong_acks, "answer", "with a wrong acknowledgement");
	note_count(note, sample->foreign_ts, "answer", "with a foreign timestamp");
	note_count(note, sample->duplicates, "answer", "that came twice");
}

static void print_json_sample(const struct sample *sample, const char *address, const char *note)
{
	struct json *json = json_new();

	json_add_text(json, "type", "sample");
	json_add_integer(json, "sample", sample->index + 1);
	json_add_text(json, "addr", address);
	json_add_text(json, "outcome", outcome_name(sample->outcome));
	json_add_number(json, "latency_ms", sample->rtt_ns ? nsec_to_ms(sample->rtt_ns) : NAN);
	json_add_integer(json, "sent", sample->sent);
	json_add_number(json, "answered_syn",
		answered_syn(sample) ? (double)answered_syn(sample) : (double)NAN);
	json_add_integer(json, "lost", sample->lost);
	json_add_integer(json, "provoked", sample->provoked);
	json_add_integer(json, "ambiguous", sample->ambiguous);
	json_add_integer(json, "duplicates", sample->duplicates);
	json_add_integer(json, "wrong_acks", sample->wrong_acks);
	json_add_integer(json, "foreign_ts", sample->foreign_ts);
	json_add_text(json, "stamp_source", stamp_source_name(sample->source));
	json_add_text(json, "note", note);
	json_end(json, stdout, 9);
}

static void print_text_sample(const struct sample *sample, const char *address, const char *note)
{
	char latency[24] = "-", sent[8] = "-", answered[8] = "-", lost[8] = "-";

	if (sample->rtt_ns)
		snprintf(latency, sizeof latency, "%.3f", nsec_to_ms(sample->rtt_ns));
	/* Without the kernel half nobody has counted the SYNs of what was not answered. */
	if (sample->sent || sample->source == STAMP_BPF)
		snprintf(sent, sizeof sent, "%u", sample->sent);
	if (answered_syn(sample))
		snprintf(answered, sizeof answered, "%u.", answered_syn(sample));
	else if (sample->ambiguous)
		strcpy(answered, "?");
	if (is_answered(sample))
		snprintf(lost, sizeof lost, "%u", sample->lost);
	printf("%3u  %-15s %-12s %11s %5s %9s %5s  %-8s %s\n", sample->index + 1u,
		address[0] ? address : "-", outcome_name(sample->outcome), latency, sent, answered,
		lost, stamp_source_name(sample->source), note);
}

void probe_report_sample(
	struct probe_report *report, const struct sample *sample, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];
	struct note note;

	report->ambiguous |= sample->ambiguous;
	report->latencies += sample->rtt_ns > 0;
	report->refused |= sample->outcome == OUTCOME_REFUSED;
	report->denied |= sample->outcome == OUTCOME_SKIPPED && sample->reason == SKIP_DENIED;
	describe(&note, sample);
	address_text(address, text);
	if (report->json)
		print_json_sample(sample, text, note.text);
	else
		print_text_sample(sample, text, note.text);
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
	if (!report->json && report->ambiguous && !report->latencies)
		printf("So a path of more than 0.9 s never shows one, and its score takes it for 1,000 ms.\n");
	if (!report->json && report->denied)
		printf("\nThis address lies in a block of prober.deny and is never connected to.\n");
	fflush(stdout);
	return scored && result->mos >= report->target->settings->alert.warning;
}
