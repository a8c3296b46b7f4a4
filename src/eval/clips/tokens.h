/* eval/clips/tokens - tokens averaged over square blocks of patches: fewer keys for a read-out to attend to, less to
 * keep. */
#pragma once

#include "nn/layers/model.h"

/* `grid` blocks along a side of the frame, or 0: one mean over all tokens. ERR_USAGE when it does not divide. */
CHECKED Err tokens_check_grid(const ModelConfig *model, int grid);
int tokens_count(const ModelConfig *model, int grid);
/* out (tokens_count, D), from encoded (N, D); order as nn/layers/model's: time slowest, then row, then column. grid >
 * 0. */
void tokens_average(float *out, const float *encoded, const ModelConfig *model, int grid);
