/* Three readers of the same pixels, a single frame, frames in random order, and the clip: what a dataset gives away
 * to each tells whether it asks for motion at all. No network, one rank. */
#include "eval/readout/controls.h"

#include "base/system/estimate.h"
#include "base/system/log.h"
#include "eval/clips/views.h"
#include "eval/readout/internal/readout.h"
#include "math/interval.h"
#include "run/task.h"
#include "video/frames/sample.h"
#include "video/transform/resize.h"

#include <math.h>

static const Field head_fields[] = {
    TRAIN_OPTIMIZER_FIELDS(30, 256, 1e-3, 0, 2, 0.05, 0.999),
    FIELD_END,
};

const Field controls_fields[] = {
    FIELD_TEXT(ControlsConfig, name, "readable part of the run folder's name; empty: controls and the dataset", "",
               .flags = FIELD_COSMETIC),
    FIELD_PATH(ControlsConfig, train, "folder of labelled shards to train on", ""),
    FIELD_PATH(ControlsConfig, test, "folder of labelled shards to test on", ""),
    FIELD_INT(ControlsConfig, n_frames, "frames of a clip", 8, 1, 1024),
    FIELD_INT(ControlsConfig, frame_stride, "frames from one of a clip to the next", 8, 1, 1000),
    FIELD_INT(ControlsConfig, side, "pixels along the side that clips are shrunk to", 16, 1, 256),
    FIELD_GROUP(ControlsConfig, head, "how the classifier learns", head_fields),
    FIELD_END,
};

/* The clips of a dataset as bytes, (count, n_frames, side, side, 3). */
typedef struct {
    int64_t count;
    int n_classes;
    size_t frame_values;
    uint8_t *clips;
    int *labels;
} Pixels;

typedef struct {
    const ControlsConfig *config;
    const ClipSource *train, *test;
    const Run *run;
    Pixels train_pixels, test_pixels;
} Controls;

/* ---- clips ---- */

static void pixels_free(Pixels *pixels) {
    free(pixels->clips);
    free(pixels->labels);
    *pixels = (Pixels){0};
}

/* The middle clip, shrunk with the whole frame in view. */
static Err read_video(Pixels *pixels, const ControlsConfig *config, const ClipSource *source, int64_t video,
                      Frames *read, Frames *small) {
    VideoInfo info;
    int numbers[1024];
    size_t clip_bytes = (size_t)config->n_frames * pixels->frame_values;
    TRY(view_label(&pixels->labels[video], source, 0, video));
    TRY(clip_source_info(source, 0, video, &info));
    sample_test(numbers, config->n_frames, config->frame_stride, info.n_frames, 0, 1);
    TRY(clip_source_read(source, 0, video, numbers, config->n_frames, read));
    TRY(resize_antialiased(small, read, NULL, config->side, config->side));
    memcpy(pixels->clips + (size_t)video * clip_bytes, small->data, clip_bytes);
    return ERR_NONE;
}

/* The whole dataset in memory: shrunk clips are small. */
static Err pixels_read(Pixels *pixels, const ControlsConfig *config, const ClipSource *source) {
    Frames read = {0}, small = {0};
    *pixels = (Pixels){.count = source->count,
                       .n_classes = source->n_classes,
                       .frame_values = 3 * (size_t)config->side * (size_t)config->side};
    pixels->clips = malloc((size_t)source->count * (size_t)config->n_frames * pixels->frame_values + 1);
    pixels->labels = malloc((size_t)source->count * sizeof(int) + 1);
    Err err = pixels->clips && pixels->labels ? ERR_NONE
                                              : RAISE(ERR_MEMORY, "no memory for %lld clips", (long long)source->count);
    for (int64_t video = 0; video < source->count && !err; video++)
        err = err_within(read_video(pixels, config, source, video, &read, &small), "video %lld: ", (long long)video);
    frames_free(&read);
    frames_free(&small);
    return err;
}

/* ---- readers ---- */

typedef struct {
    const char *metric;
    FrameOrder order;
    bool one_frame;
} Reader;

