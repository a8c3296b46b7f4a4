/* run/result - one outcome as JSON: runs/<id>/result.json.
 *
 *  { "schema": "synvid.result", "schema_version": 1,
 *    "identity": {"task": "finetune", "dataset": "standin-motion", "pretraining": "moving-circles", "model":
 * "vit_test", "seed": 1}, "protocol": {"name": "reduced", "deviations": ["epochs 20 instead of 100", ...]}, "metrics":
 * [{"name": "top1", "value": 55.5, "unit": "%", "count": 400, "low": 50.6, "high": 60.3, "interval": "Wilson 95%"}],
 *    "inputs": [{"role": "checkpoint", "path": "...", "digest": "..."}] } */
#pragma once

#include "base/system/digest.h"
#include "base/text/text.h"
#include "math/interval.h"

#include <stdbool.h>

enum { RESULT_METRICS = 160, RESULT_INPUTS = 16, RESULT_DEVIATIONS = 64 };

/* A protocol is one of the official ones by name (run/protocol_rules), or one of these two: a rehearsal deviates from
 * an official one by smaller sizes and counts alone; reduced is everything else. An official one has no deviations. */
#define PROTOCOL_PAPER     "paper"
#define PROTOCOL_REHEARSAL "rehearsal"
#define PROTOCOL_REDUCED   "reduced"

typedef struct {
    char name[64], unit[16], interval[32];
    double value, low, high; /* low = high = NAN without an interval */
    int64_t count;
} ResultMetric;

typedef struct {
    char role[32], path[PATH_SIZE], digest[DIGEST_SIZE];
} ResultInput;

typedef struct {
    char task[32], dataset[NAME_SIZE], pretraining[NAME_SIZE], model[64];
    uint64_t seed;
    char protocol[32]; /* name; "" counts as reduced */
    int n_deviations, n_metrics, n_inputs;
    int n_shrunk; /* deviations that are nothing but a smaller size or count; not written */
    char deviations[RESULT_DEVIATIONS][160];
    ResultMetric metrics[RESULT_METRICS];
    ResultInput inputs[RESULT_INPUTS];
} Result;

/* Sets the identity: the experiment that the result belongs to. */
CHECKED Err result_identify(Result *result, const char *task, const char *dataset, const char *pretraining,
                            const char *model, uint64_t seed);
CHECKED Err result_write(const Result *result, const char *path);
/* The text that result_write writes; the caller frees it. */
CHECKED Err result_text(char **text, const Result *result);
CHECKED Err result_read(Result *result, const char *path);
/* `count`: of what the value is taken over. `method`: which interval it is, "Wilson 95%". */
CHECKED Err result_add_metric(Result *result, const char *name, double value, const char *unit, int64_t count,
                              Interval interval, const char *method);
/* The same without an interval. */
CHECKED Err result_add_number(Result *result, const char *name, double value, const char *unit, int64_t count);
CHECKED Err result_add_input(Result *result, const char *role, const char *path, const char *digest);
CHECKED Err result_add_deviation(Result *result, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A deviation that a rehearsal may have: a smaller size or count. */
CHECKED Err result_add_shrunk(Result *result, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A count of videos, classes or frames that an official protocol knows: "9 videos instead of 9537". 0: not known. */
CHECKED Err result_add_count(Result *result, int64_t found, const char *what, int64_t expected);
/* What video/frames/source.h tells of its videos' making: a line each, "<" before a mere smaller count. */
CHECKED Err result_add_lines(Result *result, const char *lines);
/* The deviations of what the result was made from, each after "<how>: "; none of an official one. */
CHECKED Err result_inherit(Result *result, const Result *from, const char *how);
/* Names the protocol by the deviations that are there: `name` when there are none; a rehearsal when the run is one and
 * every deviation is a smaller size or count. */
CHECKED Err result_settle(Result *result, const char *name, bool rehearsal);
/* Neither reduced nor a rehearsal. */
bool result_is_official(const Result *result);
bool result_is_rehearsal(const Result *result);
const ResultMetric *result_metric(const Result *result, const char *name);
