/* A pre-training sample, from its number: frames, crop and mask each have a random stream of their own, so that
 * changing how one is drawn leaves the others as they are. Clips are (k, frame, row, column, channel) in bytes, masks
 * (k, token). */
#include "train/masked_clips.h"

#include "math/rng.h"
#include "nn/models/mask.h"
#include "video/frames/sample.h"
#include "video/transform/crop.h"
#include "video/transform/resize.h"

#include <stdlib.h>
#include <string.h>

static size_t clip_bytes(const ModelConfig *m) {
    return (size_t)m->n_frames * (size_t)m->image_size * (size_t)m->image_size * 3;
}

size_t masked_clips_bytes(const PretrainConfig *config) {
    return (size_t)config->train.micro_batch * (clip_bytes(&config->model) + (size_t)model_tokens(&config->model));
}

CHECKED Err masked_clips_new(MaskedClips **out, const PretrainConfig *config) {
    const ModelConfig *m = &config->model;
    size_t B = (size_t)config->train.micro_batch;
    MaskedClips *clips = *out = calloc(1, sizeof(*clips));
    if (clips) {
        clips->numbers = calloc((size_t)m->n_frames, sizeof(int));
        clips->clips = malloc(B * clip_bytes(m));
        clips->masked = malloc(B * (size_t)model_tokens(m));
        if (clips->numbers && clips->clips && clips->masked) return ERR_NONE;
    }
    return RAISE(ERR_MEMORY, "pretraining: no memory for a micro-batch of %zu clips", B);
}

void masked_clips_free(MaskedClips *clips) {
    if (!clips) return;
    frames_free(&clips->read);
    frames_free(&clips->cropped);
    free(clips->numbers);
    free(clips->clips);
    free(clips->masked);
    free(clips);
}

/* Of the frames that were read, whatever their size; the center crop is the largest square. */
static Box crop_box(const Frames *frames, const PretrainConfig *config, uint64_t seed, uint64_t sample) {
    Rng rng = rng_stream(seed, RNG_CROP, sample, 0);
    if (config->data.crop == PRETRAIN_CROP_MULTI_SCALE)
        return crop_multi_scale(frames->height, frames->width, config->model.image_size, &rng);
    int side = frames->height < frames->width ? frames->height : frames->width;
    return crop_center(frames->height, frames->width, side, side);
}

/* The frames that were read and cropped; a single one stands for all. */
static void put_clip(uint8_t *clip, const MaskedClips *clips, const ModelConfig *m) {
    const Frames *cropped = &clips->cropped;
    if (cropped->n_frames == m->n_frames) {
        memcpy(clip, cropped->data, clip_bytes(m));
        return;
    }
    size_t frame_bytes = frames_frame_bytes(cropped);
    for (int f = 0; f < m->n_frames; f++) memcpy(clip + (size_t)f * frame_bytes, cropped->data, frame_bytes);
}

/* 1. length; 2. which frames; 3. read; 4. crop and resize; 5. mask. A still clip may be a photograph of any size: one
 * copy of it is enough. */
CHECKED Err masked_clips_load(MaskedClips *clips, int k, const PretrainConfig *config, const ClipSource *source,
                              uint64_t seed, int64_t epoch, int64_t index, uint64_t sample) {
    const ModelConfig *m = &config->model;
    VideoInfo info;
    TRY(clip_source_info(source, epoch, index, &info));
    Rng rng = rng_stream(seed, RNG_FRAMES, sample, 0);
    sample_pretrain(clips->numbers, m->n_frames, config->data.frame_stride, info.n_frames, &rng);
    TRY(clip_source_read(source, epoch, index, clips->numbers, info.still ? 1 : m->n_frames, &clips->read));
    Box box = crop_box(&clips->read, config, seed, sample);
    TRY(resize_antialiased(&clips->cropped, &clips->read, &box, m->image_size, m->image_size));
    put_clip(clips->clips + (size_t)k * clip_bytes(m), clips, m);
    mask_draw(clips->masked + (size_t)k * (size_t)model_tokens(m), m, config->mask_ratio, seed, sample);
    return ERR_NONE;
}
