/* SPDX-License-Identifier: MIT */
#include "pure/emodel.h"

#include <math.h>

/* The E-Model with one codec: params is varied, signal stays. */
struct path_terms {
	struct emodel_params params;
	struct emodel_signal signal;
};

static double delay_cost(const struct path_terms *terms, double ta_ms)
{
	return emodel_delay_cost(&terms->params, &terms->signal, ta_ms);
}

static double loss_cost(struct path_terms *terms, double ppl_pct)
{
	terms->params.ppl_pct = ppl_pct;
	return emodel_ie_eff(&terms->params);
}

/* The share of packets that come too late for the deepest playout buffer, when the delay beyond the
 * usual one is spread exponentially with mean jitter_ms. */
static double late_share(const struct path_model *model, double jitter_ms)
{
	return jitter_ms > 0 ? exp(-model->playout_max_ms / jitter_ms) : 0;
}

struct path_score emodel_path(const struct path_model *model, const struct codec *codec,
	double latency_ms, double jitter_ms, double loss_pct)
{
	struct path_terms terms = { .params = emodel_defaults() };
	double base_ms, encoder_ms, path_ms, none, base, encoder, with_path, all, late;
	struct path_score score;

	terms.params.ie = codec->ie;
	terms.params.bpl = codec->bpl;
	terms.signal = emodel_signal(&terms.params);

	score.playout_ms = fmin(fmax(model->playout_factor * jitter_ms, model->playout_min_ms),
		model->playout_max_ms);
	base_ms = model->playout_min_ms + model->frame_ms;
	encoder_ms = base_ms + codec->lookahead_ms;
	path_ms = encoder_ms + latency_ms / 2;
	score.ta_ms = path_ms + (score.playout_ms - model->playout_min_ms);

	/* Lost on the way, or late among the rest. */
	score.late_pct = 100 * late_share(model, jitter_ms);
	score.ppl_pct = fmin(loss_pct + (100 - loss_pct) * (score.late_pct / 100), 100);

	/* The split of what interacts, by the order in which things are added: delays as playout
	 * minimum and frame (base), lookahead (codec), path (delay), the playout buffer above its
	 * minimum (jitter); and packets as none missing (codec), late ones (jitter), lost ones
	 * (loss). So delay goes before jitter in Id, jitter before loss in Ie,eff, and each part is
	 * what it adds to those before it. */
	none = delay_cost(&terms, 0);
	base = delay_cost(&terms, base_ms);
	encoder = delay_cost(&terms, encoder_ms);
	with_path = delay_cost(&terms, path_ms);
	all = delay_cost(&terms, score.ta_ms);
	late = loss_cost(&terms, score.late_pct);
	score.r_base = base - none - model->advantage;
	score.r_codec = codec->ie + (encoder - base);
	score.r_delay = with_path - encoder;
	score.r_jitter = (all - with_path) + (late - codec->ie);
	score.r_loss = loss_cost(&terms, score.ppl_pct) - late;

	/* (7-1), Ist moved from Is into `all` */
	score.r = terms.signal.ro - terms.signal.iolr - terms.signal.iq - all -
		  emodel_ie_eff(&terms.params) + model->advantage;
	score.s = emodel_mos(score.r);
	return score;
}

struct path_score emodel_path_best(const struct path_model *model, const struct codec *codec)
{
	return emodel_path(model, codec, 0, 0, 0);
}
