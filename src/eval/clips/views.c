/* From a test video to network input: numbers of frames, frames, resizing, one crop of several, corruption,
 * normalization. The reader keeps what the next view is likely to want: the resized clip while its crops are taken,
 * the video that was encoded again while its clips are. Corruptions of time act on every frame_stride-th frame,
 * before clips are chosen. */
#include "eval/clips/views.h"

#include "video/frames/sample.h"
#include "video/media/decode.h"
#include "video/transform/augment.h"
#include "video/transform/crop.h"
#include "video/transform/resize.h"

#include <stdlib.h>
#include <string.h>

/* numbers[i] becomes the one at a random place of the old list. */
static Err shuffle(int *numbers, int count, Rng *rng) {
    uint32_t *order = malloc((size_t)count * sizeof *order);
    int *before = malloc((size_t)count * sizeof *before);
    Err err = order && before ? ERR_NONE : RAISE(ERR_MEMORY, "no memory to shuffle %d frames", count);
    if (!err) {
        memcpy(before, numbers, (size_t)count * sizeof *before);
        rng_permutation(rng, order, (uint32_t)count);
        for (int i = 0; i < count; i++) numbers[i] = before[order[i]];
    }
    free(order);
    free(before);
    return err;
}

CHECKED Err frame_order_apply(int *numbers, int count, FrameOrder order, Rng *rng) {
    if (order == FRAMES_SHUFFLED) return shuffle(numbers, count, rng);
    if (order == FRAMES_SINGLE) {
        int one = numbers[rng_below(rng, (uint32_t)count)];
        for (int i = 0; i < count; i++) numbers[i] = one;
    }
    return ERR_NONE;
}

/* Channels last, as pixels are, to channels first, as the network takes them. */
void input_from_clip(float *input, const float *clip, const ModelConfig *model) {
    size_t pixels = input_floats(model) / 3;
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < pixels; i++) input[c * pixels + i] = clip[3 * i + c];
}

CHECKED Err view_label(int *label, const ClipSource *source, int64_t epoch, int64_t video) {
    VideoInfo info;
    TRY(clip_source_info(source, epoch, video, &info));
    *label = info.label;
    if (info.label < 0 || info.label >= source->n_classes)
        return RAISE(ERR_INPUT, "%s: video %lld has label %d, expected one of %d classes", source->name,
                     (long long)video, info.label, source->n_classes);
    return ERR_NONE;
}

static bool corrupted(const ViewPlan *plan, CorruptPlace place) {
    return plan->corruption && corrupt_place(plan->corruption) == place;
}

/* ---- corrupted time: a list of every frame_stride-th frame, at least a clip long, is rearranged first ---- */

static Err rearranged_numbers(int *numbers, const ViewPlan *plan, int64_t video, int clip, int n_frames) {
    int T = plan->model->n_frames, stride = plan->frame_stride, n_kept = (n_frames + stride - 1) / stride;
    int count = n_kept > T ? n_kept : T;
    int *entries = malloc((size_t)count * sizeof(int));
    if (!entries) return RAISE(ERR_MEMORY, "test clips: no memory for %d frame numbers", count);
    for (int i = 0; i < count; i++) entries[i] = (i < n_kept ? i : n_kept - 1) * stride;
    Err err = corrupt_time(entries, &count, plan->corruption, video);
    if (!err) sample_test_entries(numbers, T, count, clip, plan->n_clips);
    for (int i = 0; i < T && !err; i++) numbers[i] = entries[numbers[i]];
    free(entries);
    return err;
}

static Err clip_numbers(int *numbers, const ViewPlan *plan, int64_t video, int clip, int n_frames) {
    int T = plan->model->n_frames;
    if (corrupted(plan, CORRUPT_IN_TIME))
        TRY(rearranged_numbers(numbers, plan, video, clip, n_frames));
    else
        sample_test(numbers, T, plan->frame_stride, n_frames, clip, plan->n_clips);
    /* a control of the test set: not a matter of the run's seed */
    Rng rng = rng_stream(0, RNG_FRAMES, (uint64_t)video, (uint32_t)clip);
    return frame_order_apply(numbers, T, plan->order, &rng);
}

/* ---- corrupted videos: encoded once, decoded for every clip ---- */

