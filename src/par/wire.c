#include "par/internal/wire.h"

#include "base/system/minmax.h"

#include <string.h>

enum { BLOCK_FLOATS = 1 << 15 }; /* that a thread writes or reads at a time */

struct Wire {
    ReduceShort how;
    Share *spans;
    int64_t *before; /* (n_spans + 1) short elements of the spans before */
    int threads;
};

CHECKED Err wire_new(Wire **out, const ReduceShort *how, int threads) {
    size_t n = (size_t)how->n_spans;
    Wire *wire = *out = calloc(1, sizeof *wire);
    if (!wire) return RAISE(ERR_MEMORY, "gradient exchange: no memory");
    wire->how = *how;
    wire->threads = threads;
    wire->spans = calloc(n + 1, sizeof *wire->spans);
    wire->before = calloc(n + 1, sizeof *wire->before);
    if (!wire->spans || !wire->before) {
        wire_free(out);
        return RAISE(ERR_MEMORY, "gradient exchange: no memory for %zu spans of parameters", n);
    }
    for (size_t k = 0; k < n; k++) {
        ASSERT(how->spans[k].begin <= how->spans[k].end && (k == 0 || how->spans[k - 1].end <= how->spans[k].begin));
        wire->spans[k] = how->spans[k];
        wire->before[k + 1] = wire->before[k] + how->spans[k].end - how->spans[k].begin;
    }
    wire->how.spans = wire->spans;
    return ERR_NONE;
}

void wire_free(Wire **wire) {
    if (!*wire) return;
    free((*wire)->spans);
    free((*wire)->before);
    free(*wire);
    *wire = NULL;
}

/* The first span that ends beyond `index`, or n_spans. */
static int span_at(const Wire *wire, int64_t index) {
    int low = 0, high = wire->how.n_spans;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (wire->spans[middle].end > index)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

int64_t wire_at(const Wire *wire, int64_t index) {
    const int64_t whole = sizeof(float), saved = sizeof(float) - sizeof(uint16_t);
    if (!wire) return index * whole;
    int k = span_at(wire, index);
    int64_t in_span = k < wire->how.n_spans ? index - wire->spans[k].begin : 0;
    return index * whole - (wire->before[k] + (in_span > 0 ? in_span : 0)) * saved;
}

/* A run of elements that travel alike, from `at` on: where it ends, and how. */
static int64_t run_end(const Wire *wire, int64_t at, int64_t end, bool *is_short) {
    int k = span_at(wire, at);
    *is_short = k < wire->how.n_spans && wire->spans[k].begin <= at;
    if (k == wire->how.n_spans) return end;
    return min_int64(end, *is_short ? wire->spans[k].end : wire->spans[k].begin);
}

static void write_block(const Wire *wire, char *bytes, const float *params, Share block) {
    bool is_short;
    for (int64_t at = block.begin, end; at < block.end; at = end) {
        end = run_end(wire, at, block.end, &is_short);
        void *to = bytes + wire_at(wire, at);
        if (is_short)
            wire->how.shorten(to, params + at, (size_t)(end - at));
        else
            memcpy(to, params + at, (size_t)(end - at) * sizeof *params);
    }
}

static void read_block(const Wire *wire, float *params, const char *bytes, Share block) {
    bool is_short;
    for (int64_t at = block.begin, end; at < block.end; at = end) {
        end = run_end(wire, at, block.end, &is_short);
        const void *from = bytes + wire_at(wire, at);
        if (is_short)
            wire->how.lengthen(params + at, from, (size_t)(end - at));
        else
            memcpy(params + at, from, (size_t)(end - at) * sizeof *params);
    }
}

void wire_write(const Wire *wire, char *bytes, const float *params, Share range) {
#pragma omp parallel for num_threads(wire->threads) schedule(static)
    for (int64_t at = range.begin; at < range.end; at += BLOCK_FLOATS)
        write_block(wire, bytes, params, (Share){at, min_int64(at + BLOCK_FLOATS, range.end)});
}

void wire_read(const Wire *wire, float *params, const char *bytes, Share range) {
#pragma omp parallel for num_threads(wire->threads) schedule(static)
    for (int64_t at = range.begin; at < range.end; at += BLOCK_FLOATS)
        read_block(wire, params, bytes, (Share){at, min_int64(at + BLOCK_FLOATS, range.end)});
}
