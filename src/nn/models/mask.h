/* nn/models/mask - tube masks: the same cells of the frame hidden in every time slot (Tong et al. 2022, section 3.3).
 *
 * A clip's mask is a pure function of (seed, item). int(ratio * cells) cells are hidden, chosen uniformly. */
#pragma once

#include "nn/layers/model.h"

#include <stdint.h>

/* Cells of one time slot, and how many of them are hidden. */
static inline int mask_cells(const ModelConfig *m) {
    return (m->image_size / m->patch_size) * (m->image_size / m->patch_size);
}
int mask_hidden_cells(const ModelConfig *model, double ratio);
/* ERR_USAGE unless at least one cell stays visible and at least one is hidden. */
CHECKED Err mask_check(const ModelConfig *model, double ratio);
/* masked: (N) bytes, 1 = hidden. item: the sample's global number (epoch and clip, see train/pretrain). */
void mask_draw(uint8_t *masked, const ModelConfig *model, double ratio, uint64_t seed, uint64_t item);
/* Token indices of one clip's mask, each list ascending. visible: (V), hidden: (N-V); either may be NULL. */
void mask_split(int *visible, int *hidden, const uint8_t *masked, int n_tokens);
