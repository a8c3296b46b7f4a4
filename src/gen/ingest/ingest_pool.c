/* A pool of photographs in two steps: every image is read once, brought to the form that the settings say and appended
 * to the journal (the probe does that), then the journal's pieces become the pool in the order of the list. The side
 * file is written last. */
#include "base/config/record.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "gen/dataset/pool_pieces.h"
#include "gen/ingest/internal/ingest_work.h"
#include "par/agree.h"

#include <limits.h>

/* Beside the pool: what went in. */
static const char *const side_schema = "synvid.ingest";
enum { SIDE_VERSION = 1 };

static Err side_path(char *out, size_t size, const Ingest *ingest) {
    return text_format(out, size, "%s.json", ingest->run->out);
}

static Err read_plan(char *plan, size_t size, const char *path) {
    cJSON *tree = NULL;
    Record provenance;
    TRY(record_open(&tree, path, side_schema, SIDE_VERSION));
    Err err = record_object(&provenance, (Record){.object = tree, .origin = path}, "provenance");
    if (!err) err = record_text(plan, size, provenance, "plan");
    cJSON_Delete(tree);
    return err;
}

/* A pool of photographs without its side file is one whose writer was interrupted between the two. */
static Err check_interrupted(const Ingest *ingest) {
    Pool pool = {0};
    TRY(pool_read(&pool, ingest->run->out));
    bool ours = text_equal(pool.kind, POOL_PHOTOGRAPHS);
    pool_free(&pool);
    return ours ? ERR_NONE
                : RAISE(ERR_USAGE, "--out %s: holds a pool of something else; --force replaces it", ingest->run->out);
}

Err ingest_pool_done(bool *done, const Ingest *ingest) {
    char path[PATH_SIZE], plan[NAME_SIZE];
    *done = false;
    if (ingest->run->force || !file_exists(ingest->run->out)) return ERR_NONE;
    TRY(side_path(path, sizeof path, ingest));
    if (!file_exists(path)) return check_interrupted(ingest);
    TRY(read_plan(plan, sizeof plan, path));
    *done = text_equal(plan, ingest->list->digest);
    if (*done) return ERR_NONE;
    return RAISE(ERR_USAGE,
                 "--out %s: holds a pool of other files or settings; give another name, or --force to replace it",
                 ingest->run->out);
}

/* ---- what is kept on the way ---- */

/* What is kept, and the pool of it; files that cannot be read are counted, too. Of images that keep their own sizes
 * nothing is known before they are decoded: the pool of them asks for its room when it is begun. */
static Err check_room(const IngestKeep *keep, const Ingest *ingest) {
    if (ingest->config->fit == INGEST_FIT_KEEP) return ERR_NONE;
    int64_t files = ingest->list->count - ingest_list_missing(ingest->list);
    int64_t piece = (int64_t)sizeof(IngestHead) + pool_size_bytes(ingest_pool_size(ingest->config, 0, 0));
    int64_t pieces = files * piece, there = journal_bytes(keep->earlier);
    int64_t needed = there < pieces ? 2 * pieces - there : pieces;
    return folder_check_room(ingest->run->out, (uint64_t)needed,
                             "; that is the pool and, on the way, its images again");
}

static Err look_back(IngestKeep *keep, const Ingest *ingest) {
    TRY(journal_index(&keep->earlier, keep->journal));
    return ingest->run->par.rank == 0 ? check_room(keep, ingest) : ERR_NONE;
}

Err ingest_keep_open_all(IngestKeep *keep, const Ingest *ingest) {
    const Run *run = ingest->run;
    TRY(pool_journal_open_all(&keep->journal, run, ingest->list->digest));
    return err_agree_all(look_back(keep, ingest), &run->par, "looking for images of an earlier run");
}

void ingest_keep_close(IngestKeep *keep) {
    journal_index_free(&keep->earlier);
    journal_close(&keep->journal);
}

Err ingest_keep_remove_all(IngestKeep *keep, const Par *par) {
    journal_index_free(&keep->earlier);
    return journal_remove_all(&keep->journal, par);
}

/* ---- writing ---- */

/* The readable images, in the order of the list. */
typedef struct {
    int count;
    int64_t *numbers; /* in the list */
    const char **sources;
    PoolSize *sizes;  /* as the pool has them */
    PoolSize largest; /* of each side, the largest */
} Chosen;

