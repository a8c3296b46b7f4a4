/* Training clips of fine-tuning. Numbers: `position` is a clip's place in the step's batch, k its place in the leaf,
 * sample its number over the whole run; sample * repeat + copy names the streams of a copy. Everything drawn for a copy
 * depends on seed and sample alone, so that whoever needs it as a partner can make it again. */
#include "eval/finetune/sample.h"

#include "base/system/minmax.h"
#include "eval/clips/views.h"
#include "video/frames/sample.h"
#include "video/transform/augment.h"
#include "video/transform/crop.h"
#include "video/transform/resize.h"

/* Group g begins at floor(g batch / n_groups); the sizes differ by one at most. */
static int first_of(int group, int batch, int n_groups) {
    return (int)((int64_t)group * batch / n_groups);
}

MixGroup mix_group(int position, int batch, int mix_clips) {
    int n_groups = (batch + mix_clips - 1) / mix_clips;
    /* The largest g with first_of(g) <= position. */
    int number = (int)((((int64_t)position + 1) * n_groups - 1) / batch);
    int first = first_of(number, batch, n_groups);
    return (MixGroup){first, first_of(number + 1, batch, n_groups) - first, number, n_groups};
}

int mix_partner(const MixGroup *group, int position) {
    return 2 * group->first + group->count - 1 - position;
}

/* Samples of a leaf: clips times copies. */
static size_t batch_size(const FinetuneConfig *config) {
    return (size_t)config->train.micro_batch * (size_t)config->data.repeat;
}

static ClipShape clip_shape(const ModelConfig *m) {
    return (ClipShape){m->n_frames, m->image_size, m->image_size};
}

size_t sample_batch_bytes(const FinetuneConfig *config) {
    size_t clips = 2 * batch_size(config) + (size_t)config->data.repeat;
    return clips * input_floats(&config->model) * sizeof(float);
}

CHECKED Err sample_batch_init(SampleBatch *batch, const FinetuneConfig *config, int n_classes) {
    size_t B = batch_size(config), floats = input_floats(&config->model);
    *batch = (SampleBatch){.numbers = malloc((size_t)config->model.n_frames * sizeof(int)),
                           .labels = malloc(B * sizeof(int)),
                           .clips = malloc(B * floats * sizeof(float)),
                           .partner = malloc((size_t)config->data.repeat * floats * sizeof(float)),
                           .inputs = malloc(B * floats * sizeof(float)),
                           .targets = malloc(B * (size_t)n_classes * sizeof(float)),
                           .samples = malloc(B * sizeof(uint64_t))};
    bool whole = batch->numbers && batch->labels && batch->clips && batch->partner && batch->inputs && batch->targets &&
                 batch->samples;
    return whole ? ERR_NONE : RAISE(ERR_MEMORY, "training clips: no memory for %zu samples", B);
}

