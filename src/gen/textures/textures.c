/* A pool of textures as a resumable job: blocks of images are pieces of a journal, ranks make what is missing in
 * rounds, and rank 0 puts the pool together in the end. Which rank made a block leaves no trace in it. */
#include "gen/textures/textures.h"

#include "base/failure/fault.h"
#include "base/system/estimate.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "base/system/stop.h"
#include "base/text/text.h"
#include "gen/dataset/pool_pieces.h"
#include "gen/textures/texture_stat.h"
#include "par/agree.h"
#include "par/share.h"
#include "par/spread.h"

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

/* The description beside the pool. It is also the journal's identity: pieces of other settings are passed over. */
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

/* What a rank makes, block by block; a block is a piece of the pool. */
typedef struct {
    const TexturesConfig *config;
    const Run *run;
    const PoolPieces *pieces;
    Journal *journal;
    int n_blocks, n_missing;
    int *missing;    /* (n_missing) blocks */
    uint8_t *images; /* of a block */
    TextureMaker *maker;
    Progress *progress;
} Making;

static int block_images(const Making *m, int block) {
    return (int)(pool_piece_bytes(m->pieces, block) / image_bytes(m->config));
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
    for (int i = 0; i < count; i++) {
        int images = block_images(m, blocks[i]);
        if (fault_hit("textures.block")) return RAISE(ERR_INTERNAL, "%s: injected fault", m->run->out);
        TRY(texture_maker_render(m->maker, m->images, blocks[i] * BLOCK_IMAGES, images));
        TRY(journal_append(m->journal, blocks[i], m->images, pool_piece_bytes(m->pieces, blocks[i])));
        progress_add(m->progress, images);
        if (i + 1 < count && stop_requested()) return stopped(m, first + i + 1);
    }
    return ERR_NONE;
}

/* Rounds of the missing blocks, shared among the ranks. */
static Err make_missing_all(Making *m) {
    const Par *par = &m->run->par;
    /* long enough that agreeing costs nothing, short enough that a stop or a failure is heard soon */
    int step = ROUND_BLOCKS * par->n_ranks;
    for (int first = 0; first < m->n_missing; first += step) {
        int left = m->n_missing - first, count = left < step ? left : step;
        Err err = make_blocks(m, first, share_block(count, par->rank, par->n_ranks));
        TRY(err_agree_all(err, par, "making textures"));
        if (left > step && agree_stop_all(par)) return stopped(m, first + step);
    }
    return ERR_NONE;
}

static Err making_allocate(Making *m) {
    m->missing = calloc((size_t)m->n_blocks, sizeof *m->missing);
    m->images = malloc(pool_piece_bytes(m->pieces, 0));
    if (!m->missing || !m->images) return RAISE(ERR_MEMORY, "%d blocks of textures: no memory", m->n_blocks);
    return texture_maker_new(&m->maker, m->config, m->run->seed, m->run->par.threads);
}

/* there[i], block part.begin + i: a rank looks at its part, as that is reading all there is of it. */
static Err look_back(uint8_t *there, const Making *m, Share part) {
    JournalIndex *index;
    TRY(journal_index(&index, m->journal));
    for (int64_t block = part.begin; block < part.end; block++)
        there[block - part.begin] = journal_fetch(index, block, m->images, pool_piece_bytes(m->pieces, block));
    journal_index_free(&index);
    return ERR_NONE;
}

static Err find_missing_all(Making *m) {
    const Par *par = &m->run->par;
    Share part = share_block(m->n_blocks, par->rank, par->n_ranks);
    size_t bytes, mine = (size_t)(part.end - part.begin);
    void *all = NULL;
    /* + 1: a rank may have no part, and calloc of nothing may be NULL */
    uint8_t *there = calloc(mine + 1, 1);
    Err err = there ? making_allocate(m) : RAISE(ERR_MEMORY, "%d blocks of textures: no memory", m->n_blocks);
    if (!err) err = look_back(there, m, part);
    err = err_agree_all(err, par, "looking for textures of an earlier run");
    if (!err) err = gather_bytes_all(&all, &bytes, there, mine, par);
    for (int block = 0; block < m->n_blocks && !err; block++)
        if (!((uint8_t *)all)[block]) m->missing[m->n_missing++] = block;
    free(there);
    free(all);
    if (!err && m->n_missing < m->n_blocks)
        log_info("%s: going on with %d of %d blocks there", m->run->out, m->n_blocks - m->n_missing, m->n_blocks);
    return err;
}

