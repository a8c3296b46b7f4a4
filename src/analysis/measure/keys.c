/* Figure 5. Two passes over the videos: the first sums keys over all of them, from which the components follow; the
 * second goes through the few that are shown, and paints their keys in these components. Keys of all videos together
 * would be gigabytes; sums are the square of the width. */
#include "analysis/measure/keys.h"

#include "analysis/measure/internal/formulas.h"
#include "base/failure/shared_err.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "base/system/minmax.h"
#include "base/text/text.h"
#include "features/network.h"
#include "math/finite.h"
#include "math/rng.h"
#include "par/agree.h"
#include "par/share.h"
#include "par/spread.h"
#include "run/task.h"
#include "run/teams.h"
#include "video/media/encode.h"
#include "video/media/sheet.h"
#include "video/transform/crop.h"
#include "video/transform/resize.h"

#include <math.h>

/* The paper: 32 frames from each of 70 videos of one class (section 5.5). */
enum { PAPER_VIDEOS = 70, PAPER_FRAMES = 32, CHUNKS = 8, SHOWN_MAX = 12, SHEET_COLUMNS = 8, CELL = 112 };

const Field keys_fields[] = {
    FIELD_TEXT(KeysConfig, name, "readable part of the run's name; empty: keys-<pretraining>", ""),
    FIELD_PATH(KeysConfig, encoder, "run folder or checkpoint of the model to look into", ""),
    FIELD_PATH(KeysConfig, dataset, "dataset folder of the videos it is shown", ""),
    FIELD_TEXT(KeysConfig, pretraining, "what the model was pre-trained on; empty: from the encoder's folder", ""),
    FIELD_TEXT(KeysConfig, class_name, "take videos of this class only; empty: of all", ""),
    FIELD_INT(KeysConfig, videos, "videos looked at", PAPER_VIDEOS, 2, 100000),
    FIELD_INT(KeysConfig, frames, "frames of each, spread over it; a multiple of the model's clip", PAPER_FRAMES, 2,
              4096),
    FIELD_INT(KeysConfig, shown, "videos in keys.png and keys.mp4", 4, 1, SHOWN_MAX),
    FIELD_ENUM(KeysConfig, range, "colors run over each map, or over all maps of a video (flickers less)",
               KEYS_RANGE_MAP, "map|video"),
    FIELD_END,
};

typedef struct {
    const KeysConfig *config;
    const ClipSource *source;
    const Run *run;
    Encoder *encoder;
    EncoderShape shape;
    int clips_a_video;
    int64_t *videos; /* (count), ascending */
    int64_t count;
    char pretraining[NAME_SIZE];
} Look;

/* One team's buffers. */
typedef struct {
    EncoderScratch *encoder;
    Frames frames;
    float *keys; /* (positions, dims) of one clip */
} Eye;

/* keys has room for one clip: they are summed or projected before the next is looked at. */
static Err eye_new(Eye *eye, const Look *look, Team *team) {
    *eye = (Eye){.keys = malloc((size_t)look->shape.tokens * (size_t)look->shape.width * sizeof(float))};
    if (!eye->keys) return RAISE(ERR_MEMORY, "attention keys: no memory");
    return encoder_scratch_new(&eye->encoder, look->encoder, team);
}

static void eye_free(Eye *eye) {
    encoder_scratch_free(&eye->encoder);
    frames_free(&eye->frames);
    free(eye->keys);
}

/* ---- which videos ---- */

/* -1: videos of all classes. */
static Err find_class(int *label, const Look *look) {
    const char *wanted = look->config->class_name;
    *label = -1;
    if (!wanted[0]) return ERR_NONE;
    for (int c = 0; c < look->source->n_classes && look->source->class_names; c++)
        if (text_equal(look->source->class_names[c], wanted)) *label = c;
    return *label >= 0 ? ERR_NONE
                       : RAISE(ERR_USAGE, "keys: dataset %s has no class \"%s\"; `synvid inspect` lists its classes",
                               look->source->name, wanted);
}

