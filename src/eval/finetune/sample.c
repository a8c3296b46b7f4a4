#include "eval/finetune/sample.h"

#include "eval/clips/frame_order.h"
#include "video/frames/sample.h"
#include "video/transform/augment.h"
#include "video/transform/crop.h"
#include "video/transform/randaugment.h"
#include "video/transform/resize.h"

static size_t batch_size(const FinetuneConfig *config) {
    return (size_t)config->train.micro_batch * (size_t)config->data.repeat;
}

static ClipShape clip_shape(const ModelConfig *m) {
    return (ClipShape){m->n_frames, m->image_size, m->image_size};
}

size_t sample_batch_bytes(const FinetuneConfig *config) {
    return 2 * batch_size(config) * input_floats(&config->model) * sizeof(float);
}

CHECKED Err sample_batch_init(SampleBatch *batch, const FinetuneConfig *config, int n_classes) {
    size_t B = batch_size(config), floats = input_floats(&config->model);
    *batch = (SampleBatch){.numbers = malloc((size_t)config->model.n_frames * sizeof(int)),
                           .labels = malloc(B * sizeof(int)),
                           .clips = malloc(B * floats * sizeof(float)),
                           .inputs = malloc(B * floats * sizeof(float)),
                           .targets = malloc(B * (size_t)n_classes * sizeof(float)),
                           .samples = malloc(B * sizeof(uint64_t))};
    bool whole = batch->numbers && batch->labels && batch->clips && batch->inputs && batch->targets && batch->samples;
    return whole ? ERR_NONE : RAISE(ERR_MEMORY, "training clips: no memory for %zu samples", B);
}

void sample_batch_free(SampleBatch *batch) {
    frames_free(&batch->read);
    frames_free(&batch->augmented);
    frames_free(&batch->whole);
    free(batch->numbers);
    free(batch->labels);
    free(batch->clips);
    free(batch->inputs);
    free(batch->targets);
    free(batch->samples);
    *batch = (SampleBatch){0};
}

/* ---- one copy of a clip ---- */

/* RandAugment, or the frames as they are. */
static Err augment_frames(const Frames **frames, SampleBatch *batch, const ClassifyData *data, Rng *rng) {
    *frames = &batch->read;
    if (!data->rand_augment_ops) return ERR_NONE;
    RandAugment settings = randaugment_default;
    settings.n_ops = data->rand_augment_ops;
    settings.magnitude = data->rand_augment_magnitude;
    *frames = &batch->augmented;
    TRY(frames_shape(&batch->augmented, batch->read.n_frames, batch->read.height, batch->read.width));
    memcpy(batch->augmented.data, batch->read.data, (size_t)batch->read.n_frames * frames_frame_bytes(&batch->read));
    return randaugment(&batch->augmented, &settings, rng);
}

static int clamp(int value, int count) {
    return value < 0 ? 0 : value >= count ? count - 1 : value;
}

/* The middle square of the frame, short side to the model's, moved by (dx, dy); the border is repeated. */
static Err crop_whole(float *clip, SampleBatch *batch, const Frames *frames, int side, int dx, int dy) {
    int height, width;
    resize_short_side(&height, &width, frames->height, frames->width, side);
    TRY(resize_bilinear(&batch->whole, frames, NULL, height, width));
    Box box = crop_center(height, width, side, side);
    for (int f = 0; f < frames->n_frames; f++)
        for (int y = 0; y < side; y++) {
            const uint8_t *row = frames_at(&batch->whole, f) +
                                 (size_t)(box.y + clamp(y + dy, side)) * (size_t)width * 3;
            for (int x = 0; x < side; x++)
                for (int c = 0; c < 3; c++) *clip++ = row[3 * (box.x + clamp(x + dx, side)) + c];
        }
    return ERR_NONE;
}

static Err crop_frames(float *clip, SampleBatch *batch, const Frames *frames, const FinetuneConfig *config, Rng *rng) {
    int side = config->model.image_size, shift = config->data.crop == CLASSIFY_CROP_SHIFT ? config->data.shift : 0;
    if (config->data.crop == CLASSIFY_CROP_RESIZED) {
        Box box = crop_random_resized(frames->height, frames->width, rng);
        return resize_bilinear_floats(clip, frames, &box, side, side);
    }
    int dx = rng_between(rng, -shift, shift), dy = rng_between(rng, -shift, shift);
    return crop_whole(clip, batch, frames, side, dx, dy);
}

