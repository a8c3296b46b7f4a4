/* The table of `synvid variants`: all files of configs/variants, not of its folders, for people and as JSON. */
#include "gen/variant/variant.h"

#include "base/config/config.h"
#include "base/config/json.h"
#include "base/system/file.h"
#include "base/text/escape.h"
#include "gen/variant/variant_config.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

void variant_catalog_free(VariantCatalog *catalog) {
    for (int i = 0; i < catalog->count; i++) variant_free(&catalog->rows[i]);
    free(catalog->rows);
    *catalog = (VariantCatalog){0};
}

/* The paper's rows in its order, the others behind them by name. */
static int compare_rows(const void *a, const void *b) {
    const Variant *x = *(Variant *const *)a, *y = *(Variant *const *)b;
    int row_x = x->paper.row ? x->paper.row : 1000, row_y = y->paper.row ? y->paper.row : 1000;
    return row_x != row_y ? row_x - row_y : strcmp(x->name, y->name);
}

static Err load_rows(VariantCatalog *catalog, const char *folder, const FileList *files) {
    catalog->rows = calloc(files->count + 1, sizeof *catalog->rows);
    if (!catalog->rows) return RAISE(ERR_MEMORY, "%s: listing the variants: out of memory", folder);
    for (size_t i = 0; i < files->count; i++) {
        char path[PATH_SIZE];
        /* below are presets (release/...): variations of rows that are in the table */
        if (!text_ends(files->paths[i], ".json") || strchr(files->paths[i], '/')) continue;
        TRY(path_join(path, sizeof path, folder, files->paths[i]));
        TRY(variant_load(&catalog->rows[catalog->count], path, NULL, 0));
        catalog->count++;
    }
    qsort(catalog->rows, (size_t)catalog->count, sizeof *catalog->rows, compare_rows);
    return ERR_NONE;
}

Err variant_catalog_load(VariantCatalog *catalog) {
    char root[PATH_SIZE], folder[PATH_SIZE];
    FileList files;
    *catalog = (VariantCatalog){0};
    TRY(config_root(root, sizeof root));
    TRY(path_join(folder, sizeof folder, root, "variants"));
    TRY(file_list_walk(&files, folder));
    Err err = load_rows(catalog, folder, &files);
    file_list_free(&files);
    if (err) variant_catalog_free(catalog);
    return err;
}

static const char *or_dash(char *out, size_t size, double percent) {
    if (percent > 0)
        snprintf(out, size, "%.1f", percent);
    else
        snprintf(out, size, "-");
    return out;
}

/* How the paper used it. */
static const char *mode_name(const Variant *v) {
    return v->paper.mode == MODE_LIVE ? "live" : "files";
}

static void print_row(const Variant *v) {
    char number[16] = "-", ucf[16], hmdb[16], probe[16];
    if (v->paper.row) snprintf(number, sizeof number, "%d", v->paper.row);
    Builder row = {0}, line = {0};
    builder_add(&row, "%3s %-27s %-44s %-5s %5s %5s %5s", number, v->name, v->title, mode_name(v),
                or_dash(ucf, sizeof ucf, v->paper.ucf101), or_dash(hmdb, sizeof hmdb, v->paper.hmdb51),
                or_dash(probe, sizeof probe, v->paper.probe));
    if (row.data) escape_line(&line, row.data);
    printf("%s\n", line.data ? line.data : "");
    builder_free(&row);
    builder_free(&line);
}

static void print_table(const VariantCatalog *catalog) {
    printf("%3s %-27s %-44s %-5s %5s %5s %5s\n", "row", "variant", "made of", "mode", "UCF", "HMDB", "probe");
    for (int i = 0; i < catalog->count; i++) print_row(catalog->rows[i]);
    printf("\nUCF, HMDB: the paper's fine-tuning accuracy on UCF101 and HMDB51, probe: its linear probe on UCF101\n"
           "(ViT-B, %%; - where it gives none). Mode: rendered while training, or a set of files.\n"
           "Settings: synvid config show variants/NAME. Textures and photographs come from a pool (--pool).\n"
           "Still clips show their picture at its own size; mix=static-clips stretches it to the canvas.\n"
           "As the released code where it differs: variants/release/NAME (configs/variants/release).\n");
}

/* The paper has no accuracy of 0, and no row 0: null where it gives none. */
static void add_number(cJSON *object, const char *key, double value) {
    if (value > 0)
        cJSON_AddNumberToObject(object, key, value);
    else
        cJSON_AddNullToObject(object, key);
}

static cJSON *row_json(const Variant *v) {
    static const char *const backgrounds[] = {"black", "color", "image"};
    cJSON *row = cJSON_CreateObject();
    add_number(row, "row", v->paper.row);
    cJSON_AddStringToObject(row, "variant", v->name);
    cJSON_AddStringToObject(row, "title", v->title);
    cJSON_AddStringToObject(row, "texture_source", v->paper.texture_source);
    cJSON_AddStringToObject(row, "background", backgrounds[v->background]);
    cJSON_AddStringToObject(row, "mode", mode_name(v));
    cJSON_AddStringToObject(row, "table", v->paper.table);
    cJSON_AddBoolToObject(row, "needs_pool", variant_needs_pool(v));
    cJSON_AddNumberToObject(row, "classes", variant_n_classes(v));
    add_number(row, "ucf101", v->paper.ucf101);
    add_number(row, "hmdb51", v->paper.hmdb51);
    add_number(row, "probe", v->paper.probe);
    return row;
}

Err variant_catalog_text(char **json) {
    VariantCatalog catalog;
    TRY(variant_catalog_load(&catalog));
    cJSON *rows = cJSON_CreateArray();
    for (int i = 0; i < catalog.count; i++) cJSON_AddItemToArray(rows, row_json(catalog.rows[i]));
    Err err = json_print(json, rows);
    cJSON_Delete(rows);
    variant_catalog_free(&catalog);
    return err;
}

static Err print_json(void) {
    char *text = NULL;
    TRY(variant_catalog_text(&text));
    fputs(text, stdout);
    free(text);
    return ERR_NONE;
}

Err variant_print_catalog(bool json) {
    VariantCatalog catalog;
    if (json) return print_json();
    TRY(variant_catalog_load(&catalog));
    print_table(&catalog);
    variant_catalog_free(&catalog);
    return ERR_NONE;
}
