/* eval/robust/robust_sheet - corruptions x severities to look at. */
#include "eval/robust/robust.h"

#include "eval/clips/views.h"
#include "video/media/sheet.h"

enum { CELL = 112 };

typedef struct {
    ViewPlan plan;
    const RobustPlan *what;
    int64_t video;
    uint64_t seed;
} Subject;

/* The middle frame of the only view, corrupted or not, as image `column` of a row. */
static Err add_picture(Frames *row, int column, const Subject *subject, const Corruption *corruption) {
    ViewReader reader = {0};
    ViewPlan plan = subject->plan;
    const Frames *frames;
    plan.corruption = corruption;
    Err err = view_frames(&frames, &reader, &plan, subject->video, 0);
    if (!err) memcpy(frames_at(row, column), frames_at(frames, frames->n_frames / 2), frames_frame_bytes(frames));
    view_reader_free(&reader);
    return err;
}

/* Clean first, then by severity. */
static Err fill_row(Frames *row, const Subject *subject, CorruptKind kind) {
    int side = subject->plan.model->image_size, n = subject->what->n_severities;
    TRY(frames_shape(row, 1 + n, side, side));
    TRY(add_picture(row, 0, subject, NULL));
    for (int s = 0; s < n; s++) {
        Corruption corruption = {.kind = kind,
                                 .severity = subject->what->severities[s],
                                 .scale = corrupt_scale(side),
                                 .seed = subject->seed};
        TRY(add_picture(row, 1 + s, subject, &corruption));
    }
    return ERR_NONE;
}

/* A corruption a row, captions as long as the severities asked for. */
static Err draw(const char *path, const Subject *subject) {
    Frames pictures[CORRUPT_COUNT] = {{0}};
    SheetRow rows[CORRUPT_COUNT];
    char captions[CORRUPT_COUNT][NAME_SIZE];
    const CorruptList *list = &subject->what->list;
    Err err = ERR_NONE;
    for (int k = 0; k < list->count && !err; k++) {
        err = fill_row(&pictures[k], subject, list->kinds[k]);
        rows[k] = (SheetRow){captions[k], &pictures[k]};
        if (!err)
            err = text_format(captions[k], sizeof captions[k], "%s (%s): clean, then severities",
                              corrupt_name(list->kinds[k]), corrupt_family_name(corrupt_family(list->kinds[k])));
        for (int s = 0; s < subject->what->n_severities && !err; s++) {
            size_t length = strlen(captions[k]);
            err = text_format(captions[k] + length, sizeof captions[k] - length, " %d", subject->what->severities[s]);
        }
    }
    if (!err) err = sheet_write_png(path, rows, list->count, 1 + subject->what->n_severities, CELL);
    for (int k = 0; k < CORRUPT_COUNT; k++) frames_free(&pictures[k]);
    return err;
}

/* Needs a model for its size alone: no weights are read. */
CHECKED Err robust_sheet(const RobustConfig *config, const ModelConfig *model, int frame_stride,
                         const ClipSource *source, uint64_t seed) {
    RobustPlan what;
    TRY(robust_plan_parse(&what, config));
    if (config->sheet_video >= source->count)
        return RAISE(ERR_USAGE, "sheet_video: %d, but %s has %lld videos (counted from 0)", config->sheet_video,
                     source->name, (long long)source->count);
    Subject subject = {
        .plan = {.source = source, .model = model, .frame_stride = frame_stride, .n_clips = 1, .n_crops = 1},
        .what = &what,
        .video = config->sheet_video,
        .seed = seed};
    return draw(config->sheet, &subject);
}
