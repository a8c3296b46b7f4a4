#include "nn/bench_nn.h"

#include "base/text.h"
#include "math/blas.h"
#include "math/rng.h"
#include "nn/attention.h"
#include "nn/gelu.h"
#include "nn/layernorm.h"
#include "nn/linear.h"
#include "nn/mae.h"
#include "nn/mask.h"

#include <cblas.h>
#include <math.h>
#include <time.h>

enum { SQUARE = 2048, REPETITIONS_MAX = 64 };

static double thread_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* What is timed: run(state) once is one call. */
typedef struct {
    void (*run)(void *state);
    void *state;
    double gflop;
    int calls; /* a repetition, so that it lasts long enough to be timed */
} Work;

static double work_seconds(const Work *work) {
    double start = thread_seconds();
    for (int i = 0; i < work->calls; i++) work->run(work->state);
    return (thread_seconds() - start) / work->calls;
}

typedef struct {
    float *a, *b, *c;
} Square;

static void square_run(void *state) {
    Square *s = state;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SQUARE, SQUARE, SQUARE, 1, s->a, SQUARE, s->b, SQUARE, 0,
                s->c, SQUARE);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Alternates the yardstick and the work; fills seconds, gflops and share. */
static void time_beside(NnBenchRow *row, const Work *work, const Work *yardstick, int repetitions) {
    double shares[REPETITIONS_MAX], best = INFINITY, before = yardstick->gflop / work_seconds(yardstick);
    work->run(work->state);
    for (int i = 0; i < repetitions; i++) {
        double seconds = work_seconds(work), after = yardstick->gflop / work_seconds(yardstick);
        best = fmin(best, seconds);
        shares[i] = work->gflop / seconds / ((before + after) / 2);
        before = after;
    }
    qsort(shares, (size_t)repetitions, sizeof *shares, ascending);
    row->gflop = work->gflop;
    row->seconds = best;
    row->gflops = work->gflop / best;
    row->share = shares[repetitions / 2];
}

static Err floats_new(float **out, size_t count, uint32_t object, float scale) {
    *out = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
    if (!*out) return RAISE(ERR_MEMORY, "bench: no memory for %zu floats", count);
    Rng rng = rng_stream(1, RNG_TEST, 0, object);
    for (size_t i = 0; i < count; i++) (*out)[i] = rng_uniform(&rng, -scale, scale);
    return ERR_NONE;
}

static void square_free(Square *s) {
    free(s->a);
    free(s->b);
    free(s->c);
}

static Err square_new(Square *s) {
    size_t count = (size_t)SQUARE * SQUARE;
    blas_single_thread();
    TRY(floats_new(&s->a, count, 1, 1));
    TRY(floats_new(&s->b, count, 2, 1));
    return floats_new(&s->c, count, 3, 1);
}

static Work square_work(Square *s) {
    return (Work){square_run, s, 2e-9 * SQUARE * SQUARE * SQUARE, 1};
}

static double distance(const float *found, const float *expected, size_t count) {
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += ((double)found[i] - expected[i]) * ((double)found[i] - expected[i]);
        norm += (double)expected[i] * expected[i];
    }
    return sqrt(difference / fmax(norm, 1e-300));
}

/* ---- attention ---- */

typedef struct {
    AttentionShape shape;
    float *qkv, *out, *dout, *lse, *dqkv, *scratch, *expected;
} AttentionBench;

static AttentionInputs attention_in(const AttentionBench *b) {
    size_t width = (size_t)(b->shape.heads * b->shape.head_width);
    return (AttentionInputs){b->qkv, b->qkv + width, b->qkv + 2 * width};
}

static AttentionGradients attention_out(const AttentionBench *b) {
    size_t width = (size_t)(b->shape.heads * b->shape.head_width);
    return (AttentionGradients){b->dqkv, b->dqkv + width, b->dqkv + 2 * width};
}

static void attention_forward_run(void *state) {
    AttentionBench *b = state;
    const AttentionInputs in = attention_in(b);
    attention_forward(b->out, b->lse, &in, &b->shape, b->scratch);
}

static void attention_backward_run(void *state) {
    AttentionBench *b = state;
    const AttentionInputs in = attention_in(b);
    const AttentionGradients d = attention_out(b);
    attention_backward(&d, b->dout, b->out, b->lse, &in, &b->shape, b->scratch);
}