void sample_batch_free(SampleBatch *batch) {
    frames_free(&batch->read);
    frames_free(&batch->augmented);
    frames_free(&batch->whole);
    free(batch->numbers);
    free(batch->labels);
    free(batch->clips);
    free(batch->partner);
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
    /* a copy: the other copies of the clip need the frames as they were read */
    RandAugment settings = randaugment_default;
    settings.n_ops = data->rand_augment_ops;
    settings.magnitude = data->rand_augment_magnitude;
    *frames = &batch->augmented;
    TRY(frames_shape(&batch->augmented, batch->read.n_frames, batch->read.height, batch->read.width));
    memcpy(batch->augmented.data, batch->read.data, (size_t)batch->read.n_frames * frames_frame_bytes(&batch->read));
    return randaugment(&batch->augmented, &settings, rng);
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
                                 (size_t)(box.y + nearest_index(y + dy, side)) * (size_t)width * 3;
            for (int x = 0; x < side; x++)
                for (int c = 0; c < 3; c++) *clip++ = row[3 * (box.x + nearest_index(x + dx, side)) + c];
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

/* A copy of the frames that were read. */
static Err make_copy(float *clip, SampleBatch *batch, const FinetuneConfig *config, uint64_t seed, uint64_t sample,
                     int copy) {
    ClipShape shape = clip_shape(&config->model);
    /* a stream a copy: any of them can be made alone, on whatever rank it is a partner */
    Rng augment = rng_stream(seed, RNG_AUGMENT, sample, (uint32_t)copy);
    Rng crop = rng_stream(seed, RNG_CROP, sample, (uint32_t)copy);
    const Frames *frames;
    /* drawn before RandAugment, which takes a varying number of draws */
    bool mirror = config->data.flip && rng_unit(&augment) < 0.5f;
    TRY(augment_frames(&frames, batch, &config->data, &augment));
    TRY(crop_frames(clip, batch, frames, config, &crop));
    if (mirror) augment_flip(clip, shape);
    augment_normalize(clip, shape);
    augment_erase(clip, shape, config->data.erasing, &augment);
    return ERR_NONE;
}

/* ---- a leaf ---- */

/* A leaf on its way into a batch. */
typedef struct {
    SampleBatch *batch;
    const FinetuneConfig *config;
    const ClipSource *source;
    const TrainLeaf *leaf;
    uint64_t seed;
} Loading;

/* All copies of the step's clip at `position`, side by side in `clips`, and its label. */
static Err load_clip(float *clips, int *label, const Loading *l, int position) {
    SampleBatch *batch = l->batch;
    const FinetuneConfig *config = l->config;
    const ClipSource *source = l->source;
    const TrainLeaf *leaf = l->leaf;
    const ModelConfig *m = &config->model;
    size_t floats = clip_shape_floats(clip_shape(m));
    int64_t index = leaf->step_clips[position];
    uint64_t sample = batch_step_sample(leaf, position);
    VideoInfo info;
    TRY(view_label(label, source, leaf->epoch, index));
    TRY(clip_source_info(source, leaf->epoch, index, &info));
    Rng rng = rng_stream(l->seed, RNG_FRAMES, sample, 0);
    sample_finetune(batch->numbers, m->n_frames, config->data.frame_stride, info.n_frames, &rng);
    /* a stream of its own: the choice of frames is that of the ordered control */
    Rng order = rng_stream(l->seed, RNG_FRAMES, sample, 1);
    TRY(frame_order_apply(batch->numbers, m->n_frames, (FrameOrder)config->data.frames, &order));
    TRY(clip_source_read(source, leaf->epoch, index, batch->numbers, m->n_frames, &batch->read));
    for (int copy = 0; copy < config->data.repeat; copy++)
        TRY(make_copy(clips + (size_t)copy * floats, batch, config, l->seed, sample, copy));
    return ERR_NONE;
}

static int first_position(const TrainLeaf *leaf) {
    return (int)(leaf->clips - leaf->step_clips);
}

/* Clip k of the leaf, with label and numbers of its copies. */
static Err load_own(const Loading *l, int k) {
    SampleBatch *batch = l->batch;
    int repeat = l->config->data.repeat, label, position = first_position(l->leaf) + k;
    size_t at = (size_t)k * (size_t)repeat, floats = clip_shape_floats(clip_shape(&l->config->model));
    TRY(load_clip(batch->clips + at * floats, &label, l, position));
    for (int copy = 0; copy < repeat; copy++) {
        batch->labels[at + (size_t)copy] = label;
        batch->samples[at + (size_t)copy] = batch_step_sample(l->leaf, position) * (uint64_t)repeat + (uint64_t)copy;
    }
    return ERR_NONE;
}

/* ---- mixing ---- */

/* lambda of the clip's own label, the rest of the other's, smoothed. */
static void set_targets(SampleBatch *batch, const FinetuneConfig *config, int n_classes, int k, int other,
                        double lambda) {
    for (size_t i = (size_t)(k * config->data.repeat); i < (size_t)((k + 1) * config->data.repeat); i++)
        augment_target(batch->targets + i * (size_t)n_classes, n_classes, batch->labels[i], other, lambda,
                       config->data.label_smoothing);
}

/* Copy c of clip k of the leaf with copy repeat-1-c of clip `other` of the leaf, each pair once. */
static void mix_within(SampleBatch *batch, const FinetuneConfig *config, int k, int other, const AugmentMix *mix) {
    ClipShape shape = clip_shape(&config->model);
    size_t floats = clip_shape_floats(shape);
    int repeat = config->data.repeat;
    for (int copy = 0; copy < repeat; copy++) {
        /* both halves of a pair are mixed in one go, so that neither reads what the other became */
        int first = k * repeat + copy, second = other * repeat + repeat - 1 - copy;
        if (first < second)
            augment_mix_pair(batch->clips + (size_t)first * floats, batch->clips + (size_t)second * floats, shape, mix);
    }
}

/* With a clip of another leaf, which is loaded for this alone. */
static void mix_with_partner(SampleBatch *batch, const FinetuneConfig *config, int k, const AugmentMix *mix) {
    ClipShape shape = clip_shape(&config->model);
    size_t floats = clip_shape_floats(shape);
    int repeat = config->data.repeat;
    for (int copy = 0; copy < repeat; copy++)
        augment_mix_into(batch->clips + (size_t)(k * repeat + copy) * floats,
                         batch->partner + (size_t)(repeat - 1 - copy) * floats, shape, mix);
}

/* Clip k of the leaf with its partner in the step's batch, which may be of another leaf, on whatever rank. */
static Err mix_clip(const Loading *l, int k) {
    SampleBatch *batch = l->batch;
    const FinetuneConfig *config = l->config;
    const TrainLeaf *leaf = l->leaf;
    int repeat = config->data.repeat, first = first_position(leaf);
    MixGroup group = mix_group(first + k, leaf->batch, config->data.mix_clips);
    int position = mix_partner(&group, first + k), other = position - first, label = batch->labels[k * repeat];
    /* one draw a group and step */
    Rng rng = rng_stream(l->seed, RNG_MIX, (uint64_t)(leaf->step * group.n_groups + group.number), 0);
    AugmentMix mix = augment_draw_mix(clip_shape(&config->model), config->data.mixup, config->data.cutmix, &rng);
    /* the partner is in this leaf: it is at hand, and mixed with us by the lower of the two */
    if (mix.lambda < 1 && other >= 0 && other < leaf->n_clips) {
        label = batch->labels[other * repeat];
        if (other >= k) mix_within(batch, config, k, other, &mix);
    } else if (mix.lambda < 1) {
        TRY(err_within(load_clip(batch->partner, &label, l, position),
                       "clip %u, to be mixed with clip %u: ", leaf->step_clips[position], leaf->clips[k]));
        mix_with_partner(batch, config, k, &mix);
    }
    set_targets(batch, config, l->source->n_classes, k, label, mix.lambda);
    return ERR_NONE;
}

CHECKED Err sample_batch_load(SampleBatch *batch, const FinetuneConfig *config, const ClipSource *source,
                              const TrainLeaf *leaf, uint64_t seed) {
    const Loading l = {batch, config, source, leaf, seed};
    size_t floats = input_floats(&config->model);
    for (int k = 0; k < leaf->n_clips; k++) TRY(err_within(load_own(&l, k), "clip %u: ", leaf->clips[k]));
    /* mixing needs all clips of the leaf: a second pass */
    for (int k = 0; k < leaf->n_clips; k++) TRY(mix_clip(&l, k));
    for (size_t i = 0; i < batch_size(config); i++)
        input_from_clip(batch->inputs + i * floats, batch->clips + i * floats, &config->model);
    return ERR_NONE;
}