static int count_made(const Making *m) {
    int images = m->config->images;
    for (int i = 0; i < m->n_missing; i++) images -= block_images(m, m->missing[i]);
    return images;
}

static Err make_all(Journal *journal, const PoolPieces *pieces, const TexturesConfig *config, const Run *run) {
    const Par *par = &run->par;
    Making m = {
        .config = config, .run = run, .pieces = pieces, .journal = journal, .n_blocks = (int)pool_piece_count(pieces)};
    Err err = find_missing_all(&m);
    if (!err)
        err = err_agree_all(par->rank == 0 ? pool_pieces_check_room(pieces, m.n_missing) : ERR_NONE, par,
                            "room for the pool");
    if (!err) err = progress_begin_all(&m.progress, par, run->progress, "images", config->images, "images", 1);
    if (!err && par->rank == 0) progress_add(m.progress, count_made(&m));
    if (!err) err = make_missing_all(&m);
    progress_end_all(&m.progress);
    texture_maker_free(&m.maker);
    free(m.missing);
    free(m.images);
    return err;
}

static Err write_pool_all(const PoolPieces *pieces, Journal *journal, const Run *run, const char *side) {
    const PoolPlan *pool = &pieces->pool;
    char digest[DIGEST_SIZE];
    TRY(pool_from_pieces_all(pieces, journal, run, digest));
    Err err = ERR_NONE;
    if (run->par.rank == 0) {
        err = file_write_whole(side, pool->config_text, strlen(pool->config_text));
        log_info("wrote %s: %d textures of %d x %d, digest %s", pool->path, pool->count, pool->width, pool->height,
                 digest);
    }
    return err_agree_all(err, &run->par, "writing the pool");
}

static Err make_pool_all(const TexturesConfig *config, const Run *run, const char *side, const char *text) {
    const PoolPieces pieces = {.pool = {.path = run->out,
                                        .kind = kind_name((TextureKind)config->kind),
                                        .count = config->images,
                                        .height = config->size,
                                        .width = config->size,
                                        .seed = run->seed,
                                        .config_text = text},
                               .piece_images = BLOCK_IMAGES};
    Journal *journal = NULL;
    Err err = pool_journal_open_all(&journal, run, text);
    if (!err) err = make_all(journal, &pieces, config, run);
    if (!err) err = write_pool_all(&pieces, journal, run, side);
    if (!err) err = journal_remove_all(&journal, &run->par);
    journal_close(&journal);
    return err;
}

static Err check_size(const TexturesConfig *config) {
    if ((config->size & (config->size - 1)) == 0) return ERR_NONE;
    return RAISE(ERR_USAGE, "size: %d is not a power of two", config->size);
}

/* At 256 x 256, by the slowest rates that `synvid bench textures` has shown. */
static const double images_per_core_second[] = {
    [TEXTURE_STATISTICAL] = 4, [TEXTURE_STYLEGAN_ORIENTED] = 15, [TEXTURE_STYLEGAN_HIGH_FREQUENCY] = 15};

/* Generators, their buffers and MPI; seen 60 to 150 MB at 256 x 256. */
static const double rank_bytes = 200e6;

static void print_plan(const TexturesConfig *config, const Run *run) {
    char disk[32], scratch[32], memory[32];
    double bytes = (double)config->images * (double)image_bytes(config);
    double rank = rank_bytes + BLOCK_IMAGES * (double)image_bytes(config);
    printf("%d %s textures of %d x %d in %s\n", config->images, kind_name((TextureKind)config->kind), config->size,
           config->size, run->out ? run->out : "(no --out)");
    printf("disk: %s, and until it is finished %s in %s.journal; memory: about %s a rank\n",
           text_bytes(disk, sizeof disk, bytes), text_bytes(scratch, sizeof scratch, bytes),
           run->out ? run->out : "OUT", text_bytes(memory, sizeof memory, rank));
    estimate_print(rank, config->images / images_per_core_second[config->kind]);
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
    if (!err && agree_rank0_all(done, par, "looking at the pool")) {
        log_info("%s is there already", run->out);
        err = pool_journal_clear_all(run);
    } else if (!err)
        err = make_pool_all(config, run, side, text);
    free(text);
    return err;
}
