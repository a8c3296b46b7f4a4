/* analysis/compare/outcomes - every result.json below a folder of runs, and the means over seeds.
 *
 * Results with one identity (task, dataset, pre-training, model) and different seeds are one estimate: the mean over
 * seeds with its t interval. Results under different protocols, or of pre-trainings of different length, are never
 * averaged. The test set of an accuracy counts as protocol, and so do the reference and the networks' weights of a
 * statistic, since figures compare only within one. */
#pragma once

#include "analysis/compare/paper.h"
#include "run/result.h"

typedef struct {
    Result result;
    char folder[PATH_SIZE]; /* of the run, as found below the runs folder */
    double clips, flops;    /* pre-training that went into it (analysis/compare/outcomes_read.c); NAN: not known */
} Outcome;

typedef struct {
    char path[PATH_SIZE], reason[512];
} OutcomeLeftOut;

typedef struct {
    Outcome *items; /* sorted by folder */
    int count;
    OutcomeLeftOut *left_out;
    int n_left_out;
    const char *protocol; /* whose results stand in the paper's tables; NULL: PROTOCOL_PAPER */
} Outcomes;

void outcomes_free(Outcomes *outcomes);

/* NULL members match anything. */
typedef struct {
    const char *task, *dataset, *pretraining, *model;
    const double *clips;  /* the budget of pre-training */
    const char *protocol; /* name */
} OutcomeKey;

typedef enum { ESTIMATE_NONE, ESTIMATE_MIXED /* several protocols: no figure */, ESTIMATE_PRESENT } EstimateState;

typedef struct {
    EstimateState state;
    double value, low, high; /* low, high NAN without an interval */
    int64_t count;           /* of the first result */
    int n_seeds;
    const Outcome *first;           /* one of the results behind the figure */
    const struct Correctness *hits; /* which videos were right, where the board has them; NULL otherwise */
} Estimate;

/* Keeps the rehearsals alone, or everything else. */
void outcomes_keep_rehearsals(Outcomes *outcomes, bool rehearsals);
/* The protocol of results that may stand where the paper's `own` is asked for (an experiment's; "": PROTOCOL_PAPER). */
const char *outcomes_protocol(const Outcomes *outcomes, const char *own);
bool outcomes_match(const Outcome *outcome, const OutcomeKey *key);
Estimate outcomes_estimate(const Outcomes *outcomes, const OutcomeKey *key, const char *metric);
/* True when both results come from the same protocol (see above). */
bool outcomes_same_protocol(const Result *a, const Result *b);
/* Unless both budgets are known and differ. */
bool outcomes_same_budget(const Outcome *a, const Outcome *b);
const ResultInput *outcomes_input(const Result *result, const char *role); /* NULL: none */
/* Our figure of a pre-training in one of the paper's experiments, under the experiment's protocol only. Results may
 * call it by another name (aliases). */
Estimate outcomes_of_experiment(const Outcomes *outcomes, const Paper *paper, const PaperExperiment *experiment,
                                const char *slug);

/* Finds the results below a folder of runs, and the pre-training behind each. A folder without results gives none;
 * unreadable files are left out with their reason, and so are both of two that claim the same identity, protocol and
 * seed. Freed with outcomes_free. */
CHECKED Err outcomes_read(Outcomes *outcomes, const char *folder);
