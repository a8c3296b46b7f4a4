/* What results say together. An estimate is over all results that match a key; as soon as two of them are not of one
 * protocol or one budget it is "mixed" and has no figure. */
#include "analysis/compare/outcomes.h"

#include "math/interval.h"
#include "math/stats.h"

#include <math.h>

/* A role is there once at most. */
const ResultInput *outcomes_input(const Result *result, const char *role) {
    for (int i = 0; i < result->n_inputs; i++)
        if (text_equal(result->inputs[i].role, role)) return &result->inputs[i];
    return NULL;
}

/* Both without it is the same. */
static bool same_input(const Result *a, const Result *b, const char *role) {
    const ResultInput *x = outcomes_input(a, role), *y = outcomes_input(b, role);
    return (!x && !y) || (x && y && text_equal(x->digest, y->digest));
}

/* Name, deviations in their order, and the inputs that decide a figure: test set, reference, weights of networks. */
bool outcomes_same_protocol(const Result *a, const Result *b) {
    if (!text_equal(a->protocol, b->protocol) || a->n_deviations != b->n_deviations) return false;
    for (int i = 0; i < a->n_deviations; i++)
        if (!text_equal(a->deviations[i], b->deviations[i])) return false;
    static const char *const roles[] = {"test",      "dataset", "reference",      "encoder",
                                        "inception", "i3d",     "random networks"};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (!same_input(a, b, roles[i])) return false;
    return true;
}

/* An unknown budget is no reason to part two results. */
bool outcomes_same_budget(const Outcome *a, const Outcome *b) {
    return isnan(a->clips) || isnan(b->clips) || a->clips == b->clips;
}

void outcomes_free(Outcomes *outcomes) {
    free(outcomes->items);
    free(outcomes->left_out);
    *outcomes = (Outcomes){0};
}

void outcomes_keep_rehearsals(Outcomes *outcomes, bool rehearsals) {
    int kept = 0;
    for (int i = 0; i < outcomes->count; i++)
        if (result_is_rehearsal(&outcomes->items[i].result) == rehearsals) outcomes->items[kept++] = outcomes->items[i];
    outcomes->count = kept;
}

/* A rehearsal is compared with rehearsals only; then the experiment's own protocol, then the one asked for, then the
 * paper's. */
const char *outcomes_protocol(const Outcomes *outcomes, const char *own) {
    const char *asked = outcomes->protocol;
    if (asked && text_equal(asked, PROTOCOL_REHEARSAL)) return asked;
    if (*own) return own;
    return asked ? asked : PROTOCOL_PAPER;
}

/* NULL: any. */
static bool matches(const char *wanted, const char *found) {
    return !wanted || text_equal(wanted, found);
}

bool outcomes_match(const Outcome *outcome, const OutcomeKey *key) {
    const Result *result = &outcome->result;
    return matches(key->task, result->task) && matches(key->dataset, result->dataset) &&
           matches(key->pretraining, result->pretraining) && matches(key->model, result->model) &&
           matches(key->protocol, result->protocol) && (!key->clips || *key->clips == outcome->clips);
}

/* With the interval that the run itself found. */
static Estimate estimate_of_one(const Outcome *outcome, const ResultMetric *metric) {
    return (Estimate){ESTIMATE_PRESENT, metric->value, metric->low, metric->high, metric->count, 1, outcome, NULL};
}

/* One result keeps its own interval; several have Student's over seeds. */
Estimate outcomes_estimate(const Outcomes *outcomes, const OutcomeKey *key, const char *metric) {
    Estimate estimate = {.state = ESTIMATE_NONE, .value = NAN, .low = NAN, .high = NAN};
    Moments seeds = {0};
    for (int i = 0; i < outcomes->count; i++) {
        const Outcome *outcome = &outcomes->items[i];
        const ResultMetric *found = outcomes_match(outcome, key) ? result_metric(&outcome->result, metric) : NULL;
        if (!found) continue;
        moments_add(&seeds, found->value);
        if (seeds.count == 1)
            estimate = estimate_of_one(outcome, found);
        else if (!outcomes_same_protocol(&estimate.first->result, &outcome->result) ||
                 !outcomes_same_budget(estimate.first, outcome))
            return (Estimate){.state = ESTIMATE_MIXED, .value = NAN, .low = NAN, .high = NAN, .first = outcome};
    }
    if (seeds.count > 1) {
        Interval interval = interval_mean(seeds.mean, moments_sd(&seeds), (int64_t)seeds.count);
        estimate = (Estimate){ESTIMATE_PRESENT, seeds.mean,       interval.low,   interval.high,
                              estimate.count,   (int)seeds.count, estimate.first, NULL};
    }
    return estimate;
}

/* What results of the kind of `key` call the pre-training, "random-initialization" for "random"; the slug itself where
 * none is there. */
static const char *name_in_results(const Outcomes *outcomes, const Paper *paper, const OutcomeKey *key,
                                   const char *slug) {
    for (int i = 0; i < outcomes->count; i++) {
        const char *name = outcomes->items[i].result.pretraining;
        if (outcomes_match(&outcomes->items[i], key) && text_equal(paper_slug(paper, name), slug)) return name;
    }
    return slug;
}

Estimate outcomes_of_experiment(const Outcomes *outcomes, const Paper *paper, const PaperExperiment *experiment,
                                const char *slug) {
    OutcomeKey key = {.task = experiment->task,
                      .dataset = experiment->dataset,
                      .model = experiment->model,
                      .protocol = outcomes_protocol(outcomes, experiment->protocol)};
    key.pretraining = name_in_results(outcomes, paper, &key, slug);
    return outcomes_estimate(outcomes, &key, "top1");
}
