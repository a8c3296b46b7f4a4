/* One analysis, from the settings to the result: what is compared with what, how many samples both sides give, which
 * networks there are, and what the result says of all that. The figures are the metrics' (measure/metric.c), their
 * inputs those of measure/metric_inputs.c; here they are only put in order. */
#include "analysis/measure/analyze.h"

#include "analysis/measure/internal/formulas.h"
#include "analysis/measure/internal/metric_inputs.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "base/system/minmax.h"
#include "par/agree.h"
#include "run/task.h"

#include <math.h>

/* The paper: 10,000 frames for frame distances, 1,000 videos of 16 frames for the rest (section 5.3). */
enum { PAPER_FRAMES = 10000, PAPER_VIDEOS = 1000, PAPER_FRAMES_PER_VIDEO = 16, PAPER_SIDE = 256, PAPER_STRIDE = 4 };

const Field analyze_fields[] = {
    FIELD_TEXT(AnalyzeConfig, name, "readable part of the run's name; empty: analyze-<dataset>", ""),
    FIELD_PATH(AnalyzeConfig, dataset, "dataset folder to measure", ""),
    FIELD_PATH(AnalyzeConfig, reference, "dataset folder of real videos to compare with; empty: no comparison", ""),
    FIELD_PATH(AnalyzeConfig, inception, "weight file of FID's Inception: FID, KID, diversity", ""),
    FIELD_PATH(AnalyzeConfig, i3d, "weight file of I3D: FVD, KVD", ""),
    FIELD_PATH(
        AnalyzeConfig, encoder,
        "run folder or checkpoint of the one VideoMAE whose features are used, for want of others or beside them", ""),
    FIELD_DOUBLE(AnalyzeConfig, i3d_eps,
                 "epsilon of I3D's batch normalization; 0: by the file's name: i3d_pretrained_400 1e-5, others 1e-3", 0,
                 0, 1),
    FIELD_BOOL(AnalyzeConfig, i3d_pooled,
               "FVD-pooled and KVD-pooled beside FVD: on the values before the logits; twice the work", true),
    FIELD_INT(AnalyzeConfig, random_networks, "seeds of Inception and I3D with random weights; 0: none", 0, 0,
              RANDOM_NETWORKS_MAX),
    FIELD_INT(AnalyzeConfig, n_frames, "frames drawn for frame distance, spectrum and color", PAPER_FRAMES, 2, 1e7),
    FIELD_INT(AnalyzeConfig, n_videos, "videos drawn for video distance, diversity and motion", PAPER_VIDEOS, 2, 1e7),
    FIELD_INT(AnalyzeConfig, frames_per_video, "frames a video for diversity", PAPER_FRAMES_PER_VIDEO, 1, 1000),
    FIELD_INT(AnalyzeConfig, frame_stride, "step between the frames of a clip", 4, 1, 1000),
    FIELD_INT(AnalyzeConfig, side, "side of the squares that spectrum, color and motion look at; never enlarged", 256,
              SPECTRUM_SIDE_MIN, SPECTRUM_SIDE_MAX),
    FIELD_INT(AnalyzeConfig, groups,
              "intervals of distances and diversity: computed again without each of so many groups of videos; "
              "0: no such intervals",
              JACKKNIFE_GROUPS, 0, JACKKNIFE_GROUPS_MAX),
    FIELD_BOOL(AnalyzeConfig, cache, "keep feature vectors in OUT/cache for the next analysis", true),
    FIELD_END,
};

/* One analysis under way. */
typedef struct {
    const AnalyzeConfig *config;
    const ClipSource *dataset, *reference; /* reference NULL: none */
    const Run *run;
    bool self; /* the reference is measured against itself */
    FeatureSet set;
    SourceExtent extent, reference_extent;
    MetricInputsSizes sizes;
    MetricInputs survey, reference_survey;
} Analysis;

