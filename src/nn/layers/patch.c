/* Patches of a clip and their loss. A token's tube is S frames of P x P pixels; its corner follows from its number. Two
 * orders meet here: the embedding's weights want channels outermost, the target channels innermost, both as the
 * official code has them. Indices: f frame of the tube, r row, x pixel, c channel, i element of an interleaved row. */
#include "nn/layers/patch.h"

#include <math.h>

const float patch_mean[3] = {0.485f, 0.456f, 0.406f}, patch_std[3] = {0.229f, 0.224f, 0.225f};

enum { ROW_MAX = 3 * 64 }; /* a row of a patch, interleaved channels */

/* Frame, row and column of a token's first pixel. */
typedef struct {
    int t, y, x;
} Corner;

static Corner token_corner(int token, const ModelConfig *m) {
    int across = m->image_size / m->patch_size;
    return (Corner){token / (across * across) * m->tubelet_size, token / across % across * m->patch_size,
                    token % across * m->patch_size};
}

/* Row r of frame f of a tube: P interleaved pixels. */
static const uint8_t *pixel_row(const uint8_t *clip, Corner at, int f, int r, const ModelConfig *m) {
    size_t side = (size_t)m->image_size;
    return clip + (((size_t)(at.t + f) * side + (size_t)(at.y + r)) * side + (size_t)at.x) * 3;
}

void patch_from_pixels(float *out, const uint8_t *clip, const int *tokens, int count, const ModelConfig *model) {
    int P = model->patch_size, S = model->tubelet_size;
    size_t channel_floats = (size_t)(S * P * P);
    /* (pixel/255 - mean) / std as one multiply-add a value */
    float scale[3], shift[3];
    for (int c = 0; c < 3; c++) {
        scale[c] = 1 / (255 * patch_std[c]);
        shift[c] = -patch_mean[c] / patch_std[c];
    }
    for (int i = 0; i < count; i++, out += 3 * channel_floats) {
        Corner at = token_corner(tokens[i], model);
        float *to = out;
        for (int f = 0; f < S; f++) {
            for (int r = 0; r < P; r++, to += P) {
                const uint8_t *from = pixel_row(clip, at, f, r, model);
                for (int x = 0; x < P; x++) {
                    to[x] = (float)from[3 * x] * scale[0] + shift[0];
                    to[channel_floats + (size_t)x] = (float)from[3 * x + 1] * scale[1] + shift[1];
                    to[2 * channel_floats + (size_t)x] = (float)from[3 * x + 2] * scale[2] + shift[2];
                }
            }
        }
    }
}

void patch_from_floats(float *out, const float *clip, const int *tokens, int count, const ModelConfig *model) {
    int P = model->patch_size;
    size_t side = (size_t)model->image_size, frame = side * side, channel = (size_t)model->n_frames * frame;
    for (int i = 0; i < count; i++) {
        Corner at = token_corner(tokens[i], model);
        for (int c = 0; c < 3; c++) {
            for (int f = 0; f < model->tubelet_size; f++) {
                for (int r = 0; r < P; r++, out += P) {
                    const float *from = clip + (size_t)c * channel + (size_t)(at.t + f) * frame +
                                        (size_t)(at.y + r) * side;
                    memcpy(out, from + at.x, (size_t)P * sizeof(float));
                }
            }
        }
    }
}

/* Mean and 1 / (deviation + eps) of each channel, repeated along a row of interleaved pixels so that rows are plain
 * vector loops. Sums of 8-bit values are exact. */
typedef struct {
    float mean[ROW_MAX], factor[ROW_MAX];
} PatchNorm;

