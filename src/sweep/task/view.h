/* sweep/task/view - one view of all tasks that run: a line each, with the last progress from its log.
 *
 * On a terminal the lines are redrawn in place below what is reported; elsewhere they are printed now and then. */
#pragma once

#include "sweep/plan/plan.h"

typedef struct {
    bool terminal;
    double next_s;
    int drawn; /* lines of the block on the terminal */
} View;

typedef struct {
    const int *running; /* task numbers */
    int n_running, n_done, n_wanted;
} ViewState;

View view_open(void);
/* Shows when it is time. */
void view_show(View *view, const SweepPlan *plan, const ViewState *state, double now_s);
/* Takes the block away, before something else is said and at the end. */
void view_clear(View *view);
/* "3/480 steps (0.6 %), ..." is how par/progress speaks. */
bool view_is_progress(const char *line);
/* The last line of a log that tells progress, or its last line, or "". */
void view_last_progress(char *out, size_t size, const char *log_path);