/* What there is on both sides, and whether it is enough for any metric. */
static Err measure_extents(Analysis *analysis) {
    TRY(frame_sampling_extent(&analysis->extent, analysis->dataset));
    analysis->reference_extent = analysis->extent;
    if (analysis->reference) TRY(frame_sampling_extent(&analysis->reference_extent, analysis->reference));
    int64_t short_side = min_int64(analysis->extent.short_side, analysis->reference_extent.short_side);
    if (min_int64(analysis->extent.videos, analysis->reference_extent.videos) < 2)
        return RAISE(ERR_INPUT, "analyze %s: %lld videos and %lld in the reference; at least 2 are needed",
                     analysis->dataset->name, (long long)analysis->extent.videos,
                     (long long)analysis->reference_extent.videos);
    if (short_side < SPECTRUM_SIDE_MIN)
        return RAISE(ERR_INPUT, "analyze %s: frames of %lld pixels; at least %d are needed", analysis->dataset->name,
                     (long long)short_side, SPECTRUM_SIDE_MIN);
    return ERR_NONE;
}

/* Both sides of a comparison get equally many samples, since a Frechet distance is biased by their number: as many as
 * are asked for, or as the smaller side has. */
static MetricInputsSizes choose_sizes(const Analysis *analysis) {
    const AnalyzeConfig *config = analysis->config;
    const SourceExtent *a = &analysis->extent, *b = &analysis->reference_extent;
    return (MetricInputsSizes){
        .n_frames = min_int64(config->n_frames, min_int64(a->frames, b->frames)),
        .n_videos = min_int64(config->n_videos, min_int64(a->videos, b->videos)),
        .frames_per_video = config->frames_per_video,
        .clip_frames = analysis->set.clip_frames,
        .frame_stride = config->frame_stride,
        .groups = config->groups,
        .side = (int)min_int64(config->side, min_int64(a->short_side, b->short_side)),
        .seed = analysis->run->seed,
    };
}

/* Random networks are calibrated on the reference, so without one they would be other networks for every dataset. A dry
 * run plans with them as they are. */
static Err open_networks(Analysis *analysis) {
    const AnalyzeConfig *config = analysis->config;
    const FeatureFiles files = {config->inception, config->i3d, config->encoder, config->i3d_eps, config->i3d_pooled};
    TRY(feature_set_open(&analysis->set, &files));
    if (config->random_networks == 0) return ERR_NONE;
    if (!analysis->reference)
        return RAISE(ERR_USAGE,
                     "analyze: random_networks is %d without a reference, which calibrates them; give "
                     "--reference DIR",
                     config->random_networks);
    TRY(feature_set_add_random(&analysis->set, config->random_networks));
    if (analysis->run->dry_run) return ERR_NONE;
    return feature_set_calibrate(&analysis->set, analysis->reference, &analysis->reference_extent, analysis->run->seed);
}

/* Everything local: each rank reads the same manifests and weights, and the ranks agree afterwards. */
static Err prepare(Analysis *analysis) {
    TRY(measure_extents(analysis));
    TRY(open_networks(analysis));
    analysis->sizes = choose_sizes(analysis);
    analysis->self = analysis->reference && text_equal(analysis->reference->digest, analysis->dataset->digest);
    return ERR_NONE;
}

/* NULL: it is computed. The word names what to give. */
static const char *why_skipped(const Metric *metric, const Analysis *analysis) {
    if (metric->input == METRIC_CLIP_FEATURES && !feature_set_takes(&analysis->set, true))
        return "needs --i3d FILE, --encoder RUN or --set random_networks=3";
    if (metric_wants_features(metric) && metric->input != METRIC_CLIP_FEATURES &&
        !feature_set_takes(&analysis->set, false))
        return "needs --inception FILE, --encoder RUN or --set random_networks=3";
    if (metric->needs_reference && !analysis->reference) return "needs --reference";
    return NULL;
}

