/* cli/sweep/sweep_costs - what a sweep takes, before anything of it is there: `sweep run NAME --plan`.
 *
 * Core-hours follow from every task's settings and the official sizes of the datasets it names: operations of the
 * networks over what a core computes in a second (measured here, or given), frames over the rates of
 * docs/performance.md for rendering and decoding. Memory is that of the training state and one thread's activations.
 * Good to a factor of about 1.5; the dry run of a task whose inputs are there says it better. */
#pragma once

#include "sweep/plan/plan.h"

/* core_gflops: what a core computes in a second; NULL: measured. Ends with what --check finds missing. */
CHECKED Err sweep_costs_print(const SweepPlan *plan, const char *core_gflops);
