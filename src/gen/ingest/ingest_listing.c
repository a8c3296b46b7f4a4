#include "gen/ingest/internal/ingest_listing.h"

#include "base/system/file.h"
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

static Err append(Listing *listing, const void *data, size_t length) {
    char *bytes = realloc(listing->bytes, listing->length + length);
    if (!bytes) return RAISE(ERR_MEMORY, "no memory for the names of %lld files", (long long)listing->facts.n_files);
    memcpy(bytes + listing->length, data, length);
    listing->bytes = bytes;
    listing->length += length;
    return ERR_NONE;
}

static Err add_file(Listing *listing, const char *name, int64_t file_bytes, int32_t label) {
    TRY(append(listing, name, strlen(name) + 1));
    TRY(append(listing, &file_bytes, sizeof file_bytes));
    TRY(append(listing, &label, sizeof label));
    listing->facts.n_files++;
    return ERR_NONE;
}

static Err walk_folder(Listing *listing, const IngestConfig *config) {
    FileList files = {0};
    TRY(err_within(file_list_walk(&files, config->input), "input: "));
    Err err = ERR_NONE;
    for (size_t i = 0; i < files.count && !err; i++) {
        char path[PATH_SIZE];
        if (!is_candidate(files.paths[i], config->as)) {
            listing->facts.n_left_out++;
            continue;
        }
        err = path_join(path, sizeof path, config->input, files.paths[i]);
        if (!err) err = add_file(listing, files.paths[i], file_size(path), -1);
    }
    file_list_free(&files);
    if (!err && listing->facts.n_files == 0)
        err = RAISE(ERR_INPUT, "input: %s holds no %s (%lld files have names of something else)", config->input,
                    config->as == INGEST_VIDEOS ? "videos" : "images", (long long)listing->facts.n_left_out);
    return err;
}

/* --- by a list ------------------------------------------------------------------------------------------------------
 */

static Err add_listed(Listing *listing, const VideoList *list, const IngestConfig *config) {
    listing->facts.origin =
        (ListingOrigin){.format = list->format, .part = list->part, .split = list->split, .n_unused = list->n_unused};
    TRY(text_copy(listing->facts.origin.name, sizeof listing->facts.origin.name, list->name));
    TRY(text_copy(listing->facts.origin.digest, sizeof listing->facts.origin.digest, list->digest));
    for (int64_t i = 0; i < list->count; i++) {
        char path[PATH_SIZE];
        TRY(ingest_path(path, sizeof path, config, list->videos[i].path));
        TRY(add_file(listing, list->videos[i].path, file_size(path), list->videos[i].label));
    }
    for (int k = 0; k < list->classes.count; k++)
        TRY(append(listing, list->classes.names[k], strlen(list->classes.names[k]) + 1));
    listing->facts.n_classes = list->classes.count;
    return ERR_NONE;
}

static Err read_list(Listing *listing, const IngestConfig *config) {
    const ListRequest request = {.path = config->list,
                                 .classes = config->classes,
                                 .videos = config->input,
                                 .format = config->list_format,
                                 .part = config->part,
                                 .split = config->split};
    VideoList list;
    if (!file_is_directory(config->input)) return RAISE(ERR_INPUT, "input: %s: no such folder", config->input);
    TRY(video_list_read(&list, &request));
    Err err = add_listed(listing, &list, config);
    video_list_free(&list);
    return err;
}

CHECKED Err ingest_look(Listing *listing, const IngestConfig *config) {
    return config->list[0] ? read_list(listing, config) : walk_folder(listing, config);
}

CHECKED Err ingest_listing_spread_all(Listing *listing, const Par *par) {
    int64_t length = (int64_t)listing->length;
    TRY(spread_bytes_all(&length, sizeof length, par));
    TRY(spread_bytes_all(&listing->facts, sizeof listing->facts, par));
    Err err = ERR_NONE;
    if (par->rank > 0) {
        listing->length = (size_t)length;
        listing->bytes = malloc((size_t)length);
        if (!listing->bytes)
            err = RAISE(ERR_MEMORY, "no memory for the names of %lld files", (long long)listing->facts.n_files);
    }
    TRY(err_agree_all(err, par, "the list of files"));
    return spread_bytes_all(listing->bytes, listing->length, par);
}
