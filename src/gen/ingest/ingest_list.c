/* Rank 0 looks at the folder or reads the list; all other ranks are sent one block of bytes and unpack it, so that
 * all work on the same names in the same order, whatever a file system shows to each of them. */
#include "gen/ingest/ingest_list.h"

#include "base/config/config.h"
#include "math/rng.h"
#include "par/agree.h"

static char *unpack_passed(IngestList *list, Passed *passed, char *at) {
    passed->kind = (PassedKind)*at++;
    passed->name = at;
    at += strlen(at) + 1;
    passed->reason = at;
    list->n_lost += passed->kind == PASSED_LOST;
    list->n_left_out += passed->kind == PASSED_NAME;
    return at + strlen(at) + 1;
}

/* Walks through the block that `names` point into. */
static Err unpack(IngestList *list, const Listing *listing) {
    list->block = listing->bytes;
    list->n_found = list->count = listing->facts.n_files;
    list->n_passed = listing->facts.n_passed;
    list->n_hidden = listing->facts.n_hidden;
    list->origin = listing->facts.origin;
    list->names = calloc((size_t)list->count, sizeof *list->names);
    list->bytes = calloc((size_t)list->count, sizeof *list->bytes);
    list->labels = calloc((size_t)list->count, sizeof *list->labels);
    list->passed = calloc((size_t)list->n_passed + 1, sizeof *list->passed);
    if (!list->names || !list->bytes || !list->labels || !list->passed)
        return RAISE(ERR_MEMORY, "no memory for the names of %lld files", (long long)list->count);
    char *at = listing->bytes;
    for (int64_t i = 0; i < list->count; i++) {
        list->names[i] = at;
        at += strlen(at) + 1;
        memcpy(&list->bytes[i], at, sizeof list->bytes[i]);
        at += sizeof list->bytes[i];
        memcpy(&list->labels[i], at, sizeof list->labels[i]);
        at += sizeof list->labels[i];
    }
    for (int k = 0; k < listing->facts.n_classes; k++, at += strlen(at) + 1)
        TRY(class_names_add(&list->classes, at, strlen(at)));
    for (int64_t i = 0; i < list->n_passed; i++) at = unpack_passed(list, &list->passed[i], at);
    return ERR_NONE;
}

/* A class whose folder, or all of whose files, cannot be had keeps its number. A lost name beside the folders counts as
 * one of theirs unless it has an extension. */
static Err keep_lost_classes(IngestList *list) {
    for (int64_t i = 0; i < list->n_passed; i++) {
        const char *name = list->passed[i].name, *slash = strchr(name, '/');
        if (list->passed[i].kind != PASSED_LOST || (!slash && *path_extension(name))) continue;
        size_t length = slash ? (size_t)(slash - name) : strlen(name);
        if (class_names_find(&list->classes, name, length) < 0) TRY(class_names_add(&list->classes, name, length));
    }
    return ERR_NONE;
}

static Err label_by_folder(IngestList *list, const IngestConfig *config) {
    for (int64_t i = 0; i < list->count; i++) {
        const char *name = list->names[i], *slash = strchr(name, '/');
        if (!slash)
            return RAISE(ERR_INPUT, "label_from=folder: %s/%s is in no sub-folder, so it has no class", config->input,
                         name);
        size_t length = (size_t)(slash - name);
        if (class_names_find(&list->classes, name, length) < 0) TRY(class_names_add(&list->classes, name, length));
    }
    TRY(keep_lost_classes(list));
    /* Sorted paths do not sort their first parts: "a b/x" stands before "a/x". */
    class_names_sort(&list->classes);
    for (int64_t i = 0; i < list->count; i++)
        list->labels[i] =
            class_names_find(&list->classes, list->names[i], (size_t)(strchr(list->names[i], '/') - list->names[i]));
    return ERR_NONE;
}

