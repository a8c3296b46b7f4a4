/* train/trainer_memory - how many threads share a leaf, which decides what a rank needs. For train/trainer alone. */
#pragma once

#include "train/teams.h"
#include "train/trainer.h"

/* As configured; else chosen by train/teams, and larger where memory asks for it. The same on ranks alike. */
int trainer_team(const TrainTask *task, const TrainConfig *config, const Par *par);
