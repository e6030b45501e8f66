/* SPDX-License-Identifier: MIT */
#include "pure/emodel.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>

#define MOS_MAX 4.5

struct emodel_params emodel_defaults(void)
{
	return (struct emodel_params) {
		.slr = 8,
		.rlr = 2,
		.stmr = 15,
		.lstr = 18,
		.ds = 3,
		.dr = 3,
		.telr = 65,
		.wepl = 110,
		.st = 1,
		.mt_ms = 100,
		.qdu = 1,
		.bpl = 25.1, /* without loss Bpl is without effect; this is G.711 with concealment */
		.burst_r = 1,
		.nc = -70,
		.nfor = -64,
		.ps = 35,
		.pr = 35,
	};
}

int emodel_check(const struct emodel_params *params, struct message *msg)
{
#define PARAM(symbol, member, min, max)                                                            \
	{                                                                                          \
		symbol, offsetof(struct emodel_params, member), min, max                           \
	}
	static const struct {
		const char *symbol;
		size_t offset;
		double min, max;
	} table[] = {
		PARAM("SLR", slr, 0, 18),
		PARAM("RLR", rlr, -5, 14),
		PARAM("STMR", stmr, 10, 20),
		PARAM("LSTR", lstr, 13, 23),
		PARAM("Ds", ds, -3, 3),
		PARAM("Dr", dr, -3, 3),
		PARAM("TELR", telr, 5, 65),
		PARAM("WEPL", wepl, 5, 110),
		PARAM("Ta", ta_ms, 0, 1e6), /* Table 2: 0..500; a path may take seconds */
		PARAM("T", t_ms, 0, 1e6),   /* Table 2: 0..500 */
		PARAM("Tr", tr_ms, 0, 2e6), /* Table 2: 0..1000 */
		PARAM("sT", st, 0.4, 1),
		PARAM("mT", mt_ms, 20, 120),
		PARAM("qdu", qdu, 1, 14),
		PARAM("Ie", ie, 0, 120),       /* Table 2: 0..40; a codec of the operator's own */
		PARAM("Bpl", bpl, 1e-3, 1000), /* Table 2: 4.3..40; likewise */
		PARAM("Ppl", ppl_pct, 0, 100), /* Table 2: 0..20; a cut line loses all */
		PARAM("BurstR", burst_r, 1, 8),
		PARAM("Nc", nc, -80, -40),
		PARAM("Nfor", nfor, -80, -40), /* Table 2: -64 only, fixed by the handset assumed */
		PARAM("Ps", ps, 35, 85),
		PARAM("Pr", pr, 35, 85),
		PARAM("A", advantage, 0, 20),
	};
#undef PARAM

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const void *place = (const char *)params + table[i].offset;
		double value = *(const double *)place;

		/* Written so that NaN fails. */
		if (!(value >= table[i].min && value <= table[i].max))
			return message_set(msg, -EINVAL, "%s = %g: must be from %g to %g",
				table[i].symbol, value, table[i].min, table[i].max);
	}
	return 0;
}

/* x^n: pow() would do, slower; the sign of x survives an odd n. */
static double power(double x, unsigned n)
{
	double result = 1;

	for (; n; n >>= 1, x *= x)
		if (n & 1)
			result *= x;
	return result;
}

/* (1 + y)^(1/n) - 1 without losing a small y beside the 1. */
static double root1p_m1(double y, double n)
{
	return expm1(log1p(y) / n);
}

/* d + sqrt(d^2 + c), c > 0, without the cancellation at d << 0. */
static double hyperbola(double d, double c)
{
	double root = sqrt(d * d + c);

	return d < 0 ? c / (root - d) : d + root;
}

