/* api - the library's functions against what the program does, and against callers who do it wrong. */
#include "api/library.h"
#include "api/open_source.h"
#include "train/batch.h"
#include "train/masked_clips.h"

#include <cjson/cJSON.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <synvid.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { COUNT = 6, SIZE = 48, CLIP_FRAMES = 4, CLIP_SIDE = 32, CLIP_BYTES = CLIP_FRAMES * CLIP_SIDE * CLIP_SIDE * 3 };

#define SOURCE_SETTINGS  "{\"variant\": \"accelerating-shapes\", \"videos\": 6, \"size\": 48, \"seed\": 7}"
#define SAMPLER_SETTINGS "{\"frames\": 4, \"stride\": 3, \"size\": 32, \"patch_size\": 8, \"seed\": 5}"
enum { TOKENS = 2 * 4 * 4 };

static synvid_source *open_source(const char *settings) {
    synvid_source *source;
    if (synvid_source_open(&source, settings)) fail_msg("%s", synvid_last_error());
    return source;
}

static synvid_sampler *new_sampler(const char *settings) {
    synvid_sampler *sampler;
    if (synvid_sampler_new(&sampler, settings)) fail_msg("%s", synvid_last_error());
    return sampler;
}

/* The source that pre-training opens for the same settings. */
static OpenSource pretrain_source(PretrainConfig *config) {
    OpenSource open = {0};
    Par par = par_serial(1);
    fields_default(config, pretrain_fields);
    strncpy(config->data.variant, "accelerating-shapes", sizeof config->data.variant - 1);
    config->data.clips = COUNT;
    config->data.size = SIZE;
    config->data.frame_stride = 3;
    config->model.n_frames = CLIP_FRAMES;
    config->model.image_size = CLIP_SIDE;
    config->model.patch_size = 8;
    config->train.micro_batch = 1;
    assert_int_equal(open_pretrain_source_all(&open, &config->data, 7, &par), ERR_NONE);
    return open;
}

static void test_clips_are_those_of_pretraining(void **state) {
    (void)state;
    uint8_t clip[CLIP_BYTES], mask[TOKENS], drawn[TOKENS];
    PretrainConfig config;
    MaskedClips *expected;
    OpenSource open = pretrain_source(&config);
    synvid_source *source = open_source(SOURCE_SETTINGS);
    synvid_sampler *sampler = new_sampler(SAMPLER_SETTINGS);
    assert_int_equal(masked_clips_new(&expected, &config), ERR_NONE);
    for (int64_t sample = 0; sample < 3 * COUNT; sample++) {
        int64_t epoch = sample / COUNT, index = sample % COUNT;
        assert_int_equal(masked_clips_load(expected, 0, &config, open.clips, 5, epoch, index, (uint64_t)sample), 0);
        assert_int_equal(synvid_clip_read(source, sampler, epoch, index, clip, sizeof clip, mask, sizeof mask), 0);
        assert_memory_equal(clip, expected->clips, sizeof clip);
        assert_memory_equal(mask, expected->masked, sizeof mask);
        assert_int_equal(synvid_mask_draw(sampler, sample, drawn, sizeof drawn), 0);
        assert_memory_equal(drawn, mask, sizeof mask);
    }
    masked_clips_free(expected);
    synvid_sampler_free(sampler);
    synvid_source_close(source);
    open_source_close(&open);
}

static void test_frames_are_those_of_the_source(void **state) {
    (void)state;
    PretrainConfig config;
    OpenSource open = pretrain_source(&config);
    synvid_source *source = open_source(SOURCE_SETTINGS);
    synvid_source_info info = {.struct_size = sizeof info};
    synvid_video_info video = {.struct_size = sizeof video};
    assert_int_equal(synvid_source_describe(source, &info), 0);
    assert_int_equal(info.count, COUNT);
    assert_int_equal(info.endless, 1);
    assert_string_equal(info.digest, open.clips->digest);
    assert_string_equal(info.name, "accelerating-shapes");
    assert_int_equal(synvid_video_describe(source, 2, 3, &video), 0);
    Frames expected = {0};
    const int numbers[] = {0, video.n_frames - 1, 5, 5};
    uint8_t frames[4 * SIZE * SIZE * 3];
    assert_int_equal(clip_source_read(open.clips, 2, 3, numbers, 4, &expected), ERR_NONE);
    assert_int_equal(synvid_video_read(source, 2, 3, numbers, 4, frames, sizeof frames), 0);
    assert_memory_equal(frames, expected.data, sizeof frames);
    frames_free(&expected);
    synvid_source_close(source);
    open_source_close(&open);
}

