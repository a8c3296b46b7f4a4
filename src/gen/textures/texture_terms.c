#include "gen/textures/internal/texture_terms.h"

#include <math.h>
#include <stdint.h>

/* Channel o as a term of `target`, into one of its terms there if they are the same. Returns how many there are now. */
static int list_channel(Term *list, int n, const GanLayerSample *layer, int o, float weight) {
    for (int i = 0; i < n && layer->bias[o] == 0; i++)
        if (list[i].sign == layer->sign[o] && list[i].bias == 0) {
            list[i].weight += weight;
            return n;
        }
    list[n] = (Term){layer->sign[o], layer->bias[o], weight};
    return n + 1;
}

void terms_list(Terms *terms, const GanLayerSample *layer, int channels, const float *weights, const int *targets) {
    int n_targets = targets ? WAVELET_COUNT : 1, at = 0;
    for (int k = 0; k < n_targets; k++) {
        int n = 0;
        terms->begin[k] = at;
        for (int o = 0; o < channels; o++)
            if (!targets || targets[o] == k) n = list_channel(terms->list + at, n, layer, o, weights[o] * sqrtf(2));
        at += n;
    }
    terms->begin[n_targets] = at;
}

/* Sixteen pixels, on any machine. */
typedef float Pixels __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t PixelBits __attribute__((vector_size(64), aligned(4), may_alias));
enum { LANES = 16, VECTORS = 4 };

/* `vectors` sums stay in registers while the terms pass by. sign F + noise is one of two values for all terms. */
static inline __attribute__((always_inline)) void add_block(float *sum, const Term *term, const Term *end,
                                                            const float *map, const float *noise, int vectors) {
    Pixels total[VECTORS], base[2][VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) {
        const Pixels *f = (const Pixels *)map + v, *n = (const Pixels *)noise + v;
        base[0][v] = -*f + *n;
        base[1][v] = *f + *n;
        total[v] = ((const Pixels *)sum)[v];
    }
    for (; term < end; term++)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            Pixels value = base[term->sign > 0][v] + term->bias;
            total[v] += term->weight * (Pixels)((PixelBits)value & (value > 0));
        }
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) ((Pixels *)sum)[v] = total[v];
}

void terms_add(float *sum, const Terms *terms, int target, const float *map, const float *noise, int count) {
    const Term *first = terms->list + terms->begin[target], *end = terms->list + terms->begin[target + 1];
    int p = 0;
    for (; p + VECTORS * LANES <= count; p += VECTORS * LANES)
        add_block(sum + p, first, end, map + p, noise + p, VECTORS);
    for (; p < count; p += LANES) add_block(sum + p, first, end, map + p, noise + p, 1);
}
