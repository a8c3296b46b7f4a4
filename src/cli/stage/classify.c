#include "cli/stage/classify.h"

#include "api/open_source.h"

CHECKED Err classify_run_all(ClassifyRun *run_all, const FinetuneConfig *config, const Run *run) {
    OpenSource train = {0}, test = {0};
    Err err = open_dataset_all(&train, "data.train", config->data.train, &run->par);
    if (!err) err = open_dataset_all(&test, "data.test", config->data.test, &run->par);
    if (!err) err = run_all(config, train.clips, test.clips, run);
    open_source_close(&test);
    open_source_close(&train);
    return err;
}