static void test_an_older_caller_gets_the_members_it_knows(void **state) {
    (void)state;
    struct {
        size_t struct_size;
        int64_t count;
        char behind[16];
    } old = {.struct_size = offsetof(synvid_source_info, n_classes), .behind = "untouched"};
    synvid_source *source = open_source(SOURCE_SETTINGS);
    assert_int_equal(synvid_source_describe(source, (synvid_source_info *)&old), 0);
    assert_int_equal(old.count, COUNT);
    assert_string_equal(old.behind, "untouched");
    synvid_source_info unset = {0};
    assert_int_equal(synvid_source_describe(source, &unset), SYNVID_ERROR_USAGE);
    assert_non_null(strstr(synvid_last_error(), "struct_size"));
    synvid_source_close(source);
}

static void test_a_variant_may_be_an_object(void **state) {
    (void)state;
    synvid_source *named = open_source("{\"variant\": \"moving-circles\", \"with\": [\"objects=3\", \"speed=[1,2]\"]}");
    synvid_source *object =
        open_source("{\"variant\": {\"extends\": \"moving-circles\", \"objects\": 3, \"speed\": [1, 2]}}");
    synvid_source_info a = {.struct_size = sizeof a}, b = {.struct_size = sizeof b};
    assert_int_equal(synvid_source_describe(named, &a), 0);
    assert_int_equal(synvid_source_describe(object, &b), 0);
    assert_string_equal(a.digest, b.digest);
    synvid_source_close(named);
    synvid_source_close(object);
}

static void test_class_names(void **state) {
    (void)state;
    synvid_source *source = open_source("{\"variant\": \"standin-motion\", \"size\": 40, \"videos\": 10}");
    synvid_source_info info = {.struct_size = sizeof info};
    assert_int_equal(synvid_source_describe(source, &info), 0);
    assert_true(info.n_classes > 1);
    assert_non_null(synvid_class_name(source, 0));
    assert_null(synvid_class_name(source, -1));
    assert_null(synvid_class_name(source, info.n_classes));
    synvid_source_close(source);
}

static void test_orders_are_those_of_pretraining(void **state) {
    (void)state;
    enum { CLIPS = 50 };
    int64_t order[CLIPS];
    BatchPlan plan;
    assert_int_equal(batch_plan_init(&plan, 9, CLIPS, 10, 5), ERR_NONE);
    for (int64_t epoch = 0; epoch < 3; epoch++) {
        batch_plan_enter(&plan, epoch * batch_steps_per_epoch(&plan));
        assert_int_equal(synvid_epoch_order(9, epoch, CLIPS, order), 0);
        for (int i = 0; i < CLIPS; i++) assert_int_equal(order[i], plan.order[i]);
    }
    batch_plan_free(&plan);
}

