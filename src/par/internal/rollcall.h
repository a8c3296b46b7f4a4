/* par/internal/rollcall - which ranks do not answer: stopped, dead, or busy with something else for too long.
 *
 * A rank that has waited too long calls all others; whoever waits too, wherever that is, answers. Who is silent is what
 * everybody waits for. Calls travel on a communicator of their own (par->roll), so that they meet nothing else. */
#pragma once

#include "par/par.h"

/* Answers the calls that have arrived, without waiting: for loops that wait. The lowest rank that called, or n_ranks.
 */
int rollcall_answer(const Par *par);
/* Calls, waits up to `seconds` for the answers, and names who is silent: "rank 1", "ranks 1, 2 and 4 more"; "" when all
 * answer. A rank below this one that calls at the same time is given some seconds more to speak, and to end the run. */
void rollcall_names(char *out, size_t size, const Par *par, double seconds);
