/* A visit is a number of an epoch; which video it goes to is a draw from (seed, epoch, visit), so nothing is kept.
 * The first n_made visits go to generated videos and the others to real ones: training shuffles them. */
#include "gen/dataset/sources.h"

#include "base/system/digest.h"
#include "base/text/text.h"
#include "math/rng.h"

#include <stdlib.h>

typedef struct {
    ClipSource *made, *real;
    int64_t n_made; /* visits of an epoch to generated videos */
    uint64_t seed;
} Visits;

/* The video that a visit goes to. */
static const ClipSource *visited(int64_t *video, const ClipSource *source, int64_t epoch, int64_t visit) {
    const Visits *visits = source->state;
    const ClipSource *of = visit < visits->n_made ? visits->made : visits->real;
    Rng rng = rng_stream(visits->seed, RNG_VISIT, (uint64_t)epoch * (uint64_t)source->count + (uint64_t)visit, 0);
    *video = rng_below(&rng, (uint32_t)of->count);
    return of;
}

static Err visits_info(const ClipSource *source, int64_t epoch, int64_t visit, VideoInfo *info) {
    int64_t video;
    const ClipSource *of = visited(&video, source, epoch, visit);
    return clip_source_info(of, 0, video, info);
}

static Err visits_read(const ClipSource *source, int64_t epoch, int64_t visit, const int *frame_numbers, int n_frames,
                       Frames *out) {
    int64_t video;
    const ClipSource *of = visited(&video, source, epoch, visit);
    return clip_source_read(of, 0, video, frame_numbers, n_frames, out);
}

static void visits_close(ClipSource *source) {
    Visits *visits = source->state;
    if (visits) {
        clip_source_close(&visits->made);
        clip_source_close(&visits->real);
    }
    free(visits);
    free(source);
}

static const ClipSourceOps visits_ops = {
    .kind = "visits", .info = visits_info, .read = visits_read, .close = visits_close};

/* Whatever decides the videos. */
static Err identify(ClipSource *source, const Visits *visits, double share) {
    char text[256];
    TRY(text_format(text, sizeof text, "visits %s %s %.17g %llu", visits->made->digest, visits->real->digest, share,
                    (unsigned long long)visits->seed));
    digest_of(source->digest, text, strlen(text));
    return text_copy(source->name, sizeof source->name, visits->made->name);
}

static Err check(const ClipSource *made, const ClipSource *real, double share) {
    if (made->endless || real->endless)
        return RAISE(ERR_USAGE, "visits: %s has other videos in every epoch", made->endless ? made->name : real->name);
    if (made->count > UINT32_MAX || real->count > UINT32_MAX)
        return RAISE(ERR_USAGE, "visits: more than 2^32 videos in %s or %s", made->name, real->name);
    if (!(share >= 0 && share <= 1)) return RAISE(ERR_USAGE, "visits: a share of %g, expected 0 to 1", share);
    return ERR_NONE;
}

CHECKED Err visits_open(ClipSource **source, ClipSource *made, ClipSource *real, double share, uint64_t seed) {
    ClipSource *opened = calloc(1, sizeof *opened);
    Visits *visits = calloc(1, sizeof *visits);
    Err err = opened && visits ? check(made, real, share) : RAISE(ERR_MEMORY, "visits: no memory");
    if (!err) {
        *visits = (Visits){made, real, (int64_t)((double)made->count * (1 - share)), seed};
        *opened = (ClipSource){.ops = &visits_ops, .count = made->count, .endless = true, .state = visits};
        err = identify(opened, visits, share);
    }
    if (err) {
        clip_source_close(&made);
        clip_source_close(&real);
        free(visits);
        free(opened);
        opened = NULL;
    }
    *source = opened;
    return err;
}
