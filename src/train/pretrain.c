#include "train/pretrain.h"

#include "base/log.h"
#include "nn/mae.h"
#include "nn/mask.h"
#include "par/agree.h"
#include "store/result.h"
#include "train/identity.h"
#include "train/picture.h"
#include "train/protocol.h"
#include "train/trainer.h"
#include "train/trainlog.h"
#include "video/crop.h"
#include "video/image.h"
#include "video/resize.h"
#include "video/sample.h"

#include <math.h>

enum { PICTURE_CLIPS = 4, PAPER_CLIPS = 9537 };

/* What one thread needs for a leaf. */
typedef struct {
    MaeScratch *mae;
    Frames read, cropped;
    int *numbers;    /* (T) frames of the clip at hand */
    uint8_t *clips;  /* (B, T, H, W, 3) */
    uint8_t *masked; /* (B, N) */
    double data_s;   /* spent on loading */
} Worker;

typedef struct {
    const PretrainConfig *config;
    const ClipSource *source;
    const Run *run;
    RunFolder folder;
    Mae *mae;
    Worker *workers;
    int n_workers, clips_a_worker;
} Pretrain;

/* ---- a thread's memory ---- */

static size_t clip_bytes(const ModelConfig *m) {
    return (size_t)m->n_frames * (size_t)m->image_size * (size_t)m->image_size * 3;
}

static Err worker_init(Worker *worker, const Pretrain *pretrain) {
    const ModelConfig *m = &pretrain->config->model;
    size_t B = (size_t)pretrain->clips_a_worker;
    worker->numbers = calloc((size_t)m->n_frames, sizeof(int));
    worker->clips = malloc(B * clip_bytes(m));
    worker->masked = malloc(B * (size_t)model_tokens(m));
    if (!worker->numbers || !worker->clips || !worker->masked)
        return RAISE(ERR_MEMORY, "pretraining: no memory for a micro-batch of %zu clips", B);
    return mae_scratch_new(&worker->mae, pretrain->mae, pretrain->clips_a_worker);
}

static void worker_free(Worker *worker) {
    mae_scratch_free(&worker->mae);
    frames_free(&worker->read);
    frames_free(&worker->cropped);
    free(worker->numbers);
    free(worker->clips);
    free(worker->masked);
}

static Err workers_new(Pretrain *pretrain, int n_workers) {
    pretrain->workers = calloc((size_t)n_workers, sizeof(*pretrain->workers));
    if (!pretrain->workers) return RAISE(ERR_MEMORY, "pretraining: no memory for %d threads", n_workers);
    pretrain->n_workers = n_workers;
    for (int i = 0; i < n_workers; i++) TRY(worker_init(&pretrain->workers[i], pretrain));
    return ERR_NONE;
}

static void pretrain_free(Pretrain *pretrain) {
    for (int i = 0; i < pretrain->n_workers; i++) worker_free(&pretrain->workers[i]);
    free(pretrain->workers);
    mae_free(&pretrain->mae);
}

/* ---- one sample ---- */

static Box crop_box(const Frames *frames, const PretrainConfig *config, uint64_t seed, uint64_t sample) {
    Rng rng = rng_stream(seed, RNG_CROP, sample, 0);
    if (config->data.crop == PRETRAIN_CROP_MULTI_SCALE)
        return crop_multi_scale(frames->height, frames->width, config->model.image_size, &rng);
    int side = frames->height < frames->width ? frames->height : frames->width;
    return crop_center(frames->height, frames->width, side, side);
}