/* The frames that were read as sample number `at` of the batch. */
static Err make_copy(SampleBatch *batch, size_t at, const FinetuneConfig *config, uint64_t seed, uint64_t sample,
                     int copy) {
    ClipShape shape = clip_shape(&config->model);
    float *clip = batch->clips + at * clip_shape_floats(shape);
    Rng augment = rng_stream(seed, RNG_AUGMENT, sample, (uint32_t)copy);
    Rng crop = rng_stream(seed, RNG_CROP, sample, (uint32_t)copy);
    const Frames *frames;
    bool mirror = config->data.flip && rng_unit(&augment) < 0.5f;
    TRY(augment_frames(&frames, batch, &config->data, &augment));
    TRY(crop_frames(clip, batch, frames, config, &crop));
    if (mirror) augment_flip(clip, shape);
    augment_normalize(clip, shape);
    augment_erase(clip, shape, config->data.erasing, &augment);
    return ERR_NONE;
}

/* ---- a leaf ---- */

static Err load_clip(SampleBatch *batch, const FinetuneConfig *config, const ClipSource *source, const TrainLeaf *leaf,
                     int k, uint64_t seed) {
    const ModelConfig *m = &config->model;
    int64_t index = leaf->clips[k];
    uint64_t sample = batch_sample(leaf, k);
    int repeat = config->data.repeat, label;
    VideoInfo info;
    TRY(view_label(&label, source, leaf->epoch, index));
    TRY(clip_source_info(source, leaf->epoch, index, &info));
    Rng rng = rng_stream(seed, RNG_FRAMES, sample, 0);
    sample_finetune(batch->numbers, m->n_frames, config->data.frame_stride, info.n_frames, &rng);
    Rng order = rng_stream(seed, RNG_FRAMES, sample, 1);
    TRY(frame_order_apply(batch->numbers, m->n_frames, (FrameOrder)config->data.frames, &order));
    TRY(clip_source_read(source, leaf->epoch, index, batch->numbers, m->n_frames, &batch->read));
    for (int copy = 0; copy < repeat; copy++) {
        size_t at = (size_t)(k * repeat + copy);
        batch->labels[at] = label;
        batch->samples[at] = sample * (uint64_t)repeat + (uint64_t)copy;
        TRY(make_copy(batch, at, config, seed, sample, copy));
    }
    return ERR_NONE;
}

static void mix_samples(SampleBatch *batch, const FinetuneConfig *config, int n_classes, Rng *rng) {
    const ClassifyData *data = &config->data;
    ClipShape shape = clip_shape(&config->model);
    size_t B = batch_size(config), floats = clip_shape_floats(shape);
    AugmentMix mix = augment_draw_mix(shape, data->mixup, data->cutmix, rng);
    for (size_t i = 0; i < B; i++)
        augment_target(batch->targets + i * (size_t)n_classes, n_classes, batch->labels[i], batch->labels[B - 1 - i],
                       mix.lambda, data->label_smoothing);
    for (size_t i = 0; i < B / 2 && mix.lambda < 1; i++)
        augment_mix_pair(batch->clips + i * floats, batch->clips + (B - 1 - i) * floats, shape, &mix);
}

CHECKED Err sample_batch_load(SampleBatch *batch, const FinetuneConfig *config, const ClipSource *source,
                              const TrainLeaf *leaf, uint64_t seed) {
    size_t floats = input_floats(&config->model);
    for (int k = 0; k < leaf->n_clips; k++)
        TRY(err_within(load_clip(batch, config, source, leaf, k, seed), "clip %u: ", leaf->clips[k]));
    Rng rng = rng_stream(seed, RNG_MIX, (uint64_t)(leaf->step * leaf->n_leaves + leaf->leaf), 0);
    mix_samples(batch, config, source->n_classes, &rng);
    for (size_t i = 0; i < batch_size(config); i++)
        input_from_clip(batch->inputs + i * floats, batch->clips + i * floats, &config->model);
    return ERR_NONE;
}