static void chosen_free(Chosen *chosen) {
    free(chosen->numbers);
    free(chosen->sources);
    free(chosen->sizes);
}

static void add_chosen(Chosen *chosen, const Ingest *ingest, int64_t file) {
    const IngestProbe *probe = &ingest->probes[file];
    PoolSize size = ingest_pool_size(ingest->config, probe->height, probe->width);
    if (chosen->largest.height < size.height) chosen->largest.height = size.height;
    if (chosen->largest.width < size.width) chosen->largest.width = size.width;
    chosen->sizes[chosen->count] = size;
    chosen->sources[chosen->count] = ingest->list->names[file];
    chosen->numbers[chosen->count++] = file;
}

static Err choose(Chosen *chosen, const Ingest *ingest) {
    int64_t all = ingest->list->count, readable = all - ingest_count_bad(ingest->probes, all);
    if (readable > INT_MAX) return RAISE(ERR_INPUT, "%lld images are too many for one pool", (long long)readable);
    *chosen = (Chosen){.numbers = calloc((size_t)readable, sizeof *chosen->numbers),
                       .sources = calloc((size_t)readable, sizeof *chosen->sources),
                       .sizes = calloc((size_t)readable, sizeof *chosen->sizes)};
    if (!chosen->numbers || !chosen->sources || !chosen->sizes)
        return RAISE(ERR_MEMORY, "no memory for the names of %lld images", (long long)readable);
    for (int64_t file = 0; file < all; file++)
        if (!ingest->probes[file].reason[0]) add_chosen(chosen, ingest, file);
    return ERR_NONE;
}

static Err write_side(const Ingest *ingest, const Chosen *chosen, const char *digest) {
    char path[PATH_SIZE], *provenance = NULL;
    TRY(side_path(path, sizeof path, ingest));
    TRY(ingest_provenance(&provenance, ingest));
    cJSON *tree = record_new(side_schema, SIDE_VERSION);
    bool complete = tree && record_put_text(tree, "pool", path_base(ingest->run->out)) &&
                    record_put_text(tree, "digest", digest) && record_put_int(tree, "images", chosen->count) &&
                    record_put_int(tree, "size", ingest->config->size) &&
                    record_put_json(tree, "config", ingest->run->config_text) &&
                    record_put_json(tree, "provenance", provenance);
    free(provenance);
    TRY(record_write(&tree, complete, path));
    log_info("%d images of %s%d x %d pixels in %s, digest %s", chosen->count,
             ingest->config->fit == INGEST_FIT_KEEP ? "their own sizes, up to " : "", chosen->largest.width,
             chosen->largest.height, ingest->run->out, digest);
    return ERR_NONE;
}

static Err write_files_all(const Ingest *ingest, const Chosen *chosen) {
    const Run *run = ingest->run;
    char digest[DIGEST_SIZE];
    bool squares = ingest->config->fit == INGEST_FIT_SQUARE, kept = ingest->config->fit == INGEST_FIT_KEEP;
    const PoolPieces pieces = {.pool = {.path = run->out,
                                        .kind = POOL_PHOTOGRAPHS,
                                        .fit = squares ? NULL : ingest_fit_name(ingest->config),
                                        .count = chosen->count,
                                        .height = ingest->config->size,
                                        .width = ingest->config->size,
                                        .sizes = kept ? chosen->sizes : NULL,
                                        .sources = chosen->sources,
                                        .seed = run->seed,
                                        .config_text = run->config_text},
                               .head_bytes = sizeof(IngestHead),
                               .piece_images = 1,
                               .numbers = chosen->numbers};
    TRY(pool_from_pieces_all(&pieces, ingest->keep.journal, run, digest));
    return err_agree_all(run->par.rank == 0 ? write_side(ingest, chosen, digest) : ERR_NONE, &run->par,
                         "writing the pool");
}

Err ingest_write_pool_all(Ingest *ingest) {
    const Par *par = &ingest->run->par;
    Chosen chosen = {0};
    Err err = err_agree_all(choose(&chosen, ingest), par, "the images of the pool");
    if (!err) err = write_files_all(ingest, &chosen);
    if (!err) err = ingest_keep_remove_all(&ingest->keep, par);
    chosen_free(&chosen);
    return err;
}
