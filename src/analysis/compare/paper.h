/* analysis/compare/paper - what the paper says (configs/analysis/paper.json), read once into structs, and the
 * arithmetic of its "gap closed".
 *
 * Rows are pre-trainings, known by slug; experiments are what the accuracies were measured on. Figures of the paper are
 * only ever shown in columns that say so; ours never enter them. A text that an entry does not have is "", a number
 * NAN, a list empty. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

typedef struct {
    const char **texts;
    int n;
} PaperTexts;

typedef struct {
    const char *slug, *label, *group; /* group: "progression", "images", ...: the part of the paper it belongs to */
    PaperTexts aliases;
} PaperPretraining;

typedef struct {
    const char *slug;
    double percent;
} PaperAccuracy;

typedef struct {
    const char *key, *label, *task, *dataset, *model;
    const char *protocol;   /* "": the paper's own */
    const char *low, *high; /* slugs of the two ends of the gap */
    PaperAccuracy *accuracies;
    int n_accuracies;
} PaperExperiment;

typedef struct {
    const char *pretraining, *label;
    const char *counterpart, *same_as; /* slugs: what it is compared with, what it is one run with */
} PaperRow;

typedef struct {
    const char *name, *title, *note;
    PaperTexts experiments; /* keys */
    bool gaps;              /* has a column of the gap closed */
    PaperRow *rows;
    int n_rows;
} PaperTable;

/* A share of the gap closed that the paper prints. */
typedef struct {
    const char *claim, *experiment, *pretraining;
    double low, value, high, printed;
} PaperGap;

/* A comparison of accuracies: each of a above each of b. */
typedef struct {
    const char *claim, *test; /* "chance": a is near it; "at least": b is not above a */
    const char *experiment;   /* key; "": all of fine-tuning */
    PaperTexts a, b;          /* slugs, or "target" */
} PaperStatement;

/* A comparison of a statistic: a above b, or a within a range. */
typedef struct {
    const char *claim, *metric;
    PaperTexts a, b; /* slugs, lists of datasets, or "reference" */
    bool has_range;
    double range[2];
} PaperFinding;

typedef struct {
    const char *metric, *label, *family;
} PaperCorruption;

typedef struct {
    const char *metric, *label, *paper; /* paper: what it says of the correlation */
    double distance_from;               /* of the metric: its distance from this counts; NAN: itself */
} PaperCorrelation;

typedef struct {
    const char *name, *value, *key; /* in the paper's words and ours */
} PaperSetting;

/* A table of settings of one stage. */
typedef struct {
    const char *table, *task;
    PaperSetting *rows;
    int n_rows;
} PaperSettings;

typedef struct {
    PaperPretraining *pretrainings; /* in the paper's order */
    PaperExperiment *experiments;
    PaperTable *tables;
    PaperGap *gaps;
    PaperStatement *statements;
    PaperFinding *findings;
    PaperCorruption *corruptions;
    PaperCorrelation *correlations;
    PaperSettings *settings;
    int n_pretrainings, n_experiments, n_tables, n_gaps, n_statements, n_findings, n_corruptions, n_correlations,
        n_settings;
    void *document; /* owns the texts */
} Paper;

/* path NULL: configs/analysis/paper.json of the configs folder in use. ERR_INPUT names the entry that is wrong. */
CHECKED Err paper_read(Paper *paper, const char *path);
void paper_free(Paper *paper);

/* The paper's slug of a pre-training that goes by `name` (aliases resolved), or `name` itself. */
const char *paper_slug(const Paper *paper, const char *name);
/* Place in the paper's order, -1: not in the paper. */
int paper_order(const Paper *paper, const char *slug);
/* "Moving circles"; the slug itself when the paper has no such row. */
const char *paper_label(const Paper *paper, const char *slug);
/* "" when the paper has no such row. */
const char *paper_group(const Paper *paper, const char *slug);
/* Part of the progression of Table 1. */
bool paper_in_progression(const Paper *paper, const char *slug);
/* Percent; NAN when there is no such figure, or no experiment. */
double paper_accuracy(const PaperExperiment *experiment, const char *slug);
const PaperExperiment *paper_experiment(const Paper *paper, const char *key); /* NULL: none */
enum { PAPER_COLUMNS = 3 };
/* The experiments of Table 1, which have the whole progression, UCF101 fine-tune first; those of one task unless that
 * is NULL. Returns their number. */
int paper_columns(const PaperExperiment *out[PAPER_COLUMNS], const Paper *paper, const char *task);

/* 100 (value - low) / (high - low): low random initialization, high pre-training on natural video of the target set.
 * Not clamped; NAN when high equals low or any is missing. */
double paper_gap_closed(double low, double value, double high);
