/* The fixed encoder's features, and the statistics made of them, have the same bits on any number of ranks and threads.
 */
#include "analysis/measure/internal/metric_inputs.h"

#include "base/system/file.h"
#include "nn/models/mae.h"
#include "par_check.h"
#include "store/checkpoint/checkpoint.h"
#include "support/memory_source.h"

#include <ftw.h>
#include <string.h>
#include <unistd.h>

enum { VIDEOS = 21, SIDE = 40 };

static const char model_text[] =
    "{\"model\": {\"image_size\": 32, \"n_frames\": 4, \"patch_size\": 8, \"tubelet_size\": 2, "
    "\"width\": 24, \"depth\": 2, \"heads\": 3, \"decoder_width\": 16, \"decoder_depth\": 1, "
    "\"decoder_heads\": 2, \"mlp_ratio\": 4}}\n";
static const ModelConfig model = {.image_size = 32,
                                  .n_frames = 4,
                                  .patch_size = 8,
                                  .tubelet_size = 2,
                                  .width = 24,
                                  .depth = 2,
                                  .heads = 3,
                                  .decoder_width = 16,
                                  .decoder_depth = 1,
                                  .decoder_heads = 2,
                                  .mlp_ratio = 4};

static char folder[64];

/* A checkpoint of an untrained model, written by rank 0 alone. */
static Err write_encoder(void) {
    Err err = ERR_NONE;
    Mae *mae = NULL;
    char checkpoints[96];
    Par alone = par_serial(1);
    TRY(mae_new(&mae, &model, 0.75));
    const ParamTable *table = mae_params(mae);
    float *params = calloc(table->total, sizeof *params);
    Tensor *tensors = calloc((size_t)table->n_rows, sizeof *tensors);
    if (!params || !tensors) TRY_OR(done, RAISE(ERR_MEMORY, "no memory"));
    params_init(params, table, 5, 1);
    params_tensors(tensors, table, params);
    CheckpointSlice slice = {
        .tensors = tensors, .n_tensors = table->n_rows, .end = (int64_t)table->total, .params = params};
    CheckpointState state = {.step = 1, .seed = 5, .config_text = model_text};
    snprintf(checkpoints, sizeof checkpoints, "%s/ckpt", folder);
    TRY_OR(done, checkpoint_write_all(checkpoints, &slice, &state, &alone));
done:
    free(tensors);
    free(params);
    mae_free(&mae);
    return err;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where) {
    (void)info, (void)type, (void)where;
    return remove(path);
}

static Err metric_inputs_with_all(MetricInputs *survey, const ClipSource *source, const FeatureSet *set, const Par *par,
                                  int threads, const char *cache) {
    const MetricInputsSizes sizes = {.n_frames = 37,
                                     .n_videos = 15,
                                     .frames_per_video = 3,
                                     .clip_frames = 4,
                                     .frame_stride = 2,
                                     .side = SIDE,
                                     .groups = 5,
                                     .seed = 3};
    Run run = {.par = *par, .progress = PROGRESS_NONE};
    SourceExtent extent;
    run.par.threads = threads;
    TRY(frame_sampling_extent(&extent, source));
    return metric_inputs_all(
        survey, &(MetricInputsRequest){source, &extent, &sizes, set, METRIC_INPUTS_DATASET, {cache, NULL}}, &run);
}

static bool same_features(const MetricInputs *a, const MetricInputs *b) {
    for (int pass = 0; pass < PASS_COUNT; pass++) {
        const FeatureRows *x = &a->features[pass][0].rows, *y = &b->features[pass][0].rows;
        if (x->count != y->count || x->dims != y->dims) return false;
        if (memcmp(x->rows, y->rows, x->count * (size_t)x->dims * sizeof *x->rows) != 0) return false;
    }
    return true;
}

/* What every metric reports of a dataset and a reference of the same draws, intervals too. */
static void report(Result *result, const MetricInputs *survey, const MetricInputs *reference) {
    memset(result, 0, sizeof *result);
    for (const Metric *const *metric = metrics; *metric; metric++) {
        MetricData data = metric_inputs_data(survey, *metric), other = metric_inputs_data(reference, *metric);
        CHECK_OK((*metric)->finish(result, &data, &other));
    }
}