/* Frames, crop and mask of clip `index` as number k of the worker's micro-batch. */
static Err load_sample(Worker *worker, const Pretrain *pretrain, int k, int64_t epoch, int64_t index, uint64_t sample) {
    const ModelConfig *m = &pretrain->config->model;
    uint64_t seed = pretrain->run->seed;
    VideoInfo info;
    TRY(clip_source_info(pretrain->source, epoch, index, &info));
    Rng rng = rng_stream(seed, RNG_FRAMES, sample, 0);
    sample_pretrain(worker->numbers, m->n_frames, pretrain->config->data.frame_stride, info.n_frames, &rng);
    TRY(clip_source_read(pretrain->source, epoch, index, worker->numbers, m->n_frames, &worker->read));
    Box box = crop_box(&worker->read, pretrain->config, seed, sample);
    TRY(resize_antialiased(&worker->cropped, &worker->read, &box, m->image_size, m->image_size));
    memcpy(worker->clips + (size_t)k * clip_bytes(m), worker->cropped.data, clip_bytes(m));
    mask_draw(worker->masked + (size_t)k * (size_t)model_tokens(m), m, pretrain->config->mask_ratio, seed, sample);
    return ERR_NONE;
}

static Err leaf(TrainTask *task, int thread, const TrainLeaf *which, const float *params, float *grads, double *loss) {
    const Pretrain *pretrain = task->state;
    Worker *worker = &pretrain->workers[thread];
    double started = trainlog_now();
    for (int k = 0; k < which->n_clips; k++)
        TRY(err_within(load_sample(worker, pretrain, k, which->epoch, which->clips[k], batch_sample(which, k)),
                       "clip %u: ", which->clips[k]));
    worker->data_s += trainlog_now() - started;
    mae_step(pretrain->mae, worker->mae, params, grads, loss, worker->clips, worker->masked, which->n_clips,
             1.0f / (float)which->n_leaves);
    return ERR_NONE;
}

static double take_data_seconds(TrainTask *task) {
    const Pretrain *pretrain = task->state;
    double sum = 0;
    for (int i = 0; i < pretrain->n_workers; i++) {
        sum += pretrain->workers[i].data_s;
        pretrain->workers[i].data_s = 0;
    }
    return sum;
}

/* ---- pictures ---- */

/* A few clips spread over the source, the same in every picture. */
static Err write_picture(const Pretrain *pretrain, const float *params, const char *name) {
    Worker *worker = &pretrain->workers[0];
    int64_t count = pretrain->source->count;
    int B = pretrain->clips_a_worker < PICTURE_CLIPS ? pretrain->clips_a_worker : PICTURE_CLIPS;
    if (B > count) B = (int)count;
    for (int k = 0; k < B; k++) TRY(load_sample(worker, pretrain, k, 0, k * count / B, (uint64_t)k));
    char path[PATH_SIZE];
    Frames picture = {0};
    TRY(runfolder_path(path, sizeof(path), &pretrain->folder, name));
    Err err = picture_of_reconstruction(&picture, pretrain->mae, worker->mae, &pretrain->config->model, params,
                                        worker->clips, worker->masked, B);
    if (!err) err = image_write_png(path, &picture, 0);
    frames_free(&picture);
    return err;
}

static Err picture_all(const Pretrain *pretrain, const float *params, const char *name) {
    Err err = pretrain->run->par.rank == 0 ? write_picture(pretrain, params, name) : ERR_NONE;
    return err_agree_all(err_within(err, "%s: ", name), &pretrain->run->par, "the reconstruction picture");
}

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
    int64_t count = pretrain->source->count;
    if (pretrain->config->data.dataset[0] && count != PAPER_CLIPS)
        TRY(result_add_deviation(result, "%lld clips instead of %d", (long long)count, PAPER_CLIPS));
    return protocol_compare(result, pretrain->config, sizeof(*pretrain->config), pretrain_fields);
}

static Err write_result(const Pretrain *pretrain, const TrainOutcome *outcome) {
    const ClipSource *source = pretrain->source;
    char path[PATH_SIZE];
    Result *result = calloc(1, sizeof(*result));
    if (!result) return RAISE(ERR_MEMORY, "result: no memory");
    result->seed = pretrain->run->seed;
    Err err = ERR_NONE;
    TRY_OR(done, text_copy(result->task, sizeof(result->task), "pretrain"));
    TRY_OR(done, text_copy(result->dataset, sizeof(result->dataset), source->name));
    TRY_OR(done, text_copy(result->pretraining, sizeof(result->pretraining), readable_name(pretrain)));
    TRY_OR(done, model_title(result->model, sizeof(result->model), &pretrain->config->model));
    TRY_OR(done, fill_protocol(result, pretrain));
    TRY_OR(done, result_add_metric(result, "loss", outcome->loss, "", 1, NAN, NAN, ""));
    TRY_OR(done, result_add_metric(result, "steps", (double)outcome->steps, "steps", 1, NAN, NAN, ""));
    TRY_OR(done, result_add_input(result, "clips", source->name, source->digest));
    TRY_OR(done, result_add_input(result, "final weights", "ckpt", outcome->weights_digest));
    TRY_OR(done, runfolder_path(path, sizeof(path), &pretrain->folder, "result.json"));
    err = result_write(result, path);
done:
    free(result);
    return err;
}

