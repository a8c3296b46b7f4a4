/* Six steps of a micro VideoMAE: the same bits for any number of ranks and threads, interrupted or not; and
 * how training ends when something goes wrong on one rank. The serial run of every rank by itself is the reference. */
#include "train_fixture.h"

#include "base/system/log.h"
#include "base/system/stop.h"
#include "nn/layers/model.h"
#include "par_check.h"
#include "train/pretrain.h"

#include <math.h>

enum { CLIPS = 27 };

static PretrainConfig make_config(int batch, int micro_batch, int reduce) {
    PretrainConfig config;
    fields_default(&config, pretrain_fields);
    config.model = fixture_model();
    config.data.frame_stride = 1;
    config.mask_ratio = 0.5;
    fixture_train(&config.train, batch, micro_batch);
    config.train.reduce = reduce;
    return config;
}

static Run make_run(const Par *par, const char *out) {
    return (Run){.par = *par, .out = out, .seed = 3, .progress = PROGRESS_NONE, .config_text = "{}", .command = "test"};
}

static Err train_all(const PretrainConfig *config, const Par *par, const char *out) {
    ClipSource source = fixture_source(CLIPS, "0");
    Run run = make_run(par, out);
    return pretrain_run_all(config, &source, &run);
}

/* What one rank alone makes of it, loading as it goes, and what all of them make. */
static void compare_all(const PretrainConfig *config, const Par *par, int threads, bool bits) {
    PretrainConfig plain = *config;
    plain.train.loaders = 0;
    char folder[64], alone[80];
    CHECK_OK(fixture_folder_all(folder, par));
    Par team = *par, serial = par_serial(1);
    team.threads = threads;
    (void)snprintf(alone, sizeof alone, "%s/alone-%d", folder, par->rank);
    CHECK_OK(train_all(&plain, &serial, alone));
    CHECK_OK(train_all(config, &team, folder));
    Result expected = {0}, found = {0};
    CHECK_OK(fixture_result(&expected, alone, "drawn"));
    CHECK_OK(fixture_result(&found, folder, "drawn"));
    double difference = fabs(result_metric(&expected, "loss")->value - result_metric(&found, "loss")->value);
    CHECK(difference < 1e-4);
    if (bits) CHECK(difference == 0 && text_equal(fixture_weights(&expected), fixture_weights(&found)));
    CHECK(strlen(fixture_weights(&found)) == 32);
    fixture_remove_all(folder, par);
}

static void test_ranks_and_threads_leave_no_trace_all(const Par *par) {
    PretrainConfig config = make_config(12, 3, 0);
    for (int threads = 1; threads <= 3; threads++) {
        config.train.loaders = threads - 1;
        compare_all(&config, par, threads, true);
    }
}

/* Leaves that are no power of two: six, and eleven, which no rank count but 1 and 11 divides; in either precision. */
static void test_a_leaf_count_that_is_no_power_of_two_all(const Par *par) {
    PretrainConfig six = make_config(12, 2, 1), eleven = make_config(22, 2, 0);
    compare_all(&six, par, 2, true);
    compare_all(&eleven, par, 2, true);
    eleven.train.precision = PRECISION_BFLOAT16;
    compare_all(&eleven, par, 1, true);
}

/* Summed rank by rank, the outcome is the same to rounding only. */
static void test_the_sum_without_a_tree_agrees_all(const Par *par) {
    PretrainConfig config = make_config(12, 2, 2);
    compare_all(&config, par, 2, par->n_ranks == 1);
}

static void test_a_stopped_run_goes_on_to_the_same_bits_all(const Par *par) {
    char folder[64], alone[80];
    PretrainConfig config = make_config(12, 3, 1);
    CHECK_OK(fixture_folder_all(folder, par));
    (void)snprintf(alone, sizeof alone, "%s/whole", folder);
    CHECK_OK(train_all(&config, par, alone));
    for (int i = 0; i < 2; i++) {
        if (par->rank == par->n_ranks - 1) stop_request("test");
        CHECK_ERR(ERR_STOPPED, train_all(&config, par, folder));
        CHECK(strstr(err_message(), i == 0 ? "step 1 of 6" : "step 2 of 6") != NULL);
        stop_clear();
    }
    CHECK_OK(train_all(&config, par, folder));
    CHECK_OK(train_all(&config, par, folder)); /* finished: left alone */
    Result expected = {0}, found = {0};
    CHECK_OK(fixture_result(&expected, alone, "drawn"));
    CHECK_OK(fixture_result(&found, folder, "drawn"));
    CHECK(text_equal(fixture_weights(&expected), fixture_weights(&found)));
    CHECK(result_metric(&expected, "loss")->value == result_metric(&found, "loss")->value);
    fixture_remove_all(folder, par);
}

