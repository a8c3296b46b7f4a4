/* The trained part is small, so it goes through the trainer (train/trainer.h) with rows of features for clips:
 * learning rates, checkpoints and leaves are those of fine-tuning. */
#include "eval/readout/internal/readout.h"

#include "nn/layers/attentive.h"
#include "nn/layers/elementwise.h"
#include "par/agree.h"
#include "par/share.h"
#include "par/spread.h"
#include "run/teams.h"
#include "train/trainer.h"
#include "video/transform/augment.h"

typedef struct {
    Readout *readout;
    Attentive *network;
    AttentiveScratch **scratch; /* of each team */
    int n_teams;
    TrainConfig train; /* the configured one, its batch fitted to the clips there are */
} AttentiveProbe;

/* ---- a leaf ---- */

typedef struct {
    float *tokens, *targets; /* (B, N, D), (B, K) */
} Place;

/* A row is all tokens of one view. */
static size_t row_floats(const FeatureTable *features) {
    return (size_t)features->n_tokens * (size_t)features->D;
}

/* Of a place that was made in part, too. */
static void place_free(void *state, void *place) {
    (void)state;
    Place *p = place;
    if (!p) return;
    free(p->tokens);
    free(p->targets);
    free(p);
}

static size_t place_bytes(const AttentiveProbe *probe) {
    size_t B = (size_t)probe->train.micro_batch, K = (size_t)probe->readout->c->task.train->n_classes;
    return B * (row_floats(&probe->readout->train) + K) * sizeof(float);
}

/* A leaf of tokens and targets. */
static Err place_new(void *state, void **place) {
    const AttentiveProbe *probe = state;
    size_t B = (size_t)probe->train.micro_batch, K = (size_t)probe->readout->c->task.train->n_classes;
    Place *p = *place = calloc(1, sizeof *p);
    if (!p) return RAISE(ERR_MEMORY, "attentive probe: no memory for a micro-batch");
    p->tokens = malloc(B * row_floats(&probe->readout->train) * sizeof(float));
    p->targets = malloc(B * K * sizeof(float));
    if (!p->tokens || !p->targets) return RAISE(ERR_MEMORY, "attentive probe: no memory for %zu clips", B);
    return ERR_NONE;
}

/* A clip of the trainer is a row of the features: one view of one video. */
static Err load(void *state, void *place, const TrainLeaf *which) {
    const AttentiveProbe *probe = state;
    const FeatureTable *train = &probe->readout->train;
    const ClassificationTask *t = &probe->readout->c->task;
    size_t floats = row_floats(train), K = (size_t)t->train->n_classes;
    Place *p = place;
    for (int i = 0; i < which->n_clips; i++) {
        int label = train->labels[which->clips[i] / (uint32_t)train->n_views];
        memcpy(p->tokens + (size_t)i * floats, train->rows + which->clips[i] * floats, floats * sizeof(float));
        augment_target(p->targets + (size_t)i * K, (int)K, label, label, 1, t->config->data.label_smoothing);
    }
    return ERR_NONE;
}

/* The scratch knows the team. */
static void leaf(TrainTask *task, int team, void *place, const TrainLeaf *which, const float *params, float *grads,
                 double *loss, const GradsWatch *watch) {
    (void)watch;
    const AttentiveProbe *probe = task->state;
    const Place *p = place;
    attentive_step(probe->network, probe->scratch[team], params, grads, loss,
                   &(AttentiveBatch){p->tokens, p->targets, which->n_clips}, 1.0f / (float)which->n_leaves);
}

/* ---- testing ---- */

/* A rank's test, by a team of all its threads: its videos one after another. */
typedef struct {
    const AttentiveProbe *probe;
    const float *params;
    Share mine;
    float *part;   /* (videos, K) probabilities */
    float *logits; /* (micro-batch, K) */
    double *sums;  /* (K) */
    Err err;
} Test;

/* The mean over views of the softmax, in groups that fit the scratch. */
static void test_video(float *probabilities, const Test *t, AttentiveScratch *scratch, int64_t video) {
    const AttentiveProbe *probe = t->probe;
    float *logits = t->logits;
    double *sums = t->sums;
    const FeatureTable *test = &probe->readout->test;
    int K = probe->readout->c->task.test->n_classes, most = probe->train.micro_batch;
    const float *rows = test->rows + (size_t)video * (size_t)test->n_views * row_floats(test);
    memset(sums, 0, (size_t)K * sizeof *sums);
    for (int first = 0; first < test->n_views; first += most) {
        int count = test->n_views - first < most ? test->n_views - first : most;
        attentive_forward(probe->network, scratch, t->params, logits, rows + (size_t)first * row_floats(test), count);
        for (int view = 0; view < count; view++) softmax_add(sums, logits + (size_t)view * (size_t)K, K);
    }
    for (int k = 0; k < K; k++) probabilities[k] = (float)(sums[k] / test->n_views);
}

