#if defined(__x86_64__)
#include "nn/kernels/internal/kernels_sets.h"

#define LANES 16
#include "nn/kernels/internal/attention_split_body.h"
#include "nn/kernels/internal/bf16_tiles_body.h"
#include "nn/kernels/internal/kernels_bodies.h"
#include "nn/kernels/internal/product_split_body.h"

/* Short and narrow heads fill too few tiles. */
static bool tiles_attend(const HeadShape *shape) {
    enum { FEWEST = 256, NARROW = 32 };
    return shape->n_queries >= FEWEST && shape->n_keys >= FEWEST && shape->head_width > NARROW;
}

/* The same choice as the passes make. */
static size_t attention_scratch(const HeadShape *shape, int backward) {
    Arena measure = {0};
    if (!tiles_attend(shape)) return attention_scratch_body(shape, backward);
    if (backward)
        split_query_layout(&measure, shape);
    else
        split_forward_layout(&measure, shape);
    return measure.used / sizeof(float);
}

static HeadBlocks attention_blocks_amx(const HeadShape *shape) {
    return (tiles_attend(shape) ? attention_split_blocks : attention_blocks_body)(shape);
}

/* Tiles or vectors, by the shape alone: the same clip gives the same bits wherever it is computed. */
static void attention_forward_amx(float *out, float *lse, const HeadInputs *in, const HeadShape *shape,
                                  HeadQueries queries, float *scratch) {
    (tiles_attend(shape) ? attention_split_forward : attention_forward_body)(out, lse, in, shape, queries, scratch);
}

static void attention_backward_amx(const HeadBackward *head, int block, const WaveLink *link, float *scratch) {
    (tiles_attend(head->shape) ? attention_split_backward : attention_backward_body)(head, block, link, scratch);
}

const Kernels kernels_amx = {
    .name = "amx",
    KERNELS_OF_BODIES,
    .product_small_most = 8 * LANES,
    .product_large = product_split_body,
    .product_large_scratch = SPLIT_SCRATCH,
    .attention_queries = 2 * QUERIES, /* whole blocks of either */
    .attention_scratch = attention_scratch,
    .attention_blocks = attention_blocks_amx,
    .attention_forward = attention_forward_amx,
    .attention_backward = attention_backward_amx,
    .bf16 = {BF16_OF_BODIES, .tiles = 1, .product = bf16_product_tiles, .peak = bf16_peak_tiles,
             .peak_flops = PEAK_FLOPS},
};
#else
typedef int kernels_amx_not_for_this_processor;
#endif
