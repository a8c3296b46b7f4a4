/* Statistics of a caller's videos: the analysis of the program, without its folder. */
#include "analysis/measure/analyze.h"
#include "api/array_source.h"
#include "api/library.h"
#include "api/settings.h"
#include "nn/kernels/kernels.h"

#include <stdlib.h>

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

int synvid_analyze(char **json, const synvid_array *videos, int64_t n_videos, const synvid_array *reference,
                   int64_t n_reference, const char *settings) {
    Request request = {videos, n_reference ? reference : NULL, n_videos, n_reference, settings, json};
    library_begin();
    if (!json) return library_status(RAISE(ERR_USAGE, "analyze: the pointer for the result is NULL"));
    *json = NULL;
    if (n_reference && !reference) return library_status(RAISE(ERR_USAGE, "analyze: the reference is NULL"));
    return library_status(library_apart(analyze_apart, &request));
}
