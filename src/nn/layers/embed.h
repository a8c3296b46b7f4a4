/* nn/layers/embed - from patches to tokens: x = patches W^T + bias + position of the token (Dosovitskiy et al. 2021).
 */
#pragma once

typedef struct {
    const float *weight, *bias; /* (width, values), (width) */
    const float *positions;     /* (tokens, width), fixed */
    int values, width;
} PatchEmbedding;

/* x (count, width) of patches (count, values). Row i is token tokens[i mod period]: a list for all rows, or one that
 * every clip repeats. */
void embed_patches(float *x, const PatchEmbedding *embedding, const float *patches, const int *tokens, int period,
                   int count);
