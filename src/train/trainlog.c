/* What a training tells: the progress line, points of the curves, rates. Only rank 0 writes; the others take part where
 * a number is agreed on. */
#include "train/internal/trainlog.h"

#include "base/system/clock.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "nn/kernels/sgemm_rate.h"
#include "par/agree.h"

#include <sys/resource.h>

/* A run shorter than this is not worth timing the yardstick. */
static const double yardstick_after_s = 30;

CHECKED Err trainlog_open_all(TrainLog *log, const TrainLogPlan *plan, const Run *run, const RunFolder *folder) {
    double now = clock_wall_s();
    *log = (TrainLog){.plan = *plan,
                      .run = run,
                      .speaks = run->par.rank == 0,
                      .started = now,
                      .last_point = now,
                      .last_point_step = plan->first_step};
    Err err = runfolder_path(log->timings_path, sizeof(log->timings_path), folder, "timings.jsonl");
    if (!err && log->speaks) err = curve_open(&log->curve, folder->path, plan->first_step);
    TRY(err_agree_all(err, &run->par, "opening the curves"));
    return progress_begin_all(&log->progress, &run->par, run->progress, "steps", plan->total_steps - plan->first_step,
                              "clips", plan->batch);
}

/* Of all ranks. */
static double clips_per_s(const TrainLog *log, int64_t steps, double seconds) {
    return seconds > 0 ? (double)steps * log->plan.batch / seconds : 0;
}

/* A line of timings.jsonl for the steps since the last one. Times are sums over them, on rank 0. */
static Err write_timing(TrainLog *log, int64_t step) {
    double now = clock_wall_s(), seconds = now - log->last_point;
    double rate = clips_per_s(log, step - log->last_point_step, seconds);
    char line[400];
    TRY(text_format(line, sizeof(line),
                    "{\"step\": %lld, \"total\": %lld, \"seconds\": %.3f, \"steps_per_s\": %.4g, \"clips_per_s\": "
                    "%.2f, \"gflops\": %.2f, \"compute_s\": %.3f, "
                    "\"data_s\": %.3f, \"exchange_s\": %.3f, \"update_s\": %.3f}",
                    (long long)step, (long long)log->plan.total_steps, seconds, rate / log->plan.batch, rate,
                    rate * log->plan.flops_per_clip * 1e-9, log->times.compute, log->times.data, log->times.exchange,
                    log->times.update));
    log->last_point = now;
    log->last_point_step = step;
    log->times = (StepTimes){0};
    return file_append_line(log->timings_path, line);
}

/* Every step is counted; a point is written each log_steps steps and at the end. */
CHECKED Err trainlog_step(TrainLog *log, int64_t step, double loss, double lr, double grad_norm, StepTimes times) {
    log->waited += times.data;
    if (!log->speaks) return ERR_NONE;
    log->loss = loss;
    log->times.data += times.data;
    log->times.compute += times.compute;
    log->times.exchange += times.exchange;
    log->times.update += times.update;
    progress_note(log->progress, "loss %.4f", loss);
    progress_add(log->progress, 1);
    if (step % log->plan.log_steps != 0 && step != log->plan.total_steps) return ERR_NONE;
    const CurveValue values[] = {{"loss", loss}, {"lr", lr}, {"grad_norm", grad_norm}};
    TRY(curve_point(log->curve, step, values, 3));
    return write_timing(log, step);
}

/* The mean of plain products on all of this rank's threads at once, FLOP/s a thread. */
static double product_rate(int threads) {
    double sum = 0;
#pragma omp parallel for num_threads(threads) schedule(static, 1) reduction(+ : sum)
    for (int i = 0; i < threads; i++) sum += sgemm_rate();
    return sum / threads;
}

/* ", 72.8 GFLOP/s a thread, 84 % of plain matrix products" */
static void add_rate(Builder *text, const TrainLog *log, double clips, double product) {
    double threads = (double)log->run->par.n_ranks * log->run->par.threads;
    double rate = clips * log->plan.flops_per_clip / threads;
    if (rate <= 0) return;
    builder_add(text, "; model arithmetic %.1f GFLOP/s", rate * threads * 1e-9);
    if (threads > 1) builder_add(text, ", %.1f a thread", rate * 1e-9);
    if (product > 0)
        builder_add(text, ", %.0f %% of plain matrix products (%.1f)", 100 * rate / product, product * 1e-9);
}

/* Of this process, in bytes; Linux counts in kilobytes. */
static int64_t peak_bytes(void) {
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) ? 0 : (int64_t)usage.ru_maxrss * 1024;
}

static void say_what_was_done(const TrainLog *log, int64_t step, double seconds, double waited, double peak,
                              double product) {
    char duration[32], used[32], planned[32];
    double clips = clips_per_s(log, step - log->plan.first_step, seconds);
    Builder text = {0};
    builder_add(&text, "trained to step %lld of %lld in %s: loss %.4f, %.1f clips/s", (long long)step,
                (long long)log->plan.total_steps, text_duration(duration, sizeof(duration), seconds), log->loss, clips);
    add_rate(&text, log, clips, product);
    if (text.data) log_info("%s", text.data);
    builder_free(&text);
    log_info("waited for data %.1f %% of the time; memory of a rank %s at most, %s planned", 100 * waited / seconds,
             text_bytes(used, sizeof(used), peak),
             text_bytes(planned, sizeof(planned), (double)log->plan.planned_bytes));
}

/* The slowest rank's waiting, the largest rank's memory. The yardstick is timed on every rank, each busy with its own,
 * as in training. */
CHECKED Err trainlog_close_all(TrainLog *log, int64_t step) {
    const Par *par = &log->run->par;
    double seconds = clock_wall_s() - log->started;
    progress_end_all(&log->progress);
    double waited = 1e-6 * (double)agree_max_all((int64_t)(1e6 * log->waited), par, "the time spent waiting");
    double peak = (double)agree_max_all(peak_bytes(), par, "memory");
    bool timed = agree_rank0_all(seconds > yardstick_after_s, par, "the length of the run");
    double product = timed && log->plan.flops_per_clip > 0 ? product_rate(par->threads) : 0;
    if (!log->speaks) return ERR_NONE;
    if (step > log->plan.first_step) say_what_was_done(log, step, seconds, waited, peak, product);
    return curve_close(&log->curve);
}
