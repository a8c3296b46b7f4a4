#include "analysis/compare/paper.h"

#include "base/config/config.h"
#include "base/config/json.h"
#include "base/text/text.h"

#include <cjson/cJSON.h>
#include <math.h>

static const size_t paper_bytes_max = (size_t)1 << 20;

static Err check_schema(const Paper *paper, const char *path) {
    static const char *const lists[] = {"pretrainings", "experiments", "tables",       "gaps",    "statements",
                                        "corruptions",  "findings",    "correlations", "settings"};
    if (!text_equal(paper_text(paper->tree, "schema"), "synvid.paper"))
        return RAISE(ERR_INPUT, "%s: schema \"%s\", expected \"synvid.paper\"", path,
                     paper_text(paper->tree, "schema"));
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (!cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(paper->tree, lists[i])))
            return RAISE(ERR_INPUT, "%s: no list \"%s\"", path, lists[i]);
    return ERR_NONE;
}

Err paper_read(Paper *paper, const char *path) {
    char found[PATH_SIZE];
    *paper = (Paper){0};
    if (!path) TRY(config_find(found, sizeof found, "analysis", "paper"));
    if (!path) path = found;
    TRY(json_read(&paper->tree, path, paper_bytes_max, ERR_INPUT));
    Err err = check_schema(paper, path);
    if (err) paper_free(paper);
    return err;
}

void paper_free(Paper *paper) {
    cJSON_Delete(paper->tree);
    paper->tree = NULL;
}

const cJSON *paper_list(const Paper *paper, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(paper->tree, name);
}

const char *paper_text(const cJSON *entry, const char *key) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, key));
    return text ? text : "";
}

static bool goes_by(const cJSON *entry, const char *name) {
    const cJSON *alias;
    if (text_equal(paper_text(entry, "slug"), name)) return true;
    cJSON_ArrayForEach(alias, cJSON_GetObjectItemCaseSensitive(entry, "aliases")) {
        if (cJSON_IsString(alias) && text_equal(alias->valuestring, name)) return true;
    }
    return false;
}

static const cJSON *find_entry(const Paper *paper, const char *name, int *order) {
    const cJSON *entry;
    *order = 0;
    cJSON_ArrayForEach(entry, paper_list(paper, "pretrainings")) {
        if (goes_by(entry, name)) return entry;
        ++*order;
    }
    return NULL;
}

const char *paper_slug(const Paper *paper, const char *name) {
    int order;
    const cJSON *entry = find_entry(paper, name, &order);
    return entry ? paper_text(entry, "slug") : name;
}

int paper_order(const Paper *paper, const char *slug) {
    int order;
    return find_entry(paper, slug, &order) ? order : -1;
}

const char *paper_label(const Paper *paper, const char *slug) {
    int order;
    const cJSON *entry = find_entry(paper, slug, &order);
    return entry ? paper_text(entry, "label") : slug;
}

const char *paper_group(const Paper *paper, const char *slug) {
    int order;
    return paper_text(find_entry(paper, slug, &order), "group");
}

bool paper_in_progression(const Paper *paper, const char *slug) {
    return text_equal(paper_group(paper, slug), "progression");
}

const cJSON *paper_experiment(const Paper *paper, const char *key) {
    const cJSON *entry;
    cJSON_ArrayForEach(entry, paper_list(paper, "experiments")) {
        if (text_equal(paper_text(entry, "key"), key)) return entry;
    }
    return NULL;
}

int paper_columns(const cJSON *out[PAPER_COLUMNS], const Paper *paper, const char *task) {
    static const char *const keys[PAPER_COLUMNS] = {"ucf101-finetune", "ucf101-probe", "hmdb51-finetune"};
    int n = 0;
    for (int i = 0; i < PAPER_COLUMNS; i++) {
        const cJSON *entry = paper_experiment(paper, keys[i]);
        if (entry && (!task || text_equal(paper_text(entry, "task"), task))) out[n++] = entry;
    }
    return n;
}

double paper_accuracy(const Paper *paper, const char *experiment, const char *slug) {
    const cJSON *table = cJSON_GetObjectItemCaseSensitive(paper_experiment(paper, experiment), "accuracy");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(table, slug);
    return cJSON_IsNumber(value) ? value->valuedouble : NAN;
}

double paper_gap_closed(double low, double value, double high) {
    return high == low ? NAN : 100 * (value - low) / (high - low);
}
