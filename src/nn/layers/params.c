/* The table of parameters, and their first values. Each chunk of INIT_CHUNK elements of a row has a stream of its own,
 * named by row and chunk, so that threads draw them in any order. */
#include "nn/layers/params.h"

#include "base/text/text.h"
#include "math/rng.h"

#include <math.h>

enum { INIT_CHUNK = 1 << 16 }; /* elements a random stream covers, so that threads can share a tensor */

static Err params_grow(ParamTable *table) {
    /* doubling at powers of two needs no capacity field */
    int n = table->n_rows;
    if (n != 0 && (n & (n - 1)) != 0) return ERR_NONE;
    Param *rows = realloc(table->rows, (n ? 2 * (size_t)n : 1) * sizeof(Param));
    if (!rows) return RAISE(ERR_MEMORY, "table of parameters: no memory for %d rows", n + 1);
    table->rows = rows;
    return ERR_NONE;
}

/* Rows follow one another in the flat vector without gaps: offset = the total so far. */
Err params_add(ParamTable *table, size_t *offset, const ParamRow *new) {
    ASSERT(new->n_dims >= 1 && new->n_dims <= TENSOR_DIMS);
    TRY(params_grow(table));
    Param *row = &table->rows[table->n_rows];
    *row = (Param){.n_dims = new->n_dims,
                   .offset = table->total,
                   .count = 1,
                   .decays = new->decays,
                   .layer = new->layer,
                   .init = new->init,
                   .fan_in = new->fan_in,
                   .fan_out = new->fan_out};
    TRY(text_copy(row->name, sizeof row->name, new->name));
    for (int i = 0; i < new->n_dims; i++) {
        row->dims[i] = new->dims[i];
        row->count *= (size_t) new->dims[i];
    }
    if (offset) *offset = row->offset;
    table->total += row->count;
    table->n_rows++;
    return ERR_NONE;
}

/* A few hundred rows, looked up when checkpoints are read. */
const Param *params_find(const ParamTable *table, const char *name) {
    for (int i = 0; i < table->n_rows; i++) {
        if (strcmp(table->rows[i].name, name) == 0) return &table->rows[i];
    }
    return NULL;
}

/* Half the width of a symmetric uniform distribution. */
static float uniform_limit(const Param *row) {
    if (row->init == INIT_XAVIER) return (float)sqrt(6.0 / ((double)row->fan_in + row->fan_out));
    return (float)(1.0 / sqrt((double)row->fan_in));
}

/* The distributions of the official code; see ParamInit. */
static void params_fill_chunk(float *out, size_t count, const Param *row, Rng *rng, float head_scale) {
    float limit = 0;
    switch (row->init) {
    case INIT_ZERO: memset(out, 0, count * sizeof(float)); break;
    case INIT_ONE:
        for (size_t i = 0; i < count; i++) out[i] = 1;
        break;
    case INIT_XAVIER:
    case INIT_FRAMEWORK:
        limit = uniform_limit(row);
        for (size_t i = 0; i < count; i++) out[i] = rng_uniform(rng, -limit, limit);
        break;
    case INIT_NORMAL_02:
        for (size_t i = 0; i < count; i++) out[i] = 0.02f * rng_normal(rng);
        break;
    case INIT_TRUNC_02_1SD:
        for (size_t i = 0; i < count; i++) out[i] = rng_normal_within(rng, 0.02f, 0.02f);
        break;
    case INIT_HEAD:
        for (size_t i = 0; i < count; i++) out[i] = head_scale * 0.02f * rng_normal(rng);
        break;
    }
}

/* By row and chunk, so the values depend on neither threads nor the order of rows in memory. */
void params_init(float *flat, const ParamTable *table, uint64_t seed, float head_scale) {
    for (int r = 0; r < table->n_rows; r++) {
        const Param *row = &table->rows[r];
        int64_t n_chunks = (int64_t)((row->count + INIT_CHUNK - 1) / INIT_CHUNK);
#pragma omp parallel for schedule(static) if (n_chunks > 1)
        for (int64_t c = 0; c < n_chunks; c++) {
            size_t begin = (size_t)c * INIT_CHUNK;
            size_t count = row->count - begin < INIT_CHUNK ? row->count - begin : INIT_CHUNK;
            Rng rng = rng_stream(seed, RNG_WEIGHTS, (uint64_t)r, (uint32_t)c);
            params_fill_chunk(flat + row->offset + begin, count, row, &rng, head_scale);
        }
    }
}

/* Views, not copies: who reads a checkpoint through them writes into the flat vector. */
void params_tensors(Tensor *tensors, const ParamTable *table, float *flat) {
    for (int r = 0; r < table->n_rows; r++) {
        const Param *row = &table->rows[r];
        Tensor *tensor = &tensors[r];
        memcpy(tensor->name, row->name, sizeof tensor->name);
        tensor->n_dims = row->n_dims;
        memcpy(tensor->dims, row->dims, sizeof tensor->dims);
        tensor->data = flat + row->offset;
    }
}

void params_free(ParamTable *table) {
    free(table->rows);
    *table = (ParamTable){0};
}
