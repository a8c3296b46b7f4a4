/* A fine-tuned run under corruption: the same figures for any number of ranks, and only missing cells are made. */
#include "train_fixture.h"

#include "base/system/log.h"
#include "base/system/stop.h"
#include "eval/robust/robust.h"
#include "par_check.h"

#include <cjson/cJSON.h>
#include <math.h>

enum { TRAIN_CLIPS = 24, TEST_CLIPS = 15 };

static Run run_of(const Par *par, const char *out, const char *config_text) {
    return (Run){
        .par = *par, .out = out, .seed = 1, .progress = PROGRESS_NONE, .config_text = config_text, .command = "test"};
}

/* Brightness is the label; a few steps are enough. */
static Err finetune_all(const char *out, const Par *par) {
    FinetuneConfig config;
    memset(&config, 0, sizeof config);
    fields_default(&config, finetune_fields);
    config.model = fixture_model();
    config.data.frame_stride = 1;
    config.data.test_clips = 2;
    config.data.test_crops = 3;
    fixture_train(&config.train, 12, 3);
    config.train.epochs = 12;
    config.data.rand_augment_ops = 0;
    config.data.mixup = config.data.cutmix = 0;
    config.head_dropout = config.drop_path = 0.05;
    config.train.layer_decay = 0.9;
    config.train.base_lr = 0.2;
    cJSON *tree = fields_dump(&config, finetune_fields, false);
    char *text = cJSON_Print(tree);
    cJSON_Delete(tree);
    ClipSource train = fixture_source(TRAIN_CLIPS, "train"), test = fixture_source(TEST_CLIPS, "test");
    Run run = run_of(par, out, text);
    Err err = finetune_run_all(&config, &train, &test, &run);
    cJSON_free(text);
    return err;
}

static RobustConfig config_of(const char *corruptions, const char *severities) {
    RobustConfig config;
    memset(&config, 0, sizeof config);
    fields_default(&config, robust_fields);
    CHECK_OK(text_copy(config.corruptions, sizeof config.corruptions, corruptions));
    CHECK_OK(text_copy(config.severities, sizeof config.severities, severities));
    return config;
}

static Err robust_all(const char *tuned_run, const char *out, const RobustConfig *config, const Par *par) {
    Finetuned *tuned = calloc(1, sizeof *tuned);
    ClipSource test = fixture_source(TEST_CLIPS, "test");
    Run run = run_of(par, out, "{}");
    Err err = finetuned_open_all(tuned, tuned_run, par);
    if (!err) err = robust_run_all(config, tuned, &test, &run);
    finetuned_free(tuned);
    free(tuned);
    return err;
}

static double value_of(const Result *result, const char *name) {
    const ResultMetric *metric = result_metric(result, name);
    CHECK(metric != NULL);
    return metric ? metric->value : -1;
}

static void check_equal(const Result *a, const Result *b) {
    CHECK(a->n_metrics == b->n_metrics);
    for (int i = 0; i < a->n_metrics; i++) {
        CHECK(text_equal(a->metrics[i].name, b->metrics[i].name));
        CHECK(a->metrics[i].value == b->metrics[i].value);
    }
}

/* Result, table and every cell, whoever computed what. */
static void test_figures_do_not_depend_on_ranks_all(const char *folder, const char *tuned, const Par *par) {
    char alone[96], together[96];
    RobustConfig config = config_of("all", "2,5");
    (void)snprintf(alone, sizeof alone, "%s/alone-%d", folder, par->rank);
    (void)snprintf(together, sizeof together, "%s/together", folder);
    Par serial = par_serial(1), team = *par;
    team.threads = 2;
    CHECK_OK(robust_all(tuned, alone, &config, &serial));
    CHECK_OK(robust_all(tuned, together, &config, &team));
    Result *results = calloc(3, sizeof *results);
    CHECK_OK(fixture_result(&results[0], alone, "robust-drawn"));
    CHECK_OK(fixture_result(&results[1], together, "robust-drawn"));
    CHECK_OK(fixture_result(&results[2], folder, "finetune-drawn"));
    check_equal(&results[0], &results[1]);
    CHECK(value_of(&results[1], "top1") == value_of(&results[2], "top1") && value_of(&results[1], "top1") > 80);
    CHECK(text_equal(results[1].pretraining, results[2].pretraining) && results[1].seed == results[2].seed);
    CHECK(!result_is_official(&results[1]) && text_equal(results[1].deviations[1], "severities 2,5 instead of 1-5"));
    /* What deviated in fine-tuning deviates here. */
    CHECK(text_equal(results[1].deviations[2] + strlen("fine-tuning: "), results[2].deviations[0]));
    CHECK(results[1].n_deviations == results[2].n_deviations + 2);
    /* Brightness survives what only rearranges time or place. */
    CHECK(value_of(&results[1], "family_temporal") > 80 && value_of(&results[1], "jpeg_s2") > 80);
    double mean = (value_of(&results[1], "rotate_s2") + value_of(&results[1], "rotate_s5")) / 2;
    CHECK(fabs(mean - value_of(&results[1], "rotate")) < 1e-9);
    free(results);
}

