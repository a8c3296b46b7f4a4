/* The paper's facts. The file is read once into structs: each kind of entry has a table of its members (key, kind,
 * offset), and a function for what a table cannot say. Texts stay in the document, which the struct owns. */
#include "analysis/compare/paper.h"

#include "base/config/config.h"
#include "base/config/json.h"
#include "base/config/record.h"
#include "base/text/text.h"

#include <math.h>

static const size_t paper_bytes_max = (size_t)1 << 20;

/* ---- reading: each kind of entry is a table of its members ---- */

typedef enum { MEMBER_TEXT, MEMBER_NUMBER, MEMBER_FLAG, MEMBER_TEXTS } MemberKind;

typedef struct {
    const char *key; /* NULL: the end */
    MemberKind kind;
    size_t offset;
} Member;

#define TEXT(T, name)                                                                                                  \
    { #name, MEMBER_TEXT, offsetof(T, name) }
#define NUMBER(T, name)                                                                                                \
    { #name, MEMBER_NUMBER, offsetof(T, name) }
#define TEXTS(T, name)                                                                                                 \
    { #name, MEMBER_TEXTS, offsetof(T, name) }
#define MEMBERS_END                                                                                                    \
    { 0 }

static const Member pretraining_members[] = {TEXT(PaperPretraining, slug), TEXT(PaperPretraining, label),
                                             TEXT(PaperPretraining, group), TEXTS(PaperPretraining, aliases),
                                             MEMBERS_END};
static const Member experiment_members[] = {
    TEXT(PaperExperiment, key),     TEXT(PaperExperiment, label), TEXT(PaperExperiment, task),
    TEXT(PaperExperiment, dataset), TEXT(PaperExperiment, model), TEXT(PaperExperiment, protocol),
    TEXT(PaperExperiment, low),     TEXT(PaperExperiment, high),  MEMBERS_END};
static const Member row_members[] = {TEXT(PaperRow, pretraining), TEXT(PaperRow, label), TEXT(PaperRow, counterpart),
                                     TEXT(PaperRow, same_as), MEMBERS_END};
static const Member table_members[] = {TEXT(PaperTable, name),
                                       TEXT(PaperTable, title),
                                       TEXT(PaperTable, note),
                                       TEXTS(PaperTable, experiments),
                                       {"gaps", MEMBER_FLAG, offsetof(PaperTable, gaps)},
                                       MEMBERS_END};
static const Member gap_members[] = {
    TEXT(PaperGap, claim),   TEXT(PaperGap, experiment), TEXT(PaperGap, pretraining), NUMBER(PaperGap, low),
    NUMBER(PaperGap, value), NUMBER(PaperGap, high),     NUMBER(PaperGap, printed),   MEMBERS_END};
static const Member statement_members[] = {TEXT(PaperStatement, claim),      TEXT(PaperStatement, test),
                                           TEXT(PaperStatement, experiment), TEXTS(PaperStatement, a),
                                           TEXTS(PaperStatement, b),         MEMBERS_END};
static const Member finding_members[] = {TEXT(PaperFinding, claim), TEXT(PaperFinding, metric), TEXTS(PaperFinding, a),
                                         TEXTS(PaperFinding, b), MEMBERS_END};
static const Member corruption_members[] = {TEXT(PaperCorruption, metric), TEXT(PaperCorruption, label),
                                            TEXT(PaperCorruption, family), MEMBERS_END};
static const Member correlation_members[] = {TEXT(PaperCorrelation, metric), TEXT(PaperCorrelation, label),
                                             TEXT(PaperCorrelation, paper), NUMBER(PaperCorrelation, distance_from),
                                             MEMBERS_END};
static const Member settings_members[] = {TEXT(PaperSettings, table), TEXT(PaperSettings, task), MEMBERS_END};

/* Texts stay in the document; the list of pointers is ours. A list that is missing is empty. */
static Err read_texts(PaperTexts *out, Record entry, const char *key) {
    const cJSON *list, *item;
    int n;
    if (!cJSON_HasObjectItem(entry.object, key)) return ERR_NONE;
    TRY(record_texts(&list, &n, entry, key));
    out->texts = calloc((size_t)n + 1, sizeof *out->texts);
    if (!out->texts) return RAISE(ERR_MEMORY, "%s: no memory", entry.origin);
    cJSON_ArrayForEach(item, list) out->texts[out->n++] = item->valuestring;
    return ERR_NONE;
}

/* What is missing is "", NAN or false: which members an entry must have, whoever uses it knows. */
static Err read_member(void *out, const Member *member, Record entry) {
    switch (member->kind) {
    case MEMBER_TEXT: return record_maybe_text(out, entry, member->key);
    case MEMBER_NUMBER: return record_maybe_number(out, entry, member->key);
    case MEMBER_FLAG: return record_maybe_flag(out, entry, member->key);
    default: return read_texts(out, entry, member->key);
    }
}

/* What a table of members does not say. */
typedef Err ReadRest(void *out, Record entry);

/* {"slug": percent, ...} */
static Err read_accuracies(void *out, Record entry) {
    PaperExperiment *experiment = out;
    const cJSON *item;
    Record table;
    TRY(record_object(&table, entry, "accuracy"));
    experiment->accuracies = calloc((size_t)cJSON_GetArraySize(table.object) + 1, sizeof *experiment->accuracies);
    if (!experiment->accuracies) return RAISE(ERR_MEMORY, "%s: no memory", entry.origin);
    cJSON_ArrayForEach(item, table.object) {
        PaperAccuracy *accuracy = &experiment->accuracies[experiment->n_accuracies++];
        accuracy->slug = item->string;
        TRY(record_maybe_number(&accuracy->percent, table, item->string));
    }
    return ERR_NONE;
}

/* A finding compares two groups, or one group with a range. */
static Err read_range(void *out, Record entry) {
    PaperFinding *finding = out;
    const cJSON *range = cJSON_GetObjectItemCaseSensitive(entry.object, "range");
    const cJSON *low = cJSON_GetArrayItem(range, 0), *high = cJSON_GetArrayItem(range, 1);
    finding->has_range = range != NULL;
    if (!range) return ERR_NONE;
    if (!cJSON_IsNumber(low) || !cJSON_IsNumber(high))
        return RAISE(ERR_INPUT, "%s: %s[%d]: range: expected [low, high]", entry.origin, entry.list, entry.entry);
    finding->range[0] = low->valuedouble;
    finding->range[1] = high->valuedouble;
    return ERR_NONE;
}

/* Each [name, value, key]. */
static Err read_settings(void *out, Record entry) {
    PaperSettings *settings = out;
    const cJSON *row, *rows;
    int n;
    TRY(record_list(&rows, &n, entry, "rows"));
    settings->rows = calloc((size_t)n + 1, sizeof *settings->rows);
    if (!settings->rows) return RAISE(ERR_MEMORY, "%s: no memory", entry.origin);
    cJSON_ArrayForEach(row, rows) {
        const char *texts[3];
        for (int i = 0; i < 3; i++) {
            texts[i] = cJSON_GetStringValue(cJSON_GetArrayItem(row, i));
            if (!texts[i])
                return RAISE(ERR_INPUT, "%s: %s[%d]: rows: expected [name, value, key] each", entry.origin, entry.list,
                             entry.entry);
        }
        settings->rows[settings->n_rows++] = (PaperSetting){texts[0], texts[1], texts[2]};
    }
    return ERR_NONE;
}

/* One kind of entry: its size, its table of members, what that table does not say, and where the entries go. */
typedef struct {
    size_t size;
    const Member *members;
    ReadRest *rest; /* may be NULL */
    char *entries;
    int *n;
} EntryList;

static Err read_entry(void *list_, Record entry) {
    EntryList *list = list_;
    char *out = list->entries + (size_t)(*list->n)++ * list->size;
    for (const Member *member = list->members; member->key; member++)
        TRY(read_member(out + member->offset, member, entry));
    return list->rest ? list->rest(out, entry) : ERR_NONE;
}

/* The entries of a list into *out, one after the other. */
static Err read_list(void **out, EntryList list, Record record, const char *key) {
    const cJSON *found;
    int n;
    TRY(record_list(&found, &n, record, key));
    *out = list.entries = calloc((size_t)n + 1, list.size);
    if (!*out) return RAISE(ERR_MEMORY, "%s: no memory", record.origin);
    return record_each(record, key, read_entry, &list);
}

/* A table's rows are a list inside a list. */
static Err read_rows(void *out, Record entry) {
    PaperTable *table = out;
    return read_list((void **)&table->rows,
                     (EntryList){.size = sizeof *table->rows, .members = row_members, .n = &table->n_rows}, entry,
                     "rows");
}

#define LIST(name, members_, rest_)                                                                                    \
    TRY(read_list((void **)&paper->name,                                                                               \
                  (EntryList){.size = sizeof *paper->name, .members = members_, .rest = rest_, .n = &paper->n_##name}, \
                  record, #name))

/* The lists of the file, in the order in which the tables above describe them. */
static Err read_document(Paper *paper, const char *path) {
    const Record record = {.object = paper->document, .origin = path};
    const char *schema = record_text_or(paper->document, "schema", "");
    if (!text_equal(schema, "synvid.paper"))
        return RAISE(ERR_INPUT, "%s: schema \"%s\", expected \"synvid.paper\"", path, schema);
    LIST(pretrainings, pretraining_members, NULL);
    LIST(experiments, experiment_members, read_accuracies);
    LIST(tables, table_members, read_rows);
    LIST(gaps, gap_members, NULL);
    LIST(statements, statement_members, NULL);
    LIST(corruptions, corruption_members, NULL);
    LIST(findings, finding_members, read_range);
    LIST(correlations, correlation_members, NULL);
    LIST(settings, settings_members, read_settings);
    return ERR_NONE;
}

/* The file that comes with the program, unless a path is given. */
Err paper_read(Paper *paper, const char *path) {
    char found[PATH_SIZE];
    cJSON *tree;
    *paper = (Paper){0};
    if (!path) TRY(config_find(found, sizeof found, "", "analysis/paper"));
    if (!path) path = found;
    TRY(json_read(&tree, path, paper_bytes_max, ERR_INPUT));
    paper->document = tree;
    Err err = read_document(paper, path);
    if (err) paper_free(paper);
    return err;
}

void paper_free(Paper *paper) {
    for (int i = 0; i < paper->n_pretrainings; i++) free(paper->pretrainings[i].aliases.texts);
    for (int i = 0; i < paper->n_experiments; i++) free(paper->experiments[i].accuracies);
    for (int i = 0; i < paper->n_tables; i++) {
        free(paper->tables[i].experiments.texts);
        free(paper->tables[i].rows);
    }
    for (int i = 0; i < paper->n_statements; i++) {
        free(paper->statements[i].a.texts);
        free(paper->statements[i].b.texts);
    }
    for (int i = 0; i < paper->n_findings; i++) {
        free(paper->findings[i].a.texts);
        free(paper->findings[i].b.texts);
    }
    for (int i = 0; i < paper->n_settings; i++) free(paper->settings[i].rows);
    free(paper->pretrainings);
    free(paper->experiments);
    free(paper->tables);
    free(paper->gaps);
    free(paper->statements);
    free(paper->findings);
    free(paper->corruptions);
    free(paper->correlations);
    free(paper->settings);
    cJSON_Delete(paper->document);
    *paper = (Paper){0};
}

/* ---- looking up ---- */

/* Slug or alias: other programs and older runs have names of their own. */
static bool goes_by(const PaperPretraining *entry, const char *name) {
    if (text_equal(entry->slug, name)) return true;
    for (int i = 0; i < entry->aliases.n; i++)
        if (text_equal(entry->aliases.texts[i], name)) return true;
    return false;
}

/* NULL: not one of the paper's. */
static const PaperPretraining *find_pretraining(const Paper *paper, const char *name) {
    for (int i = 0; i < paper->n_pretrainings; i++)
        if (goes_by(&paper->pretrainings[i], name)) return &paper->pretrainings[i];
    return NULL;
}

/* Names that the paper does not know stay what they are. */
const char *paper_slug(const Paper *paper, const char *name) {
    const PaperPretraining *entry = find_pretraining(paper, name);
    return entry ? entry->slug : name;
}

int paper_order(const Paper *paper, const char *slug) {
    const PaperPretraining *entry = find_pretraining(paper, slug);
    return entry ? (int)(entry - paper->pretrainings) : -1;
}

const char *paper_label(const Paper *paper, const char *slug) {
    const PaperPretraining *entry = find_pretraining(paper, slug);
    return entry ? entry->label : slug;
}

const char *paper_group(const Paper *paper, const char *slug) {
    const PaperPretraining *entry = find_pretraining(paper, slug);
    return entry ? entry->group : "";
}

bool paper_in_progression(const Paper *paper, const char *slug) {
    return text_equal(paper_group(paper, slug), "progression");
}

const PaperExperiment *paper_experiment(const Paper *paper, const char *key) {
    for (int i = 0; i < paper->n_experiments; i++)
        if (text_equal(paper->experiments[i].key, key)) return &paper->experiments[i];
    return NULL;
}

/* Of one task, or all. */
int paper_columns(const PaperExperiment *out[PAPER_COLUMNS], const Paper *paper, const char *task) {
    static const char *const keys[PAPER_COLUMNS] = {"ucf101-finetune", "ucf101-probe", "hmdb51-finetune"};
    int n = 0;
    for (int i = 0; i < PAPER_COLUMNS; i++) {
        const PaperExperiment *entry = paper_experiment(paper, keys[i]);
        if (entry && (!task || text_equal(entry->task, task))) out[n++] = entry;
    }
    return n;
}

double paper_accuracy(const PaperExperiment *experiment, const char *slug) {
    for (int i = 0; experiment && i < experiment->n_accuracies; i++)
        if (text_equal(experiment->accuracies[i].slug, slug)) return experiment->accuracies[i].percent;
    return NAN;
}

/* The paper's measure, in percent: 0 where `value` is as random initialization, 100 where as the target. */
double paper_gap_closed(double low, double value, double high) {
    return high == low ? NAN : 100 * (value - low) / (high - low);
}
