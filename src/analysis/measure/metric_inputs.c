/* Everything the metrics need of one dataset, gathered in three passes over drawn frames: single frames, clips, and
 * frames spread over videos. Feature vectors are cached as NumPy files named by what determines them: dataset digest,
 * draws, weights. A pass is skipped when the cache has all of it and no pixel metric wants its frames. */
#include "analysis/measure/internal/metric_inputs.h"

#include "base/system/file.h"
#include "base/system/log.h"
#include "base/text/text.h"
#include "math/finite.h"
#include "par/agree.h"
#include "store/foreign/weightfile.h"

#include <unistd.h>

/* What each pass feeds. Frames spread over videos have no pixel metric of their own. */
static const struct {
    const char *name;
    int pixels; /* MetricInput of its pixel metrics, -1: none */
    MetricInput features;
    bool by_frame;
} passes[PASS_COUNT] = {
    [PASS_FRAMES] = {"frames", METRIC_FRAMES, METRIC_FRAME_FEATURES, true},
    [PASS_CLIPS] = {"clips", METRIC_CLIPS, METRIC_CLIP_FEATURES, false},
    [PASS_SPREAD] = {"spread frames", -1, METRIC_SPREAD_FEATURES, true},
};

/* A metric that compares is of no use without a reference, and the reference is there for those alone. */
static bool role_takes(MetricInputsRole role, const Metric *metric) {
    switch (role) {
    case METRIC_INPUTS_DATASET: return true;
    case METRIC_INPUTS_WITHOUT_REFERENCE: return !metric->needs_reference;
    case METRIC_INPUTS_REFERENCE: return metric->needs_reference;
    }
    return false;
}

/* All networks of the pass's kind; frames spread over videos are for the diversity, which wants one. */
static void plan_networks(CollectPlan *plan, int pass, const FeatureSet *set) {
    for (int n = 0; n < set->n; n++) {
        const FeatureNet *net = set->nets[n];
        if (!(passes[pass].by_frame ? net->frames : net->clips)) continue;
        ASSERT(plan->n_nets < COLLECT_NETS);
        plan->nets[plan->n_nets++] = net;
        if (pass == PASS_SPREAD) return;
    }
}

/* Which networks and pixel metrics see the frames of a pass. */
static CollectPlan plan_pass(int pass, const MetricInputsRequest *request) {
    CollectPlan plan = {.by_frame = passes[pass].by_frame, .side = request->sizes->side};
    plan_networks(&plan, pass, request->set);
    for (const Metric *const *at = metrics; *at; at++) {
        if ((int)(*at)->input != passes[pass].pixels || !role_takes(request->role, *at)) continue;
        ASSERT(plan.n_metrics < COLLECT_METRICS);
        plan.metrics[plan.n_metrics++] = *at;
    }
    return plan;
}

/* By the seed and the source alone: every rank draws the same. */
static Err draw_pass(FrameSampling *draws, int pass, const MetricInputsRequest *request) {
    const ClipSource *source = request->source;
    const MetricInputsSizes *sizes = request->sizes;
    switch (pass) {
    case PASS_FRAMES: return frame_sampling_frames(draws, source, request->extent, sizes->n_frames, sizes->seed);
    case PASS_CLIPS:
        return frame_sampling_clips(draws, source, sizes->n_videos, sizes->clip_frames, sizes->frame_stride,
                                    sizes->seed);
    default: return frame_sampling_spread(draws, source, sizes->n_videos, sizes->frames_per_video, sizes->seed);
    }
}

/* folder/<digest>.npy; the digest is of all that determines the vectors. */
static Err cache_path(char *out, int pass, const MetricInputsRequest *request, const FrameSampling *draws,
                      const FeatureNet *net) {
    const MetricInputsSizes *sizes = request->sizes;
    Digest *digest;
    char text[256], hex[DIGEST_SIZE];
    TRY(digest_new(&digest));
    digest_add_text(digest, "synvid features 1");
    digest_add_text(digest, request->source->digest);
    digest_add_text(digest, net->digest);
    Err err = text_format(text, sizeof text, "%s %lld x %d, stride %d, seed %llu", passes[pass].name,
                          (long long)draws->count, draws->per_draw, sizes->frame_stride,
                          (unsigned long long)sizes->seed);
    if (!err) digest_add_text(digest, text);
    digest_hex(digest, hex);
    digest_free(&digest);
    return err ? err : text_format(out, PATH_SIZE, "%s/features-%s.npy", request->folders.cache, hex);
}