/* Before hours of reading: what will be measured, and what would have to be given for the rest. */
static void say_plan(const Analysis *analysis) {
    const MetricInputsSizes *sizes = &analysis->sizes;
    log_info("analyze %s: %lld frames, %lld clips of %d frames (stride %d), %d frames a video, squares of %d",
             analysis->dataset->name, (long long)sizes->n_frames, (long long)sizes->n_videos, sizes->clip_frames,
             sizes->frame_stride, sizes->frames_per_video, sizes->side);
    for (const Metric *const *metric = metrics; *metric; metric++) {
        const char *why = why_skipped(*metric, analysis);
        log_info("  %-15s %s%s%s", (*metric)->name, why ? "skipped: " : "", why ? why : (*metric)->summary, "");
    }
}

/* The contents of everything read. */
static int identity_inputs(const char *inputs[2 + FEATURE_NETS], const Analysis *analysis) {
    int n = 0;
    inputs[n++] = analysis->dataset->digest;
    inputs[n++] = analysis->reference ? analysis->reference->digest : "";
    for (int net = 0; net < analysis->set.n; net++) inputs[n++] = analysis->set.nets[net]->digest;
    return n;
}

/* A set that is its own reference is looked at once. */
static Err metric_inputs_both_all(Analysis *analysis, const char *journal) {
    const Run *run = analysis->run;
    char cache[PATH_SIZE];
    TRY(path_join(cache, sizeof cache, run->out, "cache"));
    MetricInputsRequest request = {analysis->dataset,
                                   &analysis->extent,
                                   &analysis->sizes,
                                   &analysis->set,
                                   analysis->reference ? METRIC_INPUTS_DATASET : METRIC_INPUTS_WITHOUT_REFERENCE,
                                   {analysis->config->cache ? cache : NULL, journal}};
    TRY(metric_inputs_all(&analysis->survey, &request, run));
    if (!analysis->reference || analysis->self) return ERR_NONE;
    request.source = analysis->reference;
    request.extent = &analysis->reference_extent;
    request.role = METRIC_INPUTS_REFERENCE;
    return metric_inputs_all(&analysis->reference_survey, &request, run);
}

/* In the order of the list, which is the order of the figures in the result. */
static Err compute_metrics(Result *result, const Analysis *analysis) {
    const MetricInputs *reference = analysis->self ? &analysis->survey : &analysis->reference_survey;
    for (const Metric *const *metric = metrics; *metric; metric++) {
        if (why_skipped(*metric, analysis)) continue;
        MetricData data = metric_inputs_data(&analysis->survey, *metric),
                   other = metric_inputs_data(reference, *metric);
        TRY((*metric)->finish(result, &data, analysis->reference ? &other : NULL));
    }
    return ERR_NONE;
}

/* Weight files; of random networks, which have none, one digest of them all. */
static Err add_network_inputs(Result *result, const Analysis *analysis) {
    const AnalyzeConfig *config = analysis->config;
    const FeatureSet *set = &analysis->set;
    char path[PATH_SIZE], all[FEATURE_NETS * DIGEST_SIZE] = "", digest[DIGEST_SIZE];
    size_t length = 0;
    for (int n = 0; n < set->n; n++) {
        const FeatureNet *net = set->nets[n];
        if (net->seed > 0) {
            memcpy(all + length, net->digest, DIGEST_SIZE - 1);
            length += DIGEST_SIZE - 1;
            continue;
        }
        const char *file = text_equal(net->role, "inception") ? config->inception
                           : text_starts(net->role, "i3d")    ? config->i3d
                                                              : config->encoder;
        TRY(result_add_input(result, net->role, file, net->digest));
    }
    if (length == 0) return ERR_NONE;
    digest_of(digest, all, length);
    TRY(text_format(path, sizeof path, "seeds 1 to %d, calibrated on the reference", config->random_networks));
    return result_add_input(result, "random networks", path, digest);
}

