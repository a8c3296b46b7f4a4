/* nn/layers/projection - the layers of a network outside its blocks, in either precision: a linear layer, with a
 * LayerNorm before it, and the embedding of patches.
 *
 * The precision is that of the scratch: with packed weights, mixed. Rows of x, y and their gradients are floats, next
 * to each other. */
#pragma once

#include "nn/layers/block.h"
#include "nn/layers/model.h"

/* y = LN(x) W^T + b. */
typedef struct {
    size_t norm_weight, norm_bias, weight, bias; /* offsets */
    bool has_bias;
    int matrix; /* of the Bf16Plan */
    int Din, Dout;
} Projection;

/* y (R, Dout), x (R, Din). */
void projection_forward(const Projection *p, float *y, const float *x, int R, const LayerPass *pass);
/* Overwrites dx (R, Din); adds into grads. */
void projection_backward(const Projection *p, float *dx, const float *dy, const float *x, int R, const LayerPass *pass);

/* Patches that are kept for the weight gradient: floats, or rounded rows. */
typedef struct {
    float *floats;
    Bf16 *rounded;
    float *strips; /* mixed precision: (members, PATCH_STRIP, values) floats before they are rounded */
    int values;
} Patches;

enum { PATCH_STRIP = 64 };

typedef struct {
    size_t weight, bias;
    int matrix, width;
} PatchEmbedding;

void patches_layout(Patches *patches, Arena *arena, Precision precision, int count, int values, int members);
/* Writes the floats of rows `first` on, (count, values). */
typedef void PatchSource(void *source, float *rows, int first, int count);
/* Rows 0 to R, in strips that the team shares. */
void patches_fill(Team *team, const Patches *patches, int R, PatchSource *from, void *source);
/* x (R, width) += patches W^T. */
void embedding_forward(const PatchEmbedding *e, float *x, const Patches *patches, int R, const LayerPass *pass);
void embedding_backward(const PatchEmbedding *e, const float *dx, const Patches *patches, int R, const LayerPass *pass);
