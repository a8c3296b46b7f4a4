/* Philox is a function from (key, counter) to four words. A stream is a key and three fixed words of the counter; the
 * fourth counts blocks. So a stream costs nothing to make, and any of them can be had in any order. */
#include "math/rng.h"

#include <Random123/philox.h>
#include <math.h>

/* Counter words: 0 block number, 1 object, 2 item (low 32 bits), 3 purpose (8 bits) and item (high 24 bits). So two
 * streams share no block unless all four of seed, purpose, item and object agree. */
Rng rng_stream(uint64_t seed, RngPurpose purpose, uint64_t item, uint32_t object) {
    return (Rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, object, (uint32_t)item, ((uint32_t)purpose << 24) | (uint32_t)((item >> 32) & 0xffffff)},
    };
}

static void next_block(Rng *rng) {
    philox4x32_ctr_t counter = {{rng->counter[0], rng->counter[1], rng->counter[2], rng->counter[3]}};
    philox4x32_key_t key = {{rng->key[0], rng->key[1]}};
    philox4x32_ctr_t block = philox4x32(counter, key);
    for (int i = 0; i < 4; i++) rng->words[i] = block.v[i];
    rng->counter[0]++;
    rng->left = 4;
}

uint32_t rng_u32(Rng *rng) {
    if (rng->left == 0) next_block(rng);
    return rng->words[4 - rng->left--];
}

uint64_t rng_u64(Rng *rng) {
    uint64_t low = rng_u32(rng);
    return low | (uint64_t)rng_u32(rng) << 32;
}

float rng_unit(Rng *rng) {
    /* 24 bits: every value is a float, and 1 is never reached */
    return (float)(rng_u32(rng) >> 8) * 0x1p-24f;
}

double rng_unit_double(Rng *rng) {
    return (double)(rng_u64(rng) >> 11) * 0x1p-53;
}

float rng_uniform(Rng *rng, float low, float high) {
    float value = low + (high - low) * rng_unit(rng);
    return value < high ? value : nextafterf(high, low); /* rounding may reach the open end */
}

uint32_t rng_below(Rng *rng, uint32_t count) {
    if (count < 2) return 0;
    /* Lemire's method: the high word of a product, rejecting the few products that would make some results more
     * likely */
    uint64_t product = (uint64_t)rng_u32(rng) * count;
    if ((uint32_t)product < count) {
        uint32_t threshold = -count % count;
        while ((uint32_t)product < threshold) product = (uint64_t)rng_u32(rng) * count;
    }
    return (uint32_t)(product >> 32);
}

int rng_between(Rng *rng, int low, int high) {
    return low + (int)rng_below(rng, (uint32_t)(high - low) + 1);
}

/* Box and Muller; u is never 0 */
float rng_normal(Rng *rng) {
    double u = 1.0 - (double)(rng_u32(rng) >> 8) * 0x1p-24; /* (0, 1] */
    double v = (double)rng_u32(rng) * 0x1p-32;
    return (float)(sqrt(-2 * log(u)) * cos(2 * M_PI * v));
}

float rng_normal_within(Rng *rng, float sigma, float limit) {
    float value;
    do value = sigma * rng_normal(rng);
    while (fabsf(value) > limit);
    return value;
}

/* Marsaglia and Tsang, "A simple method for generating gamma variables", 2000; shapes below 1 by their boost. */
double rng_gamma(Rng *rng, double shape) {
    if (shape < 1) {
        double u = 1.0 - rng_unit_double(rng);
        return rng_gamma(rng, shape + 1) * pow(u, 1 / shape);
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = rng_normal(rng), v = 1 + c * x;
        if (v <= 0) continue;
        v = v * v * v;
        double u = 1.0 - rng_unit_double(rng);
        /* the squeeze step is left out: this is not where time goes */
        if (log(u) < 0.5 * x * x + d - d * v + d * log(v)) return d * v;
    }
}

double rng_beta(Rng *rng, double a, double b) {
    double x = rng_gamma(rng, a), y = rng_gamma(rng, b);
    return x / (x + y);
}

/* Fisher and Yates: from the back, each place exchanged with one not behind it. */
void rng_permutation(Rng *rng, uint32_t *out, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) out[i] = i;
    for (uint32_t i = count; i > 1; i--) {
        uint32_t j = rng_below(rng, i), kept = out[i - 1];
        out[i - 1] = out[j];
        out[j] = kept;
    }
}
