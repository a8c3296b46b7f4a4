/* Statistics of a caller's videos: the analysis of the program, without its folder. */
#include "analysis/measure/analyze.h"
#include "api/library.h"
#include "base/system/digest.h"
#include "base/text/text.h"
#include "nn/kernels/kernels.h"
#include "video/frames/source.h"

#include <stdlib.h>
#include <string.h>
#include <synvid.h>

/* Videos in a caller's memory as a clip source. The arrays are borrowed for the source's life. */

enum { SIDE_MAX = 1 << 16 };

static size_t frame_bytes(const synvid_array *video) {
    return (size_t)video->height * (size_t)video->width * 3;
}

/* Arrays carry no labels, and every epoch sees the same ones. */
static Err array_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    const synvid_array *videos = source->state;
    (void)epoch;
    *info = (VideoInfo){videos[index].n_frames, videos[index].height, videos[index].width, -1};
    return ERR_NONE;
}

static Err array_read(const ClipSource *source, int64_t epoch, int64_t index, const int *frame_numbers, int n_frames,
                      Frames *out) {
    const synvid_array *videos = source->state, *video = &videos[index];
    (void)epoch;
    TRY(frames_shape(out, n_frames, video->height, video->width));
    for (int i = 0; i < n_frames; i++)
        memcpy(frames_at(out, i), video->frames + (size_t)frame_numbers[i] * frame_bytes(video), frame_bytes(video));
    return ERR_NONE;
}

/* The list is ours, the arrays are the caller's. */
static void array_close(ClipSource *source) {
    free(source->state);
    free(source);
}

static const ClipSourceOps array_ops = {"arrays", array_info, array_read, array_close};

/* Before anything is read: a pointer of a caller in another language. */
static Err check_arrays(const char *name, const synvid_array *videos, int64_t n_videos) {
    if (!videos || n_videos < 1) return RAISE(ERR_USAGE, "%s: no video", name);
    for (int64_t i = 0; i < n_videos; i++) {
        const synvid_array *video = &videos[i];
        if (video->frames && video->n_frames > 0 && video->height > 0 && video->width > 0 &&
            video->height <= SIDE_MAX && video->width <= SIDE_MAX)
            continue;
        return RAISE(ERR_USAGE, "%s: video %lld: %d frames of %d x %d pixels%s; expected at least one of each", name,
                     (long long)i, video->n_frames, video->width, video->height, video->frames ? "" : " at NULL");
    }
    return ERR_NONE;
}

/* Of shapes and pixels. */
static Err identify(ClipSource *source, const char *name, const synvid_array *videos) {
    Digest *digest;
    TRY(text_copy(source->name, sizeof source->name, name));
    TRY(digest_new(&digest));
    for (int64_t i = 0; i < source->count; i++) {
        const int shape[] = {videos[i].n_frames, videos[i].height, videos[i].width};
        digest_add(digest, shape, sizeof shape);
        digest_add(digest, videos[i].frames, (size_t)videos[i].n_frames * frame_bytes(&videos[i]));
    }
    digest_hex(digest, source->digest);
    digest_free(&digest);
    return ERR_NONE;
}

/* ERR_USAGE when an array is empty. `name` is the dataset's, in messages and results. */
static Err array_source_open(ClipSource **source, const char *name, const synvid_array *videos, int64_t n_videos) {
    *source = NULL;
    TRY(check_arrays(name, videos, n_videos));
    ClipSource *made = calloc(1, sizeof *made);
    synvid_array *copy = malloc((size_t)n_videos * sizeof *copy);
    if (!made || !copy) {
        free(made);
        free(copy);
        return RAISE(ERR_MEMORY, "%s: no memory for a list of %lld videos", name, (long long)n_videos);
    }
    memcpy(copy, videos, (size_t)n_videos * sizeof *copy);
    *made = (ClipSource){.ops = &array_ops, .count = n_videos, .state = copy};
    Err err = identify(made, name, videos);
    if (err)
        array_close(made);
    else
        *source = made;
    return err;
}

