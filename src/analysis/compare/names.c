/* Lists of datasets: configs/analysis/<name>.json. */
#include "analysis/compare/statistics.h"

#include "base/config/config.h"
#include "base/config/json.h"
#include "base/config/record.h"

#include <cjson/cJSON.h>

static const size_t names_bytes_max = (size_t)1 << 20;

/* A dataset that stands twice would count twice in a correlation. */
static Err add_name(DatasetNames *names, const char *name, const char *path) {
    if (!name[0]) return RAISE(ERR_INPUT, "%s: entry %d of \"datasets\" is not a name", path, names->count + 1);
    if (names->count == NAMES_MAX) return RAISE(ERR_INPUT, "%s: more than %d datasets", path, NAMES_MAX);
    for (int i = 0; i < names->count; i++)
        if (text_equal(names->slugs[i], name)) return RAISE(ERR_INPUT, "%s: %s stands in the list twice", path, name);
    return text_copy(names->slugs[names->count++], NAME_SIZE, name);
}

/* Title and reason are for readers; a list without datasets would make every figure empty. */
static Err read_tree(DatasetNames *names, const cJSON *tree, const char *path) {
    const cJSON *item, *list;
    int n;
    if (!text_equal(record_text_or(tree, "schema", ""), "synvid.datasets"))
        return RAISE(ERR_INPUT, "%s: schema \"%s\", expected \"synvid.datasets\"", path,
                     record_text_or(tree, "schema", ""));
    TRY(record_texts(&list, &n, (Record){.object = tree, .origin = path}, "datasets"));
    TRY(text_copy(names->title, sizeof names->title, record_text_or(tree, "title", "")));
    TRY(text_copy(names->reason, sizeof names->reason, record_text_or(tree, "reason", "")));
    cJSON_ArrayForEach(item, list) TRY(add_name(names, item->valuestring, path));
    return names->count > 0 ? ERR_NONE : RAISE(ERR_INPUT, "%s: the list \"datasets\" is empty", path);
}

/* A list that comes with the program goes before a file of its name where one works: that may well be a sweep, since
 * all34 and paper28 are sweeps, too. */
static Err find_list(char *path, size_t size, const char *name) {
    char shipped[NAME_SIZE];
    bool is_path = strchr(name, '/') || text_ends(name, ".json");
    if (!is_path && !text_format(shipped, sizeof shipped, "analysis/%s", name) && !config_find(path, size, "", shipped))
        return ERR_NONE;
    return config_find(path, size, "analysis", name);
}

/* By name, or by the path of a file: the list goes by the file's name without its extension. */
Err names_read(DatasetNames *names, const char *name) {
    char path[PATH_SIZE];
    cJSON *tree;
    *names = (DatasetNames){0};
    TRY(find_list(path, sizeof path, name));
    const char *base = path_base(path);
    TRY(text_format(names->name, sizeof names->name, "%.*s", (int)strcspn(base, "."), base));
    TRY(json_read(&tree, path, names_bytes_max, ERR_INPUT));
    Err err = read_tree(names, tree, path);
    cJSON_Delete(tree);
    return err;
}
