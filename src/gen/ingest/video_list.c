/* Four formats behind one table of readers: guessing which it is, and the checks that every list has to pass. */
#include "gen/ingest/internal/video_list.h"

#include "base/system/file.h"
#include "gen/ingest/internal/video_list_formats.h"

/* ---- which format ---- */

static Err guess_format(int *format, const char *path) {
    ListFile file;
    if (file_is_directory(path)) {
        *format = VIDEO_LIST_HMDB51;
        return ERR_NONE;
    }
    const char *base = path_base(path);
    *format = text_starts(base, "trainlist") || text_starts(base, "testlist") ? VIDEO_LIST_UCF101 : VIDEO_LIST_AUTO;
    if (*format) return ERR_NONE;
    TRY(list_file_read(&file, path, LIST_BLANKS, NULL));
    if (file.count && video_list_is_kinetics(file.lines[0].text)) *format = VIDEO_LIST_KINETICS;
    for (int i = 0; i < file.count && i < 2 && !*format; i++) { /* the first may be a header */
        int label;
        char *video, *word;
        list_path_and_word(&video, &word, file.lines[i].text);
        if (word && list_number(&label, word, 0, 1 << 30)) *format = VIDEO_LIST_VIDEOMAE;
    }
    list_file_free(&file);
    return *format ? ERR_NONE
                   : RAISE(ERR_INPUT,
                           "%s: is no list of a known kind; say which with --list-format (ucf101: trainlist01.txt, "
                           "hmdb51: a folder, kinetics: a csv with youtube_id in its header, videomae: \"path label\")",
                           path);
}

/* ---- checking ---- */

static int by_path(const void *a, const void *b) {
    return strcmp((*(ListedVideo *const *)a)->path, (*(ListedVideo *const *)b)->path);
}

/* A video named twice would count twice. */
static Err refuse_repeats(const VideoList *list, const char *path) {
    const ListedVideo **sorted = malloc((size_t)list->count * sizeof *sorted);
    if (!sorted) return RAISE(ERR_MEMORY, "no memory for a list of %lld videos", (long long)list->count);
    for (int64_t i = 0; i < list->count; i++) sorted[i] = &list->videos[i];
    qsort(sorted, (size_t)list->count, sizeof *sorted, by_path);
    Err err = ERR_NONE;
    for (int64_t i = 1; i < list->count && !err; i++) {
        const ListedVideo *a = sorted[i - 1], *b = sorted[i];
        if (text_equal(a->path, b->path))
            err = RAISE(ERR_INPUT, "%s: names %s twice, in lines %d and %d", path, a->path,
                        a->line < b->line ? a->line : b->line, a->line < b->line ? b->line : a->line);
    }
    free(sorted);
    return err;
}

static Err check_list(const VideoList *list, const ListRequest *request) {
    if (list->count == 0)
        return RAISE(ERR_INPUT, "%s: names no videos%s%s (%lld lines are of others)", request->path,
                     list->part ? " of part " : "", list->part ? list_part_name(list->part) : "",
                     (long long)list->n_unused);
    char full[PATH_SIZE];
    for (int64_t i = 0; i < list->count; i++) /* they must be paths below the input */
        TRY(video_list_path(full, request->videos, list->videos[i].path, request->path, list->videos[i].line));
    for (int64_t i = 0; i < list->count; i++)
        if (list->videos[i].label >= list->classes.count)
            return RAISE(ERR_INPUT, "%s:%d: label %d, but %s names %d classes (labels 0 to %d)", request->path,
                         list->videos[i].line, list->videos[i].label, request->classes, list->classes.count,
                         list->classes.count - 1);
    return refuse_repeats(list, request->path);
}

/* ---- the whole ---- */

static Err read_list(VideoList *list, const ListRequest *request, Digest *digest) {
    static VideoListReader *const readers[] = {[VIDEO_LIST_UCF101] = video_list_ucf101,
                                               [VIDEO_LIST_HMDB51] = video_list_hmdb51,
                                               [VIDEO_LIST_KINETICS] = video_list_kinetics,
                                               [VIDEO_LIST_VIDEOMAE] = video_list_videomae};
    list->format = request->format;
    if (list->format == VIDEO_LIST_AUTO) TRY(guess_format(&list->format, request->path));
    if (request->classes[0]) TRY(video_list_read_classes(list, request->classes, digest));
    TRY(readers[list->format](list, request, digest));
    return check_list(list, request);
}

CHECKED Err video_list_read(VideoList *list, const ListRequest *request) {
    Digest *digest = NULL;
    *list = (VideoList){0};
    TRY(digest_new(&digest));
    Err err = read_list(list, request, digest);
    digest_hex(digest, list->digest);
    digest_free(&digest);
    if (err) video_list_free(list);
    return err_within(err, "list: ");
}
