#include "base/text.h"
#include "math/rng.h"
#include "nn/bench_beside.h"
#include "nn/bench_nn.h"
#include "nn/mae.h"
#include "nn/mask.h"

#include <math.h>

typedef struct {
    const char *name;
    ModelConfig model;
    int B;
} StepCase;

#define MASK_RATIO 0.75

typedef struct {
    Mae *mae;
    MaeScratch *scratch;
    float *params, *grads;
    uint8_t *clips, *masked;
    size_t clip_bytes, n_tokens;
    int B;
    double loss;
} Step;

static void step_run(void *state) {
    Step *s = state;
    s->loss = 0;
    mae_step(s->mae, s->scratch, s->params, s->grads, &s->loss, s->clips, s->masked, s->B, 1);
}

static void step_free(Step *s) {
    mae_scratch_free(&s->scratch);
    mae_free(&s->mae);
    free(s->params);
    free(s->grads);
    free(s->clips);
    free(s->masked);
}

static Err step_new(Step *s, const StepCase *c) {
    const ModelConfig *m = &c->model;
    *s = (Step){.B = c->B,
                .clip_bytes = (size_t)m->n_frames * (size_t)m->image_size * (size_t)m->image_size * 3,
                .n_tokens = (size_t)model_tokens(m)};
    TRY(mae_new(&s->mae, m, MASK_RATIO));
    TRY(mae_scratch_new(&s->scratch, s->mae, c->B));
    size_t total = mae_params(s->mae)->total, clips = (size_t)c->B;
    s->params = malloc(total * sizeof(float));
    s->grads = calloc(total, sizeof(float));
    s->clips = malloc(clips * s->clip_bytes);
    s->masked = malloc(clips * s->n_tokens);
    if (!s->params || !s->grads || !s->clips || !s->masked)
        return RAISE(ERR_MEMORY, "bench: no memory for %s", c->name);
    params_init(s->params, mae_params(s->mae), 1, 1);
    Rng rng = rng_stream(1, RNG_TEST, 1, 0);
    for (size_t i = 0; i < clips * s->clip_bytes; i++) s->clips[i] = (uint8_t)rng_below(&rng, 256);
    for (size_t b = 0; b < clips; b++) mask_draw(s->masked + b * s->n_tokens, m, MASK_RATIO, 1, b);
    return ERR_NONE;
}

/* The loss of all clips against the mean of the losses of each alone. */
static double step_error(Step *s) {
    double one_by_one = 0;
    for (size_t b = 0; b < (size_t)s->B; b++) {
        mae_step(s->mae, s->scratch, s->params, NULL, &one_by_one, s->clips + b * s->clip_bytes,
                 s->masked + b * s->n_tokens, 1, 1.0f / (float)s->B);
    }
    step_run(s);
    return fabs(s->loss - one_by_one) / one_by_one;
}

static Err bench_one_step(BenchBoard *board, const StepCase *c) {
    Step s;
    BenchRow row = {.unit = "GFLOP/s"};
    TRY(text_format(row.name, sizeof row.name, "%s, %d clips", c->name, c->B));
    Err err = step_new(&s, c);
    if (!err) {
        row.error = step_error(&s);
        double giga = 1e-9 * c->B * model_pretrain_flops(&c->model, MASK_RATIO);
        err = bench_board_row(board, &row, &(BenchWork){step_run, &s, giga}, 1e-5);
    }
    step_free(&s);
    return err;
}

static ModelConfig sizes(int image, int frames, int patch, int width, int depth, int heads, int decoder_width,
                         int decoder_depth, int decoder_heads) {
    return (ModelConfig){.image_size = image,
                         .n_frames = frames,
                         .patch_size = patch,
                         .tubelet_size = 2,
                         .width = width,
                         .depth = depth,
                         .heads = heads,
                         .decoder_width = decoder_width,
                         .decoder_depth = decoder_depth,
                         .decoder_heads = decoder_heads,
                         .mlp_ratio = 4};
}

Err bench_step(double seconds, bool json) {
    const StepCase cases[] = {
        {"8 x 32 x 32, width 96", sizes(32, 8, 8, 96, 4, 3, 64, 2, 2), 16},
        {"8 x 48 x 48, width 128", sizes(48, 8, 8, 128, 4, 4, 64, 2, 2), 16},
        {"16 x 224 x 224, ViT-S", sizes(224, 16, 16, 384, 12, 6, 192, 4, 3), 2},
        {"16 x 224 x 224, ViT-B", sizes(224, 16, 16, 768, 12, 12, 384, 4, 6), 2},
    };
    BenchBoard board;
    Err err = bench_board_open(&board, seconds, json);
    for (size_t i = 0; !err && i < sizeof cases / sizeof *cases; i++) err = bench_one_step(&board, &cases[i]);
    return bench_board_close(&board, err);
}
