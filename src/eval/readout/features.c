/* Features of a frozen encoder: kept in a file that is named by all that determines them, so that a file that is there
 * is the right one; and what is done to them before a head sees them. */
#include "eval/readout/internal/readout.h"

#include "base/config/config.h"
#include "base/system/file.h"
#include "base/system/log.h"
#include "eval/clips/views.h"
#include "par/agree.h"

#include <math.h>

static const double norm_eps = 1e-6;

/* ---- kept features ---- */

/* Of everything that determines them. */
static Err compute_digest(char out[DIGEST_SIZE], const FeatureRequest *request) {
    const ViewPlan *views = &request->forward.views;
    const int32_t numbers[] = {views->frame_stride, views->n_clips, views->n_crops, request->forward.token_grid};
    char model[DIGEST_SIZE];
    Digest *digest = NULL;
    TRY(config_digest(model, views->model, model_fields));
    TRY(digest_new(&digest));
    digest_add_text(digest, views->source->digest);
    digest_add_text(digest, request->weights);
    digest_add_text(digest, model);
    digest_add(digest, numbers, sizeof numbers);
    digest_hex(digest, out);
    digest_free(&digest);
    return ERR_NONE;
}

/* A forward pass over every view of every video, shared among ranks and threads. */
static Err compute_all(FeatureTable *features, const FeatureRequest *request, const Run *run) {
    const ViewPlan *views = &request->forward.views;
    *features = (FeatureTable){.n_videos = views->source->count,
                               .n_views = view_count(views),
                               .n_tokens = tokens_count(views->model, request->forward.token_grid),
                               .D = views->model->width};
    return forward_features_all(&features->rows, &features->labels, &request->forward, run);
}

/* Whole or not at all, as every file. */
static Err keep(const FeatureTable *features, const char *path, const char *digest) {
    char bytes[32];
    TRY(featurecache_write(features, path, digest));
    log_info("features kept for the next read-out of this encoder: %s (%s)", path,
             text_bytes(bytes, sizeof bytes, (double)file_size(path)));
    return ERR_NONE;
}

/* What is computed of them is kept at once, beside the file that will hold all of them. */
static Err compute_and_keep_all(FeatureTable *features, const FeatureRequest *request, const Run *run, const char *path,
                                const char *folder, const char *digest) {
    const Par *par = &run->par;
    FeatureRequest kept = *request;
    kept.forward.stoppable = true;
    Err err = err_agree_all(journal_open(&kept.forward.journal, folder, digest, par), par, request->forward.what);
    if (!err) err = compute_all(features, &kept, run);
    if (!err) err = err_agree_all(par->rank == 0 ? keep(features, path, digest) : ERR_NONE, par, "keeping features");
    if (!err) err = journal_remove_all(&kept.forward.journal, par);
    journal_close(&kept.forward.journal);
    return err;
}

/* Kept ones if there are; otherwise computed, journaled video by video, and kept. Rank 0's look decides for all. */
CHECKED Err features_get_all(FeatureTable *features, const FeatureRequest *request, const Run *run) {
    char digest[DIGEST_SIZE], path[PATH_SIZE], journal[PATH_SIZE];
    const Par *par = &run->par;
    *features = (FeatureTable){0};
    if (!request->folder[0]) return compute_all(features, request, run);
    Err err = compute_digest(digest, request);
    if (!err) err = featurecache_path(path, sizeof path, request->folder, digest);
    if (!err) err = text_format(journal, sizeof journal, "%s.journal", path);
    TRY(err_agree_all(err, par, request->forward.what));
    if (agree_rank0_all(par->rank == 0 && file_exists(path), par, request->forward.what)) {
        log_info("%s: features of an earlier read-out, %s", request->forward.what, path);
        TRY(journal_clear_all(journal, par));
        return err_agree_all(featurecache_read(features, path, digest), par, "reading features");
    }
    return compute_and_keep_all(features, request, run, path, journal, digest);
}

/* ---- normalization ---- */

static void normalize_row(float *row, int D) {
    double mean = 0, variance = 0;
    for (int d = 0; d < D; d++) mean += row[d];
    mean /= D;
    for (int d = 0; d < D; d++) variance += (row[d] - mean) * (row[d] - mean);
    double scale = 1 / sqrt(variance / D + norm_eps);
    for (int d = 0; d < D; d++) row[d] = (float)((row[d] - mean) * scale);
}

void features_normalize(FeatureTable *features) {
    size_t n_rows = feature_table_floats(features) / (size_t)features->D;
    for (size_t i = 0; i < n_rows; i++) normalize_row(features->rows + i * (size_t)features->D, features->D);
}

/* Two passes a dimension, in double. */
CHECKED Err standard_fit(Standard *standard, const float *rows, int64_t n, int D) {
    *standard = (Standard){D, malloc((size_t)D * sizeof(float)), malloc((size_t)D * sizeof(float))};
    if (!standard->mean || !standard->scale) return RAISE(ERR_MEMORY, "features: no memory for %d dimensions", D);
    for (int d = 0; d < D; d++) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < n; i++) sum += rows[i * D + d];
        double mean = sum / (double)n;
        for (int64_t i = 0; i < n; i++) {
            double deviation = rows[i * D + d] - mean;
            squares += deviation * deviation;
        }
        standard->mean[d] = (float)mean;
        standard->scale[d] = (float)(1 / sqrt(squares / (double)n + norm_eps));
    }
    return ERR_NONE;
}

void standard_apply(float *rows, const Standard *standard, int64_t n) {
    int D = standard->D;
    for (int64_t i = 0; i < n; i++)
        for (int d = 0; d < D; d++) rows[i * D + d] = (rows[i * D + d] - standard->mean[d]) * standard->scale[d];
}

void standard_free(Standard *standard) {
    free(standard->mean);
    free(standard->scale);
    *standard = (Standard){0};
}