/* Candidates first, then as many of them as asked, drawn without replacement (Knuth, TAOCP 3.4.2, algorithm S). */
static Err draw_videos(Look *look) {
    int label;
    int64_t candidates = 0, taken = 0;
    TRY(find_class(&label, look));
    look->videos = malloc(((size_t)look->source->count + 1) * sizeof *look->videos);
    if (!look->videos) return RAISE(ERR_MEMORY, "keys: no memory for a list of videos");
    for (int64_t video = 0; video < look->source->count; video++) {
        VideoInfo info;
        TRY(clip_source_info(look->source, 0, video, &info));
        if (label < 0 || info.label == label) look->videos[candidates++] = video;
    }
    look->count = candidates < look->config->videos ? candidates : look->config->videos;
    if (look->count < 2)
        return RAISE(ERR_INPUT, "keys: %lld videos of %s%s%s; at least 2 are needed", (long long)candidates,
                     look->source->name, label < 0 ? "" : ", class ", look->config->class_name);
    Rng rng = rng_stream(look->run->seed, RNG_SAMPLE, 1, 0);
    for (int64_t i = 0; i < candidates && taken < look->count; i++)
        if (rng_unit_double(&rng) * (double)(candidates - i) < (double)(look->count - taken))
            look->videos[taken++] = look->videos[i];
    return ERR_NONE;
}

/* Evenly spread, both ends included. */
static Err read_video(Frames *frames, const Look *look, int64_t video) {
    VideoInfo info;
    int *numbers = malloc((size_t)look->config->frames * sizeof *numbers);
    if (!numbers) return RAISE(ERR_MEMORY, "keys: no memory");
    Err err = clip_source_info(look->source, 0, video, &info);
    for (int i = 0; !err && i < look->config->frames; i++)
        numbers[i] = (int)((int64_t)i * (info.n_frames - 1) / (look->config->frames - 1));
    if (!err) err = clip_source_read(look->source, 0, video, numbers, look->config->frames, frames);
    free(numbers);
    return err;
}

/* Keys of clip `c` of the video in eye->frames. */
static Err clip_keys(Eye *eye, const Look *look, int c) {
    Box box = crop_square(eye->frames.height, eye->frames.width);
    TRY(encoder_load(eye->encoder, 0, &eye->frames, &box, c * look->shape.n_frames, look->shape.n_frames));
    encoder_keys(eye->encoder, eye->keys);
    return finite_check(eye->keys, (size_t)look->shape.tokens * (size_t)look->shape.width, 0, "keys", "attention keys");
}

/* ---- sums over all videos ---- */

/* A video's frames are cut into clips of the model's length, one after another. */
static Err add_video(const KeySums *sums, Eye *eye, const Look *look, int64_t video) {
    TRY(read_video(&eye->frames, look, video));
    for (int c = 0; c < look->clips_a_video; c++) {
        TRY(clip_keys(eye, look, c));
        TRY(keysums_add(sums, eye->keys));
    }
    return ERR_NONE;
}

/* What the teams of a rank share. */
typedef struct {
    const Look *look;
    Share share; /* of the chunks */
    double *blocks;
    size_t doubles; /* of a block */
    int64_t next;   /* chunk to be taken */
    SharedErr failure;
} Summing;

/* A fixed number of chunks, whatever the number of ranks: their order of addition, and the memory, are fixed too. */
static void sum_chunks(void *context, int number, Team *team) {
    Summing *s = context;
    const Look *look = s->look;
    Eye eye;
    Err err = eye_new(&eye, look, team);
    (void)number;
    shared_err_note(&s->failure, err, s->share.begin);
    while (!err) {
        int64_t chunk;
#pragma omp atomic capture
        chunk = s->next++;
        if (chunk >= s->share.end) break;
        const KeySums sums = {look->shape.tokens, look->shape.width,
                              s->blocks + (size_t)(chunk - s->share.begin) * s->doubles};
        Share videos = share_block(look->count, (int)chunk, CHUNKS);
        for (int64_t i = videos.begin; i < videos.end && !err; i++) err = add_video(&sums, &eye, look, look->videos[i]);
        shared_err_note(&s->failure, err, chunk);
    }
    eye_free(&eye);
}

/* There are few chunks: beyond that number of threads several share one. */
static Err sum_share(double *blocks, const Look *look, Share share, size_t doubles) {
    Summing summing = {.look = look,
                       .share = share,
                       .blocks = blocks,
                       .doubles = doubles,
                       .next = share.begin,
                       .failure = SHARED_ERR_INIT};
    const int threads = look->run->par.threads;
    const int64_t busy = min_int64(share.end - share.begin, look->count); /* chunks with a video in them, at most */
    const int team = teams_choose(threads, busy, encoder_clip_flops(look->encoder));
    TRY(teams_run_once(threads, team, sum_chunks, &summing));
    return shared_err_adopt(&summing.failure);
}

