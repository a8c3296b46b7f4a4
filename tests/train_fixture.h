/* What tests of training share: a source of small drawn videos, a micro model, and a folder of their own.
 *
 * Video i of class k shows noise around brightness level k: a few steps are enough to learn the classes. */
#pragma once

#include "base/system/file.h"
#include "math/rng.h"
#include "nn/layers/model.h"
#include "par/par.h"
#include "par/spread.h"
#include "run/result.h"
#include "train/train_config.h"
#include "video/frames/source.h"

#include <unistd.h>

enum { FIXTURE_SIDE = 20, FIXTURE_FRAMES = 12, FIXTURE_CLASSES = 3 };

/* Reading this video fails, -1: none. */
static int64_t fixture_broken = -1;

static Err fixture_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    (void)source, (void)epoch;
    *info = (VideoInfo){FIXTURE_FRAMES, FIXTURE_SIDE, FIXTURE_SIDE, (int)(index % FIXTURE_CLASSES)};
    return ERR_NONE;
}

static Err fixture_read(const ClipSource *source, int64_t epoch, int64_t index, const int *numbers, int n_frames,
                        Frames *out) {
    (void)source, (void)epoch;
    if (index == fixture_broken) return RAISE(ERR_INPUT, "video %d is broken", (int)index);
    TRY(frames_shape(out, n_frames, FIXTURE_SIDE, FIXTURE_SIDE));
    for (int f = 0; f < n_frames; f++) {
        Rng rng = rng_stream(11, RNG_TEST, (uint64_t)index, (uint32_t)numbers[f]);
        for (size_t i = 0; i < frames_frame_bytes(out); i++)
            frames_at(out, f)[i] = (uint8_t)(80 * (index % FIXTURE_CLASSES) + rng_below(&rng, 60));
    }
    return ERR_NONE;
}

static const ClipSourceOps fixture_ops = {.kind = "drawn", .info = fixture_info, .read = fixture_read};

static inline ClipSource fixture_source(int64_t count, const char *digest) {
    ClipSource source = {.ops = &fixture_ops, .count = count, .n_classes = FIXTURE_CLASSES, .name = "drawn"};
    (void)snprintf(source.digest, sizeof source.digest, "%s", digest);
    return source;
}

static inline ModelConfig fixture_model(void) {
    return (ModelConfig){.image_size = 16,
                         .n_frames = 4,
                         .patch_size = 8,
                         .tubelet_size = 2,
                         .width = 16,
                         .depth = 2,
                         .heads = 2,
                         .decoder_width = 8,
                         .decoder_depth = 1,
                         .decoder_heads = 1,
                         .mlp_ratio = 2};
}

/* 12 clips in 3 epochs of 2 steps: 6 steps. */
static inline void fixture_train(TrainConfig *train, int batch, int micro_batch) {
    train->epochs = 3;
    train->batch = batch;
    train->micro_batch = micro_batch;
    train->base_lr = 0.05;
    train->warmup_epochs = 1;
    train->log_steps = 1;
}

/* A folder of this test, the same on all ranks. Room for 64 bytes. */
static inline Err fixture_folder_all(char folder[64], const Par *par) {
    (void)snprintf(folder, 64, "/tmp/synvid-train-XXXXXX");
    if (par->rank == 0 && !mkdtemp(folder)) return RAISE(ERR_IO, "mkdtemp failed");
    return spread_bytes_all(folder, 64, par);
}

static inline void fixture_remove_all(const char *folder, const Par *par) {
    char command[128];
    par_barrier_all(par);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (par->rank == 0 && system(command)) fprintf(stderr, "could not remove %s\n", folder);
}

/* The result of the only run folder below `out` whose name starts with `name`. */
static inline Err fixture_result(Result *result, const char *out, const char *name) {
    FileList list;
    char path[PATH_SIZE];
    TRY(file_list_walk(&list, out));
    Err err = RAISE(ERR_INPUT, "%s: no result of %s", out, name);
    for (size_t i = 0; i < list.count; i++) {
        if (!text_starts(list.paths[i], name) || !text_ends(list.paths[i], "/result.json")) continue;
        err = path_join(path, sizeof path, out, list.paths[i]);
        if (!err) err = result_read(result, path);
    }
    file_list_free(&list);
    return err;
}

static inline const char *fixture_weights(const Result *result) {
    for (int i = 0; i < result->n_inputs; i++)
        if (text_equal(result->inputs[i].role, "final weights")) return result->inputs[i].digest;
    return "";
}
