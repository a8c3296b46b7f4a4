/* Clips and masks of pre-training: train/masked_clips on the caller's buffers. */
#include "api/library.h"
#include "nn/layers/patch.h"
#include "nn/models/mask.h"
#include "train/batch.h"
#include "train/masked_clips.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <synvid.h>

enum { CHANNELS = 3, LEVELS = 256 };

/* A pixel has few values: their floats are looked up. */
static void fill_table(float table[CHANNELS][LEVELS]) {
    for (int c = 0; c < CHANNELS; c++)
        for (int v = 0; v < LEVELS; v++) table[c][v] = ((float)v / 255.0f - patch_mean[c]) / patch_std[c];
}

/* clip (T, H, W, 3) bytes to out (3, T, H, W): what the network's embedding does on its way (nn/layers/patch.h). */
static Err normalize(float *out, const uint8_t *clip, int n_frames, int height, int width) {
    float table[CHANNELS][LEVELS];
    if (!out || !clip) return RAISE(ERR_USAGE, "normalizing a clip: a buffer is NULL");
    if (n_frames < 1 || height < 1 || width < 1)
        return RAISE(ERR_USAGE, "normalizing a clip: %d frames of %d x %d pixels", n_frames, width, height);
    fill_table(table);
    size_t pixels = (size_t)n_frames * (size_t)height * (size_t)width;
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < CHANNELS; c++) out[c * pixels + i] = table[c][clip[CHANNELS * i + c]];
    return ERR_NONE;
}

int synvid_clip_normalize(float *out, const uint8_t *clip, int n_frames, int height, int width) {
    return library_status(normalize(out, clip, n_frames, height, width));
}

typedef struct {
    int frames, stride, size, crop, patch_size, tubelet_size;
    double mask_ratio;
    int64_t seed;
} SamplerSettings;

static const Field sampler_fields[] = {
    FIELD_INT(SamplerSettings, frames, "frames of a clip", 16, 1, 1024),
    FIELD_INT(SamplerSettings, stride, "frames from one of a clip to the next", 4, 1, 1000),
    FIELD_INT(SamplerSettings, size, "side of a clip, pixels", 224, 8, 1024),
    FIELD_ENUM(SamplerSettings, crop, "multi-scale: one of 4 sizes at one of 13 places; center: the largest square",
               PRETRAIN_CROP_MULTI_SCALE, "multi-scale|center"),
    FIELD_DOUBLE(SamplerSettings, mask_ratio, "share of tubes hidden; 0: no masks", 0.75, 0, 0.99),
    FIELD_INT(SamplerSettings, patch_size, "side of a token, pixels", 16, 2, 64),
    FIELD_INT(SamplerSettings, tubelet_size, "frames a token covers", 2, 1, 16),
    FIELD_INT64(SamplerSettings, seed, "of start, crop and mask", 1, 0, 9007199254740992),
    FIELD_END,
};

/* Memory of one reading thread, kept for the next. */
typedef struct Workplace {
    struct Workplace *next;
    MaskedClips clips; /* its buffers are the caller's, or `mask` */
    uint8_t *mask;     /* for callers that want none */
} Workplace;

struct synvid_sampler {
    PretrainConfig config;
    uint64_t seed;
    bool masks;
    pthread_mutex_t lock; /* of the list */
    Workplace *idle;
};

/* ---- making ---- */

/* The settings of pre-training that a clip depends on; all others keep their defaults. */
static void fill_config(PretrainConfig *config, const SamplerSettings *settings) {
    fields_default(config, pretrain_fields);
    config->model.n_frames = settings->frames;
    config->model.image_size = settings->size;
    config->model.patch_size = settings->patch_size;
    config->model.tubelet_size = settings->tubelet_size;
    config->data.frame_stride = settings->stride;
    config->data.crop = settings->crop;
    config->mask_ratio = settings->mask_ratio;
    config->train.micro_batch = 1;
    if (settings->mask_ratio > 0) return;
    config->model.patch_size = settings->size; /* one token, seen: any size and length will do */
    config->model.tubelet_size = settings->frames;
}

