/* The plan is arithmetic on the probes: files are cut into pieces, pieces into shards, and every rank knows all of
 * it. Ranks write their shards; a shard that has its name is complete, so a second run writes the rest. */
#include "gen/ingest/internal/ingest_reader.h"
#include "gen/ingest/internal/ingest_work.h"

#include "base/config/json.h"
#include "base/config/record.h"
#include "base/failure/fault.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "base/system/stop.h"
#include "base/text/escape.h"
#include "par/agree.h"
#include "par/share.h"
#include "par/spread.h"
#include "store/data/dataset.h"
#include "store/data/shard.h"

typedef struct {
    const Ingest *ingest;
    IngestPiece *pieces; /* the clips of the dataset, in order */
    int64_t n_pieces;
    int n_shards;
    Progress *progress;
    IngestReader *reader;
} ShardWork;

/* --- an earlier result ---------------------------------------------------------------------------------------------
 */

/* While shards are written this file names the plan they belong to; the manifest names it afterwards. */
static Err plan_path(char *out, size_t size, const Ingest *ingest) {
    return path_join(out, size, ingest->run->out, "ingest.plan");
}

static Err refuse_other_contents(const Ingest *ingest, const char *what) {
    return RAISE(ERR_USAGE,
                 "--out %s: holds %s of other files or settings; give another folder, or --force to replace it",
                 ingest->run->out, what);
}

static bool is_of_this_plan(const Ingest *ingest, const char *provenance) {
    cJSON *tree;
    if (!provenance || json_parse(&tree, provenance, strlen(provenance), "provenance", ERR_INPUT)) return false;
    bool same = text_equal(record_text_or(tree, "plan", ""), ingest->list->digest);
    cJSON_Delete(tree);
    return same;
}

static Err check_unfinished(const Ingest *ingest, const char *path) {
    char *found = NULL;
    size_t length = 0;
    TRY(file_read(&found, &length, path, 1024));
    bool same = length >= DIGEST_SIZE - 1 && !strncmp(found, ingest->list->digest, DIGEST_SIZE - 1);
    free(found);
    return same ? ERR_NONE : refuse_other_contents(ingest, "an unfinished ingest");
}

Err ingest_shards_done(bool *done, const Ingest *ingest) {
    char manifest[PATH_SIZE], plan[PATH_SIZE], shard[PATH_SIZE];
    *done = false;
    if (ingest->run->force) return ERR_NONE;
    TRY(path_join(manifest, sizeof manifest, ingest->run->out, "dataset.json"));
    TRY(plan_path(plan, sizeof plan, ingest));
    if (file_exists(manifest)) {
        Dataset dataset = {0};
        TRY(dataset_read(&dataset, ingest->run->out));
        *done = is_of_this_plan(ingest, dataset.provenance);
        dataset_free(&dataset);
        return *done ? ERR_NONE : refuse_other_contents(ingest, "a dataset");
    }
    if (file_exists(plan)) return check_unfinished(ingest, plan);
    TRY(dataset_shard_path(shard, sizeof shard, ingest->run->out, 0));
    return file_exists(shard) ? refuse_other_contents(ingest, "shards") : ERR_NONE;
}

/* --- what goes where ------------------------------------------------------------------------------------------------
 */

/* Files that are kept as they are stay whole. */
static int pieces_of(const IngestProbe *probe, const IngestConfig *config) {
    int max_frames = config->storage == INGEST_ENCODED ? 0 : config->max_frames;
    if (probe->reason[0]) return 0;
    return max_frames > 0 ? (probe->n_frames + max_frames - 1) / max_frames : 1;
}

static Err cut_pieces(ShardWork *work) {
    const Ingest *ingest = work->ingest;
    for (int64_t i = 0; i < ingest->list->count; i++) work->n_pieces += pieces_of(&ingest->probes[i], ingest->config);
    work->pieces = calloc((size_t)work->n_pieces, sizeof *work->pieces);
    if (!work->pieces) return RAISE(ERR_MEMORY, "no memory for a plan of %lld clips", (long long)work->n_pieces);
    IngestPiece *piece = work->pieces;
    for (int64_t i = 0; i < ingest->list->count; i++) {
        int count = pieces_of(&ingest->probes[i], ingest->config);
        for (int k = 0; k < count; k++, piece++) {
            /* pieces of one file differ by a frame at most */
            Share share = share_block(ingest->probes[i].n_frames, k, count);
            *piece = (IngestPiece){i, (int)share.begin, (int)(share.end - share.begin)};
        }
    }
    int64_t a_shard = ingest->config->shard_videos;
    work->n_shards = (int)((work->n_pieces + a_shard - 1) / a_shard);
    return ERR_NONE;
}

static DatasetShard describe_shard(const ShardWork *work, int shard) {
    int64_t a_shard = work->ingest->config->shard_videos, first = shard * a_shard;
    int64_t left = work->n_pieces - first;
    DatasetShard record = {.first_clip = first, .n_clips = left < a_shard ? left : a_shard};
    for (int64_t i = 0; i < record.n_clips; i++) record.n_frames += work->pieces[first + i].n_frames;
    return record;
}

