/* nn/kernels/internal/conv_body - the convolution kernel. See nn/layers/conv.h, and nn/kernels/internal/simd.h for how
 * this file is compiled.
 *
 * A tile is a few output places times two or three vectors of channels, summed in registers. The inputs are read where
 * they are, one pointer a place (Dukhan 2019, "The Indirect Convolution Algorithm"): nothing is gathered into a matrix
 * first, and one kernel serves every window, stride and number of axes. The depth is cut so that a panel's weights stay
 * in the first-level cache while they meet all places of a block; sums wait in the output meanwhile. */
#pragma once

#include "nn/kernels/internal/tiles.h"
#include "nn/kernels/kernels.h"

enum { CONV_DEPTH = 192 };

/* Where a piece [begin, end) of the depth starts. */
typedef struct {
    int begin, end, run, skip;
} ConvPiece;

/* The first n_rows places; weights: a panel's, of the piece. Indices: i place, v vector of channels, r run of the
 * window, k element of a run, d element of the depth. */
INLINE void conv_tile(ConvPlaces at, const float *weights, const float *bias, const ConvJob *job,
                      const ConvPiece *piece, const int n_rows, const int n_vecs) {
    Vec sums[12][3];
#pragma GCC unroll 12
    for (int i = 0; i < n_rows; i++) {
#pragma GCC unroll 3
        for (int v = 0; v < n_vecs; v++)
            sums[i][v] = vec_load((piece->begin ? at.out + at.out_at[i] : bias) + v * LANES);
    }
    /* a piece may begin in the middle of a run (a row of the window): skip elements of it */
    int skip = piece->skip, r = piece->run;
    for (int d = piece->begin; d < piece->end; r++) {
        /* along a run inputs are contiguous, so one pointer a place is enough */
        int length = job->run - skip < piece->end - d ? job->run - skip : piece->end - d;
        const float *rows[12];
#pragma GCC unroll 12
        for (int i = 0; i < n_rows; i++) rows[i] = at.in + job->run_at[r] + skip + at.in_at[i];
        for (size_t k = 0; k < (size_t)length; k++, weights += n_vecs * LANES) {
            Vec w[3];
#pragma GCC unroll 3
            for (int v = 0; v < n_vecs; v++) w[v] = vec_keep(vec_load(weights + v * LANES));
#pragma GCC unroll 12
            for (int i = 0; i < n_rows; i++) {
                Vec x = vec_all(rows[i][k]);
#pragma GCC unroll 3
                for (int v = 0; v < n_vecs; v++) sums[i][v] += x * w[v];
            }
        }
        d += length;
        skip = 0;
    }
    /* only complete sums are rectified */
    bool relu = job->relu && piece->end == job->depth;
#pragma GCC unroll 12
    for (int i = 0; i < n_rows; i++) {
#pragma GCC unroll 3
        for (int v = 0; v < n_vecs; v++)
            vec_store(at.out + at.out_at[i] + v * LANES, relu ? vec_positive(sums[i][v]) : sums[i][v]);
    }
}

/* All places of a block for one panel and one piece of the depth: full tiles first, then ever smaller ones. */
INLINE void conv_panel(ConvPlaces at, const float *weights, const float *bias, const ConvJob *job,
                       const ConvPiece *piece, const int n_vecs) {
#define CONV_TILES_OF(n)                                                                                               \
    for (; (n) <= at.places; at.places -= (n), at.out_at += (n), at.in_at += (n))                                      \
    conv_tile(at, weights, bias, job, piece, (n), n_vecs)
    CONV_TILES_OF(TILE_ROWS(n_vecs));
    CONV_TILES_OF(4);
    CONV_TILES_OF(2);
    CONV_TILES_OF(1);
#undef CONV_TILES_OF
}

/* A block of output places: panel by panel, and of a panel piece by piece of the depth. */
static void conv_places_body(const ConvPlaces *places, const ConvJob *job) {
    const float *panel = job->panels;
    for (int c = 0, slots; c < job->out_slots; c += slots) {
        slots = conv_panel_slots(job->out_slots - c, LANES);
        for (int d = 0; d < job->depth; d += CONV_DEPTH) {
            int end = job->depth - d < CONV_DEPTH ? job->depth : d + CONV_DEPTH;
            /* the first piece starts from the bias, the others from what waits in the output */
            const ConvPiece piece = {d, end, d / job->run, d % job->run};
            const float *w = panel + (size_t)d * (size_t)slots, *bias = job->bias + c;
            ConvPlaces at = *places;
            at.out += c;
            if (slots == 3 * LANES) conv_panel(at, w, bias, job, &piece, 3);
            if (slots == 2 * LANES) conv_panel(at, w, bias, job, &piece, 2);
            if (slots == LANES) conv_panel(at, w, bias, job, &piece, 1);
        }
        panel += (size_t)job->depth * (size_t)slots;
    }
}
