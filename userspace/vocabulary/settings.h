/* SPDX-License-Identifier: MIT */
/* What may be set globally, by class and by target, as values: the nouns that config reads and
 * that targets, the path model and the ladder use. */
#ifndef MOSPROBE_SETTINGS_H
#define MOSPROBE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#define CODEC_NAME_SIZE 16

/* Impairment of a codec, ITU-T G.113 Appendix I. */
struct codec {
	char name[CODEC_NAME_SIZE]; /* "g711"; "custom" with ie= and bpl= */
	double ie;		    /* equipment impairment, 0..120 R points */
	double bpl;		    /* packet-loss robustness, above 0 .. 1000 */
	double lookahead_ms;	    /* of the encoder, part of the one-way delay */
};

/* The levels of the alert ladder. critical < warning <= recovery, all in 1..4.5 MOS. */
struct alert_policy {
	double warning, critical, recovery;
	uint64_t warning_for_ns, critical_for_ns, recovery_for_ns;
};

/* When it is us, and not them. */
struct guard_policy {
	uint64_t
		window_ns; /* what is looked at, and how long a finished cycle waits; 0 = no guard */
	double share_pct;  /* trips when more of the targets that used to answer do not */
	uint32_t min_targets; /* and at least so many */
	double loss_rise_pct; /* trips when the share of lost SYNs is so many points above the usual */
	double delay_rise_ms;	 /* trips when latencies are so much above the usual */
	double dns_share_pct;	 /* the resolver fails, when more of a minute's look-ups do */
	double local_errors_pct; /* trips when more of the samples fail at our own side */
	uint32_t sample;	 /* targets to be visited in a window while impaired */
	uint64_t max_ns;	 /* lets go after this long */
};

/* When targets that carry the same value of a label are one cause's. */
struct group_policy {
	char *label;	    /* NULL = no groups */
	double share_pct;   /* an event, when more of them become bad */
	uint32_t min;	    /* and at least so many */
	uint64_t within_ns; /* in so short a time */
};

/* From latency, jitter and loss of the path to Ta and Ppl of the E-Model. */
struct path_model {
	double playout_factor; /* playout buffer per ms of jitter */
	double playout_min_ms; /* its smallest and its deepest buffer */
	double playout_max_ms;
	double frame_ms;  /* packetisation */
	double advantage; /* A of G.107, 0..20 */
};

enum close_mode {
	CLOSE_HALF, /* the handshake's last ACK is held back, then RST: no connection at the peer */
	CLOSE_RST,  /* the whole handshake, then RST */
	CLOSE_FIN   /* the whole handshake, then FIN, and some time for the peer's */
};

enum family { FAMILY_ANY = 0, FAMILY_4 = 4, FAMILY_6 = 6 };

/* All that one target may have of its own. Shared by the targets that have the same. */
struct settings {
	struct codec codec;
	struct alert_policy alert;
	uint64_t mute_until_ms; /* wall clock; 0 = not muted, UINT64_MAX = until told otherwise */
	uint16_t samples;	/* per cycle */
	uint16_t port;		/* where the target's line gives none */
	uint8_t close;		/* enum close_mode */
	uint8_t family;		/* enum family */
	bool refused_answers;	/* `refused=answer`: a RST is an answer */
};

#endif
