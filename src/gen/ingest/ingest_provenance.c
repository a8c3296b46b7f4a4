#include "gen/ingest/internal/ingest_work.h"

#include "base/config/json.h"
#include "base/config/record.h"

int64_t ingest_videos_of_class(const Ingest *ingest, int label) {
    int64_t n_videos = 0;
    for (int64_t i = 0; i < ingest->list->count; i++)
        n_videos += ingest->list->labels[i] == label && !ingest->probes[i].reason[0];
    return n_videos;
}

static bool put_counts(cJSON *tree, const Ingest *ingest) {
    const IngestList *list = ingest->list;
    int64_t n_bad = ingest_count_bad(ingest->probes, list->count);
    return record_put_text(tree, "plan", list->digest) && record_put_text(tree, "input", ingest->config->input) &&
           record_put_int(tree, "files_found", list->n_found + list->n_lost) &&
           record_put_int(tree, "files_tried", list->count) &&
           record_put_int(tree, "files_used", list->count - n_bad) &&
           record_put_int(tree, "files_skipped", n_bad + list->n_lost) &&
           record_put_int(tree, "files_damaged", ingest_count_damaged(ingest->probes, list->count)) &&
           record_put_int(tree, "files_left_out_by_name", list->n_left_out) &&
           (list->n_hidden == 0 || record_put_int(tree, "hidden_left_out", list->n_hidden));
}

/* A list of the names of one kind, if there are any. */
static bool put_passed(cJSON *tree, const char *key, const IngestList *list, PassedKind kind) {
    cJSON *names = NULL;
    bool complete = true;
    for (int64_t i = 0; i < list->n_passed && complete; i++) {
        if (list->passed[i].kind != kind) continue;
        if (!names) names = cJSON_AddArrayToObject(tree, key);
        complete = names && cJSON_AddItemToArray(names, cJSON_CreateString(list->passed[i].name));
    }
    return complete;
}

static bool put_list(cJSON *tree, const Ingest *ingest) {
    const ListingOrigin *origin = &ingest->list->origin;
    if (!origin->format) return true;
    cJSON *entry = cJSON_AddObjectToObject(tree, "list");
    return entry && record_put_text(entry, "path", ingest->config->list) &&
           record_put_text(entry, "format", list_format_name(origin->format)) &&
           (!origin->part || record_put_text(entry, "part", list_part_name(origin->part))) &&
           (!origin->split || record_put_int(entry, "split", origin->split)) &&
           record_put_int(entry, "videos", ingest->list->n_found) &&
           record_put_int(entry, "others_left_out", origin->n_unused) &&
           record_put_int(entry, "missing", ingest_list_missing(ingest->list)) &&
           record_put_text(entry, "digest", origin->digest);
}

static bool put_empty_classes(cJSON *tree, const Ingest *ingest) {
    const ClassNames *classes = &ingest->list->classes;
    cJSON *names = NULL;
    bool complete = true;
    for (int k = 0; k < classes->count && complete; k++) {
        if (ingest_videos_of_class(ingest, k)) continue;
        if (!names) names = cJSON_AddArrayToObject(tree, "classes_without_videos");
        complete = names && cJSON_AddItemToArray(names, cJSON_CreateString(classes->names[k]));
    }
    return complete;
}

static bool put_skipped(cJSON *skipped, const char *name, const char *reason) {
    cJSON *entry = cJSON_CreateObject();
    return cJSON_AddItemToArray(skipped, entry) && record_put_text(entry, "file", name) &&
           record_put_text(entry, "reason", reason);
}

static bool put_used(cJSON *used, const char *name, const IngestProbe *probe) {
    cJSON *entry = cJSON_CreateObject();
    return cJSON_AddItemToArray(used, entry) && record_put_text(entry, "file", name) &&
           record_put_int(entry, "frames", probe->n_frames) && record_put_int(entry, "height", probe->height) &&
           record_put_int(entry, "width", probe->width) &&
           (probe->n_damaged == 0 || record_put_int(entry, "damaged", probe->n_damaged));
}

static bool put_files(cJSON *tree, const Ingest *ingest) {
    const IngestList *list = ingest->list;
    cJSON *skipped = cJSON_AddArrayToObject(tree, "skipped"), *used = cJSON_AddArrayToObject(tree, "used");
    bool complete = skipped && used;
    for (int64_t i = 0; i < list->n_passed && complete; i++)
        if (list->passed[i].kind == PASSED_LOST)
            complete = put_skipped(skipped, list->passed[i].name, list->passed[i].reason);
    for (int64_t i = 0; i < list->count && complete; i++) {
        const IngestProbe *probe = &ingest->probes[i];
        complete = probe->reason[0] ? put_skipped(skipped, list->names[i], probe->reason)
                                    : put_used(used, list->names[i], probe);
    }
    return complete;
}

Err ingest_provenance(char **text, const Ingest *ingest) {
    cJSON *tree = cJSON_CreateObject();
    bool complete = tree && put_counts(tree, ingest) && put_list(tree, ingest) && put_empty_classes(tree, ingest) &&
                    put_passed(tree, "left_out_by_name", ingest->list, PASSED_NAME) &&
                    put_passed(tree, "links_back", ingest->list, PASSED_LOOP) && put_files(tree, ingest);
    Err err = complete ? json_print(text, tree) : RAISE(ERR_MEMORY, "no memory for the list of files read");
    cJSON_Delete(tree);
    return err;
}
