/* Rank 0 lays the file out and all ranks fill it: nothing but plain writes into arrays that exist happens in
 * parallel, the one thing MPI-IO does without any rank waiting for another. */
#include "store/data/shard.h"

#include "base/failure/fault.h"
#include "base/system/file.h"
#include "par/agree.h"
#include "store/data/internal/shard_format.h"

enum { COLUMNS_MAX = 64 };

struct SharedShard {
    SharedShardPlan plan;
    const Par *par;
    H5File file;
    H5Array frames;
    hid_t frames_id, column_ids[COLUMNS_MAX];
};

static Err create_empty(const H5File *file, const H5Array *array) {
    hid_t dataset;
    TRY(h5_array_create(&dataset, file, array));
    h5_array_close(dataset);
    return ERR_NONE;
}

/* All of them are known from the plan: ranks have nothing to say about them. */
static Err put_tables(const H5File *file, const SharedShardPlan *plan) {
    int64_t *index = malloc((size_t)plan->n_videos * sizeof *index);
    if (!index) return RAISE(ERR_MEMORY, "%s: no memory for %lld numbers", plan->path, (long long)plan->n_videos);
    for (int64_t video = 0; video < plan->n_videos; video++) index[video] = video;
    const void *const data[SHARD_TABLES] = {plan->clip_start, index, plan->label};
    Err err = ERR_NONE;
    for (int table = 0; table < SHARD_TABLES && !err; table++) {
        const H5Array array = shard_table_array((ShardTable)table, plan->n_videos);
        err = h5_array_put(file, &array, data[table]);
    }
    free(index);
    return err;
}

static Err put_contents(const H5File *file, const SharedShardPlan *plan) {
    const H5Array frames = shard_frames_array(STORAGE_RAW, plan->clip_start[plan->n_videos], plan->height, plan->width);
    char name[2 * NAME_SIZE];
    TRY(shard_put_identity(file, STORAGE_RAW, plan->height, plan->width, plan->config_text));
    TRY(create_empty(file, &frames));
    TRY(put_tables(file, plan));
    for (const LatentColumn *column = NULL; (column = shard_next_column(plan->columns, plan->n_columns, column));) {
        const H5Array array = shard_column_array(column, plan->n_videos, name);
        TRY(create_empty(file, &array));
    }
    return ERR_NONE;
}

/* Closing reserves the room for all arrays, so a full disk shows here. */
static Err lay_out(const SharedShardPlan *plan) {
    H5File file;
    if (fault_hit("shard.create")) return RAISE(ERR_IO, "%s: injected fault", plan->path);
    TRY(h5_create(&file, plan->path, SHARD_SCHEMA, SHARD_VERSION));
    Err err = put_contents(&file, plan);
    if (!err) err = h5_close(&file);
    h5_abandon(&file);
    if (err) file_remove_partial(plan->path);
    return err;
}

static Err open_arrays(SharedShard *shard) {
    char name[2 * NAME_SIZE];
    TRY(h5_array_open(&shard->frames_id, &shard->frames, &shard->file, "/frames"));
    for (int c = 0; c < shard->plan.n_columns; c++) {
        H5Array found, wanted = shard_column_array(&shard->plan.columns[c], shard->plan.n_videos, name);
        TRY(h5_array_open(&shard->column_ids[c], &found, &shard->file, wanted.name));
    }
    return ERR_NONE;
}

static void close_arrays(SharedShard *shard) {
    h5_array_close(shard->frames_id);
    for (int c = 0; c < shard->plan.n_columns; c++) h5_array_close(shard->column_ids[c]);
}

static Err open_all(SharedShard *shard) {
    const Par *par = shard->par;
    /* agreed on step by step: a rank that failed must not leave the others waiting in the next collective call */
    TRY(err_agree_all(h5_open_shared_all(&shard->file, shard->plan.path, par), par, "opening the shard"));
    return err_agree_all(open_arrays(shard), par, "opening the shard");
}

Err shared_shard_create_all(SharedShard **shard, const SharedShardPlan *plan, const Par *par) {
    ASSERT(plan->n_columns <= COLUMNS_MAX);
    *shard = calloc(1, sizeof **shard);
    TRY(err_agree_all(*shard ? ERR_NONE : RAISE(ERR_MEMORY, "%s: no memory", plan->path), par, "the shard"));
    (*shard)->plan = *plan;
    (*shard)->par = par;
    Err err = err_agree_all(par->rank == 0 ? lay_out(plan) : ERR_NONE, par, "creating the shard");
    if (err) {
        free(*shard);
        *shard = NULL;
        return err;
    }
    err = open_all(*shard);
    return err ? shared_shard_finish_all(shard, err, NULL) : ERR_NONE;
}

/* Any rank, any video, in any order; ranks only must not write the same video. */
Err shared_shard_write(SharedShard *shard, int64_t video, const Frames *frames, const void *const *latents) {
    const SharedShardPlan *plan = &shard->plan;
    const int64_t start[] = {plan->clip_start[video], 0, 0, 0};
    const int64_t count[] = {frames->n_frames, plan->height, plan->width, 3};
    char name[2 * NAME_SIZE];
    if (frames->n_frames != plan->clip_start[video + 1] - plan->clip_start[video])
        return RAISE(ERR_INTERNAL, "%s: video %lld has %d frames, %lld were planned", plan->path, (long long)video,
                     frames->n_frames, (long long)(plan->clip_start[video + 1] - plan->clip_start[video]));
    if (fault_hit("shard.write")) return RAISE(ERR_IO, "%s: injected fault", plan->path);
    TRY(h5_box_write(&shard->file, shard->frames_id, &shard->frames, start, count, frames->data));
    for (int c = 0; c < plan->n_columns; c++) {
        const LatentColumn *column = &plan->columns[c];
        const H5Array array = shard_column_array(column, plan->n_videos, name);
        const int64_t row[] = {video, 0, 0}, one[] = {1, column->rows, column->cols};
        TRY(h5_box_write(&shard->file, shard->column_ids[c], &array, row, one, latents[c]));
    }
    return ERR_NONE;
}

static Err put_digest(const SharedShard *shard, const char *digest) {
    /* the serial driver, whatever the ranks */
    const Par alone = {.n_ranks = 1, .comm = MPI_COMM_NULL};
    H5File file;
    TRY(h5_open_shared_all(&file, shard->plan.path, &alone));
    Err err = h5_put_text(&file, NULL, "digest", digest);
    Err closed = h5_close(&file);
    return err ? err : closed;
}

/* Rank 0, when all have closed: digests what arrived on disk, since no rank has seen all of it. */
static Err complete(const SharedShard *shard, char digest[DIGEST_SIZE]) {
    char partial[PATH_SIZE];
    TRY(file_partial_name(partial, sizeof partial, shard->plan.path));
    TRY(shard_digest(partial, digest));
    TRY(put_digest(shard, digest));
    if (fault_hit("shard.finish")) return RAISE(ERR_IO, "%s: injected fault", shard->plan.path);
    return h5_finish(shard->plan.path);
}

Err shared_shard_finish_all(SharedShard **shard, Err mine, char digest[DIGEST_SIZE]) {
    SharedShard *s = *shard;
    close_arrays(s);
    Err closed = h5_close(&s->file); /* collective: also after a failure of one's own */
    Err err = err_agree_all(mine ? mine : closed, s->par, "writing the shard");
    if (!err) err = err_agree_all(s->par->rank == 0 ? complete(s, digest) : ERR_NONE, s->par, "finishing the shard");
    if (err && s->par->rank == 0) file_remove_partial(s->plan.path);
    free(s);
    *shard = NULL;
    return err;
}
