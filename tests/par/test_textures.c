/* The same pool for any number of ranks and threads. */
#include "base/system/file.h"
#include "base/text/text.h"
#include "gen/textures/textures.h"
#include "par/agree.h"
#include "par/spread.h"
#include "store/data/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int failures;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s is false (%s)\n", __FILE__, __LINE__, #condition, err_message());               \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (0)

/* Rank 0 compares the pool with what one thread renders by itself. */
static void compare_pool(const char *path, const TexturesConfig *config) {
    Pool pool = {0};
    TextureMaker *maker = NULL;
    size_t bytes = (size_t)config->images * (size_t)config->size * (size_t)config->size * 3;
    uint8_t *alone = malloc(bytes);
    CHECK(pool_read(&pool, path) == ERR_NONE);
    CHECK(alone && pool.count == config->images && pool.height == config->size);
    CHECK(texture_maker_new(&maker, config, 5, 1) == ERR_NONE);
    CHECK(maker && texture_maker_render(maker, alone, 0, config->images) == ERR_NONE);
    CHECK(failures == 0 && memcmp(alone, pool.images, bytes) == 0);
    texture_maker_free(&maker);
    pool_free(&pool);
    free(alone);
}

static void pools_do_not_depend_on_ranks(int kind, const char *folder, const Par *par) {
    char path[PATH_SIZE], side[PATH_SIZE];
    TexturesConfig config = {.kind = kind, .images = 5, .size = 32};
    Run run = {.par = *par, .out = path, .seed = 5, .progress = PROGRESS_NONE};
    run.par.threads = 2;
    CHECK(text_format(path, sizeof path, "%s/pool-%d.h5", folder, kind) == ERR_NONE);
    CHECK(text_format(side, sizeof side, "%s.json", path) == ERR_NONE);
    CHECK(textures_run_all(&config, &run) == ERR_NONE);
    CHECK(textures_run_all(&config, &run) == ERR_NONE); /* there already */
    config.images = 6;
    CHECK(textures_run_all(&config, &run) == ERR_USAGE); /* something else is there */
    config.images = 5;
    if (par->rank == 0) {
        compare_pool(path, &config);
        CHECK(file_remove(path) == ERR_NONE);
        CHECK(file_remove(side) == ERR_NONE);
    }
}

int main(void) {
    Par par;
    char folder[PATH_SIZE] = "/tmp/synvid-textures-XXXXXX";
    if (par_start_all(&par, 1)) return 1;
    if (par.rank == 0) CHECK(mkdtemp(folder) != NULL);
    CHECK(spread_bytes_all(folder, sizeof folder, &par) == ERR_NONE);
    pools_do_not_depend_on_ranks(TEXTURE_STATISTICAL, folder, &par);
    pools_do_not_depend_on_ranks(TEXTURE_STYLEGAN_ORIENTED, folder, &par);
    int64_t all = agree_sum_all(failures, &par, "failures");
    if (par.rank == 0) rmdir(folder);
    par_finish_all(&par);
    return all ? 1 : 0;
}
