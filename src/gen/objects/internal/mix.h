/* gen/objects/internal/mix - the videos of a set that are not generated.
 *
 * Of `count` videos an epoch the first trunc(count (1 - share)) are generated; the others are still clips of one pool
 * image, or real videos, drawn with replacement (the paper's table 11 and its 5 % rows). Real videos are cut to their
 * middle square and resized to the canvas. A still clip is its image stretched to the canvas, or (static-clips-native)
 * frames of the image's own size, which whoever trains crops as any video; where frames must be of one size, its middle
 * square, resized with antialiasing. */
#pragma once

#include "gen/dataset/generator.h"
#include "gen/objects/render.h"
#include "gen/variant/media.h"
#include "gen/variant/variant_config.h"

typedef struct {
    const Variant *variant;
    const Media *media;
    uint64_t seed;
    int64_t count;
    ImageLaw images;   /* to draw still clips from */
    uint32_t n_videos; /* real ones to draw from */
    bool one_size;     /* all frames have the canvas's size */
} Mix;

typedef struct {
    MixKind kind;   /* MIX_NONE: generated */
    int64_t number; /* pool image or video */
} MixPick;

void mix_init(Mix *mix, const GeneratorSetup *setup, const ImageLaw *images);
int64_t mix_n_generated(const Mix *mix);
MixPick mix_pick(const Mix *mix, uint64_t item);
/* What sets the video apart from a generated one: `info` is of one of those. */
CHECKED Err mix_info(const Mix *mix, MixPick pick, VideoInfo *info);
CHECKED Err mix_render(const Mix *mix, const Renderer *renderer, MixPick pick, const int *frame_numbers, int n_frames,
                       Frames *out);

/* Two more latent columns when there is a mix: how many are written to `columns` (NULL: only counted). */
int mix_columns(LatentColumn *columns, const Mix *mix);
void mix_latents(void *const *columns, const Mix *mix, MixPick pick);
