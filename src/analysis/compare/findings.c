/* Findings: statistics of two groups of datasets against each other, or of one against a range. A group is read from
 * the paper's facts as names of datasets, names of lists, or "reference". */
#include "analysis/compare/statistics.h"

#include "math/stats.h"

#include <math.h>

typedef struct {
    int n, wanted;
    double values[NAMES_MAX];
    Moments moments;
} Group;

static void add_value(Group *group, double value) {
    group->values[group->n++] = value;
    moments_add(&group->moments, value);
}

/* Counted as wanted whether it was measured or not: the table says how many were. */
static void add_dataset(Group *group, const Outcomes *outcomes, const char *slug, const char *metric) {
    Estimate estimate = statistics_of(outcomes, slug, metric);
    group->wanted++;
    if (estimate.state == ESTIMATE_PRESENT && group->n < NAMES_MAX) add_value(group, estimate.value);
}

/* The dataset that the others were measured against, whatever it is called. */
static void add_reference(Group *group, const Outcomes *outcomes, const char *metric) {
    const OutcomeKey key = {.task = "analyze"};
    group->wanted++;
    for (int i = 0; i < outcomes->count && group->n == 0; i++) {
        const Result *result = &outcomes->items[i].result;
        if (!outcomes_match(&outcomes->items[i], &key) || !statistics_is_reference(result)) continue;
        Estimate estimate = statistics_of(outcomes, result->dataset, metric);
        if (estimate.state == ESTIMATE_PRESENT) add_value(group, estimate.value);
    }
}

static Err add_list(Group *group, const Outcomes *outcomes, const char *list, const char *metric) {
    DatasetNames *names = malloc(sizeof *names);
    Err err = names ? names_read(names, list) : RAISE(ERR_MEMORY, "list of datasets: no memory");
    for (int i = 0; !err && i < names->count; i++) add_dataset(group, outcomes, names->slugs[i], metric);
    free(names);
    return err;
}

/* A name that the paper does not know is the name of a list. */
static Err gather(Group *group, const Outcomes *outcomes, const Paper *paper, const PaperTexts *names,
                  const char *metric) {
    *group = (Group){0};
    for (int i = 0; i < names->n; i++) {
        const char *slug = names->texts[i];
        if (text_equal(slug, "reference"))
            add_reference(group, outcomes, metric);
        else if (paper_order(paper, slug) >= 0)
            add_dataset(group, outcomes, slug, metric);
        else
            TRY(add_list(group, outcomes, slug, metric));
    }
    return ERR_NONE;
}

/* Welch 1947: the degrees of freedom of a difference of means with unequal variances. */
static Interval welch(const Moments *a, const Moments *b) {
    double va = moments_variance(a) / a->count, vb = moments_variance(b) / b->count, difference = a->mean - b->mean;
    if (va + vb <= 0) return (Interval){difference, difference};
    double degrees = (va + vb) * (va + vb) / (va * va / (a->count - 1) + vb * vb / (b->count - 1));
    double reach = student_quantile_two_sided(0.05, degrees) * sqrt(va + vb);
    return (Interval){difference - reach, difference + reach};
}

/* As in Mann and Whitney's U, without its distribution. */
static int pairs_above(const Group *a, const Group *b) {
    int above = 0;
    for (int i = 0; i < a->n; i++)
        for (int j = 0; j < b->n; j++) above += a->values[i] > b->values[j];
    return above;
}