static void test_a_clip_that_fails_on_one_rank_ends_all_with_its_message(const Par *par) {
    char folder[64];
    PretrainConfig config = make_config(12, 3, 0);
    for (int loaders = 0; loaders <= 2; loaders++) {
        CHECK_OK(fixture_folder_all(folder, par));
        config.train.loaders = loaders;
        fixture_broken = par->rank == par->n_ranks - 1 ? 5 : -1;
        Err err = train_all(&config, par, folder);
        fixture_broken = -1;
        /* Whether that rank meets video 5 depends on the shuffle; all ranks must agree on it. */
        CHECK(agree_max_all(err, par, "test") == (int64_t)err);
        if (err)
            CHECK(err == ERR_INPUT && strstr(err_message(), "video 5 is broken") && strstr(err_message(), "step "));
        CHECK_OK(train_all(&config, par, folder));
        fixture_remove_all(folder, par);
    }
}

static void test_divergence_is_an_error_that_names_step_clips_and_checkpoint(const Par *par) {
    char folder[64];
    PretrainConfig config = make_config(12, 3, 0);
    config.train.base_lr = 1e38; /* beyond what a config may say */
    config.train.warmup_epochs = 0;
    CHECK_OK(fixture_folder_all(folder, par));
    CHECK_ERR(ERR_DIVERGED, train_all(&config, par, folder));
    CHECK(strstr(err_message(), "step 2: the loss is ") != NULL);
    CHECK(strstr(err_message(), "leaves, the first of clips ") != NULL);
    CHECK(strstr(err_message(), "There is no checkpoint yet") != NULL);
    config.train.checkpoint_steps = 1;
    CHECK_ERR(ERR_DIVERGED, train_all(&config, par, folder));
    CHECK(strstr(err_message(), "step 2: ") && strstr(err_message(), "good checkpoint is of step 1, in "));
    fixture_remove_all(folder, par);
}

/* An update that breaks the parameters leaves no checkpoint of them. */
static void test_broken_parameters_are_not_kept(const Par *par) {
    char folder[64];
    PretrainConfig config = make_config(12, 3, 0);
    config.train.base_lr = 1e40;
    config.train.warmup_epochs = 0;
    config.train.checkpoint_steps = 1;
    CHECK_OK(fixture_folder_all(folder, par));
    CHECK_ERR(ERR_DIVERGED, train_all(&config, par, folder));
    CHECK(strstr(err_message(), "step 1: ") && strstr(err_message(), "; the parameter "));
    CHECK(strstr(err_message(), "There is no checkpoint yet") != NULL);
    fixture_remove_all(folder, par);
}

static void test_settings_that_do_not_fit_are_refused_before_anything_is_written(const Par *par) {
    char folder[64];
    CHECK_OK(fixture_folder_all(folder, par));
    PretrainConfig config = make_config(28, 2, 0);
    CHECK_ERR(ERR_USAGE, train_all(&config, par, folder));
    CHECK(strstr(err_message(), "train.batch: 28") != NULL);
    config = make_config(12, 5, 0);
    CHECK_ERR(ERR_USAGE, train_all(&config, par, folder));
    config = make_config(12, 3, 0);
    config.model.heads = 3;
    CHECK_ERR(ERR_USAGE, train_all(&config, par, folder));
    fixture_remove_all(folder, par);
}

int main(void) {
    Par par;
    par_check_start_all(&par);
    log_setup(par.rank, par.n_ranks, LOG_QUIET);
    test_ranks_and_threads_leave_no_trace_all(&par);
    test_a_leaf_count_that_is_no_power_of_two_all(&par);
    test_the_sum_without_a_tree_agrees_all(&par);
    test_a_stopped_run_goes_on_to_the_same_bits_all(&par);
    test_a_clip_that_fails_on_one_rank_ends_all_with_its_message(&par);
    test_divergence_is_an_error_that_names_step_clips_and_checkpoint(&par);
    test_broken_parameters_are_not_kept(&par);
    test_settings_that_do_not_fit_are_refused_before_anything_is_written(&par);
    return par_check_finish_all(&par);
}
