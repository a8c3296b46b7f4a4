/* analysis/compare/inventory - what a report is about, as it is on disk: datasets with their contact sheets, runs with
 * their commands, and the maps of attention keys. Each section of this header is one source file. */
#pragma once

#include "analysis/compare/outcomes.h"
#include "analysis/page/page.h"
#include "store/data/dataset.h"

/* ---- datasets: every dataset folder below a folder of data ---- */

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

/* ---- runtable: what each run was, under which protocol, from which inputs, by which command ---- */

CHECKED Err runtable_make(Table *table, const Outcomes *outcomes);
/* From each run's run.json: command, version, hosts, ranks, threads, times; and what differs from the paper's protocol.
 */
CHECKED Err runtable_add_commands(Page *page, const Outcomes *outcomes);

/* ---- keytable: Figure 5 in numbers: how much of the attention keys three components explain, and how much the token's
 * position alone does, for every model that was looked at ---- */

CHECKED Err keytable_make(Table *table, const Outcomes *outcomes, const Paper *paper);
/* The maps (keys.png) of every model that was looked at, as far as they are there. */
CHECKED Err keytable_pictures(Page *page, const Outcomes *outcomes, const Paper *paper);

/* ---- media: which photographs and videos really went into the runs ---- */

/* Two sources: the records that ingestion leaves in datasets and beside pools (what was read, what was skipped and
 * why), and the list of fetched files (MANIFEST.tsv: path, bytes, sha256, package, version). With neither, everything
 * was procedural, and the report says so. */
/* data: folder searched for records; media: folder with MANIFEST.tsv; either may be "" or missing. */
CHECKED Err media_add(Page *page, const char *data, const char *media);