/* Welch's interval needs a variance on both sides: of a single dataset every pair is compared instead. */
static Verdict compare_groups(const Group *a, const Group *b) {
    Verdict verdict = {.n_true = pairs_above(a, b), .n_compared = a->n * b->n};
    if (verdict.n_compared == 0) return verdict;
    double difference = a->moments.mean - b->moments.mean;
    if (a->n == 1 || b->n == 1) {
        verdict.kind = verdict.n_true == verdict.n_compared ? VERDICT_TRUE
                       : verdict.n_true == 0                ? VERDICT_FALSE
                                                            : VERDICT_UNDECIDED;
        snprintf(verdict.detail, sizeof verdict.detail, "%d of %d pairs, difference %+.3g", verdict.n_true,
                 verdict.n_compared, difference);
        return verdict;
    }
    Interval interval = welch(&a->moments, &b->moments);
    verdict.kind = interval.low > 0 ? VERDICT_TRUE : interval.high < 0 ? VERDICT_FALSE : VERDICT_UNDECIDED;
    snprintf(verdict.detail, sizeof verdict.detail, "%+.3g [%+.3g, %+.3g], %d of %d pairs", difference, interval.low,
             interval.high, verdict.n_true, verdict.n_compared);
    return verdict;
}

/* All inside: true; none: false. */
static Verdict check_range(const Group *group, double low, double high) {
    Verdict verdict = {.n_compared = group->n};
    if (group->n == 0) return verdict;
    for (int i = 0; i < group->n; i++) verdict.n_true += group->values[i] >= low && group->values[i] <= high;
    verdict.kind = verdict.n_true == group->n ? VERDICT_TRUE : verdict.n_true == 0 ? VERDICT_FALSE : VERDICT_UNDECIDED;
    snprintf(verdict.detail, sizeof verdict.detail, "%d of %d inside, %.3g to %.3g", verdict.n_true, group->n,
             group->moments.min, group->moments.max);
    return verdict;
}

/* A row says what was compared, and how many of the datasets it speaks of were there. */
static Err fill_finding(Table *table, const PaperFinding *finding, const Outcomes *outcomes, const Paper *paper) {
    const char *metric = finding->metric;
    Group a, b;
    int row;
    TRY(gather(&a, outcomes, paper, &finding->a, metric));
    TRY(gather(&b, outcomes, paper, &finding->b, metric));
    Verdict verdict = finding->has_range ? check_range(&a, finding->range[0], finding->range[1])
                                         : compare_groups(&a, &b);
    TRY(table_add_row(table, &row));
    TRY(table_text(table, row, 0, "%s", finding->claim));
    TRY(table_text(table, row, 1, "%s", metric));
    TRY(table_text(table, row, 2, "%s%s%s", verdict_word(verdict.kind), verdict.detail[0] ? ": " : "", verdict.detail));
    return table_text(table, row, 3, "%d of %d", a.n + b.n, a.wanted + b.wanted);
}

static bool any_reduced(const Outcomes *outcomes) {
    const OutcomeKey key = {.task = "analyze"};
    bool any = false;
    for (int i = 0; i < outcomes->count; i++)
        any |= outcomes_match(&outcomes->items[i], &key) && !result_is_official(&outcomes->items[i].result);
    return any;
}

Err findings_table(Table *table, const Outcomes *outcomes, const Paper *paper) {
    TableColumn columns[] = {{.label = "Finding", .kind = COLUMN_TEXT},
                             {.label = "Statistic", .kind = COLUMN_TEXT},
                             {.label = "In our statistics", .kind = COLUMN_TEXT, .verdict = true},
                             {.label = "Datasets measured", .kind = COLUMN_TEXT}};
    if (any_reduced(outcomes)) TRY(text_copy(columns[2].label, sizeof columns->label, "In our statistics (reduced)"));
    TRY(table_new(table, "findings", "What the paper says of its datasets, checked on our statistics", columns,
                  sizeof columns / sizeof *columns));
    TRY(text_copy(
        table->caption, sizeof table->caption,
        "Difference of group means with Welch's 95 % interval: true above zero, false below, undecided when "
        "it holds zero; a group of one is compared pair by pair. FID and FVD are the paper's; "
        "other distances, and diversity on other features, stand for them only as far as their networks do."));
    for (const PaperFinding *finding = paper->findings; finding < paper->findings + paper->n_findings; finding++) {
        TRY(fill_finding(table, finding, outcomes, paper));
    }
    return ERR_NONE;
}
