/* Packed weights: for every matrix of the plan, panels of its transpose (`forward`) and panels of itself (`backward`),
 * one block of words for all. A part's outputs are padded to whole panels: so part p of a matrix begins at panel p *
 * padded / BF16_PANEL of the one copy, and at row p * padded of the panels of the other. */
#include "nn/layers/bf16_weights.h"

#include "base/system/arena.h"
#include "nn/kernels/kernels.h"

#include <stdlib.h>

enum { STRIPE = 4 * BF16_PANEL }; /* rows of a matrix that a thread packs at a time */

struct Bf16Packed {
    const Bf16Plan *plan;
    Arena arena;
    uint32_t *words;
};

/* Rows of all parts with their padding: what a product over outputs runs along. */
static size_t padded_outputs(const Bf16Matrix *matrix) {
    return (size_t)matrix->parts * bf16_padded((size_t)matrix->Dout);
}

/* Both copies get their place here; packing starts when there are weights. */
Err bf16_plan_add(Bf16Plan *plan, int *index, size_t offset, int parts, int Dout, int Din, bool backward) {
    Bf16Matrix *grown = realloc(plan->matrices, ((size_t)plan->count + 1) * sizeof *grown);
    if (!grown) return RAISE(ERR_MEMORY, "list of matrices: no memory for %d", plan->count + 1);
    plan->matrices = grown;
    Bf16Matrix *matrix = &grown[plan->count];
    *matrix = (Bf16Matrix){
        .offset = offset, .parts = parts, .Dout = Dout, .Din = Din, .forward = plan->words, .has_backward = backward};
    plan->words += bf16_panels_words((size_t)Din, padded_outputs(matrix));
    matrix->backward = plan->words;
    if (backward) plan->words += bf16_panels_words(padded_outputs(matrix), (size_t)Din);
    *index = plan->count++;
    return ERR_NONE;
}

void bf16_plan_free(Bf16Plan *plan) {
    free(plan->matrices);
    *plan = (Bf16Plan){0};
}

size_t bf16_packed_bytes(const Bf16Plan *plan) {
    return plan->words * sizeof(uint32_t);
}

Err bf16_packed_new(Bf16Packed **packed, const Bf16Plan *plan) {
    *packed = NULL;
    Bf16Packed *new = calloc(1, sizeof *new);
    if (!new) return RAISE(ERR_MEMORY, "packed weights: no memory");
    new->plan = plan;
    Err err = arena_alloc(&new->arena, bf16_packed_bytes(plan), "packed weights");
    if (err) {
        free(new);
        return err;
    }
    new->words = arena_take(&new->arena, bf16_packed_bytes(plan));
    *packed = new;
    return ERR_NONE;
}

void bf16_packed_free(Bf16Packed **packed) {
    if (!*packed) return;
    arena_free(&(*packed)->arena);
    free(*packed);
    *packed = NULL;
}

Bf16Weights bf16_packed_matrix(const Bf16Packed *packed, int index, int first_part, int n_parts) {
    const Bf16Matrix *matrix = &packed->plan->matrices[index];
    size_t padded = bf16_padded((size_t)matrix->Dout), first = (size_t)first_part * padded;
    return (Bf16Weights){
        .forward = packed->words + matrix->forward + first / BF16_PANEL * bf16_panel_words((size_t)matrix->Din),
        .backward = matrix->has_backward ? packed->words + matrix->backward + first / 2 * BF16_PANEL : NULL,
        .backward_panel = bf16_panel_words(padded_outputs(matrix)),
        .Din = matrix->Din,
        .Dout = n_parts == 1 ? matrix->Dout : n_parts * (int)padded};
}

/* Some rows of one part. */
static void pack_stripe(const Bf16Packed *packed, const float *params, int index, int part, int first) {
    const Bf16Matrix *matrix = &packed->plan->matrices[index];
    const Bf16Weights W = bf16_packed_matrix(packed, index, part, 1);
    /* a stripe is whole panels of the one copy and a band of rows through all panels of the other */
    int rows = matrix->Dout - first < STRIPE ? matrix->Dout - first : STRIPE;
    size_t row = (size_t)part * (size_t)matrix->Dout + (size_t)first;
    uint32_t *forward = packed->words + (W.forward - packed->words) +
                        (size_t)(first / BF16_PANEL) * bf16_panel_words((size_t)matrix->Din);
    uint32_t *backward = W.backward ? packed->words + (W.backward - packed->words) + (size_t)first / 2 * BF16_PANEL
                                    : NULL;
    kernels_best()->bf16.pack_weights(forward, backward, W.backward_panel,
                                      params + matrix->offset + row * (size_t)matrix->Din, rows, matrix->Din);
}

void bf16_packed_update(Bf16Packed *packed, const float *params, int threads) {
    (void)threads; /* without OpenMP */
#pragma omp parallel num_threads(threads)
    for (int i = 0; i < packed->plan->count; i++) {
        const Bf16Matrix *matrix = &packed->plan->matrices[i];
        int stripes = (matrix->Dout + STRIPE - 1) / STRIPE;
/* stripes are independent: no waiting between matrices */
#pragma omp for schedule(static) nowait
        for (int s = 0; s < matrix->parts * stripes; s++)
            pack_stripe(packed, params, i, s / stripes, s % stripes * STRIPE);
    }
}