/* All frames: an encoder needs the whole video, of which each clip then decodes its part. */
static Err read_whole(Frames *whole, const ViewPlan *plan, int64_t video, int n_frames) {
    int *all = malloc((size_t)n_frames * sizeof(int));
    if (!all) return RAISE(ERR_MEMORY, "test clips: no memory for %d frame numbers", n_frames);
    for (int i = 0; i < n_frames; i++) all[i] = i;
    Err err = clip_source_read(plan->source, 0, video, all, n_frames, whole);
    free(all);
    return err;
}

/* Nothing to do for the video of the last view; encoding anew would give the same bytes. */
static Err recode(ViewReader *reader, const ViewPlan *plan, int64_t video, int n_frames) {
    Frames whole = {0};
    if (reader->recoded && reader->recoded_video == video) return ERR_NONE;
    free(reader->recoded);
    reader->recoded = NULL;
    Err err = read_whole(&whole, plan, video, n_frames);
    if (!err) err = corrupt_video(&reader->recoded, &reader->recoded_length, &whole, plan->corruption, video);
    frames_free(&whole);
    reader->recoded_video = video;
    return err;
}

static Err read_frames(ViewReader *reader, const ViewPlan *plan, int64_t video, int n_frames) {
    int T = plan->model->n_frames;
    if (!corrupted(plan, CORRUPT_IN_VIDEO))
        return clip_source_read(plan->source, 0, video, reader->numbers, T, &reader->read);
    TRY(recode(reader, plan, video, n_frames));
    return decode_frames_memory(&reader->read, reader->recoded, reader->recoded_length,
                                corrupt_name(plan->corruption->kind), reader->numbers, T);
}

/* ---- views ---- */

/* The clip of a view, short side at the model's; its other crops find it here. */
static Err load_clip(ViewReader *reader, const ViewPlan *plan, int64_t video, int clip) {
    if (reader->holds && reader->video == video && reader->clip == clip) return ERR_NONE;
    const ModelConfig *m = plan->model;
    VideoInfo info;
    reader->holds = false;
    if (!reader->numbers) reader->numbers = malloc((size_t)m->n_frames * sizeof(int));
    if (!reader->pixels) reader->pixels = malloc(input_floats(m) * sizeof(float));
    if (!reader->numbers || !reader->pixels) return RAISE(ERR_MEMORY, "test clips: no memory");
    TRY(clip_source_info(plan->source, 0, video, &info));
    TRY(clip_numbers(reader->numbers, plan, video, clip, info.n_frames));
    TRY(read_frames(reader, plan, video, info.n_frames));
    int height, width;
    resize_short_side(&height, &width, reader->read.height, reader->read.width, m->image_size);
    TRY(resize_bilinear(&reader->resized, &reader->read, NULL, height, width));
    reader->video = video;
    reader->clip = clip;
    reader->holds = true;
    return ERR_NONE;
}

CHECKED Err view_frames(const Frames **frames, ViewReader *reader, const ViewPlan *plan, int64_t video, int view) {
    CorruptPart part = {.video = video, .clip = view / plan->n_crops, .crop = view % plan->n_crops};
    TRY(load_clip(reader, plan, video, part.clip));
    const Frames *resized = &reader->resized;
    Box box = crop_of_several(resized->height, resized->width, plan->model->image_size, part.crop, plan->n_crops);
    TRY(crop_copy(&reader->cropped, resized, box));
    *frames = &reader->cropped;
    return corrupted(plan, CORRUPT_IN_VIEW) ? corrupt_view(&reader->cropped, plan->corruption, part) : ERR_NONE;
}

CHECKED Err view_load(float *input, ViewReader *reader, const ViewPlan *plan, int64_t video, int view) {
    int side = plan->model->image_size;
    const Frames *frames;
    TRY(view_frames(&frames, reader, plan, video, view));
    for (size_t i = 0; i < input_floats(plan->model); i++) reader->pixels[i] = frames->data[i];
    augment_normalize(reader->pixels, (ClipShape){plan->model->n_frames, side, side});
    input_from_clip(input, reader->pixels, plan->model);
    return ERR_NONE;
}

void view_reader_free(ViewReader *reader) {
    frames_free(&reader->read);
    frames_free(&reader->resized);
    frames_free(&reader->cropped);
    free(reader->pixels);
    free(reader->numbers);
    free(reader->recoded);
    *reader = (ViewReader){0};
}
