/* The official csv names a clip by its video and its seconds; the file has those in its name, in whatever folder it
 * lies. All files are indexed by name once. Classes are numbered over all rows, before any is left out, so that train
 * and test lists agree. */
#include "base/system/walk.h"
#include "gen/ingest/internal/video_list_formats.h"

enum { FIELDS_MAX = 64, SECONDS_MAX = 999999 };

/* ---- columns ---- */

/* Places of the columns, -1: not there; and what parts them. */
typedef struct {
    int label, id, start, end, split;
    const char *separator;
} Columns;

/* Comma-separated is official; programs also write tabs, and semicolons where the comma is the decimal point. */
static const char *separator_of(const char *header) {
    return strchr(header, ',') ? "," : strchr(header, '\t') ? "\t" : strchr(header, ';') ? ";" : ",";
}

bool video_list_is_kinetics(const char *line) {
    return strcasestr(line, "youtube_id") || strcasestr(line, "video-id");
}

/* By its name, or by the one that the official download script gives it. */
static int find_column(char *const *fields, int count, const char *name, const char *other) {
    for (int i = 0; i < count; i++)
        if (!strcasecmp(fields[i], name) || !strcasecmp(fields[i], other)) return i;
    return -1;
}

static Err read_header(Columns *columns, const char *path, ListLine *line) {
    char *fields[FIELDS_MAX];
    const char *separator = separator_of(line->text);
    int count = list_fields(fields, FIELDS_MAX, line->text, separator);
    if (count > FIELDS_MAX) count = FIELDS_MAX;
    *columns = (Columns){
        find_column(fields, count, "label", "label-name"),      find_column(fields, count, "youtube_id", "video-id"),
        find_column(fields, count, "time_start", "start-time"), find_column(fields, count, "time_end", "end-time"),
        find_column(fields, count, "split", "split"),           separator};
    if (columns->label >= 0 && columns->id >= 0 && columns->start >= 0 && columns->end >= 0) return ERR_NONE;
    return RAISE(ERR_INPUT, "%s:%d: the header lacks one of label, youtube_id, time_start, time_end", path,
                 line->number);
}

/* ---- files by name ---- */

typedef struct {
    const char *base;
    size_t length; /* without the extension */
    const char *path;
} NamedFile;

typedef struct {
    FileList files;
    NamedFile *named; /* ascending by name, then path */
} FileIndex;

static int compare_names(const NamedFile *a, const NamedFile *b) {
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->base, b->base, shorter);
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

static int by_name(const void *a, const void *b) {
    int order = compare_names(a, b);
    return order ? order : strcmp(((const NamedFile *)a)->path, ((const NamedFile *)b)->path);
}

static Err index_files(FileIndex *index, const char *folder) {
    TRY(err_within(walk_files(&index->files, folder), "input: "));
    index->named = calloc(index->files.count + 1, sizeof *index->named);
    if (!index->named) return RAISE(ERR_MEMORY, "%s: no memory for %zu names", folder, index->files.count);
    for (size_t i = 0; i < index->files.count; i++) {
        const char *path = index->files.paths[i], *base = path_base(path), *extension = path_extension(path);
        size_t length = strlen(base) - (*extension ? strlen(extension) + 1 : 0);
        index->named[i] = (NamedFile){base, length, path};
    }
    if (index->files.count) qsort(index->named, index->files.count, sizeof *index->named, by_name);
    return ERR_NONE;
}