/* A file of another width, or with a NaN, is not taken for features. */
static Err cache_load(FeatureRows *features, const char *path, const FeatureNet *net) {
    TRY(npy_read(&features->rows, &features->count, &features->dims, path));
    Err err = features->dims == net->dims
                  ? finite_check(features->rows, features->count * (size_t)features->dims, 0, path, "features")
                  : RAISE(ERR_INPUT, "%s: wrong width for %s; delete the file", path, net->name);
    if (!err) return ERR_NONE;
    free(features->rows);
    *features = (FeatureRows){0};
    return err;
}

/* Rank 0 looks; everybody hears. Features stay on rank 0, where results are computed. */
static Err cache_look_all(FeatureRows *features, bool *found, const char *path, const FeatureNet *net, const Par *par) {
    Err mine = ERR_NONE;
    bool there = par->rank == 0 && file_exists(path);
    if (there) mine = cache_load(features, path, net);
    TRY(err_agree_all(mine, par, "feature cache"));
    *found = agree_rank0_all(there, par, "feature cache") != 0;
    return ERR_NONE;
}

/* Tasks of a sweep that measure different datasets beside one reference come here with the same file at the same time:
 * one writes, the others find it. */
static Err cache_store(const FeatureRows *features, const char *folder, const char *path) {
    int lock;
    TRY(lock_folder(&lock, folder));
    Err err = file_exists(path) ? ERR_NONE : npy_write(path, features->rows, features->count, features->dims);
    close(lock);
    return err;
}

static Err cache_store_all(const FeatureRows *features, const char *folder, const char *path, const Par *par) {
    Err mine = par->rank == 0 ? cache_store(features, folder, path) : ERR_NONE;
    return err_agree_all(mine, par, "writing the feature cache");
}

/* Takes what the cache has out of the plan; the paths of the rest are left in `paths`, in the plan's order. */
static Err take_cached_all(CollectPlan *plan, char (*paths)[PATH_SIZE], MetricInputs *out, int pass,
                           const MetricInputsRequest *request, const Par *par) {
    int left = 0;
    for (int n = 0; n < plan->n_nets; n++) {
        bool found = false;
        NetFeatures *features = &out->features[pass][n];
        TRY(cache_path(paths[left], pass, request, &out->draws[pass], plan->nets[n]));
        TRY(cache_look_all(&features->rows, &found, paths[left], plan->nets[n], par));
        if (found)
            log_detail("%s: %s features of %s from %s", request->source->name, plan->nets[n]->name, passes[pass].name,
                       paths[left]);
        else
            plan->nets[left++] = plan->nets[n];
    }
    plan->n_nets = left;
    return ERR_NONE;
}

/* Vectors that were collected go where the survey has none yet, in order, and into the cache. */
static Err keep_collected_all(MetricInputs *out, int pass, Collected *collected, const CollectPlan *plan,
                              const char *cache, char (*paths)[PATH_SIZE], const Par *par) {
    for (int n = 0, at = 0; n < plan->n_nets; n++, at++) {
        while (out->features[pass][at].net != plan->nets[n]) at++;
        out->features[pass][at].rows = collected->features[n];
        collected->features[n] = (FeatureRows){0};
        if (cache) TRY(cache_store_all(&out->features[pass][at].rows, cache, paths[n], par));
    }
    return ERR_NONE;
}

/* Of all that determines the pieces; `source` at the sizes that the draws have. */
static Err open_journal(CollectPlan *plan, int pass, const MetricInputsRequest *request, const FrameSampling *draws,
                        const Par *par) {
    const char *folder = request->folders.journal;
    Builder identity = {0};
    builder_add(&identity, "%s, %s: %lld x %d, stride %d, seed %llu, side %d", request->source->digest,
                passes[pass].name, (long long)draws->count, draws->per_draw, request->sizes->frame_stride,
                (unsigned long long)request->sizes->seed, plan->side);
    for (int m = 0; m < plan->n_metrics; m++) builder_add(&identity, ", %s", plan->metrics[m]->name);
    for (int n = 0; n < plan->n_nets; n++) builder_add(&identity, ", %s", plan->nets[n]->digest);
    Err err = builder_check(&identity, folder);
    if (!err) err = journal_open(&plan->journal, folder, identity.data, par);
    builder_free(&identity);
    return err_agree_all(err, par, folder);
}

