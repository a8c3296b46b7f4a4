#include "nn/models/mask.h"

#include "math/rng.h"

/* Truncated, as int() does in the official code: 0.9 of 196 cells hides 176. */
int mask_hidden_cells(const ModelConfig *model, double ratio) {
    return (int)(ratio * mask_cells(model));
}

Err mask_check(const ModelConfig *model, double ratio) {
    int cells = mask_cells(model), hidden = mask_hidden_cells(model, ratio);
    if (ratio > 0 && hidden >= 1 && hidden < cells) return ERR_NONE;
    return RAISE(ERR_USAGE,
                 "mask_ratio: %g of the %d cells of a frame hides %d; at least one must be hidden and one must stay",
                 ratio, cells, hidden);
}

void mask_draw(uint8_t *masked, const ModelConfig *model, double ratio, uint64_t seed, uint64_t item) {
    int cells = mask_cells(model), hidden = mask_hidden_cells(model, ratio),
        n_slots = model->n_frames / model->tubelet_size;
    Rng rng = rng_stream(seed, RNG_MASK, item, 0);
    /* Selection sampling (Knuth's algorithm S): cell c is hidden with probability (still to hide) / (still to see). */
    int left = hidden;
    for (int c = 0; c < cells; c++) {
        masked[c] = rng_below(&rng, (uint32_t)(cells - c)) < (uint32_t)left;
        left -= masked[c];
    }
    /* a tube: what is hidden in the first slot is hidden in all */
    for (int t = 1; t < n_slots; t++) memcpy(masked + (size_t)t * cells, masked, (size_t)cells);
}

void mask_split(int *visible, int *hidden, const uint8_t *masked, int n_tokens) {
    for (int i = 0; i < n_tokens; i++) {
        if (masked[i] && hidden) *hidden++ = i;
        if (!masked[i] && visible) *visible++ = i;
    }
}
