#include "gen/textures.h"

#include "base/estimate.h"
#include "base/file.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "gen/texture_maker.h"
#include "gen/texture_stat.h"
#include "par/agree.h"
#include "par/share.h"
#include "par/spread.h"
#include "store/pool.h"

#include <stdlib.h>
#include <string.h>

const Field textures_fields[] = {
    FIELD_ENUM(TexturesConfig, kind,
               "statistical: spectrum, colors and wavelet marginals of natural images; stylegan: "
               "untrained generators",
               TEXTURE_STYLEGAN_ORIENTED, TEXTURE_KIND_NAMES),
    FIELD_INT(TexturesConfig, images, "images to make (the paper's pools have 300000)", 1000, 1, 10000000),
    FIELD_INT(TexturesConfig, size, "side of the images, pixels; a power of two", 256, 16, 1024),
    FIELD_ENUM(
        TexturesConfig, gain,
        "statistical: amplitude of coarse wavelet bands; matlab: 2^l, the program of the published images; port: "
        "4^l, its Python port, with a much flatter spectrum",
        STAT_GAIN_MATLAB, "matlab|port"),
    FIELD_END,
};

enum { CHUNK_IMAGES = 128 }; /* images made between two agreements; a whole number of them a rank */

static const char *kind_name(TextureKind kind) {
    static const char *const names[] = {"statistical", "stylegan-oriented", "stylegan-highfreq"};
    return names[kind];
}

static size_t image_bytes(const TexturesConfig *config) {
    return (size_t)config->size * (size_t)config->size * 3;
}

/* ---- what is there already ---- */

static Err describe(char **text, const TexturesConfig *config, uint64_t seed) {
    Builder builder = {0};
    builder_add(&builder, "{\n  \"schema\": \"synvid.textures\",\n  \"schema_version\": 1,\n  \"kind\": \"%s\",\n",
                kind_name((TextureKind)config->kind));
    if (config->kind == TEXTURE_STATISTICAL && config->gain != STAT_GAIN_MATLAB)
        builder_add(&builder, "  \"gain\": \"port\",\n");
    builder_add(&builder, "  \"images\": %d,\n  \"size\": %d,\n  \"seed\": \"%llu\"\n}\n", config->images, config->size,
                (unsigned long long)seed);
    TRY(builder_check(&builder, "describing a pool"));
    *text = builder.data;
    return ERR_NONE;
}

static Err compare_text(bool *same, const char *path, const char *expected) {
    char *text = NULL;
    size_t length;
    TRY(file_read(&text, &length, path, 1 << 20));
    *same = text_equal(text, expected);
    free(text);
    return ERR_NONE;
}

/* The pool is written before its description: with both there it is whole. */
static Err look(bool *done, const Run *run, const char *side, const char *text) {
    *done = false;
    if (run->force || !file_exists(run->out)) return ERR_NONE;
    if (file_exists(side)) TRY(compare_text(done, side, text));
    if (*done) return ERR_NONE;
    return RAISE(ERR_USAGE, "--out %s: holds something else; give another name, or --force to replace it", run->out);
}

/* ---- making ---- */

/* This rank's part of the chunk, at its place in `chunk`. */
static Err make_part(uint8_t *chunk, TextureMaker *maker, const TexturesConfig *config, int first, Share part) {
    return texture_maker_render(maker, chunk + (size_t)part.begin * image_bytes(config), first + (int)part.begin,
                                (int)(part.end - part.begin));
}

static Err make_chunk_all(uint8_t *pixels, uint8_t *chunk, TextureMaker *maker, const TexturesConfig *config,
                          const Par *par, int first, int count, Progress *progress) {
    Share part = share_block(count, par->rank, par->n_ranks);
    size_t mine = (size_t)(part.end - part.begin) * image_bytes(config), total;
    void *gathered = NULL;
    TRY(err_agree_all(make_part(chunk, maker, config, first, part), par, "making textures"));
    progress_add(progress, part.end - part.begin);
    TRY(gather_bytes_all(&gathered, &total, chunk + (size_t)part.begin * image_bytes(config), mine, par));
    if (par->rank == 0) memcpy(pixels + (size_t)first * image_bytes(config), gathered, total);
    free(gathered);
    return ERR_NONE;
}

