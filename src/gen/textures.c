#include "gen/textures.h"

#include "base/estimate.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "gen/texture_maker.h"
#include "gen/texture_stat.h"
#include "par/agree.h"
#include "par/share.h"
#include "par/spread.h"
#include "store/journal.h"
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

/* A block is a piece of the journal; a rank makes so many between two agreements. */
enum { BLOCK_IMAGES = 16, ROUND_BLOCKS = 8 };

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

/* The blocks of a pool: what is made, and what a rank makes of the round at hand. */
typedef struct {
    const TexturesConfig *config;
    const Run *run;
    uint8_t *pixels; /* of the pool; rank 0 */
    int n_blocks, n_missing;
    uint8_t *made; /* (n_blocks) */
    int *missing;  /* (n_missing) blocks */
    uint8_t *mine; /* (ROUND_BLOCKS, BLOCK_IMAGES) images */
    TextureMaker *maker;
    Journal *journal;
    Progress *progress;
} Making;

static int block_images(const Making *m, int block) {
    int left = m->config->images - block * BLOCK_IMAGES;
    return left < BLOCK_IMAGES ? left : BLOCK_IMAGES;
}

static size_t block_bytes(const Making *m, int block) {
    return (size_t)block_images(m, block) * image_bytes(m->config);
}

static uint8_t *block_place(const Making *m, int block) {
    return m->pixels + (size_t)block * BLOCK_IMAGES * image_bytes(m->config);
}

static void take_piece(void *state, int64_t number, const void *bytes, size_t size) {
    Making *m = state;
    if (number < 0 || number >= m->n_blocks || size != block_bytes(m, (int)number)) return;
    memcpy(block_place(m, (int)number), bytes, size);
    m->made[number] = 1;
}

/* made: blocks of this life, at least. */
static Err stopped(const Making *m, int made) {
    return RAISE(ERR_STOPPED,
                 "stopped while making textures (%s): %d of %d blocks are kept; run the same command again to go on",
                 stop_reason(), m->n_blocks - m->n_missing + made, m->n_blocks);
}

/* This rank's part of a round. A stop request is heard after a block, so that every life brings something. */
static Err make_blocks(Making *m, int first, Share part) {
    const int *blocks = m->missing + first + part.begin;
    int count = (int)(part.end - part.begin);
    uint8_t *place = m->mine;
    for (int i = 0; i < count; i++) {
        int images = block_images(m, blocks[i]);
        if (fault_hit("textures.block")) return RAISE(ERR_INTERNAL, "%s: injected fault", m->run->out);
        TRY(texture_maker_render(m->maker, place, blocks[i] * BLOCK_IMAGES, images));
        TRY(journal_append(m->journal, blocks[i], place, block_bytes(m, blocks[i])));
        progress_add(m->progress, images);
        place += block_bytes(m, blocks[i]);
        if (i + 1 < count && stop_requested()) return stopped(m, first + i + 1);
    }
    return ERR_NONE;
}

/* missing[first, first + count), shared among the ranks; rank 0 gathers them in order. */
static Err make_round_all(Making *m, int first, int count) {
    const Par *par = &m->run->par;
    Share part = share_block(count, par->rank, par->n_ranks);
    size_t mine = 0, total;
    uint8_t *gathered = NULL;
    TRY(err_agree_all(make_blocks(m, first, part), par, "making textures"));
    for (int64_t i = part.begin; i < part.end; i++) mine += block_bytes(m, m->missing[first + i]);
    TRY(gather_bytes_all((void **)&gathered, &total, m->mine, mine, par));
    const uint8_t *at = gathered;
    for (int i = first; i < first + count && par->rank == 0; i++) {
        memcpy(block_place(m, m->missing[i]), at, block_bytes(m, m->missing[i]));
        at += block_bytes(m, m->missing[i]);
    }
    free(gathered);
    return ERR_NONE;
}

static Err make_missing_all(Making *m) {
    const Par *par = &m->run->par;
    int step = ROUND_BLOCKS * par->n_ranks;
    for (int first = 0; first < m->n_missing; first += step) {
        int left = m->n_missing - first;
        TRY(make_round_all(m, first, left < step ? left : step));
        if (left > step && agree_stop_all(par)) return stopped(m, first + step);
    }
    return ERR_NONE;
}