/* A dataset is measured by no model: the networks stand in its place. */
static Err describe_identity(Result *result, const Analysis *analysis) {
    char model[sizeof result->model];
    TRY(feature_set_describe(model, sizeof model, &analysis->set));
    TRY(result_identify(result, "analyze", analysis->dataset->name, "", model, analysis->run->seed));
    TRY(result_add_input(result, "dataset", analysis->config->dataset, analysis->dataset->digest));
    if (analysis->reference)
        TRY(result_add_input(result, "reference", analysis->config->reference, analysis->reference->digest));
    return add_network_inputs(result, analysis);
}

/* What stands in for the paper's networks. */
static Err describe_networks(Result *result, const Analysis *analysis) {
    const char *frames = feature_set_substitute(&analysis->set, false);
    const char *clips = feature_set_substitute(&analysis->set, true);
    if (frames[0]) TRY(result_add_deviation(result, "frame features of %s instead of Inception", frames));
    if (clips[0]) TRY(result_add_deviation(result, "clip features of %s instead of I3D", clips));
    if (analysis->set.clip_frames != CLIP_FRAMES)
        TRY(result_add_deviation(result, "clips of %d frames instead of %d", analysis->set.clip_frames, CLIP_FRAMES));
    return ERR_NONE;
}

/* Frames are never enlarged: of the setting's 256 pixels UCF101's own 240 are left. */
static Err describe_samples(Result *result, const MetricInputsSizes *sizes, int side) {
    TRY(result_add_count(result, sizes->n_frames, "frames", PAPER_FRAMES));
    TRY(result_add_count(result, sizes->n_videos, "videos", PAPER_VIDEOS));
    TRY(result_add_count(result, sizes->frames_per_video, "frames a video", PAPER_FRAMES_PER_VIDEO));
    if (side != PAPER_SIDE) TRY(result_add_deviation(result, "squares of %d pixels instead of %d", side, PAPER_SIDE));
    if (sizes->frame_stride == PAPER_STRIDE) return ERR_NONE;
    return result_add_deviation(result, "clips at stride %d instead of %d", sizes->frame_stride, PAPER_STRIDE);
}

/* Which videos, too: those of a set that is not the paper's say nothing about the paper's. */
static Err describe_protocol(Result *result, const Analysis *analysis) {
    const char *departures = analysis->dataset->departures[SOURCE_PAPER];
    TRY(describe_networks(result, analysis));
    TRY(describe_samples(result, &analysis->sizes, analysis->config->side));
    if (!analysis->reference || !text_equal(analysis->reference->name, "ucf101"))
        TRY(result_add_deviation(result, "reference %.100s instead of UCF101",
                                 analysis->reference ? analysis->reference->name : "none"));
    if (departures)
        TRY(result_add_lines(result, departures));
    else
        TRY(result_add_deviation(result, "videos of unknown making (%.80s)", analysis->dataset->name));
    return result_settle(result, PROTOCOL_PAPER, analysis->run->rehearsed != NULL);
}

/* To stdout, a line a figure. */
static void print_result(const Result *result, const RunFolder *folder, void *state) {
    (void)folder;
    (void)state;
    for (int i = 0; i < result->n_metrics; i++) {
        const ResultMetric *metric = &result->metrics[i];
        printf("%-24s %12.6g %-7s n=%lld", metric->name, metric->value, metric->unit, (long long)metric->count);
        if (!isnan(metric->low)) printf("  [%.6g, %.6g]", metric->low, metric->high);
        printf("\n");
    }
}

/* Which frames of which videos the figures are of. */
static Err write_samples(const Analysis *analysis, const RunFolder *folder) {
    char path[PATH_SIZE];
    Builder text = {0};
    builder_add_text(&text, "side,pass,video,frames\n");
    metric_inputs_list_draws(&text, &analysis->survey, "dataset");
    metric_inputs_list_draws(&text, &analysis->reference_survey, "reference");
    Err err = builder_check(&text, "list of samples");
    if (!err) err = runfolder_path(path, sizeof path, folder, "samples.csv");
    if (!err) err = file_write_whole(path, text.data, text.length);
    builder_free(&text);
    return err;
}