static Err make_all(uint8_t *pixels, const TexturesConfig *config, const Run *run) {
    const Par *par = &run->par;
    Progress *progress = NULL;
    TextureMaker *maker = NULL;
    int step = CHUNK_IMAGES * par->n_ranks;
    uint8_t *chunk = malloc((size_t)step * image_bytes(config));
    Err err = chunk ? ERR_NONE : RAISE(ERR_MEMORY, "%d images at a time: out of memory", step);
    if (!err) err = texture_maker_new(&maker, config, run->seed, par->threads);
    TRY_OR(done, err_agree_all(err, par, "memory for textures"));
    TRY_OR(done, progress_begin_all(&progress, par, run->progress, "images", config->images, "images", 1));
    for (int first = 0; first < config->images; first += step) {
        int left = config->images - first;
        TRY_OR(done, make_chunk_all(pixels, chunk, maker, config, par, first, left < step ? left : step, progress));
        if (first + step < config->images && agree_stop_all(par)) {
            err = RAISE(ERR_STOPPED, "stopped while making textures (%s); nothing was written", stop_reason());
            goto done;
        }
    }
done:
    progress_end_all(&progress);
    texture_maker_free(&maker);
    free(chunk);
    return err;
}

static Err write_files(const uint8_t *pixels, const TexturesConfig *config, const Run *run, const char *side,
                       const char *text) {
    char digest[DIGEST_SIZE], parent[PATH_SIZE];
    TRY(path_parent(parent, sizeof parent, run->out));
    TRY(folder_make(parent));
    TRY(pool_write(run->out, kind_name((TextureKind)config->kind), pixels, config->images, config->size, config->size,
                   NULL, run->seed, text, digest));
    TRY(file_write_whole(side, text, strlen(text)));
    log_info("wrote %s: %d textures of %d x %d, digest %s", run->out, config->images, config->size, config->size,
             digest);
    return ERR_NONE;
}

static Err make_pool_all(const TexturesConfig *config, const Run *run, const char *side, const char *text) {
    const Par *par = &run->par;
    size_t bytes = (size_t)config->images * image_bytes(config);
    uint8_t *pixels = par->rank == 0 ? malloc(bytes) : NULL;
    Err err = par->rank == 0 && !pixels ? RAISE(ERR_MEMORY, "a pool of %zu bytes: out of memory", bytes) : ERR_NONE;
    err = err_agree_all(err, par, "memory for the pool");
    if (!err) err = make_all(pixels, config, run);
    if (!err) {
        if (par->rank == 0) err = write_files(pixels, config, run, side, text);
        err = err_agree_all(err, par, "writing the pool");
    }
    free(pixels);
    return err;
}

static Err check_size(const TexturesConfig *config) {
    if ((config->size & (config->size - 1)) == 0) return ERR_NONE;
    return RAISE(ERR_USAGE, "size: %d is not a power of two", config->size);
}

/* At 256 x 256, by the slowest rates that `synvid bench textures` has shown. */
static const double images_per_core_second[] = {
    [TEXTURE_STATISTICAL] = 4, [TEXTURE_STYLEGAN_ORIENTED] = 15, [TEXTURE_STYLEGAN_HIGH_FREQUENCY] = 15};

static void print_plan(const TexturesConfig *config, const Run *run) {
    char disk[32], memory[32];
    double bytes = (double)config->images * (double)image_bytes(config);
    printf("%d %s textures of %d x %d in %s\n", config->images, kind_name((TextureKind)config->kind), config->size,
           config->size, run->out ? run->out : "(no --out)");
    printf("disk: %s; memory: %s on rank 0, little elsewhere\n", text_bytes(disk, sizeof disk, bytes),
           text_bytes(memory, sizeof memory, bytes + 200e6));
    estimate_print(bytes + 200e6, config->images / images_per_core_second[config->kind]);
}

Err textures_run_all(const TexturesConfig *config, const Run *run) {
    const Par *par = &run->par;
    char side[PATH_SIZE], *text = NULL;
    bool done = false;
    TRY(check_size(config)); /* the same on all ranks */
    if (run->dry_run) {
        print_plan(config, run);
        return ERR_NONE;
    }
    TRY(text_format(side, sizeof side, "%s.json", run->out));
    Err err = describe(&text, config, run->seed);
    if (!err && par->rank == 0) err = look(&done, run, side, text);
    err = err_agree_all(err, par, "looking at the pool");
    if (!err && agree_rank0_all(done, par, "looking at the pool"))
        log_info("%s is there already", run->out);
    else if (!err)
        err = make_pool_all(config, run, side, text);
    free(text);
    return err;
}