static Err finish_all(TrainTask *task, const float *params, const TrainOutcome *outcome) {
    const Pretrain *pretrain = task->state;
    TRY(picture_all(pretrain, params, "reconstruction.png"));
    Err err = pretrain->run->par.rank == 0 ? write_result(pretrain, outcome) : ERR_NONE;
    TRY(err_agree_all(err, &pretrain->run->par, "writing the result"));
    log_info("final weights %s; picture and result in %s", outcome->weights_digest, pretrain->folder.path);
    return ERR_NONE;
}

/* ---- the run ---- */

static TrainTask task_of(Pretrain *pretrain) {
    const PretrainConfig *config = pretrain->config;
    return (TrainTask){.name = "pretraining",
                       .params = mae_params(pretrain->mae),
                       .clips_per_epoch = pretrain->source->count,
                       .seed = pretrain->run->seed,
                       .head_scale = 1,
                       .state = pretrain,
                       .flops_per_clip = model_pretrain_flops(&config->model, config->mask_ratio),
                       .scratch_bytes = mae_scratch_bytes(pretrain->mae, pretrain->clips_a_worker) +
                                        (size_t)pretrain->clips_a_worker * clip_bytes(&config->model),
                       .leaf = leaf,
                       .take_data_seconds = take_data_seconds,
                       .epoch_end_all = epoch_end_all,
                       .finish_all = finish_all};
}

static Err train_all(Pretrain *pretrain) {
    const Run *run = pretrain->run;
    TrainTask task = task_of(pretrain);
    TRY(err_agree_all(workers_new(pretrain, run->par.threads), &run->par, "pretraining memory"));
    return trainer_run_all(&task, &pretrain->config->train, NULL, run, &pretrain->folder);
}

static Err run_in_folder_all(Pretrain *pretrain) {
    const Run *run = pretrain->run;
    char identity[DIGEST_SIZE], reason[256];
    const char *inputs[] = {pretrain->source->digest};
    TRY(run_identity(identity, pretrain->config, pretrain_fields, run->seed, inputs, 1));
    TRY(runfolder_open_all(&pretrain->folder, readable_name(pretrain), identity, run));
    Err err = ERR_NONE;
    if (pretrain->folder.finished)
        log_info("already finished: %s (--force starts over)", pretrain->folder.path);
    else
        err = train_all(pretrain);
    runfolder_close_all(&pretrain->folder, run, run_exit_reason(reason, sizeof(reason), err));
    if (!err && run->par.rank == 0) printf("%s\n", pretrain->folder.path);
    return err;
}

/* What comes before the run folder depends on the config alone, so it fails on all ranks or on none. */
CHECKED Err pretrain_run_all(const PretrainConfig *config, const ClipSource *source, const Run *run) {
    Pretrain pretrain = {.config = config, .source = source, .run = run, .clips_a_worker = config->train.micro_batch};
    TRY(model_check(&config->model));
    TRY(mask_check(&config->model, config->mask_ratio));
    TRY(mae_new(&pretrain.mae, &config->model, config->mask_ratio));
    TrainTask task = task_of(&pretrain);
    Err err = run->dry_run ? trainer_print_plan(&task, &config->train, run) : trainer_check(&task, &config->train, run);
    if (!err && !run->dry_run) err = run_in_folder_all(&pretrain);
    pretrain_free(&pretrain);
    return err;
}