/* Every rank fits: the same sums give the same components, and none has to be sent. */
static Err fit_all(KeyPca *pca, const Look *look) {
    Err err = ERR_NONE;
    void *all = NULL;
    size_t bytes, doubles = keysums_doubles(look->shape.tokens, look->shape.width);
    const Par *par = &look->run->par;
    Share share = share_block(CHUNKS, par->rank, par->n_ranks);
    size_t own = (size_t)(share.end - share.begin);
    double *blocks = calloc(own * doubles + 1, sizeof *blocks);
    Err mine = blocks ? sum_share(blocks, look, share, doubles) : RAISE(ERR_MEMORY, "attention keys: no memory");
    TRY_OR(done, err_agree_all(mine, par, "attention keys"));
    TRY_OR(done, gather_bytes_all(&all, &bytes, blocks, own * doubles * sizeof *blocks, par));
    const KeySums total = {look->shape.tokens, look->shape.width, all};
    for (int chunk = 1; chunk < CHUNKS; chunk++)
        keysums_merge(&total, &(KeySums){total.positions, total.dims, total.block + (size_t)chunk * doubles});
    TRY_OR(done, err_agree_all(keypca_fit(pca, &total), par, "components of attention keys"));
done:
    free(blocks);
    free(all);
    return err;
}

/* ---- pictures ---- */

typedef struct {
    Frames frames, maps; /* one a time slot, CELL pixels */
    char captions[2][96];
} Shown;

/* All keys of one video, projected, as maps; beside them the frames the maps are of. */
static Err paint_video(Shown *shown, Eye *eye, const Look *look, const KeyPca *pca, int64_t video) {
    int slots = look->shape.slots * look->clips_a_video, grid = look->shape.grid;
    size_t tokens = (size_t)grid * (size_t)grid * (size_t)look->shape.slots;
    double *values = malloc(tokens * (size_t)look->clips_a_video * KEYPCA_COMPONENTS * sizeof *values);
    if (!values) return RAISE(ERR_MEMORY, "maps of attention keys: no memory");
    Err err = read_video(&eye->frames, look, video);
    for (int c = 0; !err && c < look->clips_a_video; c++) {
        err = clip_keys(eye, look, c);
        for (size_t t = 0; !err && t < tokens; t++)
            keypca_project(values + ((size_t)c * tokens + t) * KEYPCA_COMPONENTS, pca,
                           eye->keys + t * (size_t)look->shape.width);
    }
    if (!err) err = keymap_paint(&shown->maps, values, slots, grid, CELL, look->config->range == KEYS_RANGE_VIDEO);
    free(values);
    if (err) return err;
    /* The first frame of each slot stands for it. */
    int step = look->config->frames / slots;
    Frames first = {0}, all = eye->frames;
    TRY(frames_shape(&first, slots, all.height, all.width));
    for (int s = 0; s < slots; s++) memcpy(frames_at(&first, s), frames_at(&all, s * step), frames_frame_bytes(&all));
    Box box = crop_square(first.height, first.width);
    err = resize_antialiased(&shown->frames, &first, &box, CELL, CELL);
    frames_free(&first);
    snprintf(shown->captions[0], sizeof shown->captions[0], "video %lld", (long long)video);
    snprintf(shown->captions[1], sizeof shown->captions[1], "keys: components 1 to 3 as red, green, blue");
    return err;
}

/* Frame left, map right, one video after the other. */
static Err write_film(const char *path, const Shown *shown, int count) {
    Frames film = {0};
    int slots = shown[0].maps.n_frames;
    TRY(frames_shape(&film, count * slots, CELL, 2 * CELL));
    for (int i = 0; i < count * slots; i++)
        for (int y = 0; y < CELL; y++) {
            uint8_t *row = frames_at(&film, i) + (size_t)y * 2 * CELL * 3;
            memcpy(row, frames_at(&shown[i / slots].frames, i % slots) + (size_t)y * CELL * 3, CELL * 3);
            memcpy(row + CELL * 3, frames_at(&shown[i / slots].maps, i % slots) + (size_t)y * CELL * 3, CELL * 3);
        }
    EncodeSettings settings = encode_preview();
    settings.frame_rate = 5;
    Err err = encode_file(path, &film, &settings);
    frames_free(&film);
    return err;
}