/* The first in bytewise order of the files of that name; NULL when there is none. */
static const char *find_file(const FileIndex *index, const char *name) {
    NamedFile wanted = {name, strlen(name), ""};
    size_t low = 0, high = index->files.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_names(&index->named[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < index->files.count && !compare_names(&index->named[low], &wanted);
    return found ? index->named[low].path : NULL;
}

static void index_free(FileIndex *index) {
    file_list_free(&index->files);
    free(index->named);
}

/* ---- rows ---- */

typedef struct {
    VideoList *list;
    const ListRequest *request;
    Columns columns;
    FileIndex index;
    char **labels; /* of the videos of the list, borrowed from its file */
} Reading;

static Err read_name(char *name, size_t size, const Reading *reading, char *const *fields, int line) {
    int start, end;
    const char *from = fields[reading->columns.start], *to = fields[reading->columns.end];
    if (!list_number(&start, from, 0, SECONDS_MAX) || !list_number(&end, to, 0, SECONDS_MAX))
        return RAISE(ERR_INPUT, "%s:%d: times %.40s and %.40s; expected whole seconds", reading->request->path, line,
                     from, to);
    const char *id = fields[reading->columns.id];
    enum { ID_LONGEST = 64 }; /* they have 11 bytes */
    if (!*id || strlen(id) > ID_LONGEST)
        return RAISE(ERR_INPUT, "%s:%d: a youtube_id of %zu bytes; expected 11", reading->request->path, line,
                     strlen(id));
    return text_format(name, size, "%s_%06d_%06d", id, start, end); /* no extension */
}

static bool is_wanted(const Reading *reading, char *const *fields, int count) {
    int split = reading->columns.split;
    if (!reading->request->part || split < 0 || split >= count) return true;
    const char *wanted = list_part_name(reading->request->part);
    return text_starts(fields[split], wanted); /* "validate" is "val" */
}

static Err read_row(Reading *reading, ListLine *line) {
    char *fields[FIELDS_MAX], name[NAME_SIZE], file[2 * NAME_SIZE], expected[PATH_SIZE];
    const Columns *c = &reading->columns;
    int count = list_fields(fields, FIELDS_MAX, line->text, c->separator);
    if (count <= c->label || count <= c->id || count <= c->start || count <= c->end)
        return RAISE(
            ERR_INPUT,
            "%s:%d: has %d fields, fewer than the header, which needs label, youtube_id, time_start and time_end",
            reading->request->path, line->number, count);
    char *label = fields[c->label];
    ClassNames *classes = &reading->list->classes;
    bool named = reading->request->classes[0], known = class_names_find(classes, label, strlen(label)) >= 0;
    if (*label && named && !known)
        return RAISE(ERR_INPUT, "%s:%d: %.200s is none of the %d classes of %s", reading->request->path, line->number,
                     label, classes->count, reading->request->classes);
    if (*label && !known) TRY(video_list_add_class(classes, label, reading->request->path, line->number));
    if (!is_wanted(reading, fields, count)) {
        reading->list->n_unused++;
        return ERR_NONE;
    }
    TRY(read_name(name, sizeof name, reading, fields, line->number));
    const char *path = find_file(&reading->index, name);
    if (!path) TRY(text_format(file, sizeof file, "%s.mp4", name));
    if (!path) TRY(video_list_path(expected, label, file, reading->request->path, line->number));
    reading->labels[reading->list->count] = label;
    return video_list_add(reading->list, path ? path : expected, -1, line->number);
}

static Err read_rows(Reading *reading, ListFile *file) {
    if (!file->count) return ERR_NONE;
    TRY(read_header(&reading->columns, reading->request->path, &file->lines[0]));
    TRY(index_files(&reading->index, reading->request->videos));
    reading->labels = calloc((size_t)file->count, sizeof *reading->labels);
    if (!reading->labels) return RAISE(ERR_MEMORY, "%s: no memory for its labels", reading->request->path);
    for (int i = 1; i < file->count; i++) TRY(read_row(reading, &file->lines[i]));
    VideoList *list = reading->list;
    if (!reading->request->classes[0]) class_names_sort(&list->classes);
    for (int64_t i = 0; i < list->count; i++) {
        const char *label = reading->labels[i];
        if (*label) list->videos[i].label = class_names_find(&list->classes, label, strlen(label));
    }
    return ERR_NONE;
}

Err video_list_kinetics(VideoList *list, const ListRequest *request, Digest *digest) {
    ListFile file;
    Reading reading = {.list = list, .request = request};
    list->part = request->part;
    TRY(list_file_read(&file, request->path, ",;\t", digest));
    Err err = read_rows(&reading, &file);
    free(reading.labels);
    index_free(&reading.index);
    list_file_free(&file);
    return err ? err : text_format(list->name, sizeof list->name, "kinetics%d", list->classes.count);
}
