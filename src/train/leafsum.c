#include "train/internal/leafsum.h"

#include "base/failure/shared_err.h"
#include "base/system/arena.h"

#include <omp.h>

enum { LEVELS_MAX = 64 };

typedef struct {
    Share leaves;
    float *sum;
} Block;

typedef struct {
    float *out;
    Block *blocks;
    int n_blocks;
} Piece;

struct LeafSum {
    size_t total;
    int threads;
    int64_t block_width;
    int n_pieces, n_blocks;
    Piece *pieces;
    Block *blocks;   /* of all pieces, in order */
    int workers;     /* threads that have blocks */
    int levels;      /* buffers a worker, for the levels below a block's sum */
    float **buffers; /* (workers, levels) */
    Arena arena;
};

/* What one call shares between threads. */
typedef struct {
    LeafSum *sum;
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

static int64_t count_blocks(const Share *piece, int64_t width) {
    return (piece->end - piece->begin + width - 1) / width;
}

static void plan(LeafSum *sum, size_t total, const Share *pieces, int n_pieces, int threads) {
    int64_t count = 0, widest = 1, n_blocks = 0;
    for (int k = 0; k < n_pieces; k++) {
        int64_t leaves = pieces[k].end - pieces[k].begin;
        count += leaves;
        if (leaves > widest) widest = leaves;
    }
    int64_t width = next_power_of_two(count), turns = next_power_of_two(threads);
    sum->total = total;
    sum->threads = threads;
    sum->n_pieces = n_pieces;
    sum->block_width = width / (turns < width ? turns : width);
    for (int k = 0; k < n_pieces; k++) n_blocks += count_blocks(&pieces[k], sum->block_width);
    sum->n_blocks = (int)n_blocks;
    sum->workers = sum->n_blocks < threads ? sum->n_blocks : threads;
    sum->levels = 0;
    if (widest > sum->block_width) widest = sum->block_width;
    for (int64_t w = 1; w < widest; w *= 2) sum->levels++;
}

/* The first block of a piece is summed where the piece is wanted. */
static size_t buffer_bytes(const LeafSum *sum, const Share *pieces) {
    size_t floats = (sum->total + 15) / 16 * 16, vectors = (size_t)sum->workers * (size_t)sum->levels;
    for (int k = 0; k < sum->n_pieces; k++)
        if (pieces[k].end > pieces[k].begin) vectors += (size_t)count_blocks(&pieces[k], sum->block_width) - 1;
    return vectors * floats * sizeof(float);
}

size_t leafsum_bytes(size_t total, const Share *pieces, int n_pieces, int threads) {
    LeafSum sum;
    plan(&sum, total, pieces, n_pieces, threads);
    return buffer_bytes(&sum, pieces);
}

static void cut_piece(LeafSum *sum, Piece *piece, Share leaves, Block *blocks, float *out) {
    *piece = (Piece){.out = out, .blocks = blocks};
    for (int64_t begin = leaves.begin; begin < leaves.end; begin += sum->block_width) {
        int64_t end = begin + sum->block_width < leaves.end ? begin + sum->block_width : leaves.end;
        float *at = piece->n_blocks ? arena_floats(&sum->arena, sum->total) : out;
        blocks[piece->n_blocks++] = (Block){.leaves = {begin, end}, .sum = at};
    }
}

CHECKED Err leafsum_new(LeafSum **out, size_t total, const Share *pieces, int n_pieces, int threads,
                        float *const *outs) {
    Err err = ERR_NONE;
    LeafSum *sum = calloc(1, sizeof(*sum));
    if (!sum) return RAISE(ERR_MEMORY, "gradient buffers: no memory");
    plan(sum, total, pieces, n_pieces, threads);
    int n = sum->workers * sum->levels;
    sum->pieces = calloc((size_t)n_pieces + 1, sizeof(*sum->pieces));
    sum->blocks = calloc((size_t)sum->n_blocks + 1, sizeof(*sum->blocks));
    sum->buffers = calloc((size_t)n + 1, sizeof(*sum->buffers));
    if (!sum->pieces || !sum->blocks || !sum->buffers) TRY_OR(failed, RAISE(ERR_MEMORY, "gradient buffers: no memory"));
    size_t bytes = buffer_bytes(sum, pieces);
    if (bytes) TRY_OR(failed, arena_alloc(&sum->arena, bytes, "gradient buffers"));
    Block *next = sum->blocks;
    for (int k = 0; k < n_pieces; k++) {
        cut_piece(sum, &sum->pieces[k], pieces[k], next, outs[k]);
        next += sum->pieces[k].n_blocks;
    }
    for (int i = 0; i < n; i++) sum->buffers[i] = arena_floats(&sum->arena, total);
    *out = sum;
    return ERR_NONE;
failed:
    leafsum_free(&sum);
    return err;
}

void leafsum_free(LeafSum **sum) {
    if (!*sum) return;
    arena_free(&(*sum)->arena);
    free((*sum)->pieces);
    free((*sum)->blocks);
    free((*sum)->buffers);
    free(*sum);
    *sum = NULL;
}

/* As many blocks at a time as there are threads, each worked through from its first leaf. */
void leafsum_order(const LeafSum *sum, int64_t *order) {
    for (int first = 0; first < sum->n_blocks; first += sum->threads) {
        int end = first + sum->threads < sum->n_blocks ? first + sum->threads : sum->n_blocks;
        for (int64_t i = 0; i < sum->block_width; i++)
            for (int b = first; b < end; b++)
                if (sum->blocks[b].leaves.begin + i < sum->blocks[b].leaves.end)
                    *order++ = sum->blocks[b].leaves.begin + i;
    }
}

static void run_leaf(Round *round, int64_t leaf, float *grads) {
    if (shared_err_failed(&round->failure)) return;
    double *loss = &round->losses[leaf - round->sum->blocks[0].leaves.begin];
    memset(grads, 0, round->sum->total * sizeof(float));
    *loss = 0;
    shared_err_note(&round->failure, round->function(round->state, omp_get_thread_num(), leaf, grads, loss), leaf);
}

/* buffers[0] = sum of the leaves of first..first+width-1 before `end`, of which there is at least one. */
static void sum_subtree(Round *round, int64_t first, int64_t width, int64_t end, float **buffers) {
    if (width == 1) {
        run_leaf(round, first, buffers[0]);
        return;
    }
    int64_t half = width / 2;
    sum_subtree(round, first, half, end, buffers);
    if (first + half >= end) return;
    sum_subtree(round, first + half, half, end, buffers + 1);
    float *restrict low = buffers[0];
    const float *restrict high = buffers[1];
    for (size_t i = 0; i < round->sum->total; i++) low[i] += high[i];
}

static void sum_block(Round *round, const Block *block) {
    const LeafSum *sum = round->sum;
    float *buffers[LEVELS_MAX] = {block->sum};
    float **mine = sum->buffers + (size_t)omp_get_thread_num() * (size_t)sum->levels;
    for (int level = 0; level < sum->levels; level++) buffers[level + 1] = mine[level];
    Share leaves = block->leaves;
    sum_subtree(round, leaves.begin, next_power_of_two(leaves.end - leaves.begin), leaves.end, buffers);
}

/* Sums the blocks of a piece into the first, threads sharing the elements. */
static void combine_blocks(const LeafSum *sum, const Piece *piece) {
    for (int stride = 1; stride < piece->n_blocks; stride *= 2)
        for (int block = 0; block + stride < piece->n_blocks; block += 2 * stride) {
            float *restrict low = piece->blocks[block].sum;
            const float *restrict high = piece->blocks[block + stride].sum;
#pragma omp parallel for num_threads(sum->threads) schedule(static)
            for (size_t i = 0; i < sum->total; i++) low[i] += high[i];
        }
}

CHECKED Err leafsum_run(LeafSum *sum, LeafFunction function, void *state, double *losses) {
    Round round = {.sum = sum, .function = function, .state = state, .losses = losses, .failure = SHARED_ERR_INIT};
#pragma omp parallel for num_threads(sum->workers > 0 ? sum->workers : 1) schedule(dynamic, 1)
    for (int block = 0; block < sum->n_blocks; block++) sum_block(&round, &sum->blocks[block]);
    TRY(shared_err_adopt(&round.failure));
    for (int k = 0; k < sum->n_pieces; k++) {
        combine_blocks(sum, &sum->pieces[k]);
        for (size_t i = 0; !sum->pieces[k].n_blocks && i < sum->total; i++) sum->pieces[k].out[i] = -0.0f;
    }
    return ERR_NONE;
}
