#include "gen/ingest_list.h"

#include "base/config.h"
#include "base/file.h"
#include "math/rng.h"
#include "par/agree.h"
#include "par/spread.h"

/* --- by extension --------------------------------------------------------------------------------------------------
 */

static const char *const other_extensions[] = {
    "txt", "csv",  "tsv", "json", "jsonl", "xml",  "html", "htm",     "md",   "rst", "yml", "yaml", "pdf",
    "doc", "log",  "srt", "vtt",  "ass",   "py",   "sh",   "c",       "h",    "m",   "js",  "gz",   "bz2",
    "xz",  "zst",  "zip", "tar",  "7z",    "rar",  "h5",   "npy",     "npz",  "mat", "pt",  "pth",  "pkl",
    "db",  "sha1", "md5", "wav",  "mp3",   "flac", "aac",  "m4a",     "opus", "wma", "mid", "svg",  "eps",
    "ps",  "ttf",  "ini", "cfg",  "part",  "tmp",  "bak",  "partial", NULL};
static const char *const picture_extensions[] = {"jpg", "jpeg", "png",  "bmp", "tif", "tiff", "webp",
                                                 "ppm", "pgm",  "pbm",  "pnm", "tga", "jp2",  "jxl",
                                                 "ico", "exr",  "heic", "psd", NULL};
static const char *const video_extensions[] = {"avi", "mp4", "m4v", "mov", "mkv",  "webm", "mpg", "mpeg",
                                               "mp2", "m2v", "ts",  "mts", "vob",  "wmv",  "asf", "flv",
                                               "3gp", "3g2", "ogv", "rm",  "rmvb", "y4m",  NULL};

static bool is_one_of(const char *extension, const char *const *list) {
    for (; *list; list++)
        if (!strcasecmp(extension, *list)) return true;
    return false;
}

static bool is_candidate(const char *name, int as) {
    const char *extension = path_extension(name);
    if (!*extension || is_one_of(extension, other_extensions)) return false;
    return !is_one_of(extension, as == INGEST_VIDEOS ? picture_extensions : video_extensions);
}

/* --- what rank 0 sees ----------------------------------------------------------------------------------------------
 */

/* The candidates as one block: per file its name, a zero byte, and its size in 8 bytes. */
typedef struct {
    char *bytes;
    size_t length;
    int64_t n_files, n_left_out;
} Listing;

static Err listing_add(Listing *listing, const char *name, int64_t file_bytes) {
    size_t name_bytes = strlen(name) + 1, needed = listing->length + name_bytes + sizeof file_bytes;
    char *bytes = realloc(listing->bytes, needed);
    if (!bytes) return RAISE(ERR_MEMORY, "no memory for the names of %lld files", (long long)listing->n_files);
    memcpy(bytes + listing->length, name, name_bytes);
    memcpy(bytes + listing->length + name_bytes, &file_bytes, sizeof file_bytes);
    listing->bytes = bytes;
    listing->length = needed;
    listing->n_files++;
    return ERR_NONE;
}

static Err look(Listing *listing, const IngestConfig *config) {
    FileList files = {0};
    TRY(err_within(file_list_walk(&files, config->input), "input: "));
    Err err = ERR_NONE;
    for (size_t i = 0; i < files.count && !err; i++) {
        char path[PATH_SIZE];
        if (!is_candidate(files.paths[i], config->as)) {
            listing->n_left_out++;
            continue;
        }
        err = path_join(path, sizeof path, config->input, files.paths[i]);
        if (!err) err = listing_add(listing, files.paths[i], file_size(path));
    }
    file_list_free(&files);
    if (!err && listing->n_files == 0)
        err = RAISE(ERR_INPUT, "input: %s holds no %s (%lld files have names of something else)", config->input,
                    config->as == INGEST_VIDEOS ? "videos" : "images", (long long)listing->n_left_out);
    return err;
}

static Err spread_listing_all(Listing *listing, const Par *par) {
    int64_t counts[3] = {(int64_t)listing->length, listing->n_files, listing->n_left_out};
    TRY(spread_bytes_all(counts, sizeof counts, par));
    Err err = ERR_NONE;
    if (par->rank > 0) {
        *listing = (Listing){malloc((size_t)counts[0]), (size_t)counts[0], counts[1], counts[2]};
        if (!listing->bytes) err = RAISE(ERR_MEMORY, "no memory for the names of %lld files", (long long)counts[1]);
    }
    TRY(err_agree_all(err, par, "the list of files"));
    return spread_bytes_all(listing->bytes, listing->length, par);
}

