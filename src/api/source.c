
#include "api/library.h"

#include <stdlib.h>
#include <string.h>

/* Samples are numbered below 2^55 (math/rng.h). */
static const int64_t samples_max = (int64_t)1 << 55;
static const char settings_name[] = "source settings";

/* ---- opening ---- */

typedef struct {
    char dataset[PATH_SIZE], variant[VARIANT_TEXT_SIZE], pool[PATH_SIZE], split[16];
    TextList with;
    int64_t videos, seed;
    int size, frames;
} SourceSettings;

static const Field source_fields[] = {
    FIELD_PATH(SourceSettings, dataset, "folder of a dataset", ""),
    FIELD_PATH(SourceSettings, variant, "or: slug, file or object of a variant", ""),
    FIELD_TEXTS(SourceSettings, with, "changes to the variant's settings, such as objects=100"),
    FIELD_PATH(SourceSettings, pool, "comma-separated pools and dataset folders of a variant that needs them", ""),
    FIELD_TEXT(SourceSettings, split, "stand-ins: train or test", "train"),
    FIELD_INT64(SourceSettings, videos, "videos an epoch of a variant", 9537, 1, 1e9),
    FIELD_INT(SourceSettings, size, "side of a variant's frames, pixels; 0: the variant's", 0, 0, 4096),
    FIELD_INT(SourceSettings, frames, "frames of a variant's videos; 0: lengths drawn as the variant says", 0, 0,
              100000),
    FIELD_INT64(SourceSettings, seed, "of every random number of a variant", 1, 0, 9007199254740992),
    FIELD_END,
};

/* A variant that is an object becomes its text, which the configuration holds. */
static Err object_as_text(cJSON *tree) {
    cJSON *variant = cJSON_GetObjectItemCaseSensitive(tree, "variant");
    if (!cJSON_IsObject(variant)) return ERR_NONE;
    char *text = cJSON_PrintUnformatted(variant);
    cJSON *replacement = text ? cJSON_CreateString(text) : NULL;
    cJSON_free(text);
    if (replacement && cJSON_ReplaceItemInObjectCaseSensitive(tree, "variant", replacement)) return ERR_NONE;
    return RAISE(ERR_MEMORY, "%s: out of memory", settings_name);
}

/* Exactly one of dataset and variant. */
static Err read_settings(SourceSettings *settings, const char *text) {
    cJSON *tree;
    TRY(settings_parse(&tree, text, settings_name));
    Err err = object_as_text(tree);
    if (!err) err = settings_take(settings, source_fields, tree, settings_name);
    cJSON_Delete(tree);
    if (err) return err;
    if (settings->dataset[0] && settings->variant[0])
        return RAISE(ERR_USAGE, "%s: dataset and variant are both given: choose one", settings_name);
    if (!settings->dataset[0] && !settings->variant[0])
        return RAISE(ERR_USAGE, "%s: give a dataset (a folder) or a variant (a slug, see synvid_variants)",
                     settings_name);
    return ERR_NONE;
}

/* As `synvid generate` would be called, so that a source has the dataset's videos. */
static Err generator_settings(GenerateConfig *config, const SourceSettings *settings) {
    fields_default(config, generate_fields);
    TRY(text_copy(config->variant, sizeof config->variant, settings->variant));
    TRY(text_copy(config->pool, sizeof config->pool, settings->pool));
    TRY(text_copy(config->split, sizeof config->split, settings->split));
    config->with = settings->with;
    config->videos = settings->videos;
    config->size = settings->size;
    config->frames = settings->frames;
    return ERR_NONE;
}

static Err open_variant(OpenSource *source, const SourceSettings *settings, const Par *alone) {
    GenerateConfig *config = calloc(1, sizeof *config);
    Err err = config ? generator_settings(config, settings) : RAISE(ERR_MEMORY, "variant: no memory");
    if (!err) err = open_variant_all(source, config, (uint64_t)settings->seed, alone);
    free(config);
    return err;
}

typedef struct {
    synvid_source *source;
    const char *text;
} Opening;

/* One rank: the library is no MPI program. */
static Err open_apart(void *state) {
    const Opening *opening = state;
    OpenSource *source = &opening->source->open;
    Par alone = par_serial(1);
    SourceSettings *settings = calloc(1, sizeof *settings);
    Err err = settings ? read_settings(settings, opening->text) : RAISE(ERR_MEMORY, "%s: no memory", settings_name);
    if (!err)
        err = settings->dataset[0] ? open_dataset_all(source, "dataset", settings->dataset, &alone)
                                   : open_variant(source, settings, &alone);
    free(settings);
    return err;
}

/* The handle is given out only when it is whole. */
static Err open_source(synvid_source **source, const char *settings) {
    if (!source || !settings) return RAISE(ERR_USAGE, "opening a source: a pointer is NULL");
    synvid_source *made = calloc(1, sizeof *made);
    Opening opening = {made, settings};
    if (!made) return RAISE(ERR_MEMORY, "opening a source: no memory");
    Err err = library_apart(open_apart, &opening);
    if (err)
        synvid_source_close(made);
    else
        *source = made;
    return err;
}

int synvid_source_open(synvid_source **source, const char *settings) {
    if (source) *source = NULL;
    return library_status(open_source(source, settings));
}

void synvid_source_close(synvid_source *source) {
    if (source) open_source_close(&source->open);
    free(source);
}

/* ---- what it is ---- */

