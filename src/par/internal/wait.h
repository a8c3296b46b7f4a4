/* par/internal/wait - waiting for other ranks without burning a core and without hanging in silence.
 *
 * Polls with short sleeps (so that a waiting rank leaves its core to the busy ones), says after a few seconds what it
 * waits for, and ends the run within par->hang_timeout_s with a message that names the ranks that do not answer
 * (par/rollcall): a process that dies is seen by the launcher, one that is stopped or waits for ever is not. No sleep
 * is longer than a 64th of what was waited before, so that sleeping delays nobody by more than that. */
#pragma once

#include "par/par.h"

/* `phase` names what is being waited for: "shard 12". */
void par_wait(MPI_Request *request, const Par *par, const char *phase);
/* For pieces of an exchange, in which every rank is at work: polls for some milliseconds before the first sleep. */
void par_wait_exchange(MPI_Request *requests, int count, const Par *par, const char *phase);

/* For loops that wait for something else than one request. Start from {0}; each call sleeps a little longer. */
typedef struct {
    long polls, eager; /* eager: polls before the first sleep; 0: few */
    double start_s, next_report_s;
} Patience;

void par_patience(Patience *patience, const Par *par, const char *phase);
