/* sweep/plan/vars - the variables that a sweep was run with, remembered in its folder, so that asking for its state
 * needs no more than its name.
 *
 * OUT/sweep/sweep.vars is JSON: {"schema": "synvid.sweep_vars", "schema_version": 1, "sweeps": {SWEEP: {NAME: VALUE}}};
 * sweeps that share a folder have variables of their own. One process writes at a time: the last one counts. */
#pragma once

#include "sweep/plan/plan.h"

/* Fills plan->vars: those remembered in plan->out for plan->name, over which `given` ("name=value") are laid. Says
 * which are used unasked, and which are given otherwise than before. `known`: the names in the file, NULL-terminated;
 * what is remembered but not among them is passed over. ERR_USAGE when a name is given twice with different values. */
CHECKED Err vars_collect(SweepPlan *plan, const char *const *known, const char *const *given, int n_given);
/* Remembers plan->vars, when they are others than before; there has to be work to do, so the folder is made. */
CHECKED Err vars_remember(const SweepPlan *plan);
/* Forgets them. */
CHECKED Err vars_forget(const SweepPlan *plan);
