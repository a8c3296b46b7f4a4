/* Weighted votes of the nearest training videos by cosine similarity. Similarities of QUERIES videos with all keys
 * are one product; equal similarities go by the key's number, so the vote does not depend on how keys are cut. */
#include "eval/readout/internal/readout.h"

#include "nn/layers/linear.h"
#include "par/agree.h"
#include "par/share.h"
#include "par/spread.h"

#include <math.h>

enum { QUERIES = 64 }; /* compared with all keys by one product */

/* ---- one vector a video ---- */

CHECKED Err readout_video_means(float **means, const FeatureTable *features) {
    int n_views = features->n_views, D = features->D;
    *means = calloc((size_t)features->n_videos * (size_t)D, sizeof **means);
    if (!*means) return RAISE(ERR_MEMORY, "features: no memory for %lld videos", (long long)features->n_videos);
    for (int64_t video = 0; video < features->n_videos; video++) {
        float *mean = *means + video * D;
        for (int view = 0; view < n_views; view++)
            for (int d = 0; d < D; d++) mean[d] += features->rows[(video * n_views + view) * D + d];
        for (int d = 0; d < D; d++) mean[d] /= (float)n_views;
    }
    return ERR_NONE;
}

static void make_unit(float *row, int D) {
    double squares = 0;
    for (int d = 0; d < D; d++) squares += (double)row[d] * row[d];
    double scale = squares > 0 ? 1 / sqrt(squares) : 0;
    for (int d = 0; d < D; d++) row[d] = (float)(row[d] * scale);
}

/* ---- the vote ---- */

typedef struct {
    float similarity;
    int64_t key;
} Near;

/* Inserts into `nearest`, which holds *count of at most `most` in falling order; of equals the earlier key stays first.
 */
static void insert(Near *nearest, int *count, int most, Near candidate) {
    if (*count == most && candidate.similarity <= nearest[most - 1].similarity) return;
    int at = *count < most ? (*count)++ : most - 1;
    for (; at > 0 && nearest[at - 1].similarity < candidate.similarity; at--) nearest[at] = nearest[at - 1];
    nearest[at] = candidate;
}

static void vote(float *probabilities, const float *similarities, const Neighbors *n, Near *nearest, double *votes) {
    int count = 0;
    double sum = 0;
    for (int64_t key = 0; key < n->n_keys; key++) insert(nearest, &count, n->neighbors, (Near){similarities[key], key});
    memset(votes, 0, (size_t)n->K * sizeof *votes);
    for (int i = 0; i < count; i++) {
        /* relative to the nearest: a small temperature does not overflow */
        double weight = exp((nearest[i].similarity - nearest[0].similarity) / n->temperature);
        votes[n->labels[nearest[i].key]] += weight;
        sum += weight;
    }
    for (int k = 0; k < n->K; k++) probabilities[k] = (float)(votes[k] / sum);
}

CHECKED Err readout_vote(float *probabilities, const float *queries, int64_t n_queries, const Neighbors *n) {
    float *similarities = malloc(QUERIES * (size_t)n->n_keys * sizeof *similarities);
    Near *nearest = malloc((size_t)n->neighbors * sizeof *nearest);
    double *votes = malloc((size_t)n->K * sizeof *votes);
    bool whole = similarities && nearest && votes;
    int n_keys = (int)n->n_keys;
    for (int64_t first = 0; first < n_queries && whole; first += QUERIES) {
        int count = n_queries - first < QUERIES ? (int)(n_queries - first) : QUERIES;
        linear_forward(NULL, (Rows){similarities, n_keys}, (ConstRows){queries + first * n->D, n->D}, n->keys, NULL,
                       (LinearShape){count, n->D, n_keys});
        for (int i = 0; i < count; i++)
            vote(probabilities + (first + i) * n->K, similarities + (size_t)i * (size_t)n_keys, n, nearest, votes);
    }
    free(votes);
    free(nearest);
    free(similarities);
    return whole ? ERR_NONE : RAISE(ERR_MEMORY, "neighbors: no memory for %d videos", n_keys);
}

/* ---- across ranks ---- */

/* One vector a video: the mean over its views, standardized by the training set, of length 1, so that a product is a
 * cosine. */
static Err prepare(float **keys, float **queries, const Readout *readout) {
    const FeatureTable *train = &readout->train, *test = &readout->test;
    Standard standard = {0};
    TRY(readout_video_means(keys, train));
    TRY(readout_video_means(queries, test));
    Err err = standard_fit(&standard, *keys, train->n_videos, train->D);
    if (!err) {
        standard_apply(*keys, &standard, train->n_videos);
        standard_apply(*queries, &standard, test->n_videos);
        for (int64_t i = 0; i < train->n_videos; i++) make_unit(*keys + i * train->D, train->D);
        for (int64_t i = 0; i < test->n_videos; i++) make_unit(*queries + i * train->D, train->D);
    }
    standard_free(&standard);
    return err;
}

/* Blocks of whole products, so that no rounding depends on the number of ranks. */
static Share my_queries(int64_t n_queries, const Par *par) {
    Share blocks = share_block((n_queries + QUERIES - 1) / QUERIES, par->rank, par->n_ranks);
    int64_t begin = blocks.begin * QUERIES, end = blocks.end * QUERIES;
    return (Share){begin < n_queries ? begin : n_queries, end < n_queries ? end : n_queries};
}

/* A block of test videos a rank, all training videos each. */
static Err vote_all(float **probabilities, const float *queries, int64_t n_queries, const Neighbors *neighbors,
                    const Par *par) {
    Share mine = my_queries(n_queries, par);
    size_t count = (size_t)(mine.end - mine.begin) * (size_t)neighbors->K, bytes;
    float *part = malloc(count * sizeof *part + 1);
    Err err = part ? readout_vote(part, queries + mine.begin * neighbors->D, mine.end - mine.begin, neighbors)
                   : RAISE(ERR_MEMORY, "neighbors: no memory for %lld videos", (long long)n_queries);
    err = err_agree_all(err, par, "comparing with the nearest videos");
    if (!err) err = gather_bytes_all((void **)probabilities, &bytes, part, count * sizeof *part, par);
    free(part);
    return err;
}

/* Nothing is learned: the training videos are the classifier. */
Err readout_knn_all(Readout *readout) {
    const ClassificationTask *t = &readout->c->task;
    const ReadoutConfig *config = &t->config->readout;
    float *keys = NULL, *queries = NULL, *probabilities = NULL;
    Err err = err_agree_all(prepare(&keys, &queries, readout), &t->run->par, "preparing the nearest videos");
    Neighbors neighbors = {.keys = keys,
                           .labels = readout->train.labels,
                           .n_keys = readout->train.n_videos,
                           .D = readout->train.D,
                           .K = t->train->n_classes,
                           .neighbors = config->neighbors,
                           .temperature = config->temperature};
    if (!err) err = vote_all(&probabilities, queries, readout->test.n_videos, &neighbors, &t->run->par);
    if (!err) err = classification_conclude_all(readout->c, probabilities, readout->test.labels, NULL, NULL);
    free(probabilities);
    free(queries);
    free(keys);
    return err;
}
