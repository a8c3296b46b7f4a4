/* analysis/compare/budget - how much pre-training went into a result: clips seen, and what that took by the model's
 * arithmetic.
 *
 * A fine-tuning names the weights it started from by their digest, a pre-training those it ended with; the two are
 * matched, wherever the folders lie. Clips are steps times the batch of the run's config.json; FLOPs are matrix
 * products only (nn/layers/model). Without a checkpoint both are 0; where the pre-training is not among the results,
 * unknown (NAN). */
#pragma once

#include "analysis/compare/outcomes.h"

/* Fills clips and flops of all. A run without a readable config.json is no error: its budget is unknown. */
CHECKED Err budget_find(Outcomes *outcomes);
