/* Which names are taken: those that may be what is asked for. What is not taken is named with a reason, since a file
 * that vanishes without a word is a dataset that is not what its owner believes. */
#include "gen/ingest/internal/ingest_listing.h"

#include "base/system/log.h"
#include "base/system/walk.h"
#include "par/agree.h"
#include "par/spread.h"
#include "video/media/decode.h"

/* --- by extension --------------------------------------------------------------------------------------------------
 */

static const char *const other_extensions[] = {
    "txt", "csv",  "tsv", "json", "jsonl", "xml",  "html", "htm",     "md",   "rst", "yml", "yaml", "pdf",
    "doc", "log",  "srt", "vtt",  "ass",   "py",   "sh",   "c",       "h",    "m",   "js",  "gz",   "bz2",
    "xz",  "zst",  "zip", "tar",  "7z",    "rar",  "h5",   "npy",     "npz",  "mat", "pt",  "pth",  "pkl",
    "db",  "sha1", "md5", "wav",  "mp3",   "flac", "aac",  "m4a",     "opus", "wma", "mid", "svg",  "eps",
    "ps",  "ttf",  "ini", "cfg",  "part",  "tmp",  "bak",  "partial", NULL};
static const char *const picture_extensions[] = {
    "jpg", "jpeg", "png",  "bmp", "tif",  "tiff", "webp", "ppm",  "pgm", "pbm", "pnm", "tga", "jp2", "jxl",
    "ico", "exr",  "heic", "psd", "heif", "hif",  "avif", "jfif", "jpe", "qoi", "dds", "sgi", "pcx", "ras",
    "sun", "xbm",  "xpm",  "xwd", "pam",  "pfm",  "hdr",  "dpx",  "j2k", "j2c", "jls", "dib", NULL};
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
    if (length == 0) return ERR_NONE;
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

static Err pass_over(Listing *passed, PassedKind kind, const char *name, const char *reason) {
    const char letter = (char)kind;
    TRY(append(passed, &letter, 1));
    TRY(append(passed, name, strlen(name) + 1));
    TRY(append(passed, reason, strlen(reason) + 1));
    passed->facts.n_passed++;
    return ERR_NONE;
}

/* Files whose names promise nothing may be videos or images whose names were cut: none shall vanish for that. Others
 * are left out, and only named. */
static Err leave_out(Listing *passed, const char *name, const char *path, int as) {
    static const char *const unsaying[] = {"part", "tmp", "bak", "partial", NULL};
    const char *extension = path_extension(name);
    /* is_one_of || the decoder is asked only where the name says nothing: opening every text file would take hours */
    bool promising = !*extension || is_one_of(extension, unsaying);
    Decoder *decoder = NULL;
    if (!promising || decode_open(&decoder, path)) return pass_over(passed, PASSED_NAME, name, "");
    decode_close(&decoder);
    return pass_over(passed, PASSED_LOST, name,
                     as == INGEST_VIDEOS ? "its name is not that of a video, but its contents seem to be; rename it"
                                         : "its name is not that of an image, but its contents seem to be; rename it");
}

static Err take_files(Listing *listing, Listing *passed, const Walk *walk, const IngestConfig *config) {
    for (size_t i = 0; i < walk->files.count; i++) {
        char path[PATH_SIZE];
        const char *name = walk->files.paths[i];
        TRY(path_join(path, sizeof path, config->input, name));
        TRY(is_candidate(name, config->as) ? add_file(listing, name, file_size(path), -1)
                                           : leave_out(passed, name, path, config->as));
    }
    return ERR_NONE;
}

/* A lost name without an extension may have been a folder's. */
static Err take_lost(Listing *passed, const Walk *walk, const IngestConfig *config) {
    for (size_t i = 0; i < walk->loops.count; i++) TRY(pass_over(passed, PASSED_LOOP, walk->loops.paths[i], ""));
    for (size_t i = 0; i < walk->lost.count; i++) {
        const char *name = walk->lost.paths[i];
        bool matters = !*path_extension(name) || is_candidate(name, config->as);
        TRY(pass_over(passed, matters ? PASSED_LOST : PASSED_NAME, name, walk->reasons[i]));
    }
    return ERR_NONE;
}

static Err take_walk(Listing *listing, const Walk *walk, const IngestConfig *config) {
    Listing passed = {0};
    Err err = take_files(listing, &passed, walk, config);
    if (!err) err = take_lost(&passed, walk, config);
    if (!err && listing->facts.n_files == 0)
        err = RAISE(ERR_INPUT, "input: %s holds no %s (%lld files have names of something else, or cannot be had%s%s)",
                    config->input, config->as == INGEST_VIDEOS ? "videos" : "images", (long long)passed.facts.n_passed,
                    walk->lost.count ? "; the first of these: " : "", walk->lost.count ? walk->lost.paths[0] : "");
    if (!err) err = append(listing, passed.bytes, passed.length);
    listing->facts.n_passed = passed.facts.n_passed;
    listing->facts.n_hidden = (int64_t)walk->n_hidden;
    free(passed.bytes);
    return err;
}

static bool any_below(const FileList *list, const char *folder) {
    size_t length = strlen(folder);
    for (size_t i = 0; i < list->count; i++)
        if (!strncmp(list->paths[i], folder, length) && list->paths[i][length] == '/') return true;
    return false;
}

/* Folders without a single file: a class that somebody forgot to fill is no class, and those behind it have other
 * numbers than they would have with it. */
static void warn_of_bare_folders(const Walk *walk) {
    for (size_t i = 0; i < walk->folders.count; i++) {
        const char *folder = walk->folders.paths[i];
        if (strchr(folder, '/') || any_below(&walk->files, folder) || any_below(&walk->lost, folder)) continue;
        log_warn("the folder %s is empty and is no class: the classes behind it are numbered without it", folder);
    }
}

static Err look_into_folder(Listing *listing, const IngestConfig *config) {
    Walk walk;
    TRY(err_within(walk_folder(&walk, config->input), "input: "));
    Err err = take_walk(listing, &walk, config);
    if (!err && config->label_from == INGEST_LABEL_FOLDER) warn_of_bare_folders(&walk);
    walk_free(&walk);
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
    return config->list[0] ? read_list(listing, config) : look_into_folder(listing, config);
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
