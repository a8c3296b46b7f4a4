/* par/progress - one line with done/total, rate, time left and a note, from rank 0.
 *
 * Counts of other ranks arrive by non-blocking messages on a duplicate communicator, so a slow rank never stalls a fast
 * one. Lines every few seconds in parallel runs, a bar on a terminal in serial ones (isatty lies under a launcher),
 * either on request. */
#pragma once

#include "par/par.h"

#include <stdint.h>

typedef enum { PROGRESS_AUTO, PROGRESS_BAR, PROGRESS_LINES, PROGRESS_NONE } ProgressMode;

typedef struct Progress Progress;

/* `what` ("videos"), `unit` of the rate ("frames"), rate_scale units per item. */
CHECKED Err progress_begin_all(Progress **progress, const Par *par, ProgressMode mode, const char *what, int64_t total,
                               const char *unit, double units_per_item);
/* This rank finished `items` more. Cheap; prints when it is time. May be called by several threads; only the one that
 * began the progress sends and prints. */
void progress_add(Progress *progress, int64_t items);
/* A short note such as "loss 0.812"; rank 0's is shown. By the beginning thread. */
void progress_note(Progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Also the way out after an error: waits only for the other ranks' progress_end_all. Clears *progress; fine with NULL.
 */
void progress_end_all(Progress **progress);
