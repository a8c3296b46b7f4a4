/* What tests of nn/models/mae share: the models of the golden files with their weights, pixels and masks. */
#pragma once

#include "golden_file.h"
#include "golden_formula.h"
#include "nn/models/mae.h"

#define TOLERANCE 2e-5

typedef struct {
    const char *file;
    uint64_t seed;
    ModelConfig model;
    double mask_ratio;
    int B;
} Case;

#define MODEL(image_size_, n_frames_, patch_, tubelet_, width_, depth_, heads_, decoder_width_, decoder_depth_,        \
              decoder_heads_)                                                                                          \
    {                                                                                                                  \
        .image_size = image_size_, .n_frames = n_frames_, .patch_size = patch_, .tubelet_size = tubelet_,              \
        .width = width_, .depth = depth_, .heads = heads_, .decoder_width = decoder_width_,                            \
        .decoder_depth = decoder_depth_, .decoder_heads = decoder_heads_, .mlp_ratio = 4                               \
    }

static const Case cases[] = {
    {"mae_mask75.gold", 1, MODEL(40, 6, 8, 2, 36, 2, 3, 20, 2, 2), 0.75, 3},
    {"mae_mask90.gold", 2, MODEL(56, 4, 14, 1, 28, 3, 4, 27, 1, 3), 0.9, 2},
    /* Widths that are whole vectors take the hand-written products; the others do not. */
    {"mae_aligned.gold", 5, MODEL(16, 4, 4, 2, 48, 1, 3, 32, 1, 1), 0.75, 2},
    {"mae_deep.gold", 6, MODEL(48, 8, 8, 2, 32, 6, 2, 16, 3, 1), 0.9, 2},
};
enum { N_CASES = sizeof cases / sizeof *cases };

/* The official sizes. */
static const Case vit_s = {"mae_vit_s.gold", 7, MODEL(224, 16, 16, 2, 384, 12, 6, 192, 4, 3), 0.9, 1};
static const Case vit_b = {"mae_vit_b.gold", 8, MODEL(224, 16, 16, 2, 768, 12, 12, 384, 4, 6), 0.9, 1};

static inline size_t case_clip_bytes(const Case *c) {
    return (size_t)c->model.n_frames * (size_t)c->model.image_size * (size_t)c->model.image_size * 3;
}

/* The clips (B, T, H, W, 3) of a step of training. */
static inline void case_clips(uint8_t *clips, const Case *c, int step) {
    char name[32];
    snprintf(name, sizeof name, "clips %d", step);
    formula_bytes(clips, (size_t)c->B * case_clip_bytes(c), c->seed, name);
    /* A black corner: constant patches, whose target is exactly zero. */
    size_t line = (size_t)c->model.image_size * 3, corner = 2 * (size_t)c->model.patch_size;
    for (int t = 0; t < c->model.n_frames; t++)
        for (size_t y = 0; y < corner; y++)
            memset(clips + ((size_t)t * (size_t)c->model.image_size + y) * line, 0, corner * 3);
}

/* The tube masks (B, N) of a step of training. */
static inline void case_masked(uint8_t *masked, const Case *c, int step) {
    size_t side = (size_t)(c->model.image_size / c->model.patch_size), cells = side * side;
    size_t n_tokens = (size_t)model_tokens(&c->model);
    for (int b = 0; b < c->B; b++) {
        char name[32];
        snprintf(name, sizeof name, "mask %d %d", step, b);
        uint8_t *tubes = masked + (size_t)b * n_tokens;
        formula_smallest(tubes, cells, (size_t)(c->mask_ratio * (double)cells), c->seed, name);
        for (size_t i = cells; i < n_tokens; i++) tubes[i] = tubes[i - cells];
    }
}

/* A model with the golden weights and everything a step needs; clips and masks of step 0. */
typedef struct {
    const Case *c;
    Golden golden;
    Mae *mae;
    MaeScratch *scratch;
    const ParamTable *table;
    float *params, *grads;
    uint8_t *clips, *masked;
    size_t clip_bytes, n_tokens;
    int B;
} Bench;

static inline Bench bench_open(const Case *c, bool recompute) {
    Bench b = {.c = c, .golden = golden_read(c->file), .B = c->B, .clip_bytes = case_clip_bytes(c)};
    ModelConfig model = c->model;
    model.recompute = recompute;
    assert_int_equal(mae_new(&b.mae, &model, c->mask_ratio), ERR_NONE);
    assert_int_equal(mae_scratch_new(&b.scratch, b.mae, c->B), ERR_NONE);
    b.table = mae_params(b.mae);
    b.params = formula_params(b.table, c->seed);
    b.grads = calloc(b.table->total, sizeof(float));
    b.n_tokens = (size_t)model_tokens(&model);
    b.clips = malloc((size_t)b.B * b.clip_bytes);
    b.masked = malloc((size_t)b.B * b.n_tokens);
    case_clips(b.clips, c, 0);
    case_masked(b.masked, c, 0);
    return b;
}

static inline void bench_close(Bench *b) {
    mae_scratch_free(&b->scratch);
    mae_free(&b->mae);
    free(b->params);
    free(b->grads);
    free(b->clips);
    free(b->masked);
    golden_free(&b->golden);
}