/* A cell that is there is taken as it is, a missing one is made, a damaged one is named. */
static void test_an_interrupted_run_goes_on_with_the_next_cell_all(const char *folder, const char *tuned,
                                                                   const Par *par) {
    char out[96], id[PATH_SIZE], path[PATH_SIZE] = "";
    RobustConfig config = config_of("jpeg,gaussian_noise", "1");
    Result *result = calloc(1, sizeof *result);
    (void)snprintf(out, sizeof out, "%s/again", folder);
    stop_request("test");
    CHECK_ERR(ERR_STOPPED, robust_all(tuned, out, &config, par));
    CHECK(strstr(err_message(), "0 of 3 cells") != NULL);
    stop_clear();
    CHECK_OK(robust_all(tuned, out, &config, par));
    if (par->rank == 0) {
        FileList list;
        CHECK_OK(file_list_walk(&list, out));
        CHECK_OK(text_format(id, sizeof id, "%s/%.*s", out, (int)strcspn(list.paths[0], "/"), list.paths[0]));
        file_list_free(&list);
        Builder wrong = {0};
        builder_add_text(&wrong, "video,label,predicted\n");
        for (int i = 0; i < TEST_CLIPS; i++) builder_add(&wrong, "%d,0,%d\n", i, i >= 3);
        CHECK_OK(path_join(path, sizeof path, id, "cells/jpeg-1.csv"));
        CHECK_OK(file_write_whole(path, wrong.data, wrong.length));
        builder_free(&wrong);
        CHECK_OK(path_join(path, sizeof path, id, "cells/gaussian_noise-1.csv"));
        CHECK_OK(file_remove(path));
        CHECK_OK(path_join(path, sizeof path, id, "result.json"));
        CHECK_OK(file_remove(path));
    }
    par_barrier_all(par);
    CHECK_OK(robust_all(tuned, out, &config, par));
    CHECK_OK(fixture_result(result, out, "robust-drawn"));
    CHECK(value_of(result, "jpeg_s1") == 20 && value_of(result, "gaussian_noise_s1") > 60);
    par_barrier_all(par);
    if (par->rank == 0) {
        CHECK_OK(file_remove(path));
        CHECK_OK(path_join(path, sizeof path, id, "cells/jpeg-1.csv"));
        CHECK_OK(file_write_whole(path, "video,label,predicted\n0,0,7\n", 28));
    }
    par_barrier_all(par);
    CHECK_ERR(ERR_INPUT, robust_all(tuned, out, &config, par));
    CHECK(strstr(err_message(), "jpeg-1.csv") && strstr(err_message(), "delete it"));
    free(result);
}

static void test_what_cannot_be_tested_is_refused_all(const char *tuned, const Par *par) {
    RobustConfig config = config_of("paper14", "1-5");
    CHECK_ERR(ERR_INPUT, robust_all("/nowhere/at-all", "/nowhere", &config, par));
    static const char *const severities[] = {"0", "6", "3-1", "2,2", "", "1,", "1-", "1 2"};
    for (size_t i = 0; i < sizeof severities / sizeof *severities; i++) {
        RobustPlan plan;
        config = config_of("paper14", severities[i]);
        CHECK_ERR(ERR_USAGE, robust_plan_parse(&plan, &config));
    }
    Finetuned *opened = calloc(1, sizeof *opened);
    ClipSource test = fixture_source(TEST_CLIPS, "test");
    Run run = run_of(par, "/nowhere", "{}");
    config = config_of("paper14", "1-5");
    CHECK_OK(finetuned_open_all(opened, tuned, par));
    test.n_classes = 2;
    CHECK_ERR(ERR_INPUT, robust_run_all(&config, opened, &test, &run));
    CHECK(strstr(err_message(), "has 2 classes") && strstr(err_message(), "for 3"));
    test = fixture_source(0, "test");
    CHECK_ERR(ERR_INPUT, robust_run_all(&config, opened, &test, &run));
    finetuned_free(opened);
    free(opened);
}

int main(void) {
    Par par;
    char folder[64], tuned[128];
    par_check_start_all(&par);
    log_setup(par.rank, par.n_ranks, LOG_QUIET);
    CHECK_OK(fixture_folder_all(folder, &par));
    CHECK_OK(finetune_all(folder, &par));
    (void)snprintf(tuned, sizeof tuned, "%s/finetune-drawn-random-initialization", folder);
    test_figures_do_not_depend_on_ranks_all(folder, tuned, &par);
    test_an_interrupted_run_goes_on_with_the_next_cell_all(folder, tuned, &par);
    test_what_cannot_be_tested_is_refused_all(tuned, &par);
    fixture_remove_all(folder, &par);
    return par_check_finish_all(&par);
}
