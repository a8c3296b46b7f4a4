/* Pre-training as a task of the trainer: its sizes, how a leaf is loaded and computed, its pictures and its result. */
#include "train/pretrain.h"

#include "base/system/log.h"
#include "nn/models/mae.h"
#include "nn/models/mask.h"
#include "par/agree.h"
#include "run/folder.h"
#include "run/protocol.h"
#include "run/result.h"
#include "run/task.h"
#include "train/internal/picture.h"
#include "train/masked_clips.h"
#include "train/trainer.h"
#include "video/media/image.h"

#include <math.h>

enum { PICTURE_CLIPS = 4, PAPER_CLIPS = 9537 };

typedef struct {
    const PretrainConfig *config;
    const ClipSource *source;
    const Run *run;
    const RunFolder *folder;
    const TrainOutcome *outcome;
    Mae *mae;
    Bf16Packed *packed;   /* mixed precision: the weights of the step; else NULL */
    MaeScratch **scratch; /* of each team */
    int n_teams;
} Pretrain;

/* ---- teams' memory ---- */

/* Called once the trainer knows its teams: each computes in scratch of its own. */
static Err teams_ready(TrainTask *task, Team *const *teams, int n_teams) {
    Pretrain *pretrain = task->state;
    const Mae *mae = pretrain->mae;
    pretrain->scratch = calloc((size_t)n_teams, sizeof(MaeScratch *));
    if (!pretrain->scratch) return RAISE(ERR_MEMORY, "pretraining: no memory for %d teams", n_teams);
    pretrain->n_teams = n_teams;
    if (pretrain->config->train.precision == PRECISION_BFLOAT16)
        TRY(bf16_packed_new(&pretrain->packed, mae_matrices(mae)));
    for (int i = 0; i < n_teams; i++)
        TRY(mae_scratch_new_team(&pretrain->scratch[i], mae, pretrain->packed, teams[i],
                                 pretrain->config->train.micro_batch));
    return ERR_NONE;
}

static void pretrain_free(Pretrain *pretrain) {
    for (int i = 0; i < pretrain->n_teams; i++) mae_scratch_free(&pretrain->scratch[i]);
    free(pretrain->scratch);
    bf16_packed_free(&pretrain->packed);
    mae_free(&pretrain->mae);
}

/* ---- a leaf ---- */

/* A place holds the clips and masks of a leaf: loaders fill it, a team computes on it. */
static Err place_new(void *state, void **place) {
    const Pretrain *pretrain = state;
    MaskedClips *clips;
    Err err = masked_clips_new(&clips, pretrain->config);
    *place = clips;
    return err;
}

static void place_free(void *state, void *place) {
    (void)state;
    masked_clips_free(place);
}

static Err load(void *state, void *place, const TrainLeaf *which) {
    const Pretrain *pretrain = state;
    for (int k = 0; k < which->n_clips; k++) {
        Err err = masked_clips_load(place, k, pretrain->config, pretrain->source, pretrain->run->seed, which->epoch,
                                    which->clips[k], batch_sample(which, k));
        if (err) return err_within(err, "clip %u: ", which->clips[k]);
    }
    return ERR_NONE;
}

/* The gradient of the mean over the step: each leaf counts 1 / n_leaves. */
static void leaf(TrainTask *task, int team, void *place, const TrainLeaf *which, const float *params, float *grads,
                 double *loss, const GradsWatch *watch) {
    const Pretrain *pretrain = task->state;
    const MaskedClips *clips = place;
    mae_scratch_watch(pretrain->scratch[team], watch);
    mae_step(pretrain->mae, pretrain->scratch[team], params, grads, loss,
             &(MaeBatch){clips->clips, clips->masked, which->n_clips}, 1.0f / (float)which->n_leaves);
}

/* Mixed precision packs the weights anew after every step. */
static void params_changed(TrainTask *task, const float *params, int threads) {
    const Pretrain *pretrain = task->state;
    if (pretrain->packed) bf16_packed_update(pretrain->packed, params, threads);
}