/* --- the list ------------------------------------------------------------------------------------------------------
 */

static Err unpack(IngestList *list, const Listing *listing) {
    list->block = listing->bytes;
    list->n_found = list->count = listing->n_files;
    list->n_left_out = listing->n_left_out;
    list->names = calloc((size_t)list->count, sizeof *list->names);
    list->bytes = calloc((size_t)list->count, sizeof *list->bytes);
    list->labels = calloc((size_t)list->count, sizeof *list->labels);
    if (!list->names || !list->bytes || !list->labels)
        return RAISE(ERR_MEMORY, "no memory for the names of %lld files", (long long)list->count);
    char *at = listing->bytes;
    for (int64_t i = 0; i < list->count; i++) {
        list->names[i] = at;
        list->labels[i] = -1;
        at += strlen(at) + 1;
        memcpy(&list->bytes[i], at, sizeof list->bytes[i]);
        at += sizeof list->bytes[i];
    }
    return ERR_NONE;
}

static Err add_class(IngestList *list, const char *name, size_t length) {
    char **grown = realloc(list->class_names, ((size_t)list->n_classes + 1) * sizeof *grown);
    if (grown) list->class_names = grown;
    char *copy = grown ? strndup(name, length) : NULL;
    if (!copy) return RAISE(ERR_MEMORY, "no memory for %d class names", list->n_classes + 1);
    grown[list->n_classes++] = copy;
    return ERR_NONE;
}

static int class_order(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_class(const IngestList *list, const char *name, size_t length) {
    for (int i = list->n_classes - 1; i >= 0; i--) /* names are sorted: mostly the last one */
        if (!strncmp(list->class_names[i], name, length) && !list->class_names[i][length]) return true;
    return false;
}

static int class_of(const IngestList *list, const char *name, size_t length) {
    for (int i = 0; i < list->n_classes; i++)
        if (!strncmp(list->class_names[i], name, length) && !list->class_names[i][length]) return i;
    return -1;
}

static Err label_by_folder(IngestList *list, const IngestConfig *config) {
    for (int64_t i = 0; i < list->count; i++) {
        const char *slash = strchr(list->names[i], '/');
        if (!slash)
            return RAISE(ERR_INPUT, "label_from=folder: %s/%s is in no sub-folder, so it has no class", config->input,
                         list->names[i]);
        size_t length = (size_t)(slash - list->names[i]);
        if (!has_class(list, list->names[i], length)) TRY(add_class(list, list->names[i], length));
    }
    /* Sorted paths do not sort their first parts: "a b/x" stands before "a/x". */
    qsort(list->class_names, (size_t)list->n_classes, sizeof *list->class_names, class_order);
    for (int64_t i = 0; i < list->count; i++)
        list->labels[i] = class_of(list, list->names[i], (size_t)(strchr(list->names[i], '/') - list->names[i]));
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
    digest_add_text(digest, settings);
    if (config->limit > 0) digest_add(digest, &seed, sizeof seed);
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

Err ingest_list_all(IngestList *list, const IngestConfig *config, uint64_t seed, const Par *par) {
    *list = (IngestList){0};
    Listing listing = {0};
    Err err = par->rank == 0 ? look(&listing, config) : ERR_NONE;
    TRY_OR(failed, err_agree_all(err, par, "looking at the input folder"));
    TRY_OR(failed, spread_listing_all(&listing, par));
    err = complete(list, config, seed, &listing);
    err = err_agree_all(err, par, "the list of files");
    if (err) ingest_list_free(list);
    return err;
failed:
    free(listing.bytes);
    return err;
}

void ingest_list_free(IngestList *list) {
    for (int i = 0; i < list->n_classes; i++) free(list->class_names[i]);
    free(list->class_names);
    free(list->labels);
    free(list->bytes);
    free(list->names);
    free(list->block);
    *list = (IngestList){0};
}

Err ingest_list_path(char *out, size_t size, const IngestList *list, const IngestConfig *config, int64_t file) {
    return path_join(out, size, config->input, list->names[file]);
}