/* Without masks the model need not fit its tokens. */
static Err fill_sampler(synvid_sampler *sampler, const char *text) {
    SamplerSettings settings;
    TRY(settings_read(&settings, sampler_fields, text, "sampler settings"));
    fill_config(&sampler->config, &settings);
    sampler->seed = (uint64_t)settings.seed;
    sampler->masks = settings.mask_ratio > 0;
    if (!sampler->masks) return ERR_NONE;
    TRY(err_within(model_check(&sampler->config.model), "sampler settings: "));
    return err_within(mask_check(&sampler->config.model, settings.mask_ratio), "sampler settings: ");
}

static Err new_sampler(synvid_sampler **out, const char *settings) {
    if (!out) return RAISE(ERR_USAGE, "making a sampler: the pointer is NULL");
    synvid_sampler *sampler = calloc(1, sizeof *sampler);
    if (!sampler) return RAISE(ERR_MEMORY, "making a sampler: no memory");
    pthread_mutex_init(&sampler->lock, NULL);
    Err err = fill_sampler(sampler, settings);
    if (err)
        synvid_sampler_free(sampler);
    else
        *out = sampler;
    return err;
}

int synvid_sampler_new(synvid_sampler **sampler, const char *settings) {
    library_begin();
    if (sampler) *sampler = NULL;
    return library_status(new_sampler(sampler, settings));
}

/* Clip and mask are the caller's. */
static void workplace_free(Workplace *place) {
    frames_free(&place->clips.read);
    frames_free(&place->clips.cropped);
    free(place->clips.numbers);
    free(place->mask);
    free(place);
}

void synvid_sampler_free(synvid_sampler *sampler) {
    if (!sampler) return;
    while (sampler->idle) {
        Workplace *place = sampler->idle;
        sampler->idle = place->next;
        workplace_free(place);
    }
    pthread_mutex_destroy(&sampler->lock);
    free(sampler);
}

/* ---- shapes ---- */

static size_t clip_bytes(const ModelConfig *m) {
    return (size_t)m->n_frames * (size_t)m->image_size * (size_t)m->image_size * 3;
}

/* One byte a token. */
static size_t mask_bytes_of(const synvid_sampler *sampler) {
    return sampler->masks ? (size_t)model_tokens(&sampler->config.model) : 0;
}

static Err describe_sampler(const synvid_sampler *sampler, synvid_clip_shape *shape) {
    if (!sampler) return RAISE(ERR_USAGE, "describing a sampler: the sampler is NULL");
    const ModelConfig *m = &sampler->config.model;
    synvid_clip_shape all = {.n_frames = m->n_frames, .height = m->image_size, .width = m->image_size};
    all.n_tokens = (int)mask_bytes_of(sampler);
    if (sampler->masks)
        all.n_hidden = mask_hidden_cells(m, sampler->config.mask_ratio) * (m->n_frames / m->tubelet_size);
    return library_give(shape, &all, sizeof all, "describing a sampler");
}

int synvid_sampler_describe(const synvid_sampler *sampler, synvid_clip_shape *shape) {
    return library_status(describe_sampler(sampler, shape));
}

/* ---- a clip ---- */

/* NULL: no memory. */
static Workplace *workplace_new(const synvid_sampler *sampler) {
    const ModelConfig *m = &sampler->config.model;
    Workplace *place = calloc(1, sizeof *place);
    if (!place) return NULL;
    place->clips.numbers = calloc((size_t)m->n_frames, sizeof(int));
    place->mask = malloc((size_t)model_tokens(m));
    if (place->clips.numbers && place->mask) return place;
    workplace_free(place);
    return NULL;
}

/* One of the idle, or a new one: as many as threads ever read at once. */
static Workplace *workplace_take(const synvid_sampler *sampler) {
    synvid_sampler *shared = (synvid_sampler *)(uintptr_t)sampler; /* its list of memory is no part of what it says */
    pthread_mutex_lock(&shared->lock);
    Workplace *place = shared->idle;
    if (place) shared->idle = place->next;
    pthread_mutex_unlock(&shared->lock);
    return place ? place : workplace_new(sampler);
}

/* What was the caller's is forgotten. */
static void workplace_return(const synvid_sampler *sampler, Workplace *place) {
    synvid_sampler *shared = (synvid_sampler *)(uintptr_t)sampler;
    place->clips.clips = place->clips.masked = NULL;
    pthread_mutex_lock(&shared->lock);
    place->next = shared->idle;
    shared->idle = place;
    pthread_mutex_unlock(&shared->lock);
}

