#include "analysis/report/reproduce.h"

#include "base/config/json.h"

#include <cjson/cJSON.h>
#include <math.h>

/* ---- one of the paper's tables ---- */

/* What one cell is about: one pre-training in one experiment. */
typedef struct {
    const PaperExperiment *experiment;
    const char *slug;
    double paper;
    Estimate ours;
} Entry;

/* "a1b2c3d4e5f6, seed 1, 3783 videos, run finetune-..." */
static Err identity_cell(Table *table, int row, int column, const Estimate *ours) {
    if (ours->state == ESTIMATE_NONE) return ERR_NONE;
    if (ours->state == ESTIMATE_MIXED) return table_text(table, row, column, "mixed protocols");
    const Result *result = &ours->first->result;
    const ResultInput *checkpoint = outcomes_input(result, "checkpoint");
    return table_text(table, row, column, "%s, seed %llu%s, checkpoint %.12s, %lld videos",
                      path_base(ours->first->folder), (unsigned long long)result->seed,
                      ours->n_seeds > 1 ? " and more" : "", checkpoint ? checkpoint->digest : "none",
                      (long long)ours->count);
}

/* What the paper compares a row with, and the same difference of ours. */
static Err fill_counterpart(Table *table, int row, const PaperRow *row_entry, const Entry *entry,
                            const Outcomes *outcomes, const Paper *paper) {
    const char *other = row_entry->counterpart, *same = row_entry->same_as;
    if (same[0]) return table_text(table, row, 6, "one run with %s", same);
    if (!other[0]) return ERR_NONE;
    double ours = outcomes_of_experiment(outcomes, paper, entry->experiment, other).value;
    double change = entry->paper - paper_accuracy(entry->experiment, other);
    if (isnan(ours) || entry->ours.state != ESTIMATE_PRESENT)
        return table_text(table, row, 6, "against %s: %+.1f (paper)", paper_label(paper, other), change);
    return table_text(table, row, 6, "against %s: %+.1f (paper), %+.1f (ours)", paper_label(paper, other), change,
                      entry->ours.value - ours);
}

/* A row a pre-training and experiment: paper, ours, difference, and which run ours is. */
static Err fill_entry(Table *table, const PaperRow *row_entry, const PaperExperiment *experiment,
                      const Outcomes *outcomes, const Paper *paper, bool gaps) {
    const char *slug = row_entry->pretraining, *label = row_entry->label;
    Entry entry = {experiment, slug, paper_accuracy(experiment, slug),
                   outcomes_of_experiment(outcomes, paper, experiment, slug)};
    int row;
    TRY(table_add_row(table, &row));
    TRY(table_text(table, row, 0, "%s", label[0] ? label : paper_label(paper, slug)));
    TRY(table_text(table, row, 1, "%s", experiment->label));
    table_number(table, row, 2, entry.paper);
    table_estimate(table, row, 3, entry.ours.value, entry.ours.low, entry.ours.high);
    if (entry.ours.state == ESTIMATE_PRESENT)
        table_number(table, row, 4, entry.ours.value - entry.paper);
    else
        TRY(table_text(table, row, 3, "not run"));
    if (gaps)
        table_number(table, row, 5,
                     paper_gap_closed(paper_accuracy(experiment, experiment->low), entry.paper,
                                      paper_accuracy(experiment, experiment->high)));
    TRY(fill_counterpart(table, row, row_entry, &entry, outcomes, paper));
    return identity_cell(table, row, 7, &entry.ours);
}

/* Experiment by experiment, the paper's rows in each. */
Err reproduce_table(Table *table, const PaperTable *entry, const Outcomes *outcomes, const Paper *paper) {
    const TableColumn columns[] = {
        {.label = "Pre-training", .kind = COLUMN_TEXT},
        {.label = "Experiment", .kind = COLUMN_TEXT},
        {.label = "Paper", .kind = COLUMN_NUMBER, .digits = 1, .paper = true},
        {.label = "Ours", .kind = COLUMN_ESTIMATE, .digits = 1},
        {.label = "Difference", .kind = COLUMN_NUMBER, .digits = 1, .beside_paper = true},
        {.label = "Paper's gap closed", .kind = COLUMN_NUMBER, .digits = 1, .paper = true},
        {.label = "Counterpart", .kind = COLUMN_TEXT, .beside_paper = true},
        {.label = "Run", .kind = COLUMN_TEXT},
    };
    TRY(table_new(table, entry->name, entry->title, columns, sizeof columns / sizeof *columns));
    TRY(text_copy(table->caption, sizeof table->caption, entry->note));
    for (int e = 0; e < entry->experiments.n; e++) {
        const PaperExperiment *experiment = paper_experiment(paper, entry->experiments.texts[e]);
        if (!experiment)
            return RAISE(ERR_INPUT, "paper.json: table %s: no experiment \"%s\"", entry->name,
                         entry->experiments.texts[e]);
        int first = table->n_rows;
        for (int r = 0; r < entry->n_rows; r++)
            TRY(fill_entry(table, &entry->rows[r], experiment, outcomes, paper, entry->gaps));
        if (table->n_rows > first) table->rule_above[first] = true;
    }
    return ERR_NONE;
}

