/* Every constructor of a ClipSource with an allocator whose n-th call fails, for every n up to 100 and ever fewer
 * beyond: ERR_MEMORY and no source, or a source that reads. Each try is a process of its own: what ran out of memory
 * once is not asked again (base/system/memory), and a crash is seen. The linker puts __wrap_malloc and its like in the
 * place of malloc wherever the program itself calls. */
#include "support/unit.h"

#include "base/system/memory.h"
#include "cli/inspect/inspect.h"
#include "cli/stage/cmd.h"
#include "gen/dataset/generate.h"
#include "gen/dataset/sources.h"
#include "gen/variant/variant_config.h"
#include "store/data/dataset.h"
#include "video/media/decode.h"
#include "video/media/encode.h"

#include <sys/wait.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

static long left; /* allocations before the one that fails; 0: none does */
static bool failed;

static bool fails(void) {
    if (left == 0 || --left > 0) return false;
    failed = true;
    return true;
}

void *__wrap_malloc(size_t size) {
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
    return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text) {
    return fails() ? NULL : __real_strdup(text);
}

static char folder[PATH_SIZE];

typedef Err (*Open)(ClipSource **source, const char *path);

enum { TRY_DONE = 0, TRY_REFUSED = 10, TRY_WRONG_CODE, TRY_SOURCE_LEFT, TRY_SILENT };

/* In a child: what became of it. */
static int try_once(Open open, const char *path, long number) {
    ClipSource *source = NULL;
    left = number;
    Err err = open(&source, path);
    left = 0;
    if (err) return err != ERR_MEMORY ? TRY_WRONG_CODE : source ? TRY_SOURCE_LEFT : TRY_REFUSED;
    if (failed) return memory_ran_out() ? TRY_REFUSED : TRY_SILENT;
    Frames frames = {0};
    const int first = 0;
    err = clip_source_read(source, 0, 0, &first, 1, &frames);
    frames_free(&frames);
    clip_source_close(&source);
    return err ? TRY_WRONG_CODE : TRY_DONE;
}

static void expect_all_refused(Open open, const char *name, long at_least) {
    char path[PATH_SIZE];
    assert_ok(path_join(path, sizeof path, folder, name));
    long number = 1;
    for (;; number += 1 + number / 100) {
        int status = 0;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) _exit(try_once(open, path, number));
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFEXITED(status)) fail_msg("%s: allocation %ld: signal %d", name, number, WTERMSIG(status));
        if (WEXITSTATUS(status) == TRY_DONE) break;
        if (WEXITSTATUS(status) != TRY_REFUSED)
            fail_msg("%s: allocation %ld: outcome %d", name, number, WEXITSTATUS(status));
    }
    if (number <= at_least) fail_msg("%s: only %ld allocations were seen", name, number - 1);
}

static Err open_thing(ClipSource **source, const char *path) {
    PathEntry thing;
    const FootageOptions options = {.row_images = 2};
    TRY(path_entry_of(&thing, path));
    return footage_open(source, &thing, &options);
}

static Err open_list(ClipSource **source, const char *path) {
    const char *paths[] = {path, path};
    const FileSourceSettings settings = {.name = "clips", .paths = paths, .count = 2};
    return file_source_open(source, &settings);
}

/* Of a variant that is there already: allocations of the source alone. */
static Variant *variant;

static Err open_live(ClipSource **source, const char *pool) {
    const Par par = par_serial(1);
    return live_source_open_all(source, variant, text_ends(pool, "/none") ? "" : pool, "train", 4, 1, &par);
}

/* A command of synvid, in a process of its own: its threads must not be there when this one forks. */
static void synvid(const char *const *words) {
    char *argv[24] = {(char *)(uintptr_t) "synvid"};
    int argc = 1, status = 0;
    while (words[argc - 1]) {
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
        argc++;
    }
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int code = chdir(folder) ? 1 : cli_main(argc, argv);
        _exit(code);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int make_inputs(void **state) {
    (void)state;
    scratch_make(folder);
    synvid((const char *const[]){"generate", "--variant", "moving-circles", "--size", "16", "--frames", "2", "--videos",
                                 "2", "--threads", "1", "-q", "--out", "raw", NULL});
    synvid((const char *const[]){"generate", "--variant", "moving-circles", "--size", "16", "--frames", "2", "--videos",
                                 "2", "--threads", "1", "-q", "--storage", "latent", "--out", "latent", NULL});
    synvid((const char *const[]){"textures", "--kind", "stylegan-oriented", "--images", "80", "--size", "16",
                                 "--threads", "1", "-q", "--out", "pool.h5", NULL});
    char video[PATH_SIZE];
    Frames frames = {0};
    const EncodeSettings settings = encode_preview();
    assert_ok(frames_shape(&frames, 2, 32, 32));
    memset(frames.data, 100, 2 * frames_frame_bytes(&frames));
    assert_ok(path_join(video, sizeof video, folder, "clip.mp4"));
    assert_ok(encode_file(video, &frames, &settings));
    frames_free(&frames);
    return 0;
}

static int remove_inputs(void **state) {
    (void)state;
    scratch_remove(folder);
    return 0;
}

static void datasets(void **state) {
    (void)state;
    expect_all_refused(dataset_source_open, "raw", 10);
    expect_all_refused(dataset_source_open, "latent", 20);
}

static void files_and_footage(void **state) {
    (void)state;
    expect_all_refused(open_list, "clip.mp4", 4);
    expect_all_refused(open_thing, "clip.mp4", 4);
    expect_all_refused(open_thing, "raw/shard-00000.h5", 4);
    expect_all_refused(open_thing, "pool.h5", 2);
}

static void live_sources(void **state) {
    (void)state;
    const char *const sets[] = {"size=16"};
    assert_ok(variant_load(&variant, "moving-circles", sets, 1));
    expect_all_refused(open_live, "none", 3);
    variant_free(&variant);
    assert_ok(variant_load(&variant, "accelerating-textures", sets, 1));
    expect_all_refused(open_live, "pool.h5", 5);
    variant_free(&variant);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datasets),
        cmocka_unit_test(files_and_footage),
        cmocka_unit_test(live_sources),
    };
    return cmocka_run_group_tests(tests, make_inputs, remove_inputs);
}