/* The sample is numbered as training numbers it, so the clip is bit for bit the one that training would see. */
static Err load_clip(const synvid_source *source, const synvid_sampler *sampler, int64_t epoch, int64_t index,
                     uint8_t *clip, uint8_t *mask) {
    const ClipSource *clips = source->open.clips;
    Workplace *place = workplace_take(sampler);
    if (!place) return RAISE(ERR_MEMORY, "reading a clip: no memory");
    place->clips.clips = clip;
    place->clips.masked = mask ? mask : place->mask;
    Err err = masked_clips_load(&place->clips, 0, &sampler->config, clips, sampler->seed, epoch, index,
                                (uint64_t)epoch * (uint64_t)clips->count + (uint64_t)index);
    workplace_return(sampler, place);
    return err_within(err, "clip %lld: ", (long long)index);
}

/* Everything is checked before the gate is entered, which should be held shortly. */
static Err read_clip(const synvid_source *source, const synvid_sampler *sampler, int64_t epoch, int64_t index,
                     uint8_t *clip, size_t bytes, uint8_t *mask, size_t mask_bytes) {
    TRY(source_check_video(source, epoch, index));
    if (!sampler) return RAISE(ERR_USAGE, "reading a clip: the sampler is NULL");
    TRY(source_check_buffer("reading a clip", clip, bytes, clip_bytes(&sampler->config.model)));
    if (mask && !sampler->masks)
        return RAISE(ERR_USAGE, "reading a clip: a mask is asked for, but the sampler's mask_ratio is 0");
    if (mask || mask_bytes) TRY(source_check_buffer("reading a mask", mask, mask_bytes, mask_bytes_of(sampler)));
    library_enter();
    Err err = load_clip(source, sampler, epoch, index, clip, mask);
    library_leave();
    return err;
}

int synvid_clip_read(const synvid_source *source, const synvid_sampler *sampler, int64_t epoch, int64_t index,
                     uint8_t *clip, size_t clip_bytes_given, uint8_t *mask, size_t mask_bytes) {
    return library_status(read_clip(source, sampler, epoch, index, clip, clip_bytes_given, mask, mask_bytes));
}

/* ---- masks and orders ---- */

/* The mask alone, of any sample: no video is read. */
static Err draw_mask(const synvid_sampler *sampler, int64_t sample, uint8_t *mask, size_t bytes) {
    if (!sampler) return RAISE(ERR_USAGE, "drawing a mask: the sampler is NULL");
    if (!sampler->masks) return RAISE(ERR_USAGE, "drawing a mask: the sampler's mask_ratio is 0");
    if (sample < 0 || sample >= (int64_t)1 << 55)
        return RAISE(ERR_USAGE, "drawing a mask: sample %lld; expected 0 to 2^55 - 1", (long long)sample);
    TRY(source_check_buffer("drawing a mask", mask, bytes, mask_bytes_of(sampler)));
    mask_draw(mask, &sampler->config.model, sampler->config.mask_ratio, sampler->seed, (uint64_t)sample);
    return ERR_NONE;
}

int synvid_mask_draw(const synvid_sampler *sampler, int64_t sample, uint8_t *mask, size_t mask_bytes) {
    return library_status(draw_mask(sampler, sample, mask, mask_bytes));
}

/* train/batch shuffles whole epochs: a batch of one clip leaves none out. */
static Err epoch_order(int64_t seed, int64_t epoch, int64_t count, int64_t *order) {
    BatchPlan plan;
    if (!order) return RAISE(ERR_USAGE, "order of an epoch: the buffer is NULL");
    if (seed < 0 || epoch < 0 || count < 1 || count > UINT32_MAX || epoch >= ((int64_t)1 << 55) / count)
        return RAISE(ERR_USAGE,
                     "order of an epoch: seed %lld, epoch %lld, %lld videos; expected none negative and 1 to 2^32 - 1 "
                     "videos",
                     (long long)seed, (long long)epoch, (long long)count);
    TRY(batch_plan_init(&plan, (uint64_t)seed, count, 1, 1));
    batch_plan_enter(&plan, epoch * count);
    for (int64_t i = 0; i < count; i++) order[i] = plan.order[i];
    batch_plan_free(&plan);
    return ERR_NONE;
}

int synvid_epoch_order(int64_t seed, int64_t epoch, int64_t count, int64_t *order) {
    return library_status(epoch_order(seed, epoch, count, order));
}
