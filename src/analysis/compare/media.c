/* Which natural photographs and videos went into the runs, by file: from the records that `ingest` writes beside what
 * it makes, and from the manifest of what was fetched. */
#include "analysis/compare/inventory.h"

#include "base/config/json.h"
#include "base/config/record.h"
#include "base/system/walk.h"
#include "base/text/escape.h"

#include <stdint.h>

static const size_t record_bytes_max = (size_t)64 << 20;
enum { MANIFEST_FIELDS = 5 };

/* Files are ours, but a hand may have changed them: what is missing counts as 0 or "". */
static int64_t count_of(const cJSON *object, const char *key) {
    return (int64_t)record_number_or(object, key, 0);
}

static const char *text_of(const cJSON *object, const char *key) {
    return record_text_or(object, key, "");
}

/* Folded, since a pool of photographs has hundreds of thousands. */
static void add_file_list(Page *page, const cJSON *files, const char *summary, bool with_reason) {
    const cJSON *entry;
    if (cJSON_GetArraySize(files) == 0) return;
    page_fold_begin(page, summary);
    builder_add_text(&page->html, "<ul>");
    cJSON_ArrayForEach(entry, files) {
        builder_add_text(&page->html, "<li><code>");
        escape_html(&page->html, text_of(entry, "file"));
        builder_add_text(&page->html, "</code>");
        if (with_reason) builder_add_text(&page->html, ": ");
        if (with_reason) escape_html(&page->html, text_of(entry, "reason"));
        builder_add_text(&page->html, "</li>\n");
    }
    builder_add_text(&page->html, "</ul>\n");
    page_fold_end(page);
}

/* A pool goes by its own name, a dataset by its folder's. */
static void add_record(Page *page, const char *name, const cJSON *provenance) {
    char summary[160];
    page_paragraph(page, "%s: %lld of %lld files from %s used, %lld skipped.", name,
                   (long long)count_of(provenance, "files_used"), (long long)count_of(provenance, "files_tried"),
                   path_base(text_of(provenance, "input")), (long long)count_of(provenance, "files_skipped"));
    snprintf(summary, sizeof summary, "Files used for %.100s", name);
    add_file_list(page, cJSON_GetObjectItemCaseSensitive(provenance, "used"), summary, false);
    snprintf(summary, sizeof summary, "Files skipped for %.100s, and why", name);
    add_file_list(page, cJSON_GetObjectItemCaseSensitive(provenance, "skipped"), summary, true);
}

/* A JSON file of ours that tells what was ingested; anything else is passed over. */
static bool add_if_record(Page *page, const char *path) {
    cJSON *tree;
    char name[NAME_SIZE], parent[PATH_SIZE];
    if (json_read(&tree, path, record_bytes_max, ERR_INPUT)) return false;
    const cJSON *provenance = cJSON_GetObjectItemCaseSensitive(tree, "provenance");
    bool is_record = cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(provenance, "used"));
    const char *pool = text_of(tree, "pool");
    bool named = !path_parent(parent, sizeof parent, path);
    snprintf(name, sizeof name, "%.120s", pool[0] ? pool : named ? path_base(parent) : path);
    if (is_record) add_record(page, name, provenance);
    cJSON_Delete(tree);
    return is_record;
}

/* Every JSON file below the folder; walks are in order of names. */
static Err add_records(Page *page, int *found, const char *data) {
    FileList files = {0};
    if (!file_is_directory(data)) return ERR_NONE;
    Err err = walk_files(&files, data);
    for (size_t i = 0; !err && i < files.count; i++) {
        char path[PATH_SIZE];
        if (!text_equal(path_extension(files.paths[i]), "json")) continue;
        err = path_join(path, sizeof path, data, files.paths[i]);
        if (!err) *found += add_if_record(page, path);
    }
    file_list_free(&files);
    return err;
}

/* Cuts a line at its tabs; fields[i] is "" where there are fewer. */
static void split_line(const char *fields[MANIFEST_FIELDS], char *line) {
    for (int i = 0; i < MANIFEST_FIELDS; i++) {
        fields[i] = line;
        line += strcspn(line, "\t");
        if (*line) *line++ = 0;
    }
}

static Err manifest_row(Table *table, char *line) {
    const char *fields[MANIFEST_FIELDS];
    int row;
    split_line(fields, line);
    if (text_equal(fields[0], "path") || !fields[2][0]) return ERR_NONE; /* the heading, or no line of a manifest */
    TRY(table_add_row(table, &row));
    TRY(table_text(table, row, 0, "%s", fields[0]));
    TRY(table_text(table, row, 1, "%s", fields[1]));
    TRY(table_text(table, row, 2, "%.16s", fields[2]));
    return table_text(table, row, 3, "%s %s", fields[3], fields[4]);
}

/* Line by line; `text` is cut up. */
static Err fill_manifest(Table *table, char *text) {
    const TableColumn columns[] = {{.label = "File", .kind = COLUMN_TEXT},
                                   {.label = "Bytes", .kind = COLUMN_TEXT},
                                   {.label = "SHA-256 (first 16 digits)", .kind = COLUMN_TEXT},
                                   {.label = "Debian package", .kind = COLUMN_TEXT}};
    TRY(table_new(table, "media", "Fetched photographs and videos", columns, sizeof columns / sizeof *columns));
    for (char *line = text; *line;) {
        char *end = line + strcspn(line, "\n");
        bool last = *end == 0;
        *end = 0;
        TRY(manifest_row(table, line));
        line = last ? end : end + 1;
    }
    return ERR_NONE;
}

/* Nothing to say where nothing was fetched. */
static Err add_manifest(Page *page, int *found, const char *media) {
    char path[PATH_SIZE], summary[96], *text;
    size_t length;
    Table table = {0};
    if (!media[0]) return ERR_NONE;
    TRY(path_join(path, sizeof path, media, "MANIFEST.tsv"));
    if (!file_exists(path)) return ERR_NONE;
    TRY(file_read(&text, &length, path, record_bytes_max));
    Err err = fill_manifest(&table, text);
    if (!err && table.n_rows > 0) {
        snprintf(summary, sizeof summary, "Manifest of the %d files fetched out of Debian packages", table.n_rows);
        page_fold_begin(page, summary);
        table_html(&page->html, &table);
        page_fold_end(page);
        *found += 1;
    }
    table_free(&table);
    free(text);
    return err;
}

/* The absence of photographs is a finding of its own: it limits what image datasets show. */
Err media_add(Page *page, const char *data, const char *media) {
    int found = 0;
    builder_add_text(&page->html, "<h3>Natural photographs and videos</h3>\n");
    TRY(add_records(page, &found, data));
    TRY(add_manifest(page, &found, media));
    if (found == 0)
        page_remark(
            page, "warning",
            "No natural photograph or video went into these runs: pictures in the stand-in datasets are procedural.");
    return ERR_NONE;
}
