/* A run is compared with every official protocol of its task, setting by setting in the resolved configuration, and
 * takes the name of the nearest one. No list of "important" settings: a key that is new is compared as soon as it is
 * in its table. What only changes rounding is left out. */
#include "run/protocol.h"

#include "base/config/config.h"
#include "base/config/json.h"
#include "base/text/text.h"

#include <cjson/cJSON.h>
#include <stdarg.h>

/* Of a run against one protocol. */
typedef struct {
    int count, left_out;
    bool shrunk[RESULT_DEVIATIONS];
    char items[RESULT_DEVIATIONS][sizeof((Result *)0)->deviations[0]];
} Deviations;

typedef struct {
    const ProtocolRule *rule;
    Deviations *found;
} Comparison;

__attribute__((format(printf, 3, 4))) static void add(Deviations *found, bool shrunk, const char *format, ...) {
    if (found->count == RESULT_DEVIATIONS) {
        /* counted, so that "and 12 more" is said rather than nothing */
        found->left_out++;
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(found->items[found->count], sizeof found->items[0], format, arguments);
    va_end(arguments);
    found->shrunk[found->count++] = shrunk;
}

/* ---- settings ---- */

/* A leaf's sums differ in their last bits only; where its clips are normalized together, the rule names its size. */
static bool decides_rounding_only(const char *key, const ProtocolRule *rule) {
    if (text_equal(key, "train.reduce")) return true;
    if (!text_equal(key, "train.micro_batch")) return false;
    for (int i = 0; rule->settings[i]; i++)
        if (text_starts(rule->settings[i], "train.micro_batch=")) return false;
    return true;
}

static bool is_shrunk(const char *key, const cJSON *value, const cJSON *expected) {
    return cJSON_IsNumber(value) && cJSON_IsNumber(expected) && value->valuedouble < expected->valuedouble &&
           rehearsal_may_shrink(key);
}

/* Both trees come from the same table, so they have the same keys. */
static void compare_trees(Comparison *comparison, const char *path, const cJSON *values, const cJSON *official) {
    static const char *const other = "another value"; /* lists and objects are too long for a line */
    const cJSON *value;
    cJSON_ArrayForEach(value, values) {
        char key[256], found[32], wanted[32];
        const cJSON *expected = cJSON_GetObjectItemCaseSensitive(official, value->string);
        field_path(key, sizeof(key), path, value->string);
        if (cJSON_IsObject(value))
            compare_trees(comparison, key, value, expected);
        else if (!decides_rounding_only(key, comparison->rule) && !cJSON_Compare(value, expected, true))
            add(comparison->found, is_shrunk(key, value, expected), "%s %.40s instead of %.40s", key,
                json_value(found, sizeof found, value, other), json_value(wanted, sizeof wanted, expected, other));
    }
}

static int count_settings(const ProtocolRule *rule) {
    int n = 0;
    while (rule->settings[n]) n++;
    return n;
}

/* `official`: memory for a config. */
static Err compare_settings(Comparison *comparison, const void *config, void *official, const Field *fields) {
    const ProtocolRule *rule = comparison->rule;
    /* defaults with the rule's settings over them: the official configuration, complete */
    TRY(config_load(official, fields, NULL, rule->settings, count_settings(rule)));
    cJSON *values = fields_dump(config, fields, true), *expected = fields_dump(official, fields, true);
    Err err = values && expected ? ERR_NONE : RAISE(ERR_MEMORY, "comparing with %s: no memory", rule->name);
    if (!err) compare_trees(comparison, "", values, expected);
    cJSON_Delete(values);
    cJSON_Delete(expected);
    return err;
}

/* ---- videos, and what a run is made from ---- */

static void compare_videos(Comparison *comparison, const ClipSource *videos) {
    const char *departures = videos->departures[comparison->rule->videos];
    if (!departures) {
        add(comparison->found, false, "videos of unknown making (%.80s)", videos->name);
        return;
    }
    for (const char *line = departures; *line;) {
        size_t length = strcspn(line, "\n");
        /* marks a departure that only makes the task smaller */
        bool fewer = *line == '<';
        add(comparison->found, fewer, "%.*s", length > 140 ? 140 : (int)length - fewer, line + fewer);
        line += length + (line[length] == '\n');
    }
}

/* What came before counts: a model fine-tuned by the book from a short pre-training is not the paper's. */
static void inherit(Comparison *comparison, const ProtocolScope *scope) {
    const Result *from = scope->made_from;
    if (protocol_rule_accepts(comparison->rule, from->protocol)) return;
    if (result_is_official(from))
        add(comparison->found, false, "%s under the protocol %s", scope->made_how, from->protocol);
    for (int i = 0; i < from->n_deviations; i++)
        add(comparison->found, result_is_rehearsal(from), "%s: %.130s", scope->made_how, from->deviations[i]);
    if (from->n_deviations == 0 && !result_is_official(from))
        add(comparison->found, false, "%s: reduced, of which nothing more is known", scope->made_how);
}

/* ---- the nearest protocol ---- */

static Err hold_to(Deviations *found, const ProtocolRule *rule, const ProtocolScope *scope, const void *config,
                   void *official, const Field *fields) {
    Comparison comparison = {rule, found};
    *found = (Deviations){.count = 0};
    if (scope->videos) compare_videos(&comparison, scope->videos);
    TRY(compare_settings(&comparison, config, official, fields));
    if (scope->made_from) inherit(&comparison, scope);
    return ERR_NONE;
}

/* One place of the result's list stays free for the count of the rest. */
static Err copy_deviations(Result *result, const Deviations *found) {
    int left_out = found->left_out;
    for (int i = 0; i < found->count; i++) {
        if (result->n_deviations >= RESULT_DEVIATIONS - 1)
            left_out++;
        else if (found->shrunk[i])
            TRY(result_add_shrunk(result, "%s", found->items[i]));
        else
            TRY(result_add_deviation(result, "%s", found->items[i]));
    }
    return left_out ? result_add_deviation(result, "and %d more", left_out) : ERR_NONE;
}

/* "ViT-L/16 16x224" -> 'L'; other sizes have no letter. */
static char model_letter(const char *title) {
    return text_starts(title, "ViT-") && title[4] >= 'A' && title[5] == '/' ? title[4] : '\0';
}

CHECKED Err protocol_compare(Result *result, const ProtocolScope *scope, const void *config, size_t config_size,
                             const Field *fields) {
    const ProtocolRule *rules[PROTOCOL_CANDIDATES];
    int n = protocol_rules(rules, scope->task, scope->dataset, model_letter(scope->model)), best = 0;
    Deviations *found = calloc((size_t)n + 1, sizeof *found);
    /* used anew for each rule */
    void *official = calloc(1, config_size);
    Err err = found && official ? ERR_NONE : RAISE(ERR_MEMORY, "comparing with the official protocols: no memory");
    for (int i = 0; i < n && !err; i++) {
        err = hold_to(&found[i], rules[i], scope, config, official, fields);
        /* the first of equals stays: `paper` stands first */
        if (found[i].count + found[i].left_out < found[best].count + found[best].left_out) best = i;
    }
    if (!err && n == 0) err = result_add_deviation(result, "%s is no part of the paper", scope->task);
    if (!err && n > 0) err = copy_deviations(result, &found[best]);
    if (!err) err = result_settle(result, n > 0 ? rules[best]->name : PROTOCOL_REDUCED, scope->rehearsal);
    free(found);
    free(official);
    return err;
}

/* ---- rehearsals ---- */

/* Sizes and counts, whose smaller values take the same path through the code. Sorted by what they shorten. */
static const char *const shrinkable[] = {
    /* the network's width and depth */
    "model.width", "model.depth", "model.heads", "model.decoder_width", "model.decoder_depth", "model.decoder_heads",
    /* how long it is trained, and with how many clips a step; the warm-up is part of the length */
    "train.epochs", "train.batch", "train.micro_batch", "train.warmup_epochs",
    /* how much is made, read and looked at */
    "videos", "images", "limit", "data.clips", "data.test_clips", "test_clips", "frames", "shown", "n_frames",
    "n_videos", "frames_per_video", "groups", NULL};

bool rehearsal_may_shrink(const char *key) {
    for (int i = 0; shrinkable[i]; i++)
        if (text_equal(shrinkable[i], key)) return true;
    return false;
}

CHECKED Err rehearsal_original(void **config, const Run *run, size_t config_size, const Field *fields) {
    *config = NULL;
    if (!run->rehearsed) return ERR_NONE;
    void *made = calloc(1, config_size);
    if (!made) return RAISE(ERR_MEMORY, "rehearsal: no memory for the settings");
    Err err = config_parse(made, fields, run->rehearsed, "settings before the rehearsal");
    if (err)
        free(made);
    else
        *config = made;
    return err;
}
