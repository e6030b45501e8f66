/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What reflect.bpf.c counts, for reflector.c. */
#ifndef MOSPROBE_REFLECT_H
#define MOSPROBE_REFLECT_H

/* Packets that reached the simulated peers, by what they were. */
enum reflect {
	REFLECT_SYN,	   /* answered */
	REFLECT_SYN_OTHER, /* not answered: to an address that is not simulated, or not a plain SYN */
	REFLECT_RST,
	REFLECT_FIN,
	REFLECT_TCP, /* any other segment */
	REFLECT_OTHER,
	REFLECT_COUNT
};

#endif