/* Each is refused with a message that holds the words. */
static void test_settings_are_checked(void **state) {
    (void)state;
    static const struct {
        const char *settings, *words;
    } cases[] = {
        {"", "source settings"},
        {"[]", "expected a JSON object"},
        {"{\"variant\": ", "source settings"},
        {"{}", "give a dataset"},
        {"{\"variant\": \"moving-circles\", \"dataset\": \"x\"}", "choose one"},
        {"{\"variant\": \"moving-circels\"}", "did you mean \"moving-circles\""},
        {"{\"variant\": \"moving-circles\", \"sizes\": 3}", "size"},
        {"{\"variant\": \"moving-circles\", \"size\": -3}", "size"},
        {"{\"variant\": \"moving-circles\", \"size\": \"big\"}", "size"},
        {"{\"variant\": \"moving-circles\", \"seed\": -1}", "seed"},
        {"{\"variant\": 3}", "variant"},
        {"{\"variant\": {\"extends\": 3}}", "extends"},
        {"{\"variant\": {\"extends\": \"moving-circles\", \"objekts\": 3}}", "objects"},
        {"{\"variant\": \"accelerating-images\"}", "pool"},
        {"{\"variant\": \"accelerating-images\", \"pool\": \"nowhere.h5\"}", "nowhere.h5"},
        {"{\"dataset\": \"/nowhere\"}", "/nowhere"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        synvid_source *source = (synvid_source *)&source;
        assert_int_not_equal(synvid_source_open(&source, cases[i].settings), 0);
        assert_null(source);
        if (!strstr(synvid_last_error(), cases[i].words)) fail_msg("%s: %s", cases[i].settings, synvid_last_error());
    }
    static const char *const samplers[] = {"{\"frames\": 0}",   "{\"size\": 225}",         "{\"frames\": 15}",
                                           "{\"crop\": \"x\"}", "{\"mask_ratio\": 0.001}", "{\"mask_ratio\": 1}",
                                           "nonsense"};
    for (size_t i = 0; i < sizeof samplers / sizeof *samplers; i++) {
        synvid_sampler *sampler;
        assert_int_equal(synvid_sampler_new(&sampler, samplers[i]), SYNVID_ERROR_USAGE);
        assert_null(sampler);
    }
}

static void test_arguments_are_checked(void **state) {
    (void)state;
    uint8_t clip[CLIP_BYTES], mask[TOKENS];
    const int numbers[] = {0, 100000};
    synvid_source *source = open_source(SOURCE_SETTINGS);
    synvid_sampler *sampler = new_sampler(SAMPLER_SETTINGS), *plain = new_sampler("{\"mask_ratio\": 0, \"size\": 30}");
    assert_int_equal(synvid_clip_read(source, sampler, 0, COUNT, clip, sizeof clip, NULL, 0), SYNVID_ERROR_USAGE);
    assert_non_null(strstr(synvid_last_error(), "video 6; there are 0 to 5"));
    assert_int_equal(synvid_clip_read(source, sampler, 0, -1, clip, sizeof clip, NULL, 0), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_clip_read(source, sampler, -1, 0, clip, sizeof clip, NULL, 0), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_clip_read(source, sampler, INT64_MAX, 0, clip, sizeof clip, NULL, 0), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_clip_read(source, sampler, 0, 0, clip, sizeof clip - 1, NULL, 0), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_clip_read(source, sampler, 0, 0, NULL, 0, NULL, 0), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_clip_read(source, sampler, 0, 0, clip, sizeof clip, mask, 3), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_clip_read(source, plain, 0, 0, clip, 16 * 30 * 30 * 3, mask, 1), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_clip_read(NULL, sampler, 0, 0, clip, sizeof clip, NULL, 0), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_clip_read(source, NULL, 0, 0, clip, sizeof clip, NULL, 0), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_video_read(source, 0, 0, numbers, 2, clip, sizeof clip), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_video_read(source, 0, 0, numbers, 0, clip, sizeof clip), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_video_read(source, 0, 0, numbers, 1, clip, sizeof clip), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_mask_draw(plain, 0, mask, sizeof mask), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_mask_draw(sampler, -1, mask, sizeof mask), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_epoch_order(1, 0, 0, &(int64_t){0}), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_clip_normalize(NULL, clip, 1, 1, 1), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_source_open(NULL, "{}"), SYNVID_ERROR_USAGE);
    synvid_source_close(NULL);
    synvid_sampler_free(NULL);
    synvid_free(NULL);
    synvid_sampler_free(plain);
    synvid_sampler_free(sampler);
    synvid_source_close(source);
}

/* ---- threads and forks ---- */

/* The address sanitizer of gcc 14 does not carry the locks of its allocator over a fork: where another thread is in it,
 * the child waits for ever. In a build under it readers pause while a child is forked; in all others they go on. */
#ifdef SYNVID_ADDRESS_SANITIZER
static pthread_rwlock_t forking = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
#define FORKING(lock) (void)pthread_rwlock_##lock(&forking)
#else
#define FORKING(lock) (void)0
#endif

typedef struct {
    const synvid_source *source;
    const synvid_sampler *sampler;
    uint8_t (*expected)[CLIP_BYTES]; /* (COUNT) */
    _Atomic int *stop;
    pthread_barrier_t *start; /* NULL: alone */
    int wrong;
} Reader;

static void *read_and_compare(void *context) {
    Reader *reader = context;
    uint8_t clip[CLIP_BYTES];
    bool beside_forks = reader->stop; /* not in a child */
    if (reader->start) pthread_barrier_wait(reader->start);
    for (int i = 0; i < 60 || (beside_forks && !*reader->stop); i++) {
        if (beside_forks) FORKING(rdlock);
        if (synvid_clip_read(reader->source, reader->sampler, 0, i % COUNT, clip, sizeof clip, NULL, 0) ||
            memcmp(clip, reader->expected[i % COUNT], sizeof clip))
            reader->wrong++;
        if (beside_forks) FORKING(unlock);
    }
    return NULL;
}

/* Four threads read without pause while children are forked, which read and analyze: a lock left locked hangs here. */
static void test_threads_and_forks(void **state) {
    (void)state;
    enum { THREADS = 4, FORKS = 8 };
    static uint8_t expected[COUNT][CLIP_BYTES];
    pthread_t threads[THREADS];
    Reader readers[THREADS];
    _Atomic int stop = 0;
    pthread_barrier_t start; /* a thread that is only being set up reads nothing */
    synvid_source *source = open_source(SOURCE_SETTINGS);
    synvid_sampler *sampler = new_sampler(SAMPLER_SETTINGS);
    assert_int_equal(pthread_barrier_init(&start, NULL, THREADS + 1), 0);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(synvid_clip_read(source, sampler, 0, i, expected[i], CLIP_BYTES, NULL, 0), 0);
    for (int t = 0; t < THREADS; t++) {
        readers[t] = (Reader){source, sampler, expected, &stop, &start, 0};
        assert_int_equal(pthread_create(&threads[t], NULL, read_and_compare, &readers[t]), 0);
    }
    pthread_barrier_wait(&start);
    for (int f = 0; f < FORKS; f++) {
        FORKING(wrlock);
        pid_t child = fork();
        if (child) FORKING(unlock);
        assert_true(child >= 0);
        if (child == 0) {
            alarm(60);
            Reader mine = {source, sampler, expected, NULL, NULL, 0};
            (void)read_and_compare(&mine);
            synvid_source *another;
            bool opened = !synvid_source_open(&another, SOURCE_SETTINGS);
            _exit(mine.wrong || !opened);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    stop = 1;
    for (int t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
        assert_int_equal(readers[t].wrong, 0);
    }
    pthread_barrier_destroy(&start);
    synvid_sampler_free(sampler);
    synvid_source_close(source);
}

/* ---- analysis ---- */

enum { VIDEOS = 6, VIDEO_FRAMES = 20, VIDEO_SIDE = 40 };

static char *analyze_some(const char *settings) {
    static uint8_t pixels[VIDEOS][VIDEO_FRAMES * VIDEO_SIDE * VIDEO_SIDE * 3];
    synvid_source *source =
        open_source("{\"variant\": \"moving-circles\", \"videos\": 6, \"size\": 40, \"frames\": 20, \"seed\": 3}");
    synvid_array arrays[VIDEOS];
    int numbers[VIDEO_FRAMES];
    char *json;
    for (int f = 0; f < VIDEO_FRAMES; f++) numbers[f] = f;
    for (int v = 0; v < VIDEOS; v++) {
        assert_int_equal(synvid_video_read(source, 0, v, numbers, VIDEO_FRAMES, pixels[v], sizeof pixels[v]), 0);
        arrays[v] = (synvid_array){pixels[v], VIDEO_FRAMES, VIDEO_SIDE, VIDEO_SIDE};
    }
    synvid_source_close(source);
    if (synvid_analyze(&json, arrays, VIDEOS, NULL, 0, settings)) fail_msg("%s", synvid_last_error());
    return json;
}

static void test_statistics_of_arrays(void **state) {
    (void)state;
    char *one = analyze_some("{\"threads\": 1}"), *two = analyze_some("{\"threads\": 2}");
    assert_string_equal(one, two);
    cJSON *tree = cJSON_Parse(one);
    assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(tree, "metrics")) > 3);
    cJSON_Delete(tree);
    synvid_free(one);
    synvid_free(two);
}

/* A child of a process that has used OpenMP threads uses them, too: the host's own OpenMP could not. */
static void test_analysis_after_fork(void **state) {
    (void)state;
    synvid_free(analyze_some("{\"threads\": 2}"));
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        synvid_free(analyze_some("{\"threads\": 2}"));
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_bad_analyses(void **state) {
    (void)state;
    uint8_t pixels[16 * 16 * 3] = {0};
    const synvid_array good = {pixels, 1, 16, 16}, empty = {pixels, 0, 16, 16}, pair[] = {good, good};
    char *json;
    assert_int_equal(synvid_analyze(&json, &empty, 1, NULL, 0, NULL), SYNVID_ERROR_USAGE);
    assert_int_equal(synvid_analyze(&json, NULL, 0, NULL, 0, NULL), SYNVID_ERROR_USAGE);
    assert_int_not_equal(synvid_analyze(&json, &good, 1, NULL, 0, NULL), 0);
    assert_int_equal(synvid_analyze(&json, pair, 2, NULL, 0, "{\"dataset\": \"x\"}"), SYNVID_ERROR_USAGE);
    assert_int_not_equal(synvid_analyze(&json, pair, 2, NULL, 0, "{\"inception\": \"/nowhere\"}"), 0);
    assert_null(json);
}

static void test_normalized_values(void **state) {
    (void)state;
    const uint8_t clip[2 * 1 * 1 * 3] = {0, 128, 255, 255, 0, 7};
    float out[6];
    assert_int_equal(synvid_clip_normalize(out, clip, 2, 1, 1), 0);
    assert_true(out[0] == (0 / 255.0f - 0.485f) / 0.229f);
    assert_true(out[1] == (255 / 255.0f - 0.485f) / 0.229f);
    assert_true(out[2] == (128 / 255.0f - 0.456f) / 0.224f);
    assert_true(out[5] == (7 / 255.0f - 0.406f) / 0.225f);
}

static void test_texts(void **state) {
    (void)state;
    char *json;
    assert_non_null(strchr(synvid_version(), '.'));
    assert_int_equal(synvid_variants(&json), 0);
    cJSON *rows = cJSON_Parse(json);
    assert_true(cJSON_GetArraySize(rows) >= 34);
    cJSON_Delete(rows);
    synvid_free(json);
    assert_int_equal(synvid_variants(NULL), SYNVID_ERROR_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clips_are_those_of_pretraining),
        cmocka_unit_test(test_frames_are_those_of_the_source),
        cmocka_unit_test(test_an_older_caller_gets_the_members_it_knows),
        cmocka_unit_test(test_a_variant_may_be_an_object),
        cmocka_unit_test(test_class_names),
        cmocka_unit_test(test_orders_are_those_of_pretraining),
        cmocka_unit_test(test_settings_are_checked),
        cmocka_unit_test(test_arguments_are_checked),
        cmocka_unit_test(test_threads_and_forks),
        cmocka_unit_test(test_statistics_of_arrays),
        cmocka_unit_test(test_analysis_after_fork),
        cmocka_unit_test(test_bad_analyses),
        cmocka_unit_test(test_normalized_values),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