/* ---- pictures ---- */

static Err picture_clips(MaskedClips *clips, const Pretrain *pretrain, int B) {
    int64_t count = pretrain->source->count;
    for (int k = 0; k < B; k++)
        TRY(masked_clips_load(clips, k, pretrain->config, pretrain->source, pretrain->run->seed, 0, k * count / B,
                              (uint64_t)k));
    return ERR_NONE;
}

/* A few clips spread over the source, the same in every picture. */
static Err write_picture(const Pretrain *pretrain, const float *params, const char *name) {
    int B = pretrain->config->train.micro_batch;
    if (B > PICTURE_CLIPS) B = PICTURE_CLIPS;
    if (B > pretrain->source->count) B = (int)pretrain->source->count;
    char path[PATH_SIZE];
    Frames picture = {0};
    MaskedClips *clips;
    Err err = masked_clips_new(&clips, pretrain->config);
    if (!err) err = runfolder_path(path, sizeof(path), pretrain->folder, name);
    if (!err) err = picture_clips(clips, pretrain, B);
    if (!err)
        err = picture_of_reconstruction(&picture, pretrain->mae, pretrain->scratch[0], &pretrain->config->model, params,
                                        clips->clips, clips->masked, B);
    if (!err) err = image_write_png(path, &picture, 0);
    frames_free(&picture);
    masked_clips_free(clips);
    return err;
}

static Err picture_all(const Pretrain *pretrain, const float *params, const char *name) {
    Err err = pretrain->run->par.rank == 0 ? write_picture(pretrain, params, name) : ERR_NONE;
    return err_agree_all(err_within(err, "%s: ", name), &pretrain->run->par, "the reconstruction picture");
}

/* Every rank comes here, rank 0 draws. */
static Err epoch_end_all(TrainTask *task, int64_t epoch, const float *params) {
    const Pretrain *pretrain = task->state;
    int every = pretrain->config->picture_epochs;
    if (!every || epoch % every != 0) return ERR_NONE;
    char name[64];
    TRY(text_format(name, sizeof(name), "reconstruction-%05lld.png", (long long)epoch));
    return picture_all(pretrain, params, name);
}

/* ---- the outcome ---- */

static const char *readable_name(const Pretrain *pretrain) {
    return pretrain->config->name[0] ? pretrain->config->name : pretrain->source->name;
}

/* The count of a dataset is no setting, but the paper's is known. */
static Err fill_protocol(Result *result, const Pretrain *pretrain) {
    const ClipSource *source = pretrain->source;
    bool counts = pretrain->config->data.dataset[0] && !text_equal(source->name, "kinetics400"); /* its copies shrink */
    const ProtocolScope scope = {.task = result->task,
                                 .dataset = source->name,
                                 .model = result->model,
                                 .videos = source,
                                 .rehearsal = pretrain->run->rehearsed != NULL};
    if (counts) TRY(result_add_count(result, source->count, "clips", PAPER_CLIPS));
    return protocol_compare(result, &scope, pretrain->config, sizeof(*pretrain->config), pretrain_fields);
}

/* A rehearsal goes by the name of the model that it made smaller. */
static Err fill_model(char *model, size_t size, const Pretrain *pretrain) {
    PretrainConfig *whole;
    Err err = rehearsal_original((void **)&whole, pretrain->run, sizeof *whole, pretrain_fields);
    if (!err) err = model_title(model, size, whole ? &whole->model : &pretrain->config->model);
    free(whole);
    return err;
}

static Err fill_result(Result *result, const RunFolder *folder, void *state) {
    (void)folder;
    const Pretrain *pretrain = state;
    const ClipSource *source = pretrain->source;
    char model[sizeof result->model];
    TRY(fill_model(model, sizeof model, pretrain));
    TRY(result_identify(result, "pretrain", source->name, readable_name(pretrain), model, pretrain->run->seed));
    TRY(fill_protocol(result, pretrain));
    TRY(result_add_number(result, "loss", pretrain->outcome->loss, "", 1));
    TRY(result_add_number(result, "steps", (double)pretrain->outcome->steps, "steps", 1));
    TRY(result_add_input(result, "clips", source->name, source->digest));
    return result_add_input(result, "final weights", "ckpt", pretrain->outcome->weights_digest);
}