/* The settings of `synvid analyze` that do not name what is measured or where results go. */
typedef struct {
    AnalyzeConfig analyze;
    int64_t seed;
    int threads;
} ArraySettings;

static const Field run_fields[] = {
    FIELD_INT64(ArraySettings, seed, "of draws and resampling", 1, 0, 9007199254740992),
    FIELD_INT(ArraySettings, threads, "0: as many as there are cores", 0, 0, 4096),
    FIELD_END,
};

static const char *const not_ours[] = {"name", "dataset", "reference", "cache", NULL};
static const char settings_name[] = "analyze settings";

/* Moves the members of run_fields out of the tree, so that each table reads its own. */
static cJSON *take_run_members(cJSON *tree) {
    cJSON *own = cJSON_CreateObject();
    for (const Field *field = run_fields; own && field->type != FIELD_TYPE_END; field++) {
        cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(tree, field->key);
        if (item) cJSON_AddItemToObject(own, field->key, item);
    }
    return own;
}

/* What names folders is refused, though the table knows it: a caller would wait for files in vain. */
static Err take_settings(ArraySettings *settings, cJSON *tree) {
    for (const char *const *key = not_ours; *key; key++)
        if (cJSON_HasObjectItem(tree, *key))
            return RAISE(ERR_USAGE, "%s: %s belongs to the command `synvid analyze`", settings_name, *key);
    cJSON *own = take_run_members(tree);
    if (!own) return RAISE(ERR_MEMORY, "%s: no memory", settings_name);
    Err err = settings_take(&settings->analyze, analyze_fields, tree, settings_name);
    if (!err) err = settings_take(settings, run_fields, own, settings_name);
    cJSON_Delete(own);
    settings->analyze.cache = false;
    return err;
}

typedef struct {
    const synvid_array *videos, *reference;
    int64_t n_videos, n_reference;
    const char *text;
    char **json;
} Request;

/* One process, no folder, no progress line; the cache would need one. */
static Err measure(Result *result, const ArraySettings *settings, const Request *request) {
    ClipSource *videos = NULL, *reference = NULL;
    const Run run = {
        .par = par_serial(settings->threads), .out = "", .seed = (uint64_t)settings->seed, .progress = PROGRESS_NONE};
    Err err = array_source_open(&videos, "videos", request->videos, request->n_videos);
    if (!err && request->reference)
        err = array_source_open(&reference, "reference", request->reference, request->n_reference);
    if (!err) err = analyze_measure(result, &settings->analyze, videos, reference, &run);
    clip_source_close(&videos);
    clip_source_close(&reference);
    return err;
}

/* On the heap: settings and results are large for the stack of a thread. */
static Err analyze_apart(void *state) {
    const Request *request = state;
    cJSON *tree = NULL;
    ArraySettings *settings = calloc(1, sizeof *settings);
    Result *result = calloc(1, sizeof *result);
    Err err = settings && result ? ERR_NONE : RAISE(ERR_MEMORY, "analyze: no memory");
    if (!err) err = kernels_check();
    if (!err) err = settings_parse(&tree, request->text, settings_name);
    if (!err) err = take_settings(settings, tree);
    if (!err) err = measure(result, settings, request);
    if (!err) err = result_text(request->json, result);
    cJSON_Delete(tree);
    free(settings);
    free(result);
    return err;
}

/* No reference is a count of 0. */
int synvid_analyze(char **json, const synvid_array *videos, int64_t n_videos, const synvid_array *reference,
                   int64_t n_reference, const char *settings) {
    Request request = {videos, n_reference ? reference : NULL, n_videos, n_reference, settings, json};
    library_begin();
    if (!json) return library_status(RAISE(ERR_USAGE, "analyze: the pointer for the result is NULL"));
    *json = NULL;
    if (n_reference && !reference) return library_status(RAISE(ERR_USAGE, "analyze: the reference is NULL"));
    return library_status(library_apart(analyze_apart, &request));
}
