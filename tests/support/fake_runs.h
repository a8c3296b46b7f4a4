/* support/fake_runs - a folder of results as the stages leave them, for tests of what reads results. */
#pragma once

#include "base/system/file.h"
#include "math/interval.h"
#include "run/result.h"

#include "support/unit.h"

#include <math.h>

static inline Result fake_result(const char *task, const char *dataset, const char *pretraining, uint64_t seed) {
    Result result = {.seed = seed};
    assert_ok(text_copy(result.task, sizeof result.task, task));
    assert_ok(text_copy(result.dataset, sizeof result.dataset, dataset));
    assert_ok(text_copy(result.pretraining, sizeof result.pretraining, pretraining));
    assert_ok(text_copy(result.model, sizeof result.model, "tiny"));
    assert_ok(result_add_deviation(&result, "train.epochs 20 instead of 100"));
    return result;
}

/* runs/<name>/result.json. */
static inline void fake_write(const char *runs, const char *name, const Result *result) {
    char folder[PATH_SIZE], path[PATH_SIZE];
    assert_ok(path_join(folder, sizeof folder, runs, name));
    assert_ok(folder_make(folder));
    assert_ok(path_join(path, sizeof path, folder, "result.json"));
    assert_ok(result_write(result, path));
}

/* `correct` of `count` test videos, 8 classes. */
static inline Result fake_accuracy(const char *task, const char *pretraining, int correct, int count, uint64_t seed) {
    Result result = fake_result(task, "standin-motion", pretraining, seed);
    Interval interval = interval_wilson(correct, count);
    assert_ok(result_add_metric(&result, "top1", 100.0 * correct / count, "%", count,
                                (Interval){100 * interval.low, 100 * interval.high}, "Wilson 95%"));
    assert_ok(result_add_number(&result, "chance", 12.5, "%", count));
    return result;
}

static inline void fake_run(const char *runs, const char *name, const char *task, const char *pretraining, int correct,
                            uint64_t seed) {
    Result result = fake_accuracy(task, pretraining, correct, 400, seed);
    fake_write(runs, name, &result);
}

/* A run of `n` test videos and the predictions beside it: video i is right when rule(i, seed) is. */
static inline void fake_answers(const char *runs, const char *name, const char *task, const char *pretraining, int n,
                                uint64_t seed, bool (*rule)(int video, uint64_t seed)) {
    char path[PATH_SIZE];
    int correct = 0;
    Builder text = {0};
    builder_add_text(&text, "video,label,predicted,correct,p_label,p_predicted\n");
    for (int i = 0; i < n; i++) {
        bool right = rule(i, seed);
        correct += right;
        builder_add(&text, "%d,\"say \"\"a, b\"\"\",%s,%d,0.3,0.6\n", i, right ? "\"say \"\"a, b\"\"\"" : "c", right);
    }
    Result result = fake_accuracy(task, pretraining, correct, n, seed);
    assert_ok(result_add_input(&result, "test", "standin-motion", "7e577e577e577e577e577e577e577e57"));
    fake_write(runs, name, &result);
    assert_ok(text_format(path, sizeof path, "%s/%s/predictions.csv", runs, name));
    assert_ok(file_write_whole(path, text.data, text.length));
    builder_free(&text);
}
