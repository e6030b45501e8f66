/* SPDX-License-Identifier: MIT */
#include "pure/codec.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "pure/text.h"

#define IE_MAX 120.0
#define BPL_MIN 0.001
#define BPL_MAX 1000.0

/* Ie and Bpl: ITU-T G.113 Appendix I. The lookahead: each codec's own Recommendation. */
static const struct codec codecs[] = {
	{ "g711", 0, 25.1, 0 },	     /* with packet loss concealment, G.711 Appendix I */
	{ "g711-noplc", 0, 4.3, 0 }, /* a lost packet is silence */
	{ "g729a", 11, 19.0, 5 },    /* with VAD */
	{ "g723.1", 15, 16.1, 7.5 }, /* 6.3 kbit/s with VAD */
	{ "gsm-efr", 5, 10, 0 }, { "g726-32", 7, 0, 0 }, /* no Bpl published */
};

/* Codecs that people ask for and that cannot be scored: refused by name instead of "unknown". */
static const struct unscored {
	const char *name, *why;
} unscored[] = {
	{ "opus", "has no published narrowband Ie and Bpl" },
	{ "ilbc", "has no published narrowband Ie and Bpl" },
	{ "amr", "has no published narrowband Ie and Bpl" },
	{ "amr-nb", "has no published narrowband Ie and Bpl" },
	{ "amr-wb", "is a wideband codec: it has no narrowband Ie and Bpl" },
	{ "evs", "is a wideband codec: it has no narrowband Ie and Bpl" },
	{ "silk", "has no published narrowband Ie and Bpl" },
	{ "speex", "has no published narrowband Ie and Bpl" },
	{ "g722", "is a wideband codec, and sources disagree about its Ie and Bpl" },
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct codec *find(const char *name)
{
	for (size_t i = 0; i < COUNT(codecs); i++)
		if (!strcasecmp(codecs[i].name, name))
			return &codecs[i];
	return NULL;
}

int codec_find(struct codec *ret, const char *name, struct message *msg)
{
	const struct codec *known = find(name);
	struct nearest nearest = { .wanted = name };
	char buffer[SHOWN_SIZE];

	if (known) {
		*ret = *known;
		return 0;
	}
	for (size_t i = 0; i < COUNT(unscored); i++)
		if (!strcasecmp(unscored[i].name, name))
			return message_set(msg, -ENOENT,
				"%s %s (ITU-T G.113); give ie= and bpl= of your own to use it",
				unscored[i].name, unscored[i].why);
	for (size_t i = 0; i < COUNT(codecs); i++)
		nearest_offer(&nearest, codecs[i].name);
	return message_set(msg, -ENOENT,
		"%s is no codec known here, did you mean %s? For any other give ie= and bpl=",
		shown(buffer, name, strlen(name)), nearest.best);
}

int codec_override(struct codec *codec, double ie, double bpl, struct message *msg)
{
	struct codec changed;
	int rc;

	if (isnan(ie) || isnan(bpl)) {
		rc = codec_find(&changed, codec->name, msg);
		if (rc)
			return -EINVAL;
		changed = *codec;
	} else {
		memset(&changed, 0, sizeof changed);
		strcpy(changed.name, "custom");
		changed.lookahead_ms = codec->lookahead_ms;
	}
	if (!isnan(ie))
		changed.ie = ie;
	if (!isnan(bpl))
		changed.bpl = bpl;
	if (isnan(bpl) && !(changed.bpl > 0))
		return message_set(msg, -EINVAL,
			"%s has an Ie (%g) and no published Bpl (ITU-T G.113), so loss cannot be "
			"scored; give bpl= of your own to use it",
			codec->name, changed.ie);
	if (!(changed.ie >= 0 && changed.ie <= IE_MAX))
		return message_set(msg, -EINVAL, "ie = %g: must be from 0 to %g", ie, IE_MAX);
	if (!(changed.bpl >= BPL_MIN && changed.bpl <= BPL_MAX))
		return message_set(
			msg, -EINVAL, "bpl = %g: must be from %g to %g", bpl, BPL_MIN, BPL_MAX);
	*codec = changed;
	return 0;
}

const struct codec *codec_at(unsigned i)
{
	return i < COUNT(codecs) ? &codecs[i] : NULL;
}
