/* par/wait - waiting for other ranks without burning a core and without hanging in silence.
 *
 * Polls with short sleeps (so that a waiting rank leaves its core to the busy ones), says after a few seconds what it
 * waits for, and aborts the run after par->hang_timeout_s: a process that dies is seen by the launcher, one that waits
 * for ever is not. */
#pragma once

#include "par/par.h"

/* `phase` names what is being waited for: "shard 12". */
void par_wait(MPI_Request *request, const Par *par, const char *phase);

/* For loops that wait for something else than one request. Start from {0}; each call sleeps a little longer. */
typedef struct {
    long polls, pause_ns;
    double start_s, next_report_s;
} Patience;

void par_patience(Patience *patience, const Par *par, const char *phase);
