#include "train/internal/leafsum.h"

#include "base/failure/shared_err.h"
#include "base/system/arena.h"

#include <omp.h>

struct LeafSum {
    size_t total;
    int threads, n_blocks, levels; /* sub-blocks; buffers a sub-block */
    int64_t block_width;
    float **buffers; /* (n_blocks, levels); [0][0] is the caller's `out` */
    Arena arena;
};

/* What one call shares between threads. */
typedef struct {
    LeafSum *sum;
    Share leaves;
    LeafFunction function;
    void *state;
    double *losses;
    SharedErr failure;
} Round;

static int64_t next_power_of_two(int64_t n) {
    int64_t power = 1;
    while (power < n) power *= 2;
    return power;
}

static void plan(LeafSum *sum, size_t total, int64_t width, int threads) {
    width = next_power_of_two(width);
    int64_t blocks = next_power_of_two(threads);
    sum->total = total;
    sum->threads = threads;
    sum->n_blocks = (int)(blocks < width ? blocks : width);
    sum->block_width = width / sum->n_blocks;
    sum->levels = 1;
    for (int64_t w = sum->block_width; w > 1; w /= 2) sum->levels++;
}

static size_t buffer_bytes(const LeafSum *sum) {
    size_t floats = (sum->total + 15) / 16 * 16;
    return ((size_t)sum->n_blocks * (size_t)sum->levels - 1) * floats * sizeof(float);
}

size_t leafsum_bytes(size_t total, int64_t width, int threads) {
    LeafSum sum;
    plan(&sum, total, width, threads);
    return buffer_bytes(&sum);
}

CHECKED Err leafsum_new(LeafSum **out, size_t total, int64_t width, int threads, float *out_vector) {
    Err err = ERR_NONE;
    LeafSum *sum = calloc(1, sizeof(*sum));
    if (!sum) return RAISE(ERR_MEMORY, "gradient buffers: no memory");
    plan(sum, total, width, threads);
    size_t n = (size_t)sum->n_blocks * (size_t)sum->levels;
    sum->buffers = calloc(n, sizeof(*sum->buffers));
    if (!sum->buffers) TRY_OR(failed, RAISE(ERR_MEMORY, "gradient buffers: no memory"));
    if (n > 1) TRY_OR(failed, arena_alloc(&sum->arena, buffer_bytes(sum), "gradient buffers"));
    sum->buffers[0] = out_vector;
    for (size_t i = 1; i < n; i++) sum->buffers[i] = arena_floats(&sum->arena, total);
    *out = sum;
    return ERR_NONE;
failed:
    leafsum_free(&sum);
    return err;
}

void leafsum_free(LeafSum **sum) {
    if (!*sum) return;
    arena_free(&(*sum)->arena);
    free((*sum)->buffers);
    free(*sum);
    *sum = NULL;
}

/* `threads` sub-blocks at a time, each worked through from its first leaf. */
void leafsum_order(const LeafSum *sum, Share leaves, int64_t *order) {
    int64_t turn = sum->threads * sum->block_width;
    for (int64_t first = leaves.begin; first < leaves.end; first += turn)
        for (int64_t i = 0; i < sum->block_width; i++)
            for (int64_t leaf = first + i; leaf < first + turn; leaf += sum->block_width)
                if (leaf < leaves.end) *order++ = leaf;
}

static void run_leaf(Round *round, int64_t leaf, float *grads) {
    if (shared_err_failed(&round->failure)) return;
    double *loss = &round->losses[leaf - round->leaves.begin];
    memset(grads, 0, round->sum->total * sizeof(float));
    *loss = 0;
    shared_err_note(&round->failure, round->function(round->state, omp_get_thread_num(), leaf, grads, loss), leaf);
}

/* buffers[0] = sum of the existing leaves of first..first+width-1, of which there is at least one. */
static void sum_subtree(Round *round, int64_t first, int64_t width, float **buffers) {
    if (width == 1) {
        run_leaf(round, first, buffers[0]);
        return;
    }
    int64_t half = width / 2;
    sum_subtree(round, first, half, buffers);
    if (first + half >= round->leaves.end) return;
    sum_subtree(round, first + half, half, buffers + 1);
    float *restrict low = buffers[0];
    const float *restrict high = buffers[1];
    for (size_t i = 0; i < round->sum->total; i++) low[i] += high[i];
}

/* Sums the first `n` sub-blocks into buffer 0, threads sharing the elements. */
static void combine_blocks(LeafSum *sum, int n) {
    for (int stride = 1; stride < n; stride *= 2)
        for (int block = 0; block + stride < n; block += 2 * stride) {
            float *restrict low = sum->buffers[(size_t)block * (size_t)sum->levels];
            const float *restrict high = sum->buffers[(size_t)(block + stride) * (size_t)sum->levels];
#pragma omp parallel for num_threads(sum->threads) schedule(static)
            for (size_t i = 0; i < sum->total; i++) low[i] += high[i];
        }
}

CHECKED Err leafsum_run(LeafSum *sum, Share leaves, LeafFunction function, void *state, double *losses) {
    Round round = {.sum = sum,
                   .leaves = leaves,
                   .function = function,
                   .state = state,
                   .losses = losses,
                   .failure = SHARED_ERR_INIT};
    int64_t count = leaves.end - leaves.begin;
    int n_blocks = (int)((count + sum->block_width - 1) / sum->block_width);
    ASSERT(n_blocks <= sum->n_blocks);
    if (!count) {
        for (size_t i = 0; i < sum->total; i++) sum->buffers[0][i] = -0.0f;
        return ERR_NONE;
    }
#pragma omp parallel for num_threads(sum->threads) schedule(dynamic, 1)
    for (int block = 0; block < n_blocks; block++)
        sum_subtree(&round, leaves.begin + block * sum->block_width, sum->block_width,
                    &sum->buffers[(size_t)block * (size_t)sum->levels]);
    TRY(shared_err_adopt(&round.failure));
    combine_blocks(sum, n_blocks);
    return ERR_NONE;
}