static Err metric_inputs_pass_all(MetricInputs *out, int pass, const MetricInputsRequest *request, const Run *run) {
    const ClipSource *source = request->source;
    CollectPlan plan = out->plans[pass];
    const char *cache = request->folders.cache;
    char paths[COLLECT_NETS][PATH_SIZE], what[160];
    for (int n = 0; n < plan.n_nets; n++) out->features[pass][n].net = plan.nets[n];
    if (cache) TRY(take_cached_all(&plan, paths, out, pass, request, &run->par));
    TRY(text_format(what, sizeof what, "%.100s: %s", source->name, passes[pass].name));
    if (plan.n_nets == 0 && plan.n_metrics == 0) return ERR_NONE;
    /* the journal keeps what the cache cannot: states of metrics, and vectors of a pass that has not ended */
    if (request->folders.journal) TRY(open_journal(&plan, pass, request, &out->draws[pass], &run->par));
    Err err = collect_all(&out->passes[pass], &plan, source, &out->draws[pass], what, run);
    journal_close(&plan.journal);
    return err ? err : keep_collected_all(out, pass, &out->passes[pass], &plan, cache, paths, &run->par);
}

/* Pass after pass: one reads its frames, and lets go of them, before the next begins. */
Err metric_inputs_all(MetricInputs *out, const MetricInputsRequest *request, const Run *run) {
    Err err = ERR_NONE;
    *out = (MetricInputs){.groups = request->sizes->groups, .seed = request->sizes->seed};
    for (int pass = 0; pass < PASS_COUNT && !err; pass++) {
        out->plans[pass] = plan_pass(pass, request);
        err = err_agree_all(draw_pass(&out->draws[pass], pass, request), &run->par, "drawing samples");
        if (!err) err = metric_inputs_pass_all(out, pass, request, run);
    }
    if (err) metric_inputs_free(out);
    return err;
}

void metric_inputs_free(MetricInputs *survey) {
    for (int pass = 0; pass < PASS_COUNT; pass++) {
        collected_free(&survey->passes[pass]);
        for (int n = 0; n < COLLECT_NETS; n++) {
            free(survey->features[pass][n].rows.rows);
            survey->features[pass][n] = (NetFeatures){0};
        }
        frame_sampling_free(&survey->draws[pass]);
    }
}

void metric_inputs_list_draws(Builder *out, const MetricInputs *survey, const char *side) {
    for (int pass = 0; pass < PASS_COUNT; pass++) {
        const FrameSampling *draws = &survey->draws[pass];
        for (int64_t i = 0; i < draws->count; i++) {
            builder_add(out, "%s,%s,%lld,", side, passes[pass].name, (long long)draws->videos[i]);
            for (int k = 0; k < draws->per_draw; k++)
                builder_add(out, k ? " %d" : "%d", draws->frames[i * draws->per_draw + k]);
            builder_add_text(out, "\n");
        }
    }
}

/* By the kind of input: which pass, and in it the metric's states or the networks' vectors. */
MetricData metric_inputs_data(const MetricInputs *survey, const Metric *metric) {
    MetricData data = {.groups = survey->groups, .seed = survey->seed};
    for (int pass = 0; pass < PASS_COUNT; pass++) {
        const Collected *collected = &survey->passes[pass];
        if (metric->input == passes[pass].features && survey->plans[pass].n_nets > 0) {
            data.features = survey->features[pass];
            data.n_features = survey->plans[pass].n_nets;
            data.per_video = passes[pass].by_frame ? survey->draws[pass].per_draw : 1;
            data.videos = survey->draws[pass].videos;
        }
        for (int m = 0; m < survey->plans[pass].n_metrics; m++)
            if (survey->plans[pass].metrics[m] == metric) {
                data.state = collected->states[m];
                data.chunks = collected->chunks[m];
                data.chunk_stride = collected->state_sums;
                data.n_chunks = collected->n_chunks;
            }
    }
    return data;
}
