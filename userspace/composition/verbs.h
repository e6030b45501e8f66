/* SPDX-License-Identifier: MIT */
/* The verbs of the command line, one file each. argv[0] is the verb's name, its options follow;
 * returns the exit status: 0 done, 1 failed while running, 2 wrong usage or configuration. */
#ifndef MOSPROBE_VERBS_H
#define MOSPROBE_VERBS_H

/* Probes all targets, cycle after cycle, until told to stop. */
int cmd_run(int argc, char **argv);

/* Probes one target now and explains each sample and the score; 1 when it is under the warning
 * level. */
int cmd_probe(int argc, char **argv);

/* Reads configuration and targets, then looks at the machine; 1 when a check failed. */
int cmd_check(int argc, char **argv);

/* Measures how many targets this machine carries, with a network and a Redis of its own; 1 when that failed or was
 * stopped. */
int cmd_capacity(int argc, char **argv);

/* Scores numbers given on the command line, or as CSV on standard input; probes nothing. 1 when a
 * line of the CSV is bad or standard output cannot be written. */
int cmd_score(int argc, char **argv);

/* Asks a running prober for an alert that did not happen, and watches it go its way; 1 when it does not. */
int cmd_test_alert(int argc, char **argv);

/* Shows a running prober on the terminal, until told to stop or the terminal goes away; 1 when there is none. */
int cmd_top(int argc, char **argv);

/* Prints what Redis knows of one target; 1 when it is not known there. */
int cmd_card(int argc, char **argv);

/* Reads published results on standard input, and prints the transitions that the configured policy would have
 * made; 1 when a line is bad or standard output cannot be written. */
int cmd_replay(int argc, char **argv);

#endif