/* --- writing --------------------------------------------------------------------------------------------------------
 */

static Err append_pieces(ShardWork *work, ShardWriter *writer, const DatasetShard *record) {
    int64_t end = record->first_clip + record->n_clips;
    for (int64_t first = record->first_clip; first < end;) {
        int count = 0;
        const Frames *clips = NULL;
        TRY(ingest_reader_batch(&clips, &count, work->reader, work->pieces + first, end - first));
        for (int i = 0; i < count; i++, first++) {
            int label = work->ingest->list->labels[work->pieces[first].file];
            TRY(shard_append(writer, first, label, &clips[i], NULL));
            progress_add(work->progress, 1);
        }
    }
    return ERR_NONE;
}

static Err append_files(ShardWork *work, ShardWriter *writer, const DatasetShard *record) {
    const Ingest *ingest = work->ingest;
    for (int64_t clip = record->first_clip; clip < record->first_clip + record->n_clips; clip++) {
        const IngestPiece *piece = &work->pieces[clip];
        char path[PATH_SIZE];
        if (fault_hit("ingest.read")) return RAISE(ERR_IO, "%s: injected fault", ingest->list->names[piece->file]);
        TRY(ingest_list_path(path, sizeof path, ingest->list, ingest->config, piece->file));
        const IngestProbe *probe = &ingest->probes[piece->file];
        const ShardFile file = {path, ingest->list->bytes[piece->file], piece->n_frames, probe->height, probe->width};
        TRY(shard_append_file(writer, clip, ingest->list->labels[piece->file], &file));
        progress_add(work->progress, 1);
    }
    return ERR_NONE;
}

static Err create_shard(ShardWriter **writer, const ShardWork *work, const DatasetShard *record, const char *path) {
    const IngestConfig *config = work->ingest->config;
    ShardPlan plan = {.path = path,
                      .config_text = work->ingest->run->config_text,
                      .storage = ingest_storage(config),
                      .height = config->size,
                      .width = config->size,
                      .n_videos = record->n_clips,
                      .n_frames = record->n_frames};
    for (int64_t i = 0; i < record->n_clips; i++)
        plan.n_bytes += work->ingest->list->bytes[work->pieces[record->first_clip + i].file];
    return shard_create(writer, &plan);
}

static Err write_shard(ShardWork *work, DatasetShard *record, const char *path) {
    ShardWriter *writer = NULL;
    TRY(create_shard(&writer, work, record, path));
    bool encoded = work->ingest->config->storage == INGEST_ENCODED;
    Err err = encoded ? append_files(work, writer, record) : append_pieces(work, writer, record);
    if (!err) return shard_finish(&writer, record->digest);
    shard_abandon(&writer);
    return err;
}

static Err make_shard(ShardWork *work, DatasetShard *record, int shard) {
    char path[PATH_SIZE];
    *record = describe_shard(work, shard);
    TRY(dataset_shard_path(path, sizeof path, work->ingest->run->out, shard));
    TRY(text_copy(record->file, sizeof record->file, path_base(path)));
    if (stop_requested())
        return RAISE(ERR_STOPPED, "stopped by %s; the same command goes on where this one ended", stop_reason());
    if (!file_exists(path)) return write_shard(work, record, path);
    progress_add(work->progress, record->n_clips);
    return shard_digest(path, record->digest);
}

static Err make_my_shards(ShardWork *work, DatasetShard *mine) {
    const Par *par = &work->ingest->run->par;
    int count = 0;
    for (int shard = 0; shard < work->n_shards; shard++)
        if (share_owns(shard, par->rank, par->n_ranks)) TRY(make_shard(work, &mine[count++], shard));
    return ERR_NONE;
}

static Err remove_shards(const char *folder) {
    FileList files = {0};
    TRY(file_list_walk(&files, folder));
    Err err = ERR_NONE;
    for (size_t i = 0; i < files.count && !err; i++) {
        char path[PATH_SIZE];
        if (!text_starts(files.paths[i], "shard-") || !text_ends(files.paths[i], ".h5")) continue;
        err = path_join(path, sizeof path, folder, files.paths[i]);
        if (!err) err = file_remove(path);
    }
    file_list_free(&files);
    return err;
}

/* Rank 0: a clean folder that says which plan it is going to hold. */
static Err prepare_folder(const ShardWork *work) {
    const Ingest *ingest = work->ingest;
    char path[PATH_SIZE];
    TRY(folder_make(ingest->run->out));
    TRY(folder_remove_partials(ingest->run->out));
    TRY(path_join(path, sizeof path, ingest->run->out, "dataset.json"));
    if (file_exists(path)) TRY(file_remove(path));
    TRY(plan_path(path, sizeof path, ingest));
    if (ingest->run->force) TRY(remove_shards(ingest->run->out));
    return file_write_whole(path, ingest->list->digest, strlen(ingest->list->digest));
}

