#include "train/trainlog.h"

#include "base/file.h"
#include "base/log.h"
#include "par/agree.h"

#include <time.h>

double trainlog_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

CHECKED Err trainlog_open_all(TrainLog *log, const Run *run, const RunFolder *folder, int64_t first_step,
                              int64_t total_steps, int64_t log_steps, int batch, double flops_per_clip) {
    double now = trainlog_now();
    *log = (TrainLog){.speaks = run->par.rank == 0,
                      .first_step = first_step,
                      .total_steps = total_steps,
                      .log_steps = log_steps,
                      .batch = batch,
                      .ranks = run->par.n_ranks,
                      .flops_per_clip = flops_per_clip,
                      .started = now,
                      .last_point = now,
                      .last_point_step = first_step};
    Err err = runfolder_path(log->timings_path, sizeof(log->timings_path), folder, "timings.jsonl");
    if (!err && log->speaks) err = curve_open(&log->curve, folder->path, first_step);
    TRY(err_agree_all(err, &run->par, "opening the curves"));
    return progress_begin_all(&log->progress, &run->par, run->progress, "steps", total_steps - first_step, "clips",
                              batch);
}

static double clips_per_s(const TrainLog *log, int64_t steps, double seconds) {
    return seconds > 0 ? (double)steps * log->batch / seconds : 0;
}

static Err write_timing(TrainLog *log, int64_t step) {
    double now = trainlog_now(), seconds = now - log->last_point;
    double rate = clips_per_s(log, step - log->last_point_step, seconds);
    char line[400];
    TRY(text_format(line, sizeof(line),
                    "{\"step\": %lld, \"total\": %lld, \"seconds\": %.3f, \"steps_per_s\": %.4g, \"clips_per_s\": "
                    "%.2f, \"gflops\": %.2f, \"compute_s\": %.3f, "
                    "\"data_s\": %.3f, \"exchange_s\": %.3f, \"update_s\": %.3f}",
                    (long long)step, (long long)log->total_steps, seconds, rate / log->batch, rate,
                    rate * log->flops_per_clip * 1e-9, log->times.compute, log->times.data, log->times.exchange,
                    log->times.update));
    log->last_point = now;
    log->last_point_step = step;
    log->times = (StepTimes){0};
    return file_append_line(log->timings_path, line);
}

CHECKED Err trainlog_step(TrainLog *log, int64_t step, double loss, double lr, double grad_norm, StepTimes times) {
    if (!log->speaks) return ERR_NONE;
    log->loss = loss;
    log->times.data += times.data;
    log->times.compute += times.compute;
    log->times.exchange += times.exchange;
    log->times.update += times.update;
    progress_note(log->progress, "loss %.4f", loss);
    progress_add(log->progress, 1);
    if (step % log->log_steps != 0 && step != log->total_steps) return ERR_NONE;
    const CurveValue values[] = {{"loss", loss}, {"lr", lr}, {"grad_norm", grad_norm}};
    TRY(curve_point(log->curve, step, values, 3));
    return write_timing(log, step);
}

CHECKED Err trainlog_close_all(TrainLog *log, int64_t step) {
    progress_end_all(&log->progress);
    if (!log->speaks) return ERR_NONE;
    double seconds = trainlog_now() - log->started;
    if (step > log->first_step) {
        char duration[32], rate[64] = "";
        double clips = clips_per_s(log, step - log->first_step, seconds);
        if (log->flops_per_clip > 0)
            TRY(text_format(rate, sizeof(rate), ", %.1f GFLOP/s a rank",
                            clips * log->flops_per_clip * 1e-9 / log->ranks));
        log_info("trained to step %lld of %lld in %s: loss %.4f, %.1f clips/s%s", (long long)step,
                 (long long)log->total_steps, text_duration(duration, sizeof(duration), seconds), log->loss, clips,
                 rate);
    }
    return curve_close(&log->curve);
}