static const Reader readers[] = {
    {"frame_top1", FRAMES_SINGLE, true},
    {"shuffled_top1", FRAMES_SHUFFLED, false},
    {"clip_top1", FRAMES_ORDERED, false},
};

/* Rows of about mean 0 and deviation 1, (count, D). `split` keeps the draws of both datasets apart. */
static Err rows_of(float **rows, const Controls *c, const Pixels *pixels, const Reader *reader, uint32_t split) {
    int T = c->config->n_frames, used = reader->one_frame ? 1 : T, numbers[1024];
    size_t values = pixels->frame_values;
    *rows = malloc((size_t)pixels->count * (size_t)used * values * sizeof(float) + 1);
    if (!*rows) return RAISE(ERR_MEMORY, "no memory for the pixels of %lld clips", (long long)pixels->count);
    float *out = *rows;
    for (int64_t video = 0; video < pixels->count; video++) {
        Rng rng = rng_stream(c->run->seed, RNG_FRAMES, (uint64_t)video, split);
        for (int i = 0; i < T; i++) numbers[i] = i;
        TRY(frame_order_apply(numbers, T, reader->order, &rng));
        for (int i = 0; i < used; i++) {
            const uint8_t *frame = pixels->clips + ((size_t)video * (size_t)T + (size_t)numbers[i]) * values;
            for (size_t k = 0; k < values; k++) *out++ = ((float)frame[k] - 127.5f) / 64;
        }
    }
    return ERR_NONE;
}

/* Of equals the lowest. */
static int best_class(const LinearHead *head, const LabelledRows *rows, int64_t row) {
    int best = 0;
    double most = -INFINITY;
    for (int k = 0; k < rows->K; k++) {
        const float *weight = head->weight + (size_t)k * (size_t)rows->D, *x = rows->features + row * rows->D;
        double score = head->bias[k];
        for (int d = 0; d < rows->D; d++) score += (double)weight[d] * x[d];
        if (score > most) {
            most = score;
            best = k;
        }
    }
    return best;
}

/* From zero weights: the problem is convex, and nothing has to break a symmetry. */
static Err learn(Result *result, const Controls *c, const Reader *reader, const LabelledRows *train,
                 const LabelledRows *test) {
    double loss = 0;
    int64_t right = 0;
    LinearHead head = {.weight = calloc((size_t)train->K * (size_t)train->D, sizeof(float)),
                       .bias = calloc((size_t)train->K, sizeof(float))};
    Err err = head.weight && head.bias ? ERR_NONE : RAISE(ERR_MEMORY, "no memory for a classifier of pixels");
    if (!err) err = linear_head_train(&head, &loss, train, &c->config->head, 0, c->run->seed);
    for (int64_t row = 0; row < test->n_rows && !err; row++) right += best_class(&head, test, row) == test->labels[row];
    Interval interval = interval_wilson((double)right, (double)test->n_rows);
    if (!err)
        err = result_add_metric(result, reader->metric, 100.0 * (double)right / (double)test->n_rows, "%", test->n_rows,
                                (Interval){100 * interval.low, 100 * interval.high}, "Wilson 95%");
    free(head.weight);
    free(head.bias);
    return err;
}

/* Training and test draw their shuffles from streams of their own, 1 and 2. */
static Err read_with(Result *result, const Controls *c, const Reader *reader) {
    float *train_rows = NULL, *test_rows = NULL;
    const Pixels *train = &c->train_pixels, *test = &c->test_pixels;
    int D = (int)train->frame_values * (reader->one_frame ? 1 : c->config->n_frames);
    Err err = rows_of(&train_rows, c, train, reader, 1);
    if (!err) err = rows_of(&test_rows, c, test, reader, 2);
    LabelledRows learned = {train->count, D, train->n_classes, train_rows, train->labels};
    LabelledRows tested = {test->count, D, train->n_classes, test_rows, test->labels};
    if (!err) err = learn(result, c, reader, &learned, &tested);
    free(train_rows);
    free(test_rows);
    return err;
}

/* ---- the result ---- */

