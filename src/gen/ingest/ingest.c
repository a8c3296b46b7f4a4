/* An ingest from the list of files to the result: list, look whether it was made before, look at every file (probe),
 * judge whether enough can be read, write. The digest of list and settings is the plan's name everywhere: an output
 * of another plan is never overwritten without --force. */
#include "gen/ingest/ingest.h"

#include "base/config/json.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "base/system/walk.h"
#include "gen/dataset/pool_pieces.h"
#include "gen/ingest/internal/ingest_work.h"
#include "par/agree.h"

#include <cjson/cJSON.h>

static const char *kind_of(const IngestConfig *config) {
    return config->as == INGEST_VIDEOS ? "videos" : "images";
}

static Err check_size(const IngestConfig *config) {
    if (config->fit != INGEST_FIT_SQUARE && config->as != INGEST_IMAGES)
        return RAISE(ERR_USAGE, "fit: %s is for images; whole frames of videos are kept with size 0",
                     ingest_fit_name(config));
    if (config->fit == INGEST_FIT_KEEP) return ERR_NONE;
    enum { LEAST = 16 };
    if (config->size >= LEAST) return ERR_NONE;
    if (config->size) return RAISE(ERR_USAGE, "size: %d is outside [%d, 4096]; 0: whole frames", config->size, LEAST);
    if (config->as == INGEST_VIDEOS && config->storage == INGEST_ENCODED) return ERR_NONE;
    return RAISE(ERR_USAGE,
                 "size: 0 keeps frames as they are, of any size; that takes videos and --storage encoded, or "
                 "images and --fit keep");
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
    for (int64_t i = 0; i < list->n_passed && ingest->run->par.rank == 0; i++)
        if (list->passed[i].kind == PASSED_LOOP) log_warn(WALK_LOOP, list->passed[i].name);
    if (list->n_left_out > 0)
        log_info("left out because their names are not those of %s: %lld", kind_of(ingest->config),
                 (long long)list->n_left_out);
    TRY(look_for_result_all(&done, ingest));
    if (!done) return read_and_write_all(ingest);
    if (ingest->config->as == INGEST_IMAGES) TRY(pool_journal_clear_all(ingest->run));
    log_info("%s was made from these files with these settings before; --force makes it again", ingest->run->out);
    return ERR_NONE;
}

static Err run_plan_all(const IngestConfig *config, const Run *run) {
    IngestList list;
    TRY(check_out(config, run));
    TRY(ingest_list_all(&list, config, run->seed, &run->par));
    Ingest ingest = {.config = config, .list = &list, .run = run};
    Err err = run->dry_run ? ingest_print_plan(&ingest) : ingest_list_files_all(&ingest);
    ingest_list_free(&list);
    return err;
}

/* Images that are kept whole have no size to come to: whatever the setting says, it is one plan. */
static Err run_without_size_all(const IngestConfig *config, const Run *run) {
    IngestConfig whole = *config;
    Run of_whole = *run;
    char *text = NULL;
    whole.size = 0;
    cJSON *tree = fields_dump(&whole, ingest_fields, false);
    Err err = tree ? json_print(&text, tree) : RAISE(ERR_MEMORY, "no memory for a configuration");
    of_whole.config_text = text;
    cJSON_Delete(tree);
    err = err_agree_all(err, &run->par, "the settings");
    if (!err) err = run_plan_all(&whole, &of_whole);
    free(text);
    return err;
}

Err ingest_run_all(const IngestConfig *config, const Run *run) {
    TRY(check_size(config));
    return config->fit == INGEST_FIT_KEEP ? run_without_size_all(config, run) : run_plan_all(config, run);
}