static double noise(const struct emodel_params *p)
{
	double olr, nos, pre, nor, nfo;

	/* (7-4): room noise at the send side */
	olr = p->slr + p->rlr;
	nos = p->ps - p->slr - p->ds - 100 + 0.004 * power(p->ps - olr - p->ds - 14, 2);
	/* (7-6): room noise at the receive side, with what the listener's sidetone adds */
	pre = p->pr + 10 * log10(1 + exp10((10 - p->lstr) / 10));
	/* (7-5) */
	nor = p->rlr - 121 + pre + 0.008 * power(pre - 35, 2);
	/* (7-7): noise floor at the receive side */
	nfo = p->nfor + p->rlr;
	/* (7-3) */
	return 10 * log10(exp10(p->nc / 10) + exp10(nos / 10) + exp10(nor / 10) + exp10(nfo / 10));
}

struct emodel_signal emodel_signal(const struct emodel_params *params)
{
	const struct emodel_params *p = params;
	struct emodel_signal s;
	double xolr, x, q, g, y, z;

	s.no = noise(p);
	/* (7-2) */
	s.ro = 15 - 1.5 * (p->slr + s.no);
	/* (7-10) */
	xolr = p->slr + p->rlr + 0.2 * (64 + s.no - p->rlr);
	/* (7-9): [1 + x^8]^(1/8) - x; above 1 as x {[1 + x^-8]^(1/8) - 1}, which does not cancel */
	x = xolr / 8;
	s.iolr = 20 *
		 (x > 1 ? x * root1p_m1(power(1 / x, 8), 8) : root1p_m1(power(x, 8), 8) + 1 - x);
	/* (7-17) */
	q = 37 - 15 * log10(p->qdu);
	/* (7-16) */
	g = 1.07 + 0.258 * q + 0.0602 * q * q;
	/* (7-14), (7-15) */
	y = (s.ro - 100) / 15 + 46 / 8.4 - g / 9;
	z = 46.0 / 30 - g / 40;
	/* (7-13) */
	s.iq = 15 * log1p(exp10(y) + exp10(z)) / M_LN10;
	return s;
}

static double sidetone(const struct emodel_params *p)
{
	/* (7-12) */
	double stmro = -10 * log10(exp10(-p->stmr / 10) + exp(-p->t_ms / 4) * exp10(-p->telr / 10));

	/* (7-11): its constants add up to 0 (12 - 28 - 13 + 29), so the roots less 1 are enough */
	return 12 * root1p_m1(power((stmro - 13) / 6, 8), 8) -
	       28 * root1p_m1(power((stmro + 1) / 19.4, 35), 35) -
	       13 * root1p_m1(power((stmro - 3) / 33, 13), 13);
}

static double talker_echo(
	const struct emodel_params *p, const struct emodel_signal *signal, double ist)
{
	double terv, roe, re, idte = 0;

	/* Under 1 ms an echo is sidetone, and Idte 0: in G.107 R steps up by 0.109 at T = 1 ms. */
	if (p->t_ms >= 1) {
		/* (7-22) */
		terv = p->telr - 40 * log10((1 + p->t_ms / 10) / (1 + p->t_ms / 150)) +
		       6 * exp(-0.3 * p->t_ms * p->t_ms);
		/* (7-23): loud sidetone masks the echo */
		if (p->stmr < 9)
			terv += ist / 2;
		/* (7-20), (7-21) */
		roe = -1.5 * (signal->no - p->rlr);
		re = 80 + 2.5 * (terv - 14);
		/* (7-19) */
		idte = (hyperbola((roe - re) / 2, 100) - 1) * -expm1(-p->t_ms);
	}
	/* (7-24): with too little sidetone the echo is heard the better */
	if (p->stmr > 20)
		idte = hypot(idte, ist);
	return idte;
}

static double absolute_delay(const struct emodel_params *p)
{
	double x, n;

	if (p->ta_ms <= p->mt_ms)
		return 0;
	/* (7-28) */
	x = log2(p->ta_ms / p->mt_ms);
	/* (7-27): 1 - 3 + 2 = 0, so the roots less 1 are enough, and small x stays exact */
	n = 6 * p->st;
	return 25 * (root1p_m1(pow(x, n), n) - 3 * root1p_m1(pow(x / 3, n), n));
}

