/* eval/robust/robust - a fine-tuned model under corruption: the paper's section 4.2 and Figure 3.
 *
 * The clean test and every corruption at every severity (eval/corrupt/corrupt) go through the test protocol of the
 * fine-tuning run, clips x crops with averaged probabilities. One such pass is a cell. Each finished cell is a file in
 * the run folder, cells/<corruption>-<severity>.csv (video, label, predicted; clean.csv), so that an interrupted run
 * goes on with the next cell and models can be compared video by video. robustness.csv has the whole table and
 * result.json
 *
 *   top1                    clean, Wilson interval
 *   gaussian_noise, ...     mean over severities; interval over videos, each with its share of right answers
 *   gaussian_noise_s3, ...  one severity, Wilson interval
 *   family_noise, ...       mean over a family, and mean_corrupted over everything, intervals as for means
 *   absolute_robustness, relative_robustness
 *                           UCF101-P's scores: 1 - (clean - corrupted)/100 and 1 - (clean - corrupted)/clean
 *
 * under the identity (dataset, pre-training, model, seed) of the fine-tuning and with its deviations from the paper's
 * protocol, which carry over. */
#pragma once

#include "eval/corrupt/corrupt.h"
#include "eval/finetune/finetune.h"
#include "par/run.h"
#include "video/frames/source.h"

typedef struct {
    char name[NAME_SIZE];
    char checkpoint[PATH_SIZE]; /* fine-tuned run folder */
    int generator;              /* CorruptGenerator */
    char test[PATH_SIZE];       /* dataset folder; empty: that of fine-tuning */
    char corruptions[512];      /* corrupt_list_parse */
    char severities[32];        /* "1-5" or "1,3,5" */
    int test_clips, test_crops; /* 0: as in fine-tuning */
    char sheet[PATH_SIZE];      /* PNG to write instead of evaluating */
    int sheet_video;
} RobustConfig;

extern const Field robust_fields[];

/* What is to be tested, in order: kinds as in the list, severities ascending. */
typedef struct {
    CorruptList list;
    int n_severities, severities[CORRUPT_SEVERITIES];
} RobustPlan;

/* ERR_USAGE for unknown names and for severities that are none, repeat or fall. */
CHECKED Err robust_plan_parse(RobustPlan *plan, const RobustConfig *config);

/* The source is borrowed and labelled. A finished run is reported and left alone; --dry-run prints sizes and returns.
 * Stopped between cells: ERR_STOPPED. */
CHECKED Err robust_run_all(const RobustConfig *config, const Finetuned *tuned, const ClipSource *test, const Run *run);

/* A contact sheet as config->sheet: a row a corruption, columns clean and its severities, of the middle frame of the
 * middle clip of config->sheet_video as `model` would see it. One rank. */
CHECKED Err robust_sheet(const RobustConfig *config, const ModelConfig *model, int frame_stride,
                         const ClipSource *source, uint64_t seed);
