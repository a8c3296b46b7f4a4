/* Datasets below a folder: manifests, a picture of each, a table. A broken dataset is a remark in the report, not its
 * end. */
#include "analysis/compare/inventory.h"

#include "base/system/log.h"
#include "base/system/walk.h"
#include "video/frames/source.h"
#include "video/media/sheet.h"

enum { SHEET_ROWS = 8, SHEET_PLAIN_ROWS = 3, SHEET_COLUMNS = 8, SHEET_CELL = 80 };

/* ---- finding ---- */

/* A manifest that cannot be read is left out with a warning; only memory ends the report. */
static Err add_dataset(DatasetList *list, const char *folder) {
    Dataset manifest = {0};
    FoundDataset *grown = realloc(list->items, ((size_t)list->count + 1) * sizeof *grown);
    if (!grown) return RAISE(ERR_MEMORY, "%d datasets: no memory", list->count + 1);
    list->items = grown;
    Err err = dataset_read(&manifest, folder);
    if (err == ERR_MEMORY) return err;
    if (err) {
        log_warn("left out of the report: %s", err_message());
        return ERR_NONE;
    }
    grown[list->count].manifest = manifest;
    return text_copy(grown[list->count++].folder, PATH_SIZE, folder);
}

/* In the paper's order; others behind. */
static int place_of(const FoundDataset *dataset, const Paper *paper) {
    int order = paper_order(paper, dataset->manifest.name);
    return order < 0 ? 1000 : order;
}

/* Insertion keeps datasets that the paper does not know in the order of their folders. */
static void sort_datasets(DatasetList *list, const Paper *paper) {
    for (int i = 1; i < list->count; i++) {
        FoundDataset moved = list->items[i];
        int at = i;
        for (; at > 0 && place_of(&list->items[at - 1], paper) > place_of(&moved, paper); at--)
            list->items[at] = list->items[at - 1];
        list->items[at] = moved;
    }
}

Err datasets_find(DatasetList *list, const char *folder, const Paper *paper, DatasetOpen *open) {
    FileList files = {0};
    *list = (DatasetList){.open = open};
    if (!file_is_directory(folder)) return ERR_NONE;
    Err err = walk_files(&files, folder);
    for (size_t i = 0; !err && i < files.count; i++) {
        char path[PATH_SIZE], parent[PATH_SIZE];
        if (!text_equal(path_base(files.paths[i]), "dataset.json")) continue;
        err = path_join(path, sizeof path, folder, files.paths[i]);
        if (!err) err = path_parent(parent, sizeof parent, path);
        if (!err) err = add_dataset(list, parent);
    }
    file_list_free(&files);
    if (err) datasets_free(list);
    if (!err) sort_datasets(list, paper);
    return err;
}

void datasets_free(DatasetList *list) {
    for (int i = 0; i < list->count; i++) dataset_free(&list->items[i].manifest);
    free(list->items);
    *list = (DatasetList){0};
}

/* ---- contact sheets ---- */

typedef struct {
    Frames frames[SHEET_ROWS];
    char captions[SHEET_ROWS][64];
    SheetRow rows[SHEET_ROWS];
    int n_rows;
} Sheet;

/* Frames spread over the video, both ends included. */
static Err add_sheet_row(Sheet *sheet, const ClipSource *source, int64_t index) {
    VideoInfo info;
    int numbers[SHEET_COLUMNS], row = sheet->n_rows;
    TRY(clip_source_info(source, 0, index, &info));
    for (int i = 0; i < SHEET_COLUMNS; i++) numbers[i] = (int)((int64_t)i * (info.n_frames - 1) / (SHEET_COLUMNS - 1));
    TRY(clip_source_read(source, 0, index, numbers, SHEET_COLUMNS, &sheet->frames[row]));
    const char *class =
        info.label >= 0 && info.label < source->n_classes && source->class_names ? source->class_names[info.label] : "";
    snprintf(sheet->captions[row], sizeof sheet->captions[row], "%s%svideo %lld, %d frames", class,
             class[0] ? ": " : "", (long long)index, info.n_frames);
    sheet->rows[row] = (SheetRow){sheet->captions[row], &sheet->frames[row]};
    sheet->n_rows++;
    return ERR_NONE;
}

