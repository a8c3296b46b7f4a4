#include "nn/layers/embed.h"

#include "nn/layers/linear.h"

void embed_patches(float *x, const PatchEmbedding *embedding, const float *patches, const int *tokens, int period,
                   int count) {
    int D = embedding->width, values = embedding->values;
    for (int i = 0; i < count; i++) {
        rows_sum(x + (size_t)i * (size_t)D, embedding->positions + (size_t)tokens[i % period] * (size_t)D,
                 embedding->bias, 1, D);
    }
    linear_add((Rows){x, D}, (ConstRows){patches, values}, embedding->weight, count, values, D);
}