static void test_videos(void *context, int number, Team *team) {
    Test *t = context;
    size_t K = (size_t)t->probe->readout->c->task.test->n_classes;
    AttentiveScratch *scratch;
    (void)number;
    t->err = attentive_scratch_new(&scratch, t->probe->network, team, t->probe->train.micro_batch);
    for (int64_t video = t->mine.begin; video < t->mine.end && !t->err; video++)
        test_video(t->part + (size_t)(video - t->mine.begin) * K, t, scratch, video);
    attentive_scratch_free(&scratch);
}

static Err test_share(Test *t, int threads) {
    TRY(teams_run_once(threads, threads, test_videos, t));
    return t->err;
}

/* A block of videos a rank, gathered in rank order. */
static Err test_all(float **probabilities, const AttentiveProbe *probe, const float *params) {
    const Par *par = &probe->readout->c->task.run->par;
    size_t K = (size_t)probe->readout->c->task.test->n_classes, bytes;
    Test t = {
        .probe = probe, .params = params, .mine = share_block(probe->readout->test.n_videos, par->rank, par->n_ranks)};
    size_t count = (size_t)(t.mine.end - t.mine.begin) * K;
    t.part = malloc(count * sizeof *t.part + 1);
    t.logits = malloc((size_t)probe->train.micro_batch * K * sizeof *t.logits);
    t.sums = malloc(K * sizeof *t.sums);
    Err err = t.part && t.logits && t.sums ? ERR_NONE : RAISE(ERR_MEMORY, "attentive probe: no memory for the test");
    if (!err) err = test_share(&t, par->threads);
    err = err_agree_all(err, par, "testing the attentive probe");
    if (!err) err = gather_bytes_all((void **)probabilities, &bytes, t.part, count * sizeof *t.part, par);
    free(t.sums);
    free(t.logits);
    free(t.part);
    return err;
}

/* The trained parameters are in the checkpoint; here they are tested. */
static Err finish_all(TrainTask *task, const float *params, const TrainOutcome *outcome) {
    const AttentiveProbe *probe = task->state;
    float *probabilities = NULL;
    Err err = test_all(&probabilities, probe, params);
    if (!err)
        err = classification_conclude_all(probe->readout->c, probabilities, probe->readout->test.labels,
                                          outcome->weights_digest, NULL);
    free(probabilities);
    return err;
}

/* ---- the run ---- */

/* Small sets make smaller batches, whole leaves of them. */
static void fit_batch(AttentiveProbe *probe, int64_t n_rows) {
    TrainConfig *train = &probe->train;
    if (train->micro_batch > n_rows) train->micro_batch = (int)n_rows;
    if (train->batch > n_rows) train->batch = (int)(n_rows / train->micro_batch) * train->micro_batch;
}

static Err open_probe(AttentiveProbe *probe) {
    const ClassificationTask *t = &probe->readout->c->task;
    const FeatureTable *train = &probe->readout->train;
    fit_batch(probe, train->n_videos * train->n_views);
    return attentive_new(&probe->network, train->n_tokens, train->D, t->config->readout.heads, t->train->n_classes);
}

/* A scratch for each team. */
static Err teams_ready(TrainTask *task, Team *const *teams, int n_teams) {
    AttentiveProbe *probe = task->state;
    probe->scratch = calloc((size_t)n_teams, sizeof *probe->scratch);
    if (!probe->scratch) return RAISE(ERR_MEMORY, "attentive probe: no memory for %d teams", n_teams);
    probe->n_teams = n_teams;
    for (int i = 0; i < n_teams; i++)
        TRY(attentive_scratch_new(&probe->scratch[i], probe->network, teams[i], probe->train.micro_batch));
    return ERR_NONE;
}

static void close_probe(AttentiveProbe *probe) {
    for (int i = 0; i < probe->n_teams; i++) attentive_scratch_free(&probe->scratch[i]);
    free(probe->scratch);
    attentive_free(&probe->network);
}

static size_t scratch_bytes(const TrainTask *task, int members) {
    const AttentiveProbe *probe = task->state;
    return attentive_scratch_bytes(probe->network, members, probe->train.micro_batch);
}

/* An epoch is every view of every video once. */
Err readout_attentive_all(Readout *readout) {
    Classification *c = readout->c;
    const FeatureTable *train = &readout->train;
    AttentiveProbe probe = {.readout = readout, .train = c->task.config->train};
    Err err = err_agree_all(open_probe(&probe), &c->task.run->par, "preparing the attentive probe");
    if (!err) {
        TrainTask task = {.name = "attentive probe",
                          .params = attentive_params(probe.network),
                          .clips_per_epoch = train->n_videos * train->n_views,
                          .seed = c->task.run->seed,
                          .head_scale = (float)c->task.config->init_scale,
                          .state = &probe,
                          .flops_per_clip = attentive_flops(probe.network),
                          .scratch_bytes = scratch_bytes,
                          .loader = {.state = &probe,
                                     .place_bytes = place_bytes(&probe),
                                     .place_new = place_new,
                                     .place_free = place_free,
                                     .load = load},
                          .teams_ready = teams_ready,
                          .leaf = leaf,
                          .finish_all = finish_all};
        err = trainer_run_all(&task, &probe.train, NULL, c->task.run, c->folder);
    }
    close_probe(&probe);
    return err;
}