/* The first video of every class, or a few spread over the dataset. */
static Err fill_sheet(Sheet *sheet, const ClipSource *source) {
    bool seen[SHEET_ROWS] = {false};
    int classes = source->n_classes < SHEET_ROWS ? source->n_classes : SHEET_ROWS;
    for (int64_t i = 0; classes > 0 && i < source->count && sheet->n_rows < classes; i++) {
        VideoInfo info;
        TRY(clip_source_info(source, 0, i, &info));
        if (info.label < 0 || info.label >= classes || seen[info.label]) continue;
        seen[info.label] = true;
        TRY(add_sheet_row(sheet, source, i));
    }
    for (int64_t k = 0; classes == 0 && k < SHEET_PLAIN_ROWS && k < source->count; k++)
        TRY(add_sheet_row(sheet, source, k * source->count / SHEET_PLAIN_ROWS));
    return ERR_NONE;
}

/* On the heap: frames of eight videos. */
static Err make_sheet(Frames *image, const char *folder, DatasetOpen *open) {
    ClipSource *source = NULL;
    Sheet *sheet = calloc(1, sizeof *sheet);
    Err err = sheet ? open(&source, folder) : RAISE(ERR_MEMORY, "contact sheet: no memory");
    if (!err) err = fill_sheet(sheet, source);
    if (!err) err = sheet_make(image, sheet->rows, sheet->n_rows, SHEET_COLUMNS, SHEET_CELL);
    for (int row = 0; sheet && row < SHEET_ROWS; row++) frames_free(&sheet->frames[row]);
    free(sheet);
    clip_source_close(&source);
    return err;
}

/* A dataset that cannot be read gets a remark in its place. */
static Err add_sheet(Page *page, const FoundDataset *dataset, const Paper *paper, DatasetOpen *open) {
    const Dataset *manifest = &dataset->manifest;
    Frames image = {0};
    char caption[512], alt[256], clips[32];
    const char *label = paper_label(paper, manifest->name);
    Err err = make_sheet(&image, dataset->folder, open);
    if (err && err != ERR_MEMORY) {
        page_remark(page, "warning", "%s: no contact sheet: %s", label, err_message());
        err = ERR_NONE;
    } else if (!err) {
        snprintf(caption, sizeof caption, "%s (%s, %s): %s videos of %d x %d pixels, %lld frames, seed %llu, in %s",
                 label, manifest->name, manifest->kind, text_count(clips, sizeof clips, manifest->n_clips),
                 manifest->width, manifest->height, (long long)manifest->n_frames, (unsigned long long)manifest->seed,
                 path_base(dataset->folder));
        snprintf(alt, sizeof alt, "Contact sheet of %s: each row is a video, time runs to the right.", label);
        err = page_picture(page, &image, alt, caption);
    }
    frames_free(&image);
    return err;
}

Err datasets_add_sheets(Page *page, const DatasetList *list, const Paper *paper) {
    page_grid_begin(page, "wide");
    for (int i = 0; i < list->count; i++) TRY(add_sheet(page, &list->items[i], paper, list->open));
    page_grid_end(page);
    return ERR_NONE;
}

/* ---- the table ---- */

/* What identifies a dataset, so that a reader can make it again and compare digests. */
Err datasets_table(Table *table, const DatasetList *list) {
    const TableColumn columns[] = {
        {.label = "Dataset", .kind = COLUMN_TEXT},  {.label = "Kind", .kind = COLUMN_TEXT},
        {.label = "Videos", .kind = COLUMN_NUMBER}, {.label = "Frames", .kind = COLUMN_NUMBER},
        {.label = "Size", .kind = COLUMN_TEXT},     {.label = "Classes", .kind = COLUMN_NUMBER},
        {.label = "Seed", .kind = COLUMN_TEXT},     {.label = "Digest", .kind = COLUMN_TEXT},
        {.label = "Folder", .kind = COLUMN_TEXT},
    };
    TRY(table_new(table, "datasets", "Datasets", columns, sizeof columns / sizeof *columns));
    for (int i = 0; i < list->count; i++) {
        const Dataset *manifest = &list->items[i].manifest;
        int row;
        TRY(table_add_row(table, &row));
        TRY(table_text(table, row, 0, "%s", manifest->name));
        TRY(table_text(table, row, 1, "%s", manifest->kind));
        table_number(table, row, 2, (double)manifest->n_clips);
        table_number(table, row, 3, (double)manifest->n_frames);
        TRY(table_text(table, row, 4, "%d x %d", manifest->width, manifest->height));
        if (manifest->n_classes > 0) table_number(table, row, 5, manifest->n_classes);
        TRY(table_text(table, row, 6, "%llu", (unsigned long long)manifest->seed));
        TRY(table_text(table, row, 7, "%s", manifest->digest));
        TRY(table_text(table, row, 8, "%s", path_base(list->items[i].folder)));
    }
    return ERR_NONE;
}
