#include "video/mix_source.h"

#include "base/digest.h"
#include "base/text.h"
#include "math/rng.h"

#include <math.h>

typedef struct {
    ClipSource source;
    int n_parts;
    MixPart parts[MIX_PARTS_MAX];
    int64_t ends[MIX_PARTS_MAX]; /* the first index behind each part */
    uint64_t seed;
} MixSource;

static const MixSource *state_of(const ClipSource *source) {
    return source->state;
}

/* Which video of which part an item is. */
static const ClipSource *resolve(const MixSource *mix, int64_t epoch, int64_t index, int64_t *video) {
    ASSERT(epoch >= 0 && index >= 0 && index < mix->source.count);
    int part = 0;
    while (index >= mix->ends[part]) part++;
    const ClipSource *source = mix->parts[part].source;
    *video = index;
    if (source->endless) return source;
    uint64_t item = (uint64_t)epoch * (uint64_t)mix->source.count + (uint64_t)index;
    Rng rng = rng_stream(mix->seed, RNG_MIX_SOURCE, item, 0);
    *video = rng_below(&rng, (uint32_t)source->count);
    return source;
}

static Err mix_source_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    int64_t video;
    const ClipSource *part = resolve(state_of(source), epoch, index, &video);
    TRY(clip_source_info(part, epoch, video, info));
    info->label = -1;
    return ERR_NONE;
}

static Err mix_source_read(const ClipSource *source, int64_t epoch, int64_t index, const int *frame_numbers,
                           int n_frames, Frames *out) {
    int64_t video;
    const ClipSource *part = resolve(state_of(source), epoch, index, &video);
    return clip_source_read(part, epoch, video, frame_numbers, n_frames, out);
}

static void close_parts(const MixPart *parts, int n_parts) {
    for (int i = 0; i < n_parts; i++) {
        ClipSource *part = parts[i].source;
        clip_source_close(&part);
    }
}

static void mix_source_close(ClipSource *source) {
    MixSource *mix = source->state;
    close_parts(mix->parts, mix->n_parts);
    free(mix);
}

static const ClipSourceOps mix_ops = {"mix", mix_source_info, mix_source_read, mix_source_close};

static Err check_parts(const MixPart *parts, int n_parts, int64_t count) {
    double sum = 0;
    if (n_parts < 1 || n_parts > MIX_PARTS_MAX)
        return RAISE(ERR_USAGE, "a mix of %d sources; 1 to %d are possible", n_parts, MIX_PARTS_MAX);
    for (int i = 0; i < n_parts; i++) {
        const ClipSource *source = parts[i].source;
        if (!(parts[i].share > 0))
            return RAISE(ERR_USAGE, "a mix with a share of %g of %s", parts[i].share, source->name);
        if (!source->endless && (source->count < 1 || source->count > UINT32_MAX))
            return RAISE(ERR_INPUT, "%s: has %lld videos to draw from", source->name, (long long)source->count);
        if (source->endless && source->count < count)
            return RAISE(ERR_USAGE, "%s: gives %lld videos an epoch, the mix has %lld", source->name,
                         (long long)source->count, (long long)count);
        sum += parts[i].share;
    }
    return fabs(sum - 1) < 1e-6 ? ERR_NONE : RAISE(ERR_USAGE, "the shares of a mix sum to %g, not to 1", sum);
}

static void place_ends(MixSource *mix) {
    double sum = 0;
    for (int i = 0; i < mix->n_parts; i++) {
        sum += mix->parts[i].share;
        /* The sum of shares such as 0.95 and 0.05 may fall short of a whole number by rounding alone. */
        mix->ends[i] = i == mix->n_parts - 1 ? mix->source.count : (int64_t)((double)mix->source.count * sum + 1e-6);
    }
}

/* "0.95 of accelerating-shapes + 0.05 of photos", and what identifies it. */
static Err describe(MixSource *mix) {
    Builder name = {0};
    Digest *digest = NULL;
    TRY(digest_new(&digest));
    digest_add(digest, &mix->seed, sizeof mix->seed);
    digest_add(digest, mix->ends, (size_t)mix->n_parts * sizeof mix->ends[0]);
    for (int i = 0; i < mix->n_parts; i++) {
        builder_add(&name, "%s%g of %s", i ? " + " : "", mix->parts[i].share, mix->parts[i].source->name);
        digest_add_text(digest, mix->parts[i].source->digest);
    }
    digest_hex(digest, mix->source.digest);
    digest_free(&digest);
    Err err = builder_check(&name, "the name of a mix");
    if (!err) snprintf(mix->source.name, sizeof mix->source.name, "%s", name.data);
    builder_free(&name);
    return err;
}

Err mix_source_open(ClipSource **source, const MixPart *parts, int n_parts, int64_t count, uint64_t seed) {
    *source = NULL;
    Err err = check_parts(parts, n_parts, count);
    MixSource *mix = err ? NULL : calloc(1, sizeof *mix);
    if (!err && !mix) err = RAISE(ERR_MEMORY, "no memory for a mix of sources");
    if (err) {
        close_parts(parts, n_parts);
        return err;
    }
    mix->source = (ClipSource){.ops = &mix_ops, .count = count, .endless = true, .state = mix};
    mix->n_parts = n_parts;
    mix->seed = seed;
    memcpy(mix->parts, parts, (size_t)n_parts * sizeof *parts);
    place_ends(mix);
    *source = &mix->source;
    err = describe(mix);
    if (err) clip_source_close(source);
    return err;
}
