#include "gen/ingest.h"

#include "base/file.h"
#include "base/log.h"
#include "gen/ingest_work.h"
#include "par/agree.h"

const Field ingest_fields[] = {
    {FIELD_AT_(IngestConfig, input), .help = "folder of videos or images, searched recursively",
     .type = FIELD_TYPE_TEXT, .text = "", .flags = FIELD_COSMETIC | FIELD_REQUIRED},
    FIELD_ENUM(IngestConfig, as, "what to make: a dataset of videos, or a pool of images", INGEST_VIDEOS,
               "videos|images"),
    FIELD_INT(IngestConfig, size, "side of the square frames or images, pixels; 0: whole frames (storage encoded)", 256,
              0, 4096),
    FIELD_INT(IngestConfig, max_frames, "videos: longer ones are cut into equal pieces of at most this; 0: kept whole",
              0, 0, 1e6),
    FIELD_INT64(IngestConfig, limit, "read a reproducible random subset of so many files; 0: all", 0, 0, 1e9),
    FIELD_DOUBLE(IngestConfig, max_bad, "share of unreadable files that is tolerated", 0.1, 0, 1),
    FIELD_INT(IngestConfig, shard_videos, "videos a shard: the unit of work of a rank", 64, 1, 65536),
    FIELD_ENUM(IngestConfig, storage,
               "videos: how frames are kept; encoded: the files as they are, decoded, cut and resized on reading",
               INGEST_RAW, "raw|deflate|mpeg4|encoded"),
    FIELD_ENUM(IngestConfig, label_from, "videos: classes from the first-level sub-folders, or none", INGEST_LABEL_NONE,
               "none|folder"),
    FIELD_PATH(IngestConfig, list,
               "official list of labelled videos (UCF101, HMDB51: a folder, Kinetics, VideoMAE); empty: all files", ""),
    FIELD_ENUM(IngestConfig, list_format, "what kind of list; auto: from its name and first line", VIDEO_LIST_AUTO,
               LIST_FORMAT_NAMES),
    FIELD_PATH(IngestConfig, classes, "file of class names in order; empty: as the list's format says", ""),
    FIELD_ENUM(IngestConfig, part, "lists that hold several parts (HMDB51, Kinetics): which", LIST_PART_AUTO,
               LIST_PART_NAMES),
    FIELD_INT(IngestConfig, split, "HMDB51: which of the three splits", 1, 1, 3),
    FIELD_END,
};

CHECKED Err ingest_path(char *out, size_t size, const IngestConfig *config, const char *name) {
    return name[0] == '/' ? text_copy(out, size, name) : path_join(out, size, config->input, name);
}

static const char *kind_of(const IngestConfig *config) {
    return config->as == INGEST_VIDEOS ? "videos" : "images";
}

static Err check_size(const IngestConfig *config) {
    enum { LEAST = 16 };
    if (config->size >= LEAST) return ERR_NONE;
    if (config->size) return RAISE(ERR_USAGE, "size: %d is outside [%d, 4096]; 0: whole frames", config->size, LEAST);
    if (config->as == INGEST_VIDEOS && config->storage == INGEST_ENCODED) return ERR_NONE;
    return RAISE(ERR_USAGE, "size: 0 keeps frames as they are, of any size; that takes videos and --storage encoded");
}

static Err check_out(const IngestConfig *config, const Run *run) {
    if (!run->out) return ERR_NONE; /* a dry run needs none */
    if (config->as == INGEST_IMAGES && !text_ends(run->out, ".h5"))
        return RAISE(ERR_USAGE, "--out %s: a pool of images is one file; give a name that ends in .h5", run->out);
    if (config->as == INGEST_VIDEOS && text_ends(run->out, ".h5"))
        return RAISE(ERR_USAGE, "--out %s: videos become a folder of shards; give the name of a folder", run->out);
    return ERR_NONE;
}

