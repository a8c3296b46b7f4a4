/* Whole texture videos as samples, without objects: the rows that ask how much the objects matter. The video is drawn
 * with replacement from a dataset of texture videos and cut to the drawn length. */
#include "gen/generator.h"
#include "gen/picture.h"
#include "gen/variant_config.h"
#include "math/rng.h"

#include <string.h>

typedef struct {
    int32_t video, n_frames;
} Pick;

static Err pick_video(const Generator *generator, uint64_t item, Pick *pick) {
    const GeneratorSetup *setup = &generator->setup;
    Rng scene = rng_stream(setup->seed, RNG_SCENE, item, 0), texture = rng_stream(setup->seed, RNG_TEXTURE, item, 0);
    int n_frames = rng_between(&scene, (int)setup->variant->length.low, (int)setup->variant->length.high);
    pick->video = (int32_t)rng_below(&texture, (uint32_t)media_n_videos(setup->media));
    VideoInfo info;
    int64_t index;
    const ClipSource *source = media_video(setup->media, pick->video, &index);
    TRY(clip_source_info(source, 0, index, &info));
    pick->n_frames = n_frames < info.n_frames ? n_frames : info.n_frames;
    return ERR_NONE;
}

static Err texture_video_open(Generator *generator) {
    const GeneratorSetup *setup = &generator->setup;
    if (media_n_videos(setup->media) == 0) {
        return RAISE(ERR_INPUT, "%s: needs a dataset of texture videos, none given; name its folder with --pool",
                     setup->variant->name);
    }
    generator->columns[0] = (LatentColumn){
        .name = "texture", .description = "texture video", .units = "", .type = LATENT_I32, .rows = 1, .cols = 1};
    generator->n_columns = 1;
    return ERR_NONE;
}

static void texture_video_close(Generator *generator) {
    (void)generator;
}

static Err texture_video_info(const Generator *generator, uint64_t item, VideoInfo *info) {
    Pick pick;
    TRY(pick_video(generator, item, &pick));
    *info = (VideoInfo){pick.n_frames, generator->size, generator->size, -1};
    return ERR_NONE;
}

static Err texture_video_latents(const Generator *generator, uint64_t item, void *const *columns) {
    Pick pick;
    TRY(pick_video(generator, item, &pick));
    memcpy(columns[0], &pick.video, sizeof pick.video);
    return ERR_NONE;
}

static Err texture_video_render(const Generator *generator, uint64_t item, const int *frame_numbers, int n_frames,
                                Frames *out) {
    const GeneratorSetup *setup = &generator->setup;
    Pick pick;
    TRY(pick_video(generator, item, &pick));
    return picture_video(out, setup->media, pick.video, frame_numbers, n_frames, setup->variant->size);
}

/* The frames as stored, before they are brought to the canvas. */
static size_t texture_video_scratch(const Generator *generator) {
    VideoInfo info;
    if (clip_source_info(generator->setup.media->videos[0], 0, 0, &info)) return 0;
    return (size_t)info.height * (size_t)info.width * 3 * (size_t)generator->setup.variant->length.high;
}

const GeneratorOps texture_video_generator = {
    .name = "texture-video",
    .dataset_kind = "generated",
    .open = texture_video_open,
    .close = texture_video_close,
    .info = texture_video_info,
    .latents = texture_video_latents,
    .render = texture_video_render,
    .scratch_bytes = texture_video_scratch,
};
