/* train/internal/trainer_memory - how many threads share a leaf, which decides what a rank needs. For train/trainer
 * alone. */
#pragma once

#include "par/reduce.h"
#include "run/teams.h"
#include "train/trainer.h"

/* As configured; else chosen by run/teams, and larger where memory asks for it. The same on ranks alike. */
int trainer_team(const TrainTask *task, const TrainConfig *config, const Par *par);

/* How a step's leaves are shared out and exchanged. teams: of the rank that has most. */
ReducePlan trainer_reduce_plan(const TrainConfig *config, int64_t n_leaves, int n_ranks, int teams);
