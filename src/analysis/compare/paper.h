/* analysis/compare/paper - the paper's tables as data (configs/analysis/paper.json), and the arithmetic of its "gap
 * closed".
 *
 * Rows are pre-trainings, known by slug; experiments are what the accuracies were measured on. Figures of the paper are
 * only ever shown in columns that say so; ours never enter them. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

struct cJSON;

typedef struct {
    struct cJSON *tree;
} Paper;

/* path NULL: configs/analysis/paper.json of the configs folder in use. */
CHECKED Err paper_read(Paper *paper, const char *path);
void paper_free(Paper *paper);

/* The paper's slug of a pre-training that goes by `name` (aliases resolved), or `name` itself. */
const char *paper_slug(const Paper *paper, const char *name);
/* Place in the paper's order, -1: not in the paper. */
int paper_order(const Paper *paper, const char *slug);
/* "Moving circles"; the slug itself when the paper has no such row. */
const char *paper_label(const Paper *paper, const char *slug);
/* "progression", "images", ...: the part of the paper a pre-training belongs to; "" when the paper has no such row. */
const char *paper_group(const Paper *paper, const char *slug);
/* Part of the progression of Table 1. */
bool paper_in_progression(const Paper *paper, const char *slug);
/* Percent; NAN when the paper has no such figure. */
double paper_accuracy(const Paper *paper, const char *experiment, const char *slug);
const struct cJSON *paper_experiment(const Paper *paper, const char *key); /* NULL: none */
enum { PAPER_COLUMNS = 3 };
/* The experiments of Table 1, which have the whole progression, UCF101 fine-tune first; those of one task unless that
 * is NULL. Returns their number. */
int paper_columns(const struct cJSON *out[PAPER_COLUMNS], const Paper *paper, const char *task);
/* Array members of the document: "tables", "gaps", "statements", "findings", "correlations", "settings". Never NULL. */
const struct cJSON *paper_list(const Paper *paper, const char *name);
/* A text member of an entry, "" when absent. */
const char *paper_text(const struct cJSON *entry, const char *key);

/* 100 (value - low) / (high - low): low random initialization, high pre-training on natural video of the target set.
 * Not clamped; NAN when high equals low or any is missing. */
double paper_gap_closed(double low, double value, double high);
