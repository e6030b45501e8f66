/* SPDX-License-Identifier: MIT */
/* The E-Model, ITU-T G.107 (06/2015), narrowband, and the path model in front of it. Scalar, double
 * precision, written straight from the equations: this is the specification that faster forms are
 * held against. Pure functions; finite for all input that emodel_check() accepts, and for every
 * finite path. NaN and negative input are refused at the edges, not here. */
#ifndef MOSPROBE_EMODEL_H
#define MOSPROBE_EMODEL_H

#include "vocabulary/message.h"
#include "vocabulary/settings.h"

/* The most that codec and loss together can take from R, in (7-29). */
#define EMODEL_LOSS_MOST 95.0
/* Where the cubic of (B-4) is 1 again: the roots of R^2 - 160 R + 1000, 80 -+ sqrt(5400). */
#define EMODEL_MOS_ROOT_LOW 6.51530771650466
#define EMODEL_MOS_ROOT_HIGH 153.48469228349534

/* Every parameter of G.107 narrowband, Table 2: levels in dB, delays in ms. Behind each its default and
 * what emodel_check() permits, which is Table 2's range but for those marked *: wider, since a real
 * path, or a codec of the operator's own, goes beyond it. */
struct emodel_params {
	double slr, rlr;   /* send and receive loudness rating: 8 (0..18), 2 (-5..14) */
	double stmr, lstr; /* sidetone masking, listener sidetone: 15 (10..20), 18 (13..23) */
	double ds, dr;	   /* D-values of the telephones: 3 (-3..3) both */
	double telr;	   /* talker echo loudness rating: 65 (5..65) */
	double wepl;	   /* weighted echo path loss: 110 (5..110) */
	double ta_ms;	   /* absolute delay: 0 (0..1e6*) */
	double t_ms;	   /* mean one-way delay of the echo path: 0 (0..1e6*) */
	double tr_ms;	   /* round-trip delay in the four-wire loop: 0 (0..2e6*) */
	double st;	   /* delay sensitivity, sT: 1 (0.4..1) */
	double mt_ms;	   /* minimum perceivable delay, mT: 100 (20..120) */
	double qdu;	   /* quantisation distortion units: 1 (1..14) */
	double ie, bpl;	   /* codec: 0 (0..120*), 25.1 (0.001..1000*) */
	double ppl_pct;	   /* random packet loss, per cent: 0 (0..100*) */
	double burst_r;	   /* burst ratio: 1 (1..8); above 2 meant for Ppl below 2 % only */
	double nc;	   /* circuit noise, dBm0p: -70 (-80..-40) */
	double nfor;	   /* noise floor at the receive side, dBmp: -64 (-80..-40*) */
	double ps, pr;	   /* room noise at the send and receive side, dB(A): 35 (35..85) both */
	double advantage;  /* A: 0 (0..20) */
};

/* What delay and loss leave as it is: noise (7-3), basic signal-to-noise ratio (7-2), the
 * impairments by loudness (7-9) and by quantising (7-13). */
struct emodel_signal {
	double no, ro, iolr, iq;
};

/* What changes with T, Tr and Ta, in R points: sidetone (7-11), talker echo (7-19, 7-24), listener
 * echo (7-25), absolute delay (7-27). Ist belongs here because the echo adds to the sidetone. */
struct emodel_delay {
	double ist, idte, idle, idd;
};

struct emodel_result {
	double ro, is, idte, idle, idd, ie_eff;
	double r;   /* may be below 0 or above 100 */
	double mos; /* 1..4.5 */
};

/* The default values of G.107: R = 93.2062077233. */
struct emodel_params emodel_defaults(void);
/* Checks every parameter against its permitted range, NAN failing. Returns 0, or -EINVAL with the name,
 * the value and the range. */
int emodel_check(const struct emodel_params *params, struct message *msg);
struct emodel_result emodel_compute(const struct emodel_params *params);

/* The parts of emodel_compute(), for who varies the delay or the loss alone. */
struct emodel_signal emodel_signal(const struct emodel_params *params);
struct emodel_delay emodel_delay(
	const struct emodel_params *params, const struct emodel_signal *signal);
/* All that a one-way delay of ta_ms takes from R, with the echo coming back over the same path: T = Ta,
 * Tr = 2 Ta. Id, and the little that the echo changes in Is (5e-8 at the defaults). What params has of
 * the three delays is without effect. */
double emodel_delay_cost(
	const struct emodel_params *params, const struct emodel_signal *signal, double ta_ms);
/* (7-29). Never falls when ppl_pct rises. */
double emodel_ie_eff(const struct emodel_params *params);

/* Annex B, (B-4): R to MOS, 1 below R = 6.515308 (where the cubic dips under 1), 4.5 above 100. */
double emodel_mos(double r);
/* The inverse of emodel_mos() on 1..4.5: R in 6.515308..100. */
double emodel_r_from_mos(double mos);

/* R without delay and loss, all at its default: 93.2062077233... */
double emodel_r_best(void);

/* What the path does to a call, and why: r = emodel_r_best() - r_base - r_delay - r_jitter - r_loss -
 * r_codec, exactly. */
struct path_score {
	double ta_ms;	   /* one-way mouth-to-ear delay */
	double ppl_pct;	   /* network loss and packets too late for the playout buffer */
	double playout_ms; /* the part of ta_ms that waits in the playout buffer */
	double late_pct;   /* the part of ppl_pct that is jitter's: were nothing lost on the way */
	double r, s;	   /* R and its MOS, for the samples that were answered */
	double r_base;	   /* what the best line loses to the playout model, less the advantage A */
	double r_delay;
	double r_jitter; /* playout delay above its minimum, and late packets */
	double r_loss;
	double r_codec; /* Ie, and the codec's lookahead */
};

/* latency_ms: round trip, >= 0; jitter_ms >= 0; loss_pct 0..100. playout_min_ms + frame_ms must be
 * 1 or more: below T = 1 ms G.107 leaves talker echo out, and R has a step there. */
struct path_score emodel_path(const struct path_model *model, const struct codec *codec,
	double latency_ms, double jitter_ms, double loss_pct);

/* The best R and MOS that a line can reach with this model and codec. */
struct path_score emodel_path_best(const struct path_model *model, const struct codec *codec);

#endif