/* Rank 0 looks, everybody hears. */
static Err look_for_result_all(bool *done, const Ingest *ingest) {
    const Par *par = &ingest->run->par;
    Err err = ERR_NONE;
    *done = false;
    if (par->rank == 0)
        err = ingest->config->as == INGEST_VIDEOS ? ingest_shards_done(done, ingest) : ingest_pool_done(done, ingest);
    TRY(err_agree_all(err, par, "looking for an earlier result"));
    *done = agree_rank0_all(*done, par, "looking for an earlier result");
    return ERR_NONE;
}

int64_t ingest_videos_of_class(const Ingest *ingest, int label) {
    int64_t n_videos = 0;
    for (int64_t i = 0; i < ingest->list->count; i++)
        n_videos += ingest->list->labels[i] == label && !ingest->probes[i].reason[0];
    return n_videos;
}

static void warn_of_empty_classes(const Ingest *ingest) {
    const ClassNames *classes = &ingest->list->classes;
    int n_empty = 0, first = -1;
    for (int k = 0; k < classes->count; k++) {
        if (ingest_videos_of_class(ingest, k)) continue;
        if (n_empty++ == 0) first = k;
    }
    if (n_empty)
        log_warn("%d of %d classes have no video here (the first: %s); they keep their numbers", n_empty,
                 classes->count, classes->names[first]);
}

/* Images that are too few to be a pool are of no use later: what to change makes another ingest of it. */
static Err judge_all(Ingest *ingest) {
    const Par *par = &ingest->run->par;
    Err err = ingest_judge(ingest->probes, ingest->list, ingest->config, par);
    if (err && ingest->keep.journal && ingest_keep_remove_all(&ingest->keep, par)) log_warn("%s", err_message());
    return err;
}

static Err read_and_write_all(Ingest *ingest) {
    const Run *run = ingest->run;
    bool images = ingest->config->as == INGEST_IMAGES;
    Err err = images ? ingest_keep_open_all(&ingest->keep, ingest) : ERR_NONE;
    if (!err) err = ingest_probe_all(&ingest->probes, images ? &ingest->keep : NULL, ingest->list, ingest->config, run);
    if (!err) err = judge_all(ingest);
    if (!err && run->par.rank == 0) warn_of_empty_classes(ingest);
    if (!err) err = images ? ingest_write_pool_all(ingest) : ingest_write_shards_all(ingest);
    ingest_keep_close(&ingest->keep);
    free(ingest->probes);
    ingest->probes = NULL;
    return err;
}

static void say_origin(const IngestList *list, const IngestConfig *config) {
    const ListingOrigin *origin = &list->origin;
    if (!origin->format) return;
    char split[32] = "";
    if (origin->split) (void)snprintf(split, sizeof split, ", split %d", origin->split);
    log_info("%s: list of the kind %s%s%s%s: %lld videos of %d classes, %lld others in it left out", config->list,
             list_format_name(origin->format), split, origin->part ? ", part " : "",
             origin->part ? list_part_name(origin->part) : "", (long long)list->n_found, list->classes.count,
             (long long)origin->n_unused);
}

static Err ingest_list_files_all(Ingest *ingest) {
    bool done = false;
    const IngestList *list = ingest->list;
    say_origin(list, ingest->config);
    if (list->n_left_out > 0)
        log_info("left out because their names are not those of %s: %lld", kind_of(ingest->config),
                 (long long)list->n_left_out);
    TRY(look_for_result_all(&done, ingest));
    if (!done) return read_and_write_all(ingest);
    if (ingest->config->as == INGEST_IMAGES) TRY(ingest_keep_clear_all(ingest));
    log_info("%s was made from these files with these settings before; --force makes it again", ingest->run->out);
    return ERR_NONE;
}

Err ingest_run_all(const IngestConfig *config, const Run *run) {
    IngestList list;
    TRY(check_size(config));
    TRY(check_out(config, run));
    TRY(ingest_list_all(&list, config, run->seed, &run->par));
    Ingest ingest = {.config = config, .list = &list, .run = run};
    Err err = run->dry_run ? ingest_print_plan(&ingest) : ingest_list_files_all(&ingest);
    ingest_list_free(&list);
    return err;
}
