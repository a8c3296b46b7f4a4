/* What a dry run says of a dataset: disk by storage kind, memory a rank, time. Time is measured on a few of the
 * dataset's own videos, since rates differ a hundredfold between variants; disk follows from ratios that were measured
 * once. */
#include "base/system/clock.h"
#include "base/system/estimate.h"
#include "base/system/log.h"
#include "gen/dataset/internal/generate_shard.h"
#include "gen/variant/variant_config.h"

#include <stdio.h>
#include <stdlib.h>

/* Measured on 256 x 256 frames: deflated 50 x 64 x 64 tiles, MPEG-4 at the released generator's rate. */
double plan_storage_ratio(StorageKind storage, const Variant *variant) {
    bool flat = variant->generator == GENERATOR_OBJECTS && variant->fill == FILL_COLOR;
    switch (storage) {
    case STORAGE_RAW: return 1;
    case STORAGE_DEFLATE: return flat ? (variant_is_still(variant) ? 0.01 : 0.1) : 0.75;
    case STORAGE_MPEG4: return flat ? 0.05 : 0.083;
    case STORAGE_LATENT:
    case STORAGE_ENCODED: break; /* not for what we render */
    }
    return 0;
}

/* What one rank holds at most while rendering. */
static double plan_memory_bytes(const Plan *plan, const Generator *generator, int threads) {
    const Media *media = generator->setup.media;
    double bytes = threads * (plan_pixel_bytes(generator, plan->longest) +
                              (double)generator->ops->scratch_bytes(generator) + plan_latent_bytes(generator, 1));
    for (int p = 0; p < media->n_pools; p++) /* shared by the ranks of a node */
        bytes += (double)pool_bytes(&media->pools[p]);
    return bytes + 48e6; /* the program and its libraries */
}

enum { TRIAL_FRAMES = 16 };

/* Frames a second of one thread, from a tenth of a second of real videos. */
static Err measure_rate(double *frames_per_second, const Generator *generator, int64_t n_videos) {
    Frames frames = {0};
    int64_t done = 0;
    double start = clock_wall_s(), elapsed = 0;
    Err err = ERR_NONE;
    for (int64_t v = 0; v < n_videos && elapsed < 0.1 && !err; v++) {
        VideoInfo info;
        int numbers[TRIAL_FRAMES];
        err = generator_info(generator, (uint64_t)v, &info);
        if (err) break;
        /* spread over the video: late frames of moving objects show fewer of them and are faster */
        for (int i = 0; i < TRIAL_FRAMES; i++) numbers[i] = i * info.n_frames / TRIAL_FRAMES;
        err = generator_render(generator, (uint64_t)v, numbers, TRIAL_FRAMES, &frames);
        done += TRIAL_FRAMES;
        elapsed = clock_wall_s() - start;
    }
    frames_free(&frames);
    *frames_per_second = elapsed > 0 ? (double)done / elapsed : 0;
    return err;
}

static void print_disk(const Plan *plan, const Generator *generator, StorageKind chosen) {
    char text[32];
    for (StorageKind kind = STORAGE_RAW; kind <= STORAGE_LATENT; kind++) {
        double ratio = plan_storage_ratio(kind, generator->setup.variant);
        double bytes = ratio * plan_pixel_bytes(generator, plan->n_frames) +
                       plan_latent_bytes(generator, plan->n_videos);
        bool exact = kind == STORAGE_RAW || kind == STORAGE_LATENT;
        printf("  %-8s %s%10s%s\n", storage_name(kind), exact ? "      " : "about ",
               text_bytes(text, sizeof text, bytes), kind == chosen ? "   <- chosen" : "");
    }
}

Err plan_print(const Plan *plan, const GenerateConfig *config, const Generator *generator, const Run *run) {
    char videos[32], frames[32], memory[32], duration[32];
    double rate;
    TRY(measure_rate(&rate, generator, plan->n_videos));
    printf("%s: %s videos, %s frames of %d x %d, %d shard%s of up to %lld videos\n",
           variant_name(generator->setup.variant), text_count(videos, sizeof videos, plan->n_videos),
           text_count(frames, sizeof frames, plan->n_frames), generator->size, generator->size, plan->n_shards,
           plan->n_shards == 1 ? "" : "s", (long long)plan->shards[0].n_videos);
    printf("disk:\n");
    print_disk(plan, generator, (StorageKind)config->storage);
    printf("memory: %s a rank with %d thread%s\n",
           text_bytes(memory, sizeof memory, plan_memory_bytes(plan, generator, run->par.threads)), run->par.threads,
           run->par.threads == 1 ? "" : "s");
    printf("time: rendering takes about %s on one core (%.0f frames/s); ranks and threads share it\n",
           text_duration(duration, sizeof duration, (double)plan->n_frames / rate), rate);
    estimate_print(plan_memory_bytes(plan, generator, run->par.threads), (double)plan->n_frames / rate);
    return ERR_NONE;
}