static Err making_allocate(Making *m) {
    size_t n = (size_t)m->n_blocks;
    m->made = calloc(n, 1);
    m->missing = calloc(n, sizeof *m->missing);
    m->mine = malloc((size_t)ROUND_BLOCKS * BLOCK_IMAGES * image_bytes(m->config));
    if (!m->made || !m->missing || !m->mine) return RAISE(ERR_MEMORY, "%d blocks of textures: no memory", m->n_blocks);
    return texture_maker_new(&m->maker, m->config, m->run->seed, m->run->par.threads);
}

static Err journal_folder(char folder[PATH_SIZE], const Run *run) {
    return text_format(folder, PATH_SIZE, "%s.journal", run->out);
}

/* Rank 0 reads what earlier lives have made, and everybody hears what is missing. */
static Err look_back_all(Making *m, const char *identity) {
    const Par *par = &m->run->par;
    char folder[PATH_SIZE];
    Err err = journal_folder(folder, m->run);
    if (!err) err = making_allocate(m);
    if (!err) err = journal_open(&m->journal, folder, identity, par);
    if (!err && par->rank == 0 && !m->run->force) err = journal_read(m->journal, take_piece, m);
    TRY(err_agree_all(err, par, "looking for textures of an earlier run"));
    TRY(spread_bytes_all(m->made, (size_t)m->n_blocks, par));
    for (int block = 0; block < m->n_blocks; block++)
        if (!m->made[block]) m->missing[m->n_missing++] = block;
    if (m->n_missing < m->n_blocks)
        log_info("%s: going on with %d of %d blocks there", m->run->out, m->n_blocks - m->n_missing, m->n_blocks);
    return ERR_NONE;
}

static Err make_all(uint8_t *pixels, Journal **journal, const TexturesConfig *config, const Run *run,
                    const char *identity) {
    const Par *par = &run->par;
    Making m = {
        .config = config, .run = run, .pixels = pixels, .n_blocks = (config->images + BLOCK_IMAGES - 1) / BLOCK_IMAGES};
    Err err = look_back_all(&m, identity);
    if (!err) err = progress_begin_all(&m.progress, par, run->progress, "images", config->images, "images", 1);
    if (!err && par->rank == 0)
        for (int block = 0; block < m.n_blocks; block++)
            if (m.made[block]) progress_add(m.progress, block_images(&m, block));
    if (!err) err = make_missing_all(&m);
    progress_end_all(&m.progress);
    *journal = m.journal;
    texture_maker_free(&m.maker);
    free(m.made);
    free(m.missing);
    free(m.mine);
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
    Journal *journal = NULL;
    Err err = par->rank == 0 && !pixels ? RAISE(ERR_MEMORY, "a pool of %zu bytes: out of memory", bytes) : ERR_NONE;
    err = err_agree_all(err, par, "memory for the pool");
    if (!err) err = make_all(pixels, &journal, config, run, text);
    if (!err) {
        if (par->rank == 0) err = write_files(pixels, config, run, side, text);
        err = err_agree_all(err, par, "writing the pool");
    }
    if (!err) err = journal_remove_all(&journal, par);
    journal_close(&journal);
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
    char side[PATH_SIZE], journal[PATH_SIZE], *text = NULL;
    bool done = false;
    TRY(check_size(config)); /* the same on all ranks */
    if (run->dry_run) {
        print_plan(config, run);
        return ERR_NONE;
    }
    TRY(text_format(side, sizeof side, "%s.json", run->out));
    TRY(journal_folder(journal, run));
    Err err = describe(&text, config, run->seed);
    if (!err && par->rank == 0) err = look(&done, run, side, text);
    err = err_agree_all(err, par, "looking at the pool");
    if (!err && agree_rank0_all(done, par, "looking at the pool")) {
        log_info("%s is there already", run->out);
        err = journal_clear_all(journal, par);
    } else if (!err)
        err = make_pool_all(config, run, side, text);
    free(text);
    return err;
}