/* Keeps `limit` files, each subset of that size equally likely, in their order. */
static Err keep_subset(IngestList *list, int64_t limit, uint64_t seed) {
    if (limit == 0 || limit >= list->count) return ERR_NONE;
    uint32_t *order = malloc((size_t)list->count * sizeof *order);
    bool *kept = calloc((size_t)list->count, sizeof *kept);
    Err err = ERR_NONE;
    if (order && kept) {
        Rng rng = rng_stream(seed, RNG_SUBSET, 0, 0);
        rng_permutation(&rng, order, (uint32_t)list->count);
        int64_t count = 0;
        for (int64_t i = 0; i < limit; i++) kept[order[i]] = true;
        for (int64_t i = 0; i < list->count; i++) {
            if (!kept[i]) continue;
            list->names[count] = list->names[i];
            list->bytes[count] = list->bytes[i];
            list->labels[count++] = list->labels[i];
        }
        list->count = count;
    } else {
        err = RAISE(ERR_MEMORY, "no memory for a subset of %lld files", (long long)list->count);
    }
    free(kept);
    free(order);
    return err;
}

static Err compute_digest(IngestList *list, const IngestConfig *config, uint64_t seed) {
    Digest *digest = NULL;
    char settings[DIGEST_SIZE];
    TRY(config_digest(settings, config, ingest_fields));
    TRY(digest_new(&digest));
    /* names and sizes stand for contents: reading terabytes to name a plan is no option */
    digest_add_text(digest, settings);
    if (config->fit != INGEST_FIT_SQUARE) digest_add_text(digest, ingest_fit_name(config));
    if (config->limit > 0) digest_add(digest, &seed, sizeof seed);
    if (config->list[0]) digest_add_text(digest, list->origin.digest);
    for (int64_t i = 0; i < list->count; i++) {
        digest_add_text(digest, list->names[i]);
        digest_add(digest, &list->bytes[i], sizeof list->bytes[i]);
    }
    digest_hex(digest, list->digest);
    digest_free(&digest);
    return ERR_NONE;
}

static Err complete(IngestList *list, const IngestConfig *config, uint64_t seed, const Listing *listing) {
    TRY(unpack(list, listing));
    if (config->label_from == INGEST_LABEL_FOLDER) TRY(label_by_folder(list, config));
    TRY(keep_subset(list, config->limit, seed));
    return compute_digest(list, config, seed);
}

static Err check_config(const IngestConfig *config) {
    const char *key = config->classes[0]    ? "classes"
                      : config->list_format ? "list_format"
                      : config->part        ? "part"
                                            : NULL;
    if (!config->list[0])
        return key ? RAISE(ERR_USAGE, "%s: says how to read a list; name it with --list", key) : ERR_NONE;
    if (config->as == INGEST_IMAGES) return RAISE(ERR_USAGE, "list: %s: lists are of videos, not images", config->list);
    if (config->label_from == INGEST_LABEL_FOLDER)
        return RAISE(ERR_USAGE, "label_from: folder, but list %s says the classes; give one of them", config->list);
    return ERR_NONE;
}

Err ingest_list_all(IngestList *list, const IngestConfig *config, uint64_t seed, const Par *par) {
    *list = (IngestList){0};
    Listing listing = {0};
    TRY(check_config(config));
    Err err = par->rank == 0 ? ingest_look(&listing, config) : ERR_NONE;
    TRY_OR(failed, err_agree_all(err, par, "looking at the input folder"));
    TRY_OR(failed, ingest_listing_spread_all(&listing, par));
    err = complete(list, config, seed, &listing);
    err = err_agree_all(err, par, "the list of files");
    if (err) ingest_list_free(list);
    return err;
failed:
    free(listing.bytes);
    return err;
}

void ingest_list_free(IngestList *list) {
    class_names_free(&list->classes);
    free(list->passed);
    free(list->labels);
    free(list->bytes);
    free(list->names);
    free(list->block);
    *list = (IngestList){0};
}

Err ingest_list_path(char *out, size_t size, const IngestList *list, const IngestConfig *config, int64_t file) {
    return ingest_path(out, size, config, list->names[file]);
}

int64_t ingest_list_missing(const IngestList *list) {
    int64_t n_missing = 0;
    for (int64_t i = 0; i < list->count; i++) n_missing += list->bytes[i] < 0;
    return n_missing;
}
