/* The picture of a reconstruction: what the model saw and what it made of it. */
#include "train/internal/picture.h"

#include <math.h>

enum { GAP = 2, MASK_GRAY = 128, BACKGROUND = 255 };

/* One clip's patch grid: patch (t, y, x) covers S frames of P x P pixels. */
typedef struct {
    const ModelConfig *model;
    int side;        /* patches a row of a frame */
    uint8_t *pixels; /* (T, H, W, 3) */
} Grid;

/* Tokens count as the model's: t, then y, then x. */
static uint8_t *patch_pixel(const Grid *grid, int token, int frame, int row, int column) {
    const ModelConfig *m = grid->model;
    int t = token / (grid->side * grid->side), y = token / grid->side % grid->side, x = token % grid->side;
    size_t at = (size_t)(t * m->tubelet_size + frame);
    at = at * (size_t)m->image_size + (size_t)(y * m->patch_size + row);
    at = at * (size_t)m->image_size + (size_t)(x * m->patch_size + column);
    return grid->pixels + at * 3;
}

/* Rows of a patch are runs of bytes. */
static void fill_patch(const Grid *grid, int token, uint8_t value) {
    const ModelConfig *m = grid->model;
    for (int f = 0; f < m->tubelet_size; f++)
        for (int r = 0; r < m->patch_size; r++)
            memset(patch_pixel(grid, token, f, r, 0), value, (size_t)m->patch_size * 3);
}

/* Mean and unbiased deviation (+ 1e-6) of one channel of a patch, as the loss normalizes it (nn/layers/patch.c): the
 * model predicts in these units, so they are what brings its numbers back to pixels. */
static void patch_moments(double *mean, double *deviation, const Grid *grid, int token, int channel) {
    const ModelConfig *m = grid->model;
    double sum = 0, squares = 0, count = (double)m->tubelet_size * m->patch_size * m->patch_size;
    for (int f = 0; f < m->tubelet_size; f++)
        for (int r = 0; r < m->patch_size; r++)
            for (int c = 0; c < m->patch_size; c++) {
                double value = patch_pixel(grid, token, f, r, c)[channel] / 255.0;
                sum += value;
                squares += value * value;
            }
    *mean = sum / count;
    *deviation = sqrt(fmax(squares - sum * sum / count, 0) / (count - 1)) + 1e-6;
}

/* prediction: (S*P*P*3) normalized values, (frame, row, column, channel). */
static void draw_prediction(const Grid *grid, int token, const float *prediction) {
    const ModelConfig *m = grid->model;
    for (int channel = 0; channel < 3; channel++) {
        double mean, deviation;
        patch_moments(&mean, &deviation, grid, token, channel);
        for (int f = 0; f < m->tubelet_size; f++)
            for (int r = 0; r < m->patch_size; r++)
                for (int c = 0; c < m->patch_size; c++) {
                    size_t at = (size_t)((f * m->patch_size + r) * m->patch_size + c) * 3 + (size_t)channel;
                    double value = 255 * (prediction[at] * deviation + mean);
                    patch_pixel(grid, token, f, r, c)[channel] = (uint8_t)lround(fmin(fmax(value, 0), 255));
                }
    }
}

/* Copies the first frame of each tubelet beside each other, `top` pixels below the picture's edge. */
static void place_row(Frames *picture, const Grid *grid, int top) {
    const ModelConfig *m = grid->model;
    size_t line = (size_t)m->image_size * 3;
    for (int t = 0; t < m->n_frames / m->tubelet_size; t++)
        for (int y = 0; y < m->image_size; y++) {
            const uint8_t *from = grid->pixels +
                                  ((size_t)t * (size_t)m->tubelet_size * (size_t)m->image_size + (size_t)y) * line;
            size_t left = (size_t)(GAP + t * (m->image_size + GAP));
            memcpy(picture->data + ((size_t)(top + y) * (size_t)picture->width + left) * 3, from, line);
        }
}

/* Three rows: the clip, the clip without what is masked, the clip with predictions in its place. Predictions are those
 * of masked tokens alone, in order. */
static void draw_clip(Frames *picture, const Grid *grid, const uint8_t *clip, const uint8_t *masked,
                      const float *predictions, int top) {
    const ModelConfig *m = grid->model;
    size_t bytes = (size_t)m->n_frames * (size_t)m->image_size * (size_t)m->image_size * 3;
    int n_tokens = model_tokens(m), row = m->image_size + GAP;
    memcpy(grid->pixels, clip, bytes);
    place_row(picture, grid, top);
    for (int token = 0; token < n_tokens; token++)
        if (masked[token]) fill_patch(grid, token, MASK_GRAY);
    place_row(picture, grid, top + row);
    memcpy(grid->pixels, clip, bytes);
    for (int token = 0; token < n_tokens; token++) {
        if (!masked[token]) continue;
        draw_prediction(grid, token, predictions);
        predictions += model_patch_values(m);
    }
    place_row(picture, grid, top + 2 * row);
}

/* A forward pass of its own; the loss is not wanted. */
CHECKED Err picture_of_reconstruction(Frames *picture, const Mae *mae, MaeScratch *scratch, const ModelConfig *model,
                                      const float *params, const uint8_t *clips, const uint8_t *masked, int B) {
    size_t clip_bytes = (size_t)model->n_frames * (size_t)model->image_size * (size_t)model->image_size * 3;
    int columns = model->n_frames / model->tubelet_size, clip_rows = 3 * (model->image_size + GAP) + GAP;
    TRY(frames_shape(picture, 1, GAP + B * clip_rows, GAP + columns * (model->image_size + GAP)));
    memset(picture->data, BACKGROUND, frames_frame_bytes(picture));
    Grid grid = {.model = model, .side = model->image_size / model->patch_size, .pixels = malloc(clip_bytes)};
    if (!grid.pixels) return RAISE(ERR_MEMORY, "reconstruction picture: no memory");
    double loss = 0;
    mae_step(mae, scratch, params, NULL, &loss, &(MaeBatch){clips, masked, B}, 1);
    for (int b = 0; b < B; b++)
        draw_clip(picture, &grid, clips + (size_t)b * clip_bytes, masked + (size_t)b * (size_t)model_tokens(model),
                  mae_predictions(scratch, b), GAP + b * clip_rows);
    free(grid.pixels);
    return ERR_NONE;
}