/* ---- settings ---- */

/* "train.base_lr"; NULL: there is no such key. */
static const cJSON *member_at(const cJSON *object, const char *key_path) {
    while (object) {
        char key[64];
        size_t length = strcspn(key_path, ".");
        if (length >= sizeof key) return NULL;
        memcpy(key, key_path, length);
        key[length] = 0;
        object = cJSON_GetObjectItemCaseSensitive(object, key);
        if (!key_path[length]) return object;
        key_path += length + 1;
    }
    return NULL;
}

enum { SETTING_VALUES = 8 };

/* Distinct values of one setting over the runs of a task, with their counts; those of reduced runs apart. */
typedef struct {
    char values[SETTING_VALUES][64];
    bool reduced[SETTING_VALUES];
    int counts[SETTING_VALUES], n, more;
} SettingValues;

/* The first SETTING_VALUES of them by name, others as a count. */
static void note_value(SettingValues *found, const char *text, bool reduced) {
    int at = 0;
    while (at < found->n && (!text_equal(found->values[at], text) || found->reduced[at] != reduced)) at++;
    if (at == SETTING_VALUES) {
        found->more++;
        return;
    }
    if (at == found->n) {
        found->reduced[at] = reduced;
        snprintf(found->values[found->n++], sizeof found->values[0], "%s", text);
    }
    found->counts[at]++;
}

/* What runs really had, from the settings beside their results. */
static Err gather_setting(SettingValues *found, const Outcomes *outcomes, const char *task, const char *key_path) {
    const OutcomeKey key = {.task = task};
    for (int i = 0; i < outcomes->count; i++) {
        char path[PATH_SIZE], number[32];
        cJSON *config;
        if (!outcomes_match(&outcomes->items[i], &key)) continue;
        TRY(path_join(path, sizeof path, outcomes->items[i].folder, "config.json"));
        if (json_read(&config, path, (size_t)1 << 20, ERR_INPUT))
            continue; /* a run without its config has no settings to show */
        const cJSON *value = member_at(config, key_path);
        if (value)
            note_value(found, json_value(number, sizeof number, value, "-"),
                       text_equal(outcomes->items[i].result.protocol, PROTOCOL_REDUCED));
        cJSON_Delete(config);
    }
    return ERR_NONE;
}

/* The paper's value is the first word of its cell; the rest is a remark. */
static bool same_setting(const char *paper, const char *ours) {
    char *end_paper, *end_ours;
    double a = strtod(paper, &end_paper), b = strtod(ours, &end_ours);
    if (end_paper != paper && end_ours != ours) return fabs(a - b) <= 1e-9 * fabs(a);
    size_t length = strcspn(paper, " ");
    return strlen(ours) == length && !strncmp(paper, ours, length);
}

static Err fill_setting(Table *table, const PaperSetting *setting, const char *task, const Outcomes *outcomes) {
    const char *key = setting->key, *paper = setting->value;
    SettingValues found = {0};
    Builder ours = {0};
    bool differs = false;
    int row;
    TRY(gather_setting(&found, outcomes, task, key));
    for (int i = 0; i < found.n; i++) {
        builder_add(&ours, "%s%s (%d %srun%s)", i ? ", " : "", found.values[i], found.counts[i],
                    found.reduced[i] ? "reduced " : "", found.counts[i] == 1 ? "" : "s");
        differs = differs || !same_setting(paper, found.values[i]);
    }
    if (found.more) builder_add(&ours, " and other values (%d runs)", found.more);
    Err err = table_add_row(table, &row);
    if (!err) err = table_text(table, row, 0, "%s", setting->name);
    if (!err) err = table_text(table, row, 1, "%s", key);
    if (!err) err = table_text(table, row, 2, "%s", paper);
    if (!err) err = table_text(table, row, 3, "%s", ours.data ? ours.data : "not run");
    if (!err) err = table_text(table, row, 4, "%s", differs ? "deviates" : "");
    builder_free(&ours);
    return err;
}

/* The paper's table of settings, beside those of our runs of that task. */
Err reproduce_settings(Table *table, const PaperSettings *entry, const Outcomes *outcomes) {
    const TableColumn columns[] = {{.label = "Setting", .kind = COLUMN_TEXT},
                                   {.label = "Key", .kind = COLUMN_TEXT},
                                   {.label = "Paper", .kind = COLUMN_TEXT, .paper = true},
                                   {.label = "Ours", .kind = COLUMN_TEXT},
                                   {.label = "Remark", .kind = COLUMN_TEXT, .beside_paper = true}};
    char name[48];
    TRY(text_format(name, sizeof name, "settings-%.30s", entry->task));
    TRY(table_new(table, name, entry->table, columns, sizeof columns / sizeof *columns));
    for (int r = 0; r < entry->n_rows; r++) TRY(fill_setting(table, &entry->rows[r], entry->task, outcomes));
    return ERR_NONE;
}