static void attention_bench_free(AttentionBench *b) {
    float *all[] = {b->qkv, b->out, b->dout, b->lse, b->dqkv, b->scratch, b->expected};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static Err attention_bench_new(AttentionBench *b, int B, int tokens, int heads, int head_width) {
    int width = heads * head_width;
    size_t rows = (size_t)B * (size_t)tokens, out = rows * (size_t)width;
    *b = (AttentionBench){.shape = {B, heads, head_width, tokens, tokens, 3 * width, 3 * width}};
    TRY(floats_new(&b->qkv, 3 * out, 4, 1.7f));
    TRY(floats_new(&b->out, out, 5, 1));
    TRY(floats_new(&b->dout, out, 6, 1));
    TRY(floats_new(&b->lse, rows * (size_t)heads, 7, 1));
    TRY(floats_new(&b->dqkv, 3 * out, 8, 1));
    TRY(floats_new(&b->expected, 3 * out, 9, 1));
    return floats_new(&b->scratch, attention_scratch_bytes(&b->shape) / sizeof(float), 10, 1);
}

/* Checks a short slice of the problem (the plain version takes forever on all of it), then times all of it. */
static Err bench_attention(NnBenchSink sink, const Work *yardstick, const char *name, int B, int tokens, int heads,
                           int head_width) {
    AttentionBench b, slice;
    int some = tokens < 40 ? tokens : 40;
    Err err = attention_bench_new(&slice, 1, some, 1, head_width);
    NnBenchRow forward = {0}, backward = {0};
    double gflop = 4e-9 * B * heads * (double)tokens * tokens * head_width;
    int calls = (int)(0.5 / gflop) + 1;
    if (!err) {
        const AttentionInputs in = attention_in(&slice);
        const AttentionGradients expected = {slice.expected, slice.expected + head_width,
                                             slice.expected + 2 * head_width};
        size_t out = (size_t)some * (size_t)head_width;
        attention_forward_run(&slice);
        attention_forward_ref(slice.expected, slice.lse, &in, &slice.shape);
        forward.error = distance(slice.out, slice.expected, out);
        attention_backward_run(&slice);
        attention_backward_ref(&expected, slice.dout, slice.out, slice.lse, &in, &slice.shape);
        backward.error = distance(slice.dqkv, slice.expected, 3 * out);
    }
    attention_bench_free(&slice);
    if (err) return err;
    TRY(text_format(forward.name, sizeof forward.name, "attention %s forward", name));
    TRY(text_format(backward.name, sizeof backward.name, "attention %s backward", name));
    err = attention_bench_new(&b, B, tokens, heads, head_width);
    if (!err) {
        time_beside(&forward, &(Work){attention_forward_run, &b, gflop, calls}, yardstick, 7);
        time_beside(&backward, &(Work){attention_backward_run, &b, 2 * gflop, calls}, yardstick, 7);
        sink.row(sink.context, &forward);
        sink.row(sink.context, &backward);
    }
    attention_bench_free(&b);
    return err;
}

/* ---- projections ---- */

typedef struct {
    int R, Din, Dout;
    float *x, *W, *b, *y;
} LinearBench;

static void linear_forward_run(void *state) {
    LinearBench *l = state;
    linear_forward((Rows){l->y, l->Dout}, (ConstRows){l->x, l->Din}, l->W, l->b, l->R, l->Din, l->Dout);
}

static void linear_weight_run(void *state) {
    LinearBench *l = state;
    linear_backward_weight(l->W, l->b, (ConstRows){l->y, l->Dout}, (ConstRows){l->x, l->Din}, l->R, l->Din, l->Dout);
}

static void linear_input_run(void *state) {
    LinearBench *l = state;
    linear_backward_input((Rows){l->x, l->Din}, (ConstRows){l->y, l->Dout}, l->W, l->R, l->Din, l->Dout);
}

static Err bench_linear(NnBenchSink sink, const Work *yardstick, const char *name, int R, int Din, int Dout) {
    static const struct {
        const char *name;
        void (*run)(void *state);
    } passes[] = {
        {"forward", linear_forward_run}, {"weight gradient", linear_weight_run}, {"input gradient", linear_input_run}};
    LinearBench l = {.R = R, .Din = Din, .Dout = Dout};
    Err err = floats_new(&l.x, (size_t)R * (size_t)Din, 1, 1);
    if (!err) err = floats_new(&l.W, (size_t)Dout * (size_t)Din, 2, 1);
    if (!err) err = floats_new(&l.b, (size_t)Dout, 3, 1);
    if (!err) err = floats_new(&l.y, (size_t)R * (size_t)Dout, 4, 1);
    double gflop = 2e-9 * R * (double)Din * Dout;
    for (int i = 0; !err && i < 3; i++) {
        NnBenchRow row = {0};
        TRY_OR(done, text_format(row.name, sizeof row.name, "linear %s %s", name, passes[i].name));
        time_beside(&row, &(Work){passes[i].run, &l, gflop, (int)(1 / gflop) + 1}, yardstick, 5);
        sink.row(sink.context, &row);
    }
done:
    free(l.x);
    free(l.W);
    free(l.b);
    free(l.y);
    return err;
}

/* ---- elementwise ---- */

typedef struct {
    size_t rows;
    int width;
    float *x, *y, *dy, *dx, *weight, *partial;
} RowsBench;

static void gelu_run(void *state) {
    RowsBench *r = state;
    gelu_forward(r->y, r->x, r->rows * (size_t)r->width);
}

static void gelu_backward_run(void *state) {
    RowsBench *r = state;
    gelu_backward(r->y, r->dx, r->dy, r->x, r->rows * (size_t)r->width);
}

static void layernorm_run(void *state) {
    RowsBench *r = state;
    layernorm_forward(r->y, r->x, r->weight, r->weight, r->rows, r->width);
}

static void layernorm_backward_run(void *state) {
    RowsBench *r = state;
    layernorm_backward(r->dx, r->weight, r->weight + r->width, r->dy, r->x, r->weight, r->rows, r->width, r->partial);
}

static double elementwise_error(const RowsBench *r, bool gelu) {
    float *expected = r->dx;
    if (gelu)
        gelu_forward_ref(expected, r->x, r->rows * (size_t)r->width);
    else
        layernorm_forward_ref(expected, r->x, r->weight, r->weight, r->rows, r->width);
    return distance(r->y, expected, r->rows * (size_t)r->width);
}

static Err bench_elementwise(NnBenchSink sink, const Work *yardstick, size_t rows, int width) {
    static const struct {
        const char *name;
        void (*run)(void *state);
        bool gelu;
    } passes[] = {{"gelu forward", gelu_run, true},
                  {"gelu backward", gelu_backward_run, true},
                  {"layernorm forward", layernorm_run, false},
                  {"layernorm backward", layernorm_backward_run, false}};
    RowsBench r = {.rows = rows, .width = width};
    float **arrays[] = {&r.x, &r.y, &r.dy, &r.dx};
    Err err = floats_new(&r.weight, 2 * (size_t)width, 1, 1);
    if (!err) err = floats_new(&r.partial, 2 * (size_t)width, 1, 1);
    for (uint32_t i = 0; !err && i < 4; i++) err = floats_new(arrays[i], rows * (size_t)width, i, 2);
    for (int i = 0; !err && i < 4; i++) {
        NnBenchRow row = {0};
        TRY_OR(done, text_format(row.name, sizeof row.name, "%s, width %d (G elements/s)", passes[i].name, width));
        if (i % 2 == 0) {
            passes[i].run(&r);
            row.error = elementwise_error(&r, passes[i].gelu);
        }
        time_beside(&row, &(Work){passes[i].run, &r, 1e-9 * (double)rows * width, 20}, yardstick, 3);
        row.gflop = row.share = 0;
        sink.row(sink.context, &row);
    }
done:
    free(r.weight);
    free(r.partial);
    for (int i = 0; i < 4; i++) free(*arrays[i]);
    return err;
}

Err bench_nn_kernels(NnBenchSink sink) {
    Square square = {0};
    const Work yardstick = square_work(&square);
    Err err = square_new(&square);
    NnBenchRow row = {.name = "sgemm 2048 square"};
    if (err) goto done;
    time_beside(&row, &yardstick, &yardstick, 5);
    sink.row(sink.context, &row);
    TRY_OR(done, bench_attention(sink, &yardstick, "1568 tokens x 64", 1, 1568, 2, 64));
    TRY_OR(done, bench_attention(sink, &yardstick, "392 tokens x 64", 1, 392, 12, 64));
    TRY_OR(done, bench_attention(sink, &yardstick, "160 tokens x 64", 1, 160, 12, 64));
    TRY_OR(done, bench_attention(sink, &yardstick, "100 tokens x 32", 16, 100, 2, 32));
    TRY_OR(done, bench_attention(sink, &yardstick, "36 tokens x 32", 16, 36, 3, 32));
    TRY_OR(done, bench_linear(sink, &yardstick, "ViT-B fc1", 784, 768, 3072));
    TRY_OR(done, bench_linear(sink, &yardstick, "ViT-B decoder fc1", 3136, 384, 1536));
    TRY_OR(done, bench_linear(sink, &yardstick, "tiny fc1", 576, 96, 384));
    TRY_OR(done, bench_linear(sink, &yardstick, "tiny decoder fc1", 2304, 64, 256));
    TRY_OR(done, bench_elementwise(sink, &yardstick, 784, 3072));
done:
    square_free(&square);
    return err;
}

/* ---- training step ---- */

typedef struct {
    const Mae *mae;
    MaeScratch *scratch;
    float *params, *grads;
    uint8_t *clips, *masked;
    int B;
    double loss;
} StepBench;

static void step_run(void *state) {
    StepBench *s = state;
    s->loss = 0;
    mae_step(s->mae, s->scratch, s->params, s->grads, &s->loss, s->clips, s->masked, s->B, 1);
}

static Err step_fill(StepBench *s, const ModelConfig *model, double mask_ratio) {
    size_t clip_bytes = (size_t)model->n_frames * (size_t)model->image_size * (size_t)model->image_size * 3;
    size_t tokens = (size_t)model_tokens(model), total = mae_params(s->mae)->total;
    s->params = malloc(total * sizeof(float));
    s->grads = calloc(total, sizeof(float));
    s->clips = malloc((size_t)s->B * clip_bytes);
    s->masked = malloc((size_t)s->B * tokens);
    if (!s->params || !s->grads || !s->clips || !s->masked) return RAISE(ERR_MEMORY, "bench: no memory for the model");
    params_init(s->params, mae_params(s->mae), 1, 1);
    Rng rng = rng_stream(1, RNG_TEST, 1, 0);
    for (size_t i = 0; i < (size_t)s->B * clip_bytes; i++) s->clips[i] = (uint8_t)rng_below(&rng, 256);
    for (int b = 0; b < s->B; b++) mask_draw(s->masked + (size_t)b * tokens, model, mask_ratio, 1, (uint64_t)b);
    return ERR_NONE;
}

/* The loss of all clips must be the mean of the losses of each alone; returns the relative difference. */
static double step_error(StepBench *s, const ModelConfig *model) {
    size_t clip_bytes = (size_t)model->n_frames * (size_t)model->image_size * (size_t)model->image_size * 3;
    double one_by_one = 0;
    for (int b = 0; b < s->B; b++) {
        mae_step(s->mae, s->scratch, s->params, NULL, &one_by_one, s->clips + (size_t)b * clip_bytes,
                 s->masked + (size_t)b * (size_t)model_tokens(model), 1, 1.0f / (float)s->B);
    }
    step_run(s);
    return fabs(s->loss - one_by_one) / one_by_one;
}

Err bench_nn_step(NnBenchSink sink, const char *name, const ModelConfig *model, double mask_ratio, int B, int steps) {
    Mae *mae = NULL;
    StepBench s = {.B = B};
    Square square = {0};
    const Work yardstick = square_work(&square);
    NnBenchRow row = {0};
    Err err = mae_new(&mae, model, mask_ratio);
    if (err) return err;
    s.mae = mae;
    TRY_OR(done, mae_scratch_new(&s.scratch, mae, B));
    TRY_OR(done, step_fill(&s, model, mask_ratio));
    TRY_OR(done, square_new(&square));
    TRY_OR(done, text_format(row.name, sizeof row.name, "%s", name));
    row.error = step_error(&s, model);
    double gflop = 1e-9 * B * model_pretrain_flops(model, mask_ratio);
    time_beside(&row, &(Work){step_run, &s, gflop, (int)(1 / gflop) + 1}, &yardstick,
                steps < REPETITIONS_MAX ? steps : REPETITIONS_MAX);
    sink.row(sink.context, &row);
done:
    mae_scratch_free(&s.scratch);
    mae_free(&mae);
    square_free(&square);
    free(s.params);
    free(s.grads);
    free(s.clips);
    free(s.masked);
    return err;
}