typedef struct {
    const Look *look;
    const KeyPca *pca;
    Shown *shown;
    int count;
    Err err;
} Painting;

/* Videos spread over those that were drawn, by a team of all threads. */
static void paint_videos(void *context, int number, Team *team) {
    Painting *p = context;
    const Look *look = p->look;
    Eye eye;
    (void)number;
    p->err = eye_new(&eye, look, team);
    for (int i = 0; !p->err && i < p->count; i++)
        p->err = paint_video(&p->shown[i], &eye, look, p->pca, look->videos[i * look->count / p->count]);
    eye_free(&eye);
}

static Err paint_all(Painting *painting) {
    const int threads = painting->look->run->par.threads;
    TRY(teams_run_once(threads, threads, paint_videos, painting));
    return painting->err;
}

/* Rows of the sheet are frames and maps in turn. */
static Err write_pictures(const Look *look, const KeyPca *pca, const RunFolder *folder) {
    Shown shown[SHOWN_MAX] = {0};
    SheetRow rows[2 * SHOWN_MAX];
    char path[PATH_SIZE];
    int count = look->count < look->config->shown ? (int)look->count : look->config->shown;
    Err err = paint_all(&(Painting){.look = look, .pca = pca, .shown = shown, .count = count});
    for (int i = 0; !err && i < count; i++) {
        rows[2 * i] = (SheetRow){shown[i].captions[0], &shown[i].frames};
        rows[2 * i + 1] = (SheetRow){shown[i].captions[1], &shown[i].maps};
    }
    if (!err) err = runfolder_path(path, sizeof path, folder, "keys.png");
    if (!err) err = sheet_write_png(path, rows, 2 * count, SHEET_COLUMNS, CELL);
    if (!err) err = runfolder_path(path, sizeof path, folder, "keys.mp4");
    if (!err) err = write_film(path, shown, count);
    for (int i = 0; i < count; i++) {
        frames_free(&shown[i].frames);
        frames_free(&shown[i].maps);
    }
    return err;
}

/* ---- the result ---- */

/* The model's own protocol; weights without a result could be anything. */
static Err inherit_protocol(Result *result, const char *encoder) {
    char path[PATH_SIZE];
    TRY(path_join(path, sizeof path, encoder, "result.json"));
    if (!file_is_directory(encoder) || !file_exists(path))
        return result_add_deviation(result, "pre-training: weights without a result.json, made in ways unknown");
    Result *from = malloc(sizeof *from);
    if (!from) return RAISE(ERR_MEMORY, "result of the pre-training: no memory");
    Err err = result_read(from, path);
    if (!err) err = result_inherit(result, from, "pre-training");
    free(from);
    return err;
}

/* What the result is about, and everything that departs from the paper's section 5.5. */
static Err describe(Result *result, const Look *look) {
    char dataset[NAME_SIZE], model[sizeof result->model];
    const KeysConfig *config = look->config;
    bool class = config->class_name[0];
    TRY(text_format(dataset, sizeof dataset, "%.*s%s%.*s", (int)utf8_cut(look->source->name, 60), look->source->name,
                    class ? ": " : "", (int)utf8_cut(config->class_name, 50), config->class_name));
    TRY(text_format(model, sizeof model, "width %d, clips of %d frames", look->shape.width, look->shape.n_frames));
    TRY(result_identify(result, "keys", dataset, look->pretraining, model, look->run->seed));
    TRY(result_add_input(result, "dataset", config->dataset, look->source->digest));
    TRY(result_add_input(result, "encoder", config->encoder, encoder_digest(look->encoder)));
    if (!class) TRY(result_add_deviation(result, "videos of all classes instead of one"));
    TRY(result_add_count(result, look->count, "videos", PAPER_VIDEOS));
    TRY(result_add_count(result, config->frames, "frames a video", PAPER_FRAMES));
    if (!text_equal(look->source->name, "ucf101"))
        TRY(result_add_deviation(result, "dataset %.100s instead of UCF101", look->source->name));
    TRY(inherit_protocol(result, config->encoder));
    return result_settle(result, PROTOCOL_PAPER, look->run->rehearsed != NULL);
}