/* Sums by place of an interleaved row first, which the compiler turns into vectors, then by channel. */
static void patch_norm(PatchNorm *norm, const uint8_t *clip, Corner at, const ModelConfig *m) {
    int row = 3 * m->patch_size, n = m->tubelet_size * m->patch_size * m->patch_size;
    uint32_t sum[ROW_MAX] = {0}, squares[ROW_MAX] = {0};
    for (int f = 0; f < m->tubelet_size; f++) {
        for (int r = 0; r < m->patch_size; r++) {
            const uint8_t *from = pixel_row(clip, at, f, r, m);
#pragma omp simd
            for (int i = 0; i < row; i++) {
                uint32_t value = from[i];
                sum[i] += value;
                squares[i] += value * value;
            }
        }
    }
    for (int c = 0; c < 3; c++) {
        uint64_t total = 0, total_squares = 0;
        for (int i = c; i < row; i += 3) {
            total += sum[i];
            total_squares += squares[i];
        }
        double mean = (double)total / n;
        /* n^2 times the biased variance is an integer: no cancellation. */
        double spread = (double)(total_squares * (uint64_t)n - total * total) / n;
        double factor = 1 / (sqrt(n > 1 ? spread / (n - 1) : 0) + 255e-6);
        for (int i = c; i < row; i += 3) {
            norm->mean[i] = (float)mean;
            norm->factor[i] = (float)factor;
        }
    }
}

void patch_target_ref(float *out, const uint8_t *clip, const int *tokens, int count, const ModelConfig *model) {
    int row = 3 * model->patch_size;
    PatchNorm norm;
    for (int k = 0; k < count; k++) {
        Corner at = token_corner(tokens[k], model);
        patch_norm(&norm, clip, at, model);
        for (int f = 0; f < model->tubelet_size; f++) {
            for (int r = 0; r < model->patch_size; r++, out += row) {
                const uint8_t *from = pixel_row(clip, at, f, r, model);
                for (int i = 0; i < row; i++) out[i] = ((float)from[i] - norm.mean[i]) * norm.factor[i];
            }
        }
    }
}

/* One row of a patch: slopes of the squared differences, whose squares join `squares` place by place. */
static void row_loss(float *restrict dpredicted, float *restrict squares, const float *restrict predicted,
                     const uint8_t *restrict pixels, const PatchNorm *restrict norm, int row, float slope) {
#pragma omp simd
    for (int i = 0; i < row; i++) {
        float difference = predicted[i] - ((float)pixels[i] - norm->mean[i]) * norm->factor[i];
        dpredicted[i] = slope * difference;
        squares[i] += difference * difference;
    }
}

void patch_loss(float *dpredictions, float *squares, const float *predictions, const ClipPatches *patches,
                const ModelConfig *model, float slope) {
    int row = 3 * model->patch_size, lines = model->tubelet_size * model->patch_size;
    PatchNorm norm;
    float unwanted[ROW_MAX];
    for (int k = 0; k < patches->count; k++, squares += row) {
        Corner at = token_corner(patches->tokens[k], model);
        patch_norm(&norm, patches->clip, at, model);
        memset(squares, 0, (size_t)row * sizeof *squares);
        for (int line = 0; line < lines; line++, predictions += row) {
            const uint8_t *pixels =
                pixel_row(patches->clip, at, line / model->patch_size, line % model->patch_size, model);
            row_loss(dpredictions ? dpredictions : unwanted, squares, predictions, pixels, &norm, row, slope);
            if (dpredictions) dpredictions += row;
        }
    }
}

double patch_loss_sum(const float *squares, int count, const ModelConfig *model) {
    double total = 0;
    for (int i = 0; i < count * 3 * model->patch_size; i++) total += squares[i];
    return total;
}

void posenc_table(float *table, int N, int D) {
    for (int j = 0; j < D; j++) {
        /* a pair of columns, sine and cosine, has one frequency */
        double divisor = pow(10000.0, 2.0 * (j / 2) / D);
        for (int p = 0; p < N; p++) {
            double angle = p / divisor;
            table[(size_t)p * (size_t)D + (size_t)j] = (float)(j % 2 ? cos(angle) : sin(angle));
        }
    }
}
