/* analysis/compare/datasets - every dataset folder below a folder of data: manifests and contact sheets. */
#pragma once

#include "analysis/compare/paper.h"
#include "analysis/page/page.h"
#include "store/data/dataset.h"

typedef struct {
    Dataset manifest;
    char folder[PATH_SIZE];
} FoundDataset;

typedef struct {
    FoundDataset *items; /* in the paper's order, others behind by folder */
    int count;
    DatasetOpen *open; /* how their pixels are read */
} DatasetList;

/* A missing folder, or "", gives none; manifests that cannot be read are passed over with a warning. */
CHECKED Err datasets_find(DatasetList *list, const char *folder, const Paper *paper, DatasetOpen *open);
void datasets_free(DatasetList *list);

/* One picture a dataset: a few clips (labelled: one a class), frames spread over each. A dataset whose pixels cannot be
 * read gets a remark instead. */
CHECKED Err datasets_add_sheets(Page *page, const DatasetList *list, const Paper *paper);
/* Name, kind, counts, seed and digest of each. */
CHECKED Err datasets_table(Table *table, const DatasetList *list);