/* What rank 0 has: the look and its components. */
typedef struct {
    const Look *look;
    KeyPca pca;
} Seen;

/* The share of variance of each component, and how much of it a token's place alone explains. */
static Err fill_result(Result *result, const RunFolder *folder, void *state) {
    static const char *const names[KEYPCA_COMPONENTS] = {"explained_1", "explained_2", "explained_3"};
    const Seen *seen = state;
    const KeyPca *pca = &seen->pca;
    TRY(write_pictures(seen->look, pca, folder));
    TRY(describe(result, seen->look));
    for (int c = 0; c < KEYPCA_COMPONENTS && !isnan(pca->explained[c]); c++)
        TRY(result_add_number(result, names[c], 100 * pca->explained[c], "%", (int64_t)pca->rows));
    if (isnan(pca->position_share)) return ERR_NONE;
    return result_add_number(result, "position_share", 100 * pca->position_share, "%", (int64_t)pca->rows);
}

static void print_result(const Result *result, const RunFolder *folder, void *state) {
    (void)folder;
    (void)state;
    for (int i = 0; i < result->n_metrics; i++)
        printf("%-16s %6.2f %%\n", result->metrics[i].name, result->metrics[i].value);
}

static Err execute_all(void *state, const RunFolder *folder) {
    const Look *look = state;
    Seen seen = {.look = look};
    const Conclusion conclusion = {fill_result, print_result, &seen};
    Err err = fit_all(&seen.pca, look);
    if (!err) err = run_conclude_all(&conclusion, folder, &look->run->par);
    keypca_free(&seen.pca);
    return err;
}

/* ---- the whole ---- */

/* "moving-circles" of runs/moving-circles-0123456789. */
static Err name_pretraining(Look *look) {
    if (look->config->pretraining[0])
        return text_copy(look->pretraining, sizeof look->pretraining, look->config->pretraining);
    char path[PATH_SIZE];
    TRY(text_copy(path, sizeof path, look->config->encoder));
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--) path[n - 1] = 0;
    TRY(text_format(look->pretraining, sizeof look->pretraining, "%.*s", (int)utf8_cut(path_base(path), 100),
                    path_base(path)));
    size_t length = strlen(look->pretraining);
    if (length > 11 && look->pretraining[length - 11] == '-' &&
        strspn(look->pretraining + length - 10, "0123456789abcdef") == 10)
        look->pretraining[length - 11] = 0;
    return ERR_NONE;
}

/* The videos are drawn by all ranks alike: the draw depends on the manifest and the seed. */
static Err prepare(Look *look) {
    if (!look->config->encoder[0]) return RAISE(ERR_USAGE, "keys: encoder is not set; give --encoder RUN");
    TRY(encoder_open(&look->encoder, look->config->encoder));
    look->shape = encoder_shape(look->encoder);
    look->clips_a_video = look->config->frames / look->shape.n_frames;
    if (look->config->frames % look->shape.n_frames)
        return RAISE(ERR_USAGE, "keys: frames is %d; the model takes clips of %d: give a multiple of that",
                     look->config->frames, look->shape.n_frames);
    TRY(draw_videos(look));
    return name_pretraining(look);
}

static Err plan(void *state) {
    (void)state; /* what will be looked at was said before */
    return ERR_NONE;
}

static Err look_prepared_all(Look *look) {
    char fallback[2 * NAME_SIZE];
    const char *inputs[] = {look->source->digest, encoder_digest(look->encoder)};
    const Task task = {.name = look->config->name,
                       .fallback = fallback,
                       .identity = {look->config, keys_fields, inputs, 2, true},
                       .plan = plan,
                       .execute_all = execute_all,
                       .state = look};
    TRY(text_format(fallback, sizeof fallback, "keys-%s", look->pretraining));
    log_info("keys of %s: %lld videos of %s, %d frames each, %d tokens a clip", look->pretraining,
             (long long)look->count, look->source->name, look->config->frames, look->shape.tokens);
    return run_task_all(&task, look->run);
}

Err keys_run_all(const KeysConfig *config, const ClipSource *source, const Run *run) {
    Look look = {.config = config, .source = source, .run = run};
    Err err = err_agree_all(prepare(&look), &run->par, "reading what is to be looked at");
    if (!err) err = look_prepared_all(&look);
    free(look.videos);
    encoder_close(&look.encoder);
    return err;
}