static void test_results_equal_those_of_one_rank(const FeatureSet *set, const Par *par) {
    static Result one, many;
    MemorySource ours, theirs;
    MetricInputs surveys[4];
    Par alone = par_serial(1);
    int intervals = 0;
    memory_source_open(&ours, "ours", 8, VIDEOS, 48, 44);
    memory_source_open(&theirs, "theirs", 9, VIDEOS, 48, 44);
    CHECK_OK(metric_inputs_with_all(&surveys[0], &ours.source, set, &alone, 1, NULL));
    CHECK_OK(metric_inputs_with_all(&surveys[1], &theirs.source, set, &alone, 1, NULL));
    CHECK_OK(metric_inputs_with_all(&surveys[2], &ours.source, set, par, 2, NULL));
    CHECK_OK(metric_inputs_with_all(&surveys[3], &theirs.source, set, par, 2, NULL));
    report(&one, &surveys[0], &surveys[1]);
    report(&many, &surveys[2], &surveys[3]);
    CHECK(memcmp(&one, &many, sizeof one) == 0);
    for (int m = 0; m < one.n_metrics; m++) intervals += one.metrics[m].low < one.metrics[m].high;
    CHECK(intervals >= 20);
    for (const char *const *name = (const char *const[]){"FFD-VideoMAE", "FVD-VideoMAE_corrected", "frame_mmd",
                                                         "diversity_within", "lab_kl", NULL};
         *name; name++)
        CHECK(result_metric(&one, *name) && result_metric(&one, *name)->low < result_metric(&one, *name)->high);
    for (int s = 0; s < 4; s++) metric_inputs_free(&surveys[s]);
}

static void test_features_equal_those_of_one_rank(const FeatureSet *set, const Par *par) {
    MemorySource memory;
    MetricInputs one, many, threaded;
    Par alone = par_serial(1);
    memory_source_open(&memory, "memory", 8, VIDEOS, 48, 44);
    CHECK_OK(metric_inputs_with_all(&one, &memory.source, set, &alone, 1, NULL));
    CHECK_OK(metric_inputs_with_all(&many, &memory.source, set, par, 1, NULL));
    CHECK_OK(metric_inputs_with_all(&threaded, &memory.source, set, par, 2, NULL));
    CHECK(one.features[PASS_FRAMES][0].rows.count == 37);
    CHECK(one.features[PASS_CLIPS][0].rows.count == 15);
    CHECK(one.features[PASS_SPREAD][0].rows.count == 45);
    CHECK(one.features[PASS_CLIPS][0].rows.dims == 24);
    CHECK(one.features[PASS_CLIPS][0].rows.rows[0] != one.features[PASS_CLIPS][0].rows.rows[24]);
    CHECK(same_features(&one, &many));
    CHECK(same_features(&one, &threaded));
    metric_inputs_free(&one);
    metric_inputs_free(&many);
    metric_inputs_free(&threaded);
}

/* trial 0: as drawn. */
static void shuffle_draws(FrameSampling *draws, int trial) {
    FrameSampling mixed = *draws;
    uint32_t order[64];
    CHECK(draws->count <= 64);
    Rng rng = rng_stream(5, RNG_TEST, (uint64_t)trial, 0);
    mixed.videos = malloc((size_t)draws->count * sizeof *mixed.videos);
    mixed.frames = malloc((size_t)(draws->count * draws->per_draw) * sizeof *mixed.frames);
    for (uint32_t i = 0; i < (uint32_t)draws->count; i++) order[i] = i;
    if (trial) rng_permutation(&rng, order, (uint32_t)draws->count);
    for (int64_t i = 0; i < draws->count; i++) {
        mixed.videos[i] = draws->videos[order[i]];
        memcpy(mixed.frames + i * draws->per_draw, draws->frames + order[i] * draws->per_draw,
               (size_t)draws->per_draw * sizeof *mixed.frames);
    }
    frame_sampling_free(draws);
    *draws = mixed;
}

