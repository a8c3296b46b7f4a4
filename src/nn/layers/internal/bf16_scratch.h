/* nn/layers/internal/bf16_scratch - the buffers that the layers of mixed precision share while they run, sized for the
 * largest of them. Memory of one team. */
#pragma once

#include "base/system/arena.h"
#include "nn/layers/bf16_linear.h"

/* The most numbers of any layer; starts from {0}. */
typedef struct {
    size_t x, dy, wide, turned, panels;
    int columns; /* of a vector of biases */
    size_t attention_bytes;
} Bf16Need;

typedef struct {
    Bf16 *x;    /* what a layer is given: rows (R, Din) */
    Bf16 *dy;   /* a gradient, rounded: rows (R, Dout) */
    Bf16 *gelu; /* hidden values: rows */
    Bf16 *wide; /* gradients of hidden values, or of q, k and v: rows */
    Bf16LinearScratch linear;
    float *row;             /* biases of q, k and v */
    void *attention;        /* as the kernels want it, of every member */
    size_t attention_bytes; /* of one */
} Bf16Scratch;

static inline size_t bf16_larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static inline size_t bf16_rows_numbers(int R, int width) {
    return (size_t)R * bf16_padded((size_t)width);
}

/* A layer whose input is in `x`, and its gradient in `dy`. */
static inline void bf16_need_layer(Bf16Need *need, int R, int Din, int Dout) {
    need->x = bf16_larger(need->x, bf16_rows_numbers(R, Din));
    need->dy = bf16_larger(need->dy, bf16_rows_numbers(R, Dout));
    need->turned = bf16_larger(need->turned, bf16_padded((size_t)R) * bf16_padded((size_t)Dout));
    need->panels = bf16_larger(need->panels, bf16_panels_words((size_t)R, (size_t)Din));
}

static inline void bf16_scratch_layout(Bf16Scratch *s, Arena *arena, const Bf16Need *need, int members) {
    s->x = arena_take(arena, need->x * sizeof(Bf16));
    s->dy = arena_take(arena, need->dy * sizeof(Bf16));
    s->gelu = arena_take(arena, need->wide * sizeof(Bf16));
    s->wide = arena_take(arena, need->wide * sizeof(Bf16));
    s->linear.turned = arena_take(arena, need->turned * sizeof(Bf16));
    s->linear.panels = arena_take(arena, need->panels * sizeof(uint32_t));
    s->row = arena_floats(arena, (size_t)need->columns);
    s->attention_bytes = (need->attention_bytes + 63) / 64 * 64;
    s->attention = arena_take(arena, s->attention_bytes * (size_t)members);
}