static void say_result(const Result *result, const RunFolder *folder, void *state) {
    (void)result;
    log_info("final weights %s; picture and result in %s", ((Pretrain *)state)->outcome->weights_digest, folder->path);
}

/* The last picture, then the result: what has no result is no finished run. */
static Err finish_all(TrainTask *task, const float *params, const TrainOutcome *outcome) {
    Pretrain *pretrain = task->state;
    pretrain->outcome = outcome;
    TRY(picture_all(pretrain, params, "reconstruction.png"));
    const Conclusion conclusion = {fill_result, say_result, pretrain};
    return run_conclude_all(&conclusion, pretrain->folder, &pretrain->run->par);
}

/* ---- the run ---- */

static size_t scratch_bytes(const TrainTask *task, int members) {
    const Pretrain *pretrain = task->state;
    const TrainConfig *train = &pretrain->config->train;
    return mae_scratch_bytes(pretrain->mae, (Precision)train->precision, members, train->micro_batch);
}

static TrainTask task_of(Pretrain *pretrain) {
    const PretrainConfig *config = pretrain->config;
    Precision precision = (Precision)config->train.precision;
    return (TrainTask){.name = "pretraining",
                       .params = mae_params(pretrain->mae),
                       .clips_per_epoch = pretrain->source->count,
                       .seed = pretrain->run->seed,
                       .head_scale = 1,
                       .state = pretrain,
                       .flops_per_clip = model_pretrain_flops(&config->model, config->mask_ratio),
                       .scratch_bytes = scratch_bytes,
                       .shared_bytes = precision == PRECISION_BFLOAT16 ? bf16_packed_bytes(mae_matrices(pretrain->mae))
                                                                       : 0,
                       .rounded = precision == PRECISION_BFLOAT16 ? mae_matrices(pretrain->mae) : NULL,
                       .loader = {.state = pretrain,
                                  .place_bytes = masked_clips_bytes(config),
                                  .place_new = place_new,
                                  .place_free = place_free,
                                  .load = load},
                       .leaf = leaf,
                       .teams_ready = teams_ready,
                       .params_changed = params_changed,
                       .epoch_end_all = epoch_end_all,
                       .finish_all = finish_all};
}

static Err execute_all(void *state, const RunFolder *folder) {
    Pretrain *pretrain = state;
    const Run *run = pretrain->run;
    pretrain->folder = folder;
    TrainTask task = task_of(pretrain);
    return trainer_run_all(&task, &pretrain->config->train, NULL, run, folder);
}

/* --dry-run. */
static Err plan(void *state) {
    const TrainTask task = task_of(state);
    return trainer_print_plan(&task, &((Pretrain *)state)->config->train, ((Pretrain *)state)->run);
}

/* What comes before the run folder depends on the config alone, so it fails on all ranks or on none. */
CHECKED Err pretrain_run_all(const PretrainConfig *config, const ClipSource *source, const Run *run) {
    Pretrain pretrain = {.config = config, .source = source, .run = run};
    TRY(model_check(&config->model));
    TRY(mask_check(&config->model, config->mask_ratio));
    TRY(mae_new(&pretrain.mae, &config->model, config->mask_ratio));
    TrainTask training = task_of(&pretrain);
    const char *inputs[] = {source->digest};
    const Task task = {.name = config->name,
                       .fallback = source->name,
                       .identity = {config, pretrain_fields, inputs, 1},
                       .plan = plan,
                       .execute_all = execute_all,
                       .state = &pretrain};
    Err err = run->dry_run ? ERR_NONE : trainer_check(&training, &config->train, run);
    if (!err) err = run_task_all(&task, run);
    pretrain_free(&pretrain);
    return err;
}
