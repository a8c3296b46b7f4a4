#include "train/internal/owned.h"

#include "base/system/minmax.h"

enum {
    UPDATE_FLOATS = 1 << 16, /* of a slice that a thread updates at a time */
    UNITS_AT_ONCE = 8        /* whose squares are added up side by side */
};

/* A piece of a slice. */
struct OwnedBlock {
    int64_t begin, end, moment; /* moment: of its first element, in m and v */
};

/* ---- memory ---- */

static int64_t cut(OwnedBlock *blocks, const Owned *owned, int64_t floats) {
    int64_t n = 0, moment = 0;
    for (int s = 0; s < owned->n_slices; s++)
        for (int64_t at = owned->slices[s].begin, end; at < owned->slices[s].end; at = end, n++) {
            end = min_int64(at + floats, owned->slices[s].end);
            if (blocks) blocks[n] = (OwnedBlock){at, end, moment};
            moment += end - at;
        }
    return n;
}

static Err cut_blocks(OwnedBlock **blocks, int64_t *n, const Owned *owned, int64_t floats) {
    *n = cut(NULL, owned, floats);
    *blocks = calloc((size_t)*n + 1, sizeof **blocks);
    if (!*blocks) return RAISE(ERR_MEMORY, "training: no memory for %lld pieces of the parameters", (long long)*n);
    cut(*blocks, owned, floats);
    return ERR_NONE;
}

static Err take_moments(Owned *owned) {
    size_t floats = 0;
    for (int s = 0; s < owned->n_slices; s++) floats += (size_t)(owned->slices[s].end - owned->slices[s].begin);
    TRY(arena_alloc(&owned->moments, 2 * floats * sizeof(float) + 1024, "optimizer state"));
    owned->m = arena_floats(&owned->moments, floats);
    owned->v = arena_floats(&owned->moments, floats);
    return ERR_NONE;
}

CHECKED Err owned_new(Owned *owned, Reduce *reduce, const ParamTable *table, int threads) {
    int64_t group = UNITS_AT_ONCE * (int64_t)reduce_unit(table->total);
    *owned = (Owned){.reduce = reduce, .table = table, .threads = threads};
    owned->slices = reduce_slices(reduce, &owned->n_slices);
    TRY(take_moments(owned));
    TRY(cut_blocks(&owned->updates, &owned->n_updates, owned, UPDATE_FLOATS));
    TRY(cut_blocks(&owned->squares, &owned->n_squares, owned, group));
    owned->tensors = calloc((size_t)table->n_rows, sizeof *owned->tensors);
    owned->checkpoint = calloc((size_t)owned->n_slices, sizeof *owned->checkpoint);
    if (!owned->tensors || !owned->checkpoint) return RAISE(ERR_MEMORY, "training: no memory for the list of tensors");
    return ERR_NONE;
}

void owned_free(Owned *owned) {
    arena_free(&owned->moments);
    free(owned->updates);
    free(owned->squares);
    free(owned->tensors);
    free(owned->checkpoint);
    *owned = (Owned){0};
}

CheckpointSlice *owned_checkpoint(Owned *owned) {
    float *params = reduce_params(owned->reduce), *m = owned->m, *v = owned->v;
    params_tensors(owned->tensors, owned->table, params);
    for (int s = 0; s < owned->n_slices; s++) {
        int64_t begin = owned->slices[s].begin, end = owned->slices[s].end;
        owned->checkpoint[s] = (CheckpointSlice){.tensors = owned->tensors,
                                                 .n_tensors = owned->table->n_rows,
                                                 .begin = begin,
                                                 .end = end,
                                                 .params = params + begin,
                                                 .m = m,
                                                 .v = v,
                                                 .next = s + 1 < owned->n_slices ? &owned->checkpoint[s + 1] : NULL};
        m += end - begin;
        v += end - begin;
    }
    return owned->checkpoint;
}

/* ---- a step ---- */

void owned_start(const Owned *owned, const float *whole) {
    float *params = reduce_params(owned->reduce);
    for (int s = 0; s < owned->n_slices; s++) {
        int64_t begin = owned->slices[s].begin;
        memcpy(params + begin, whole + begin, (size_t)(owned->slices[s].end - begin) * sizeof *params);
    }
}

/* Squares of `n` units of `unit` floats side by side: each is one chain of additions in order, which alone would wait
 * for every sum. */
static void square_group(double *sums, const float *grads, size_t unit, int n) {
    double sum[UNITS_AT_ONCE] = {0};
    if (n == UNITS_AT_ONCE) {
        for (size_t i = 0; i < unit; i++)
            for (int k = 0; k < UNITS_AT_ONCE; k++) {
                double grad = grads[(size_t)k * unit + i];
                sum[k] += grad * grad;
            }
    } else {
        for (int k = 0; k < n; k++)
            for (size_t i = 0; i < unit; i++)
                sum[k] += (double)grads[(size_t)k * unit + i] * grads[(size_t)k * unit + i];
    }
    memcpy(sums, sum, (size_t)n * sizeof *sums);
}

void owned_squares(const Owned *owned, double *sums) {
    const float *grads = reduce_grads(owned->reduce);
    int64_t unit = (int64_t)reduce_unit(owned->table->total);
#pragma omp parallel for num_threads(owned->threads) schedule(static)
    for (int64_t i = 0; i < owned->n_squares; i++) {
        int64_t begin = owned->squares[i].begin, end = owned->squares[i].end;
        int whole = (int)((end - begin) / unit);
        int64_t rest = begin + whole * unit; /* the vector's last unit may be short */
        square_group(sums + begin / unit, grads + begin, (size_t)unit, whole);
        if (rest < end) square_group(sums + rest / unit, grads + rest, (size_t)(end - rest), 1);
    }
}

void owned_update(const Owned *owned, const AdamwConfig *adamw, double lr, const float *lr_scale, int64_t step) {
    float *params = reduce_params(owned->reduce), *grads = reduce_grads(owned->reduce);
#pragma omp parallel for num_threads(owned->threads) schedule(static)
    for (int64_t i = 0; i < owned->n_updates; i++) {
        const OwnedBlock *b = &owned->updates[i];
        adamw_update(&(AdamwSlice){params + b->begin, owned->m + b->moment, owned->v + b->moment, grads + b->begin,
                                   (size_t)b->begin, (size_t)b->end},
                     owned->table, &(AdamwStep){adamw, lr, lr_scale, step});
    }
}
