#include "eval/views.h"

#include "video/augment.h"
#include "video/crop.h"
#include "video/resize.h"
#include "video/sample.h"

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

static Err load_clip(ViewReader *reader, const ViewPlan *plan, int64_t video, int clip) {
    if (reader->holds && reader->video == video && reader->clip == clip) return ERR_NONE;
    const ModelConfig *m = plan->model;
    VideoInfo info;
    reader->holds = false;
    if (!reader->numbers) reader->numbers = malloc((size_t)m->n_frames * sizeof(int));
    if (!reader->pixels) reader->pixels = malloc(input_floats(m) * sizeof(float));
    if (!reader->numbers || !reader->pixels) return RAISE(ERR_MEMORY, "test clips: no memory");
    TRY(clip_source_info(plan->source, 0, video, &info));
    sample_test(reader->numbers, m->n_frames, plan->frame_stride, info.n_frames, clip, plan->n_clips);
    TRY(clip_source_read(plan->source, 0, video, reader->numbers, m->n_frames, &reader->read));
    int height, width;
    resize_short_side(&height, &width, reader->read.height, reader->read.width, m->image_size);
    TRY(resize_bilinear(&reader->resized, &reader->read, NULL, height, width));
    reader->video = video;
    reader->clip = clip;
    reader->holds = true;
    return ERR_NONE;
}

CHECKED Err view_load(float *input, ViewReader *reader, const ViewPlan *plan, int64_t video, int view) {
    int side = plan->model->image_size;
    TRY(load_clip(reader, plan, video, view / plan->n_crops));
    const Frames *resized = &reader->resized;
    Box box = crop_of_several(resized->height, resized->width, side, view % plan->n_crops, plan->n_crops);
    TRY(crop_copy(&reader->cropped, resized, box));
    for (size_t i = 0; i < input_floats(plan->model); i++) reader->pixels[i] = reader->cropped.data[i];
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
    *reader = (ViewReader){0};
}