/* The encoder's bits depend on which frames it takes together: batches must not follow the order of the draws. */
static void test_features_do_not_depend_on_the_order_of_draws(const FeatureSet *set, const Par *par) {
    MemorySource memory;
    Run run = {.par = *par, .progress = PROGRESS_NONE};
    Collected first, shuffled;
    memory_source_open(&memory, "memory", 8, VIDEOS, 48, 44);
    for (int by_frame = 0; by_frame < 2; by_frame++) {
        CollectPlan plan = {.nets = {set->nets[0]}, .n_nets = 1, .by_frame = by_frame, .side = SIDE};
        for (int trial = 0; trial < 4; trial++) {
            FrameSampling draws;
            CHECK_OK(frame_sampling_clips(&draws, &memory.source, VIDEOS, 4, 2, 3));
            shuffle_draws(&draws, trial);
            CHECK_OK(collect_all(&shuffled, &plan, &memory.source, &draws, "clips", &run));
            frame_sampling_free(&draws);
            if (trial == 0) first = shuffled;
            const FeatureRows *a = &first.features[0], *b = &shuffled.features[0];
            CHECK(a->count == (size_t)(by_frame ? 4 * VIDEOS : VIDEOS) && a->count == b->count);
            CHECK(memcmp(a->rows, b->rows, a->count * (size_t)a->dims * sizeof *a->rows) == 0);
            if (trial > 0) collected_free(&shuffled);
        }
        collected_free(&first);
    }
}

/* Rank 0 holds what the cache gave; it must be what was computed. */
static void test_cached_features_equal_computed_ones(const FeatureSet *set, const Par *par) {
    MemorySource memory;
    MetricInputs computed, cached;
    char cache[96];
    snprintf(cache, sizeof cache, "%s/cache", folder);
    memory_source_open(&memory, "memory", 8, VIDEOS, 48, 44);
    CHECK_OK(metric_inputs_with_all(&computed, &memory.source, set, par, 1, cache));
    CHECK_OK(metric_inputs_with_all(&cached, &memory.source, set, par, 1, cache));
    CHECK(par->rank != 0 || same_features(&computed, &cached));
    FileList files = {0};
    CHECK_OK(file_list_walk(&files, cache));
    CHECK(files.count == PASS_COUNT);
    file_list_free(&files);
    metric_inputs_free(&computed);
    metric_inputs_free(&cached);
}

static void test_metrics_of_a_dataset_against_itself_are_zero(const FeatureSet *set, const Par *par) {
    MemorySource memory;
    MetricInputs survey;
    Result *result = calloc(1, sizeof *result);
    memory_source_open(&memory, "memory", 8, VIDEOS, 48, 44);
    CHECK_OK(metric_inputs_with_all(&survey, &memory.source, set, par, 1, NULL));
    for (const Metric *const *metric = metrics; *metric; metric++) {
        MetricData data = metric_inputs_data(&survey, *metric);
        CHECK(data.state || data.n_features);
        CHECK_OK((*metric)->finish(result, &data, &data));
    }
    CHECK(result_metric(result, "FFD-VideoMAE")->value < 1e-6);
    CHECK(result_metric(result, "FVD-VideoMAE")->value < 1e-6);
    CHECK(result_metric(result, "lab_kl")->value < 1e-9);
    CHECK(result_metric(result, "effective_rank")->value > 1);
    CHECK(result_metric(result, "motion")->value > 0);
    free(result);
    metric_inputs_free(&survey);
}

static void test_a_missing_encoder_is_named(void) {
    FeatureSet set;
    CHECK_ERR(ERR_INPUT, feature_set_open(&set, &(FeatureFiles){"", "", "/nowhere/run", 0, false}));
    CHECK(strstr(err_message(), "/nowhere/run") != NULL);
    CHECK(set.n == 0);
}

int main(void) {
    Par par;
    FeatureSet set = {.n = 0};
    par_check_start_all(&par);
    snprintf(folder, sizeof folder, "/tmp/synvid-features-XXXXXX");
    if (par.rank == 0) CHECK(mkdtemp(folder) != NULL);
    CHECK_OK(spread_bytes_all(folder, sizeof folder, &par));
    if (par.rank == 0) CHECK_OK(write_encoder());
    par_barrier_all(&par);
    CHECK_OK(feature_set_open(&set, &(FeatureFiles){"", "", folder, 0, false}));
    if (set.n) {
        test_features_equal_those_of_one_rank(&set, &par);
        test_results_equal_those_of_one_rank(&set, &par);
        test_features_do_not_depend_on_the_order_of_draws(&set, &par);
        test_cached_features_equal_computed_ones(&set, &par);
        test_metrics_of_a_dataset_against_itself_are_zero(&set, &par);
    }
    test_a_missing_encoder_is_named();
    feature_set_close(&set);
    par_barrier_all(&par);
    if (par.rank == 0) nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return par_check_finish_all(&par);
}
