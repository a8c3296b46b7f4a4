/* Blocks of tokens. Token (t, y, x) is row (t * side + y) * side + x of the encoder's output; a block is `block` x
 * `block` of them in one time slot. */
#include "eval/clips/views.h"

static int side_of(const ModelConfig *model) {
    return model->image_size / model->patch_size;
}

CHECKED Err tokens_check_grid(const ModelConfig *model, int grid) {
    int side = side_of(model);
    if (grid >= 0 && (grid == 0 || (grid <= side && side % grid == 0))) return ERR_NONE;
    return RAISE(ERR_USAGE, "readout.token_grid: %d blocks do not divide the %d patches along a side of the frame",
                 grid, side);
}

int tokens_count(const ModelConfig *model, int grid) {
    return grid ? model->n_frames / model->tubelet_size * grid * grid : 1;
}

/* One block: its tokens added up in the order of their numbers. */
static void average_block(float *out, const float *first, int side, int block, int D) {
    for (int d = 0; d < D; d++) out[d] = 0;
    for (int y = 0; y < block; y++)
        for (int x = 0; x < block; x++) {
            const float *token = first + ((size_t)y * (size_t)side + (size_t)x) * (size_t)D;
            for (int d = 0; d < D; d++) out[d] += token[d];
        }
    for (int d = 0; d < D; d++) out[d] /= (float)(block * block);
}

void tokens_average(float *out, const float *encoded, const ModelConfig *model, int grid) {
    int side = side_of(model), block = side / grid, D = model->width;
    for (int t = 0; t < model->n_frames / model->tubelet_size; t++)
        for (int y = 0; y < grid; y++)
            for (int x = 0; x < grid; x++, out += D) {
                size_t first = ((size_t)t * (size_t)side + (size_t)(y * block)) * (size_t)side + (size_t)(x * block);
                average_block(out, encoded + first * (size_t)D, side, block, D);
            }
}