/* A result like any other, so that tables and sweeps find it; never the paper's. */
static Err fill_result(Result *result, const RunFolder *folder, void *state) {
    (void)folder;
    const Controls *c = state;
    const ControlsConfig *config = c->config;
    char model[sizeof result->model];
    TRY(text_format(model, sizeof model, "linear %dx%d", config->n_frames, config->side));
    TRY(result_identify(result, "controls", c->train->name, "pixels", model, c->run->seed));
    TRY(result_add_deviation(result, "a linear classifier of pixels, which is no part of the paper"));
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) TRY(read_with(result, c, &readers[i]));
    TRY(result_add_number(result, "chance", 100.0 / c->test->n_classes, "%", c->test->count));
    TRY(result_add_input(result, "train", c->train->name, c->train->digest));
    return result_add_input(result, "test", c->test->name, c->test->digest);
}

/* The difference between the three is what the dataset asks of motion. */
static void say_outcome(const Result *result, const RunFolder *folder, void *state) {
    (void)folder;
    const Controls *c = state;
    log_info("controls: %s: a linear classifier of pixels finds %.1f %% from single frames, %.1f %% from shuffled and "
             "%.1f %% from ordered clips (chance %.1f %%, %lld videos)",
             c->train->name, result_metric(result, "frame_top1")->value, result_metric(result, "shuffled_top1")->value,
             result_metric(result, "clip_top1")->value, result_metric(result, "chance")->value,
             (long long)c->test->count);
}

static Err execute(void *state, const RunFolder *folder) {
    Controls *c = state;
    const Conclusion conclusion = {fill_result, say_outcome, c};
    TRY(pixels_read(&c->train_pixels, c->config, c->train));
    TRY(pixels_read(&c->test_pixels, c->config, c->test));
    return run_conclude_all(&conclusion, folder, &c->run->par);
}

static Err plan(void *state) {
    const Controls *c = state;
    const ControlsConfig *config = c->config;
    double values = 3.0 * config->side * config->side * config->n_frames;
    double clips = (double)(c->train->count + c->test->count);
    double memory = clips * values * (1 + sizeof(float));
    /* three readers; 2 per multiply-add, forward and weight gradient */
    double flops = 3.0 * 4 * config->head.epochs * (double)c->train->count * values * c->train->n_classes;
    char bytes[32];
    printf("controls: %.0f pixel values of %lld training and %lld test videos, three readers\n", values,
           (long long)c->train->count, (long long)c->test->count);
    printf("  %s of memory, %.3g TFLOP: %.2f core-hours at 50 GFLOP/s\n", text_bytes(bytes, sizeof bytes, memory),
           flops * 1e-12, flops / ESTIMATE_CORE_FLOPS / 3600);
    estimate_print(memory, flops / ESTIMATE_CORE_FLOPS);
    return ERR_NONE;
}

/* The same questions as eval/clips/label_check asks, of one rank. */
static Err check(const ClipSource *train, const ClipSource *test) {
    if (train->n_classes < 2) return RAISE(ERR_INPUT, "train: %s has no labels to learn", train->name);
    if (train->n_classes != test->n_classes)
        return RAISE(ERR_INPUT, "test: %s has %d classes, but train %s has %d", test->name, test->n_classes,
                     train->name, train->n_classes);
    if (test->count == 0) return RAISE(ERR_INPUT, "test: %s has no videos", test->name);
    return ERR_NONE;
}

CHECKED Err controls_run(const ControlsConfig *config, const ClipSource *train, const ClipSource *test,
                         const Run *run) {
    Controls c = {.config = config, .train = train, .test = test, .run = run};
    char fallback[4 * NAME_SIZE] = "";
    const char *inputs[] = {train->digest, test->digest};
    const Task task = {.name = config->name,
                       .fallback = fallback,
                       .identity = {config, controls_fields, inputs, 2},
                       .plan = plan,
                       .execute_all = execute,
                       .state = &c};
    TRY(check(train, test));
    if (!config->name[0]) TRY(text_format(fallback, sizeof fallback, "controls-%s", train->name));
    Err err = run_task_all(&task, run);
    pixels_free(&c.train_pixels);
    pixels_free(&c.test_pixels);
    return err;
}
