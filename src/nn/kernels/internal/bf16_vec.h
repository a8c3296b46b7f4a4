/* nn/kernels/internal/bf16_vec - vectors of bfloat16 numbers and the step of a product, for the kernel bodies of mixed
 * precision. See nn/kernels/bf16.h for the numbers and the definition `pair`, nn/kernels/internal/simd.h for how this
 * file is compiled.
 *
 * BF16_INSTRUCTIONS: the set has vdpbf16ps and vcvtneps2bf16. Elsewhere both are computed to the same bits: rounding
 * with integers, a step as two float multiply-adds whose operands are the halves of the words, while the processor is
 * told to flush denormal numbers (pair_begin, pair_end); the base set takes the plain function. */
#pragma once

#include "nn/kernels/bf16.h"
#include "nn/kernels/internal/simd.h"

#ifndef BF16_INSTRUCTIONS
#define BF16_INSTRUCTIONS 0
#endif

typedef uint16_t VecHalves __attribute__((vector_size(2 * LANES), may_alias));
typedef uint16_t VecHalvesAnywhere __attribute__((vector_size(2 * LANES), aligned(2), may_alias));
typedef uint32_t VecWordsAnywhere __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

INLINE VecWords words_load(const uint32_t *from) {
    return *(const VecWordsAnywhere *)from;
}
INLINE void words_store(uint32_t *to, VecWords x) {
    *(VecWordsAnywhere *)to = x;
}
/* Whole lines that nobody reads soon: past the caches, where the set can. */
INLINE void words_stream(uint32_t *to, VecWords x) {
#if LANES == 16
    _mm512_stream_si512((void *)to, (__m512i)x);
#else
    words_store(to, x);
#endif
}
INLINE VecHalves halves_load(const Bf16 *from) {
    return *(const VecHalvesAnywhere *)from;
}
INLINE void halves_store(Bf16 *to, VecHalves x) {
    *(VecHalvesAnywhere *)to = x;
}
INLINE Vec halves_floats(VecHalves x) {
    return (Vec)(__builtin_convertvector(x, VecWords) << 16);
}

/* The nearest bfloat16 of each lane, as bf16_round. */
INLINE VecHalves halves_round(Vec x) {
#if BF16_INSTRUCTIONS
    return (VecHalves)_mm512_cvtneps_pbh((__m512)x);
#else
    VecWords bits = (VecWords)x, size = bits & 0x7fffffffu;
    VecWords nearest = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    VecWords nan = (VecWords)(size > 0x7f800000u), small = (VecWords)(size < 0x00800000u);
    VecWords word = (nan & (bits >> 16 | 0x40u)) | (small & (bits >> 16 & 0x8000u)) | (~(nan | small) & nearest);
    return __builtin_convertvector(word, VecHalves);
#endif
}

/* Words of a lane each: `low` in the lower half, `high` in the upper one. */
INLINE VecWords words_of(VecHalves low, VecHalves high) {
    return __builtin_convertvector(low, VecWords) | __builtin_convertvector(high, VecWords) << 16;
}
INLINE VecWords words_round(Vec low, Vec high) {
#if BF16_INSTRUCTIONS
    const VecBits interleave = {0x00100000, 0x00110001, 0x00120002, 0x00130003, 0x00140004, 0x00150005,
                                0x00160006, 0x00170007, 0x00180008, 0x00190009, 0x001a000a, 0x001b000b,
                                0x001c000c, 0x001d000d, 0x001e000e, 0x001f000f};
    __m512i both = (__m512i)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
    return (VecWords)_mm512_permutexvar_epi16((__m512i)interleave, both);
#else
    return words_of(halves_round(low), halves_round(high));
#endif
}

/* 2 * LANES adjacent floats, rounded, as words of two neighbors each. */
INLINE VecWords words_adjacent(Vec first, Vec second) {
#if BF16_INSTRUCTIONS
    return (VecWords)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first);
#else
    Bf16 both[2 * LANES];
    VecWords words;
    halves_store(both, halves_round(first));
    halves_store(both + LANES, halves_round(second));
    memcpy(&words, both, sizeof words);
    return words;
#endif
}

/* The MXCSR to restore. */
INLINE unsigned pair_begin(void) {
#if !BF16_INSTRUCTIONS && LANES > 4
    enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x40 };
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
    return before;
#else
    return 0;
#endif
}
INLINE void pair_end(unsigned before) {
#if !BF16_INSTRUCTIONS && LANES > 4
    _mm_setcsr(before);
#else
    (void)before;
#endif
}

/* What a step wants of an operand: the words, or their halves as floats. */
typedef struct {
#if BF16_INSTRUCTIONS || LANES == 4
    VecWords words;
#else
    Vec low, high;
#endif
} PairVec;

INLINE PairVec pair_vec(VecWords words) {
#if BF16_INSTRUCTIONS || LANES == 4
    return (PairVec){words};
#else
    return (PairVec){(Vec)(words << 16), (Vec)(words & 0xffff0000u)};
#endif
}
INLINE PairVec pair_all(uint32_t word) {
    return pair_vec((VecWords){0} + word);
}

/* To the compiler the operand has changed, in its register. */
INLINE void pair_touch(PairVec *x) {
#if BF16_INSTRUCTIONS
    __asm__ volatile("" : "+v"(x->words));
#elif LANES == 4
    __asm__ volatile("" : "+m"(x->words));
#elif LANES == 8
    __asm__ volatile("" : "+x"(x->low), "+x"(x->high));
#else
    __asm__ volatile("" : "+v"(x->low), "+v"(x->high));
#endif
}

/* sum + left right, both numbers of every lane. */
INLINE Vec pair_step(Vec sum, const PairVec *left, const PairVec *right) {
#if BF16_INSTRUCTIONS
    return (Vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)right->words, (__m512bh)left->words);
#elif LANES == 4
    for (int i = 0; i < LANES; i++) sum[i] = bf16_pair(sum[i], left->words[i], right->words[i]);
    return sum;
#elif LANES == 8 /* fused whatever the compiler's options are */
    __m256 high = _mm256_fmadd_ps((__m256)left->high, (__m256)right->high, (__m256)sum);
    return (Vec)_mm256_fmadd_ps((__m256)left->low, (__m256)right->low, high);
#else
    __m512 high = _mm512_fmadd_ps((__m512)left->high, (__m512)right->high, (__m512)sum);
    return (Vec)_mm512_fmadd_ps((__m512)left->low, (__m512)right->low, high);
#endif
}