/* Shards were dealt round robin; the manifest wants them in order. */
static void order_shards(DatasetShard *ordered, const DatasetShard *dealt, int n_shards, int n_ranks) {
    for (int rank = 0; rank < n_ranks; rank++)
        for (int shard = rank; shard < n_shards; shard += n_ranks) ordered[shard] = *dealt++;
}

static Err fill_manifest(Dataset *dataset, const ShardWork *work, DatasetShard *shards) {
    const Ingest *ingest = work->ingest;
    const IngestList *list = ingest->list;
    char name[PATH_SIZE];
    TRY(text_copy(dataset->kind, sizeof dataset->kind, "ingested"));
    TRY(text_copy(name, sizeof name, ingest->run->out));
    while (strlen(name) > 1 && name[strlen(name) - 1] == '/') name[strlen(name) - 1] = '\0';
    TRY(text_copy(dataset->name, sizeof dataset->name, list->origin.name[0] ? list->origin.name : path_base(name)));
    dataset->height = dataset->width = ingest->config->size;
    dataset->seed = ingest->run->seed;
    dataset->n_classes = list->classes.count;
    dataset->class_names = list->classes.names;
    dataset->n_clips = work->n_pieces;
    dataset->n_shards = work->n_shards;
    dataset->shards = shards;
    for (int64_t i = 0; i < work->n_pieces; i++) dataset->n_frames += work->pieces[i].n_frames;
    dataset->config_text = strdup(ingest->run->config_text);
    if (!dataset->config_text) return RAISE(ERR_MEMORY, "no memory for the manifest");
    return ingest_provenance(&dataset->provenance, ingest);
}

static Err write_manifest(const ShardWork *work, const DatasetShard *dealt) {
    const Run *run = work->ingest->run;
    char plan[PATH_SIZE];
    Dataset dataset = {0}; /* borrows names and shards */
    DatasetShard *shards = calloc((size_t)work->n_shards, sizeof *shards);
    Err err = shards ? ERR_NONE : RAISE(ERR_MEMORY, "no memory for the manifest");
    if (!err) {
        order_shards(shards, dealt, work->n_shards, run->par.n_ranks);
        err = fill_manifest(&dataset, work, shards);
    }
    if (!err) err = dataset_write(&dataset, run->out);
    if (!err) err = plan_path(plan, sizeof plan, work->ingest);
    if (!err) err = file_remove(plan);
    Builder path = {0};
    escape_shell_path(&path, run->out);
    if (!err && !path.failed)
        log_info("%lld clips, %lld frames in %d shard files, digest %s; look at it with: synvid inspect %s",
                 (long long)dataset.n_clips, (long long)dataset.n_frames, dataset.n_shards, dataset.digest, path.data);
    builder_free(&path);
    free(dataset.provenance);
    free(dataset.config_text);
    free(shards);
    return err;
}

/* --- the whole ------------------------------------------------------------------------------------------------------
 */

static Err work_prepare(ShardWork *work) {
    const Run *run = work->ingest->run;
    TRY(cut_pieces(work));
    TRY(ingest_reader_open(&work->reader, work->ingest->list, work->ingest->config, run->par.threads));
    return run->par.rank == 0 ? prepare_folder(work) : ERR_NONE;
}

static void work_free(ShardWork *work) {
    ingest_reader_close(&work->reader);
    free(work->pieces);
}

static Err make_shards_all(ShardWork *work) {
    const Run *run = work->ingest->run;
    DatasetShard *mine = calloc((size_t)(work->n_shards / run->par.n_ranks + 1), sizeof *mine);
    void *dealt = NULL;
    size_t bytes = 0;
    int n_mine = 0;
    for (int shard = 0; shard < work->n_shards; shard++) n_mine += share_owns(shard, run->par.rank, run->par.n_ranks);
    Err err = mine ? make_my_shards(work, mine) : RAISE(ERR_MEMORY, "no memory for %d shards", work->n_shards);
    progress_end_all(&work->progress);
    err = err_agree_all(err, &run->par, "writing shards");
    if (!err) err = gather_bytes_all(&dealt, &bytes, mine, (size_t)n_mine * sizeof *mine, &run->par);
    if (!err) {
        if (run->par.rank == 0) err = write_manifest(work, dealt);
        err = err_agree_all(err, &run->par, "writing the manifest");
    }
    free(dealt);
    free(mine);
    return err;
}

Err ingest_write_shards_all(const Ingest *ingest) {
    const Run *run = ingest->run;
    ShardWork work = {.ingest = ingest};
    Err err = err_agree_all(work_prepare(&work), &run->par, "preparing the output folder");
    if (!err) err = progress_begin_all(&work.progress, &run->par, run->progress, "clips", work.n_pieces, "", 0);
    if (!err) err = make_shards_all(&work);
    work_free(&work);
    return err;
}