/* Texts are copied: a caller may keep them longer than the source. */
static Err describe_source(const synvid_source *source, synvid_source_info *info) {
    if (!source) return RAISE(ERR_USAGE, "describing a source: the source is NULL");
    const ClipSource *clips = source->open.clips;
    synvid_source_info all = {.count = clips->count, .n_classes = clips->n_classes, .endless = clips->endless};
    TRY(text_copy(all.name, sizeof all.name, clips->name));
    TRY(text_copy(all.digest, sizeof all.digest, clips->digest));
    return library_give(info, &all, sizeof all, "describing a source");
}

int synvid_source_describe(const synvid_source *source, synvid_source_info *info) {
    return library_status(describe_source(source, info));
}

/* Borrowed from the source; NULL for numbers outside. */
const char *synvid_class_name(const synvid_source *source, int class_number) {
    if (!source) return NULL;
    const ClipSource *clips = source->open.clips;
    return clips->class_names && class_number >= 0 && class_number < clips->n_classes ? clips->class_names[class_number]
                                                                                      : NULL;
}

Err source_check_video(const synvid_source *source, int64_t epoch, int64_t index) {
    if (!source) return RAISE(ERR_USAGE, "reading a video: the source is NULL");
    int64_t count = source->open.clips->count;
    if (index < 0 || index >= count)
        return RAISE(ERR_USAGE, "%s: video %lld; there are 0 to %lld", source->open.clips->name, (long long)index,
                     (long long)count - 1);
    if (epoch < 0 || epoch >= samples_max / count)
        return RAISE(ERR_USAGE, "%s: epoch %lld; expected 0 to %lld", source->open.clips->name, (long long)epoch,
                     (long long)(samples_max / count) - 1);
    return ERR_NONE;
}

/* Behind the gate: a stored video is looked up in its shard. */
static Err describe_video(const synvid_source *source, int64_t epoch, int64_t index, synvid_video_info *info) {
    VideoInfo video;
    TRY(source_check_video(source, epoch, index));
    library_enter();
    Err err = clip_source_info(source->open.clips, epoch, index, &video);
    library_leave();
    if (err) return err;
    const synvid_video_info all = {
        .n_frames = video.n_frames, .height = video.height, .width = video.width, .label = video.label};
    return library_give(info, &all, sizeof all, "describing a video");
}

int synvid_video_describe(const synvid_source *source, int64_t epoch, int64_t index, synvid_video_info *info) {
    return library_status(describe_video(source, epoch, index, info));
}

/* ---- frames ---- */

/* Too large is as wrong as too small: the caller has another shape in mind. */
Err source_check_buffer(const char *what, const void *buffer, size_t bytes, size_t expected) {
    if (!buffer) return RAISE(ERR_USAGE, "%s: the buffer is NULL", what);
    if (bytes == expected) return ERR_NONE;
    return RAISE(ERR_USAGE, "%s: the buffer has %zu bytes, expected %zu", what, bytes, expected);
}

/* Any order, and twice the same. */
static Err check_numbers(const int *numbers, int n, const VideoInfo *video, const char *name, int64_t index) {
    if (!numbers || n < 1) return RAISE(ERR_USAGE, "%s: video %lld: no frame is asked for", name, (long long)index);
    for (int i = 0; i < n; i++)
        if (numbers[i] < 0 || numbers[i] >= video->n_frames)
            return RAISE(ERR_USAGE, "%s: video %lld: frame %d; there are 0 to %d", name, (long long)index, numbers[i],
                         video->n_frames - 1);
    return ERR_NONE;
}

/* A renderer shapes its frames as it announced them, so they can be the caller's buffer. What is read from a file may
 * turn out otherwise and is checked before it is copied. */
static Err read_into(const ClipSource *clips, int64_t epoch, int64_t index, const int *numbers, int n, uint8_t *out,
                     size_t bytes) {
    Frames frames = {0};
    if (clips->endless) frames = (Frames){.data = out, .capacity = bytes};
    Err err = clip_source_read(clips, epoch, index, numbers, n, &frames);
    if (clips->endless) return err;
    size_t found = frames_frame_bytes(&frames) * (size_t)frames.n_frames;
    if (!err && found == bytes) memcpy(out, frames.data, bytes);
    if (!err && found != bytes)
        err = RAISE(ERR_INPUT, "%s: video %lld has %zu bytes, its shard announces %zu", clips->name, (long long)index,
                    found, bytes);
    frames_free(&frames);
    return err;
}

/* Sizes first: the caller's buffer must have the video's own shape. */
static Err read_video(const synvid_source *source, int64_t epoch, int64_t index, const int *numbers, int n,
                      uint8_t *out, size_t bytes) {
    VideoInfo video;
    const ClipSource *clips = source->open.clips;
    TRY(clip_source_info(clips, epoch, index, &video));
    TRY(check_numbers(numbers, n, &video, clips->name, index));
    size_t expected = (size_t)n * (size_t)video.height * (size_t)video.width * 3;
    TRY(source_check_buffer("reading frames", out, bytes, expected));
    return read_into(clips, epoch, index, numbers, n, out, bytes);
}

int synvid_video_read(const synvid_source *source, int64_t epoch, int64_t index, const int *numbers, int n,
                      uint8_t *out, size_t out_bytes) {
    Err err = source_check_video(source, epoch, index);
    if (err) return library_status(err);
    library_enter();
    err = read_video(source, epoch, index, numbers, n, out, out_bytes);
    library_leave();
    return library_status(err);
}
