#include "gen/ingest_work.h"

#include "base/file.h"
#include "base/log.h"
#include "par/agree.h"
#include "par/share.h"
#include "store/pool.h"
#include "store/record.h"

#include <limits.h>

/* Beside the pool: what went in. */
static const char *const side_schema = "synvid.ingest", *const pool_kind = "photographs";
enum { SIDE_VERSION = 1 };

static Err side_path(char *out, size_t size, const Ingest *ingest) {
    return text_format(out, size, "%s.json", ingest->run->out);
}

static Err read_plan(char *plan, size_t size, const char *path) {
    cJSON *tree = NULL;
    Record provenance;
    TRY(record_open(&tree, path, side_schema, SIDE_VERSION));
    Err err = record_object(&provenance, (Record){tree, path}, "provenance");
    if (!err) err = record_text(plan, size, provenance, "plan");
    cJSON_Delete(tree);
    return err;
}

/* A pool of photographs without its side file is one whose writer was interrupted between the two. */
static Err check_interrupted(const Ingest *ingest) {
    Pool pool = {0};
    TRY(pool_read(&pool, ingest->run->out));
    bool ours = text_equal(pool.kind, pool_kind);
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

/* The readable images on rank 0, in the order of the list. */
typedef struct {
    uint8_t *images;
    const char **sources;
    int count;
} Collected;

static Err collected_prepare(Collected *collected, const Ingest *ingest) {
    int64_t count = ingest->list->count - ingest_count_bad(ingest->probes, ingest->list->count);
    size_t image_bytes = (size_t)ingest->config->size * (size_t)ingest->config->size * 3;
    if (count > INT_MAX) return RAISE(ERR_INPUT, "%lld images are too many for one pool", (long long)count);
    collected->count = (int)count;
    if (ingest->run->par.rank > 0) return ERR_NONE;
    collected->images = malloc((size_t)count * image_bytes);
    collected->sources = calloc((size_t)count, sizeof *collected->sources);
    if (collected->images && collected->sources) return ERR_NONE;
    return RAISE(ERR_MEMORY, "no memory for a pool of %lld images of %d x %d pixels", (long long)count,
                 ingest->config->size, ingest->config->size);
}

/* One image of `owner` comes to rank 0. */
static void bring_to_rank0(uint8_t *place, const uint8_t *mine, int image_bytes, int owner, const Par *par) {
    if (par->rank == 0 && owner == 0)
        memcpy(place, mine, (size_t)image_bytes);
    else if (par->rank == 0)
        MPI_Recv(place, image_bytes, MPI_BYTE, owner, 0, par->comm, MPI_STATUS_IGNORE);
    else if (par->rank == owner)
        MPI_Send(mine, image_bytes, MPI_BYTE, 0, 0, par->comm);
}

static void collect_all(Collected *collected, const Ingest *ingest) {
    const Par *par = &ingest->run->par;
    int image_bytes = ingest->config->size * ingest->config->size * 3;
    size_t at = 0;
    for (int64_t file = 0; file < ingest->list->count; file++) {
        if (ingest->probes[file].reason[0]) continue;
        uint8_t *place = par->rank == 0 ? collected->images + at * (size_t)image_bytes : NULL;
        bring_to_rank0(place, ingest->pixels[file], image_bytes, (int)(file % par->n_ranks), par);
        if (par->rank == 0) collected->sources[at] = ingest->list->names[file];
        at++;
    }
}

static Err write_side(const Ingest *ingest, const Collected *collected, const char *digest) {
    char path[PATH_SIZE], *provenance = NULL;
    TRY(side_path(path, sizeof path, ingest));
    TRY(ingest_provenance(&provenance, ingest));
    cJSON *tree = record_new(side_schema, SIDE_VERSION);
    bool complete = tree && record_put_text(tree, "pool", path_base(ingest->run->out)) &&
                    record_put_text(tree, "digest", digest) && record_put_int(tree, "images", collected->count) &&
                    record_put_int(tree, "size", ingest->config->size) &&
                    record_put_json(tree, "config", ingest->run->config_text) &&
                    record_put_json(tree, "provenance", provenance);
    free(provenance);
    return record_write(&tree, complete, path);
}

static Err write_pool(const Ingest *ingest, const Collected *collected) {
    const Run *run = ingest->run;
    char digest[DIGEST_SIZE], parent[PATH_SIZE];
    TRY(path_parent(parent, sizeof parent, run->out));
    TRY(folder_make(parent));
    TRY(pool_write(run->out, pool_kind, collected->images, collected->count, ingest->config->size, ingest->config->size,
                   collected->sources, run->seed, run->config_text, digest));
    TRY(write_side(ingest, collected, digest));
    log_info("%d images of %d x %d pixels in %s, digest %s", collected->count, ingest->config->size,
             ingest->config->size, run->out, digest);
    return ERR_NONE;
}

Err ingest_write_pool_all(const Ingest *ingest) {
    const Par *par = &ingest->run->par;
    Collected collected = {0};
    Err err = err_agree_all(collected_prepare(&collected, ingest), par, "memory for the pool");
    if (!err) {
        collect_all(&collected, ingest);
        if (par->rank == 0) err = write_pool(ingest, &collected);
        err = err_agree_all(err, par, "writing the pool");
    }
    free(collected.sources);
    free(collected.images);
    return err;
}