/* In this order, since a failure in what it is about should come before minutes of figures. */
static Err compose_result(Result *result, const Analysis *analysis) {
    TRY(describe_identity(result, analysis));
    TRY(describe_protocol(result, analysis));
    return compute_metrics(result, analysis);
}

static Err fill_result(Result *result, const RunFolder *folder, void *state) {
    TRY(compose_result(result, state));
    return write_samples(state, folder);
}

/* In the run folder, where the next life of the run finds it. */
static Err name_journal_all(char path[PATH_SIZE], const RunFolder *folder, const Par *par) {
    return err_agree_all(runfolder_path(path, PATH_SIZE, folder, "survey.journal"), par, "naming the journal");
}

/* Collecting is journaled and so survives a stop; the figures take minutes at most and are computed in one go. */
static Err execute_all(void *state, const RunFolder *folder) {
    Analysis *analysis = state;
    const Par *par = &analysis->run->par;
    const Conclusion conclusion = {fill_result, print_result, analysis};
    char journal[PATH_SIZE];
    TRY(name_journal_all(journal, folder, par));
    TRY(metric_inputs_both_all(analysis, journal));
    TRY(run_conclude_all(&conclusion, folder, par));
    return journal_clear_all(journal, par);
}

/* An earlier life may have ended between its result and this. */
static Err left_all(void *state, const RunFolder *folder) {
    const Par *par = &((Analysis *)state)->run->par;
    char journal[PATH_SIZE];
    TRY(name_journal_all(journal, folder, par));
    return journal_clear_all(journal, par);
}

static Err print_plan(void *state) {
    const Analysis *analysis = state;
    const AnalyzePlan plan = {.sources = {analysis->dataset, analysis->self ? NULL : analysis->reference},
                              .extents = {&analysis->extent, &analysis->reference_extent},
                              .sizes = &analysis->sizes,
                              .set = &analysis->set,
                              .compares = analysis->reference != NULL,
                              .cache = analysis->config->cache};
    return analyze_plan_print(&plan, analysis->run);
}

/* A run's identity: the settings, and the contents of all that is read. */
static Err analyze_prepared_all(Analysis *analysis) {
    const char *inputs[2 + FEATURE_NETS];
    char fallback[2 * NAME_SIZE];
    const Task task = {.name = analysis->config->name,
                       .fallback = fallback,
                       .identity = {analysis->config, analyze_fields, inputs, identity_inputs(inputs, analysis), true},
                       .plan = print_plan,
                       .execute_all = execute_all,
                       .left_all = left_all,
                       .state = analysis};
    TRY(text_format(fallback, sizeof fallback, "analyze-%s", analysis->dataset->name));
    say_plan(analysis);
    return run_task_all(&task, analysis->run);
}

/* Of one that was prepared in part, too. */
static void analysis_free(Analysis *analysis) {
    metric_inputs_free(&analysis->survey);
    metric_inputs_free(&analysis->reference_survey);
    feature_set_close(&analysis->set);
}

Err analyze_run_all(const AnalyzeConfig *config, const ClipSource *dataset, const ClipSource *reference,
                    const Run *run) {
    Analysis analysis = {.config = config, .dataset = dataset, .reference = reference, .run = run};
    Err err = err_agree_all(prepare(&analysis), &run->par, "reading what is to be analyzed");
    if (!err) err = analyze_prepared_all(&analysis);
    analysis_free(&analysis);
    return err;
}

/* The library's way: no folder, so no journal, no lock and no list of samples. */
Err analyze_measure(Result *result, const AnalyzeConfig *config, const ClipSource *dataset, const ClipSource *reference,
                    const Run *run) {
    Analysis analysis = {.config = config, .dataset = dataset, .reference = reference, .run = run};
    Err err = prepare(&analysis);
    if (!err) err = metric_inputs_both_all(&analysis, NULL);
    if (!err) err = compose_result(result, &analysis);
    analysis_free(&analysis);
    return err;
}