struct emodel_delay emodel_delay(
	const struct emodel_params *params, const struct emodel_signal *signal)
{
	struct emodel_delay d;
	double rle;

	d.ist = sidetone(params);
	d.idte = talker_echo(params, signal, d.ist);
	/* (7-26) */
	rle = 10.5 * (params->wepl + 7) / sqrt(sqrt(params->tr_ms + 1));
	/* (7-25) */
	d.idle = hyperbola((signal->ro - rle) / 2, 169);
	d.idd = absolute_delay(params);
	return d;
}

double emodel_delay_cost(
	const struct emodel_params *params, const struct emodel_signal *signal, double ta_ms)
{
	struct emodel_params p = *params;
	struct emodel_delay delay;

	p.ta_ms = ta_ms;
	p.t_ms = ta_ms;
	p.tr_ms = 2 * ta_ms;
	delay = emodel_delay(&p, signal);
	return delay.ist + delay.idte + delay.idle + delay.idd;
}

double emodel_ie_eff(const struct emodel_params *params)
{
	/* An Ie above the most that loss can take (G.107 ends at 40) leaves nothing: the bare formula
	 * would reward loss. */
	double left = fmax(EMODEL_LOSS_MOST - params->ie, 0);

	/* (7-29) */
	return params->ie +
	       left * params->ppl_pct / (params->ppl_pct / params->burst_r + params->bpl);
}

struct emodel_result emodel_compute(const struct emodel_params *params)
{
	struct emodel_signal signal = emodel_signal(params);
	struct emodel_delay delay = emodel_delay(params, &signal);
	struct emodel_result result = {
		.ro = signal.ro,
		/* (7-8) */
		.is = signal.iolr + delay.ist + signal.iq,
		.idte = delay.idte,
		.idle = delay.idle,
		.idd = delay.idd,
		.ie_eff = emodel_ie_eff(params),
	};
	/* (7-18) */
	double id = result.idte + result.idle + result.idd;

	/* (7-1) */
	result.r = result.ro - result.is - id - result.ie_eff + params->advantage;
	result.mos = emodel_mos(result.r);
	return result;
}

/* MOS - 1 by (B-4) on EMODEL_MOS_ROOT_LOW..100. 0.035 R + R (R - 60) (100 - R) 7e-6 in its factors, exact
 * beside each root. */
static double mos_above_1(double r)
{
	return 7e-6 * r * (r - EMODEL_MOS_ROOT_LOW) * (EMODEL_MOS_ROOT_HIGH - r);
}

double emodel_mos(double r)
{
	/* (B-4). The cubic is under 1 between 0 and EMODEL_MOS_ROOT_LOW: held at 1 there. */
	if (r <= EMODEL_MOS_ROOT_LOW)
		return 1;
	if (r >= 100)
		return MOS_MAX;
	return 1 + mos_above_1(r);
}

double emodel_r_from_mos(double mos)
{
	double r = 160.0 / 3, step;

	if (mos <= 1)
		return EMODEL_MOS_ROOT_LOW;
	if (mos >= MOS_MAX)
		return 100;
	/* Newton from the inflection point: the cubic rises on the whole range, convex below that
	 * point and concave above, so each tangent ends between here and the solution, on the same
	 * side, and no step can overshoot. It converges quadratically: after a step below 1e-8 the
	 * next one would be lost in rounding. */
	do {
		step = (mos - 1 - mos_above_1(r)) / (7e-6 * (r * (320 - 3 * r) - 1000));
		r += step;
	} while (fabs(step) > 1e-8);
	return fmin(fmax(r, EMODEL_MOS_ROOT_LOW), 100);
}

double emodel_r_best(void)
{
	struct emodel_params params = emodel_defaults();

	return emodel_compute(&params).r;
}
