/* The encoder of a pre-training checkpoint with its own configuration. Clips are resized to its size; a single frame
 * is shown as a clip that stands still. */
#include "features/network.h"

#include "base/config/config.h"
#include "nn/models/mae.h"
#include "store/checkpoint/checkpoint.h"
#include "video/transform/resize.h"

struct Encoder {
    ModelConfig model;
    Mae *mae;
    float *params;
    char digest[DIGEST_SIZE];
};

struct EncoderScratch {
    const Encoder *encoder;
    MaeScratch *mae;
    uint8_t *clips; /* (ENCODER_BATCH, T, H, W, 3) */
    Frames resized;
};

/* The "model" group of the config that the weights were trained with. */
static Err read_model(ModelConfig *model, const WeightSet *weights, const char *path) {
    bool found;
    if (!weights->config_text)
        return RAISE(ERR_INPUT, "encoder %s: it carries no config, so its shape is unknown", path);
    TRY(config_parse_group(&found, model, model_fields, "model", weights->config_text, path));
    if (!found)
        return RAISE(ERR_INPUT, "encoder %s: its config has no \"model\"; expected a pre-training checkpoint", path);
    return model_check(model);
}

/* Decoder weights play no part in features and may be missing. */
static bool row_matters(const Param *row) {
    return !strncmp(row->name, "encoder.", strlen("encoder."));
}

/* By name and count: the table says where in the flat vector each tensor lies. */
static Err copy_weights(Encoder *encoder, const WeightSet *weights, const char *path) {
    const ParamTable *table = mae_params(encoder->mae);
    for (int i = 0; i < table->n_rows; i++) {
        const Param *row = &table->rows[i];
        if (!row_matters(row)) continue;
        const Tensor *tensor = weights_find(weights, row->name);
        if (!tensor)
            return RAISE(ERR_INPUT, "encoder %s: tensor %s is missing; expected a VideoMAE pre-training checkpoint",
                         path, row->name);
        if (tensor_count(tensor) != row->count)
            return RAISE(ERR_INPUT, "encoder %s: tensor %s has %zu values, its config says %zu", path, row->name,
                         tensor_count(tensor), row->count);
        memcpy(encoder->params + row->offset, tensor->data, row->count * sizeof *encoder->params);
    }
    return ERR_NONE;
}

Err encoder_open(Encoder **encoder, const char *path) {
    Err err = ERR_NONE;
    WeightSet weights = {0};
    Encoder *made = *encoder = calloc(1, sizeof *made);
    if (!made) return RAISE(ERR_MEMORY, "encoder %s: no memory", path);
    TRY_OR(done, weights_read(&weights, path));
    TRY_OR(done, read_model(&made->model, &weights, path));
    TRY_OR(done, mae_new(&made->mae, &made->model, 0.75)); /* the mask ratio plays no part in features */
    made->params = calloc(mae_params(made->mae)->total, sizeof *made->params);
    if (!made->params) TRY_OR(done, RAISE(ERR_MEMORY, "encoder %s: no memory for its weights", path));
    TRY_OR(done, copy_weights(made, &weights, path));
    memcpy(made->digest, weights.digest, sizeof made->digest);
done:
    weights_free(&weights);
    if (err) encoder_close(encoder);
    return err;
}

void encoder_close(Encoder **encoder) {
    if (!*encoder) return;
    mae_free(&(*encoder)->mae);
    free((*encoder)->params);
    free(*encoder);
    *encoder = NULL;
}

int encoder_dims(const Encoder *encoder) {
    return encoder->model.width;
}
int encoder_clip_frames(const Encoder *encoder) {
    return encoder->model.n_frames;
}

EncoderShape encoder_shape(const Encoder *encoder) {
    const ModelConfig *model = &encoder->model;
    /* a token is a tube: tubelet_size frames of one patch */
    int slots = model->n_frames / model->tubelet_size, grid = model->image_size / model->patch_size;
    return (EncoderShape){model->n_frames, slots, grid, slots * grid * grid, model->width};
}

const char *encoder_digest(const Encoder *encoder) {
    return encoder->digest;
}

static size_t frame_bytes(const Encoder *encoder) {
    return (size_t)encoder->model.image_size * (size_t)encoder->model.image_size * 3;
}

static size_t clip_bytes(const Encoder *encoder) {
    return (size_t)encoder->model.n_frames * frame_bytes(encoder);
}

double encoder_clip_flops(const Encoder *encoder) {
    return model_finetune_flops(&encoder->model, 1) / 3; /* forward is a third of a step */
}

size_t encoder_weight_bytes(const Encoder *encoder) {
    return mae_params(encoder->mae)->total * sizeof *encoder->params;
}

size_t encoder_scratch_bytes(const Encoder *encoder) {
    return ENCODER_BATCH * clip_bytes(encoder) + mae_scratch_bytes(encoder->mae, PRECISION_FLOAT32, 1, ENCODER_BATCH);
}

Err encoder_scratch_new(EncoderScratch **scratch, const Encoder *encoder, Team *team) {
    EncoderScratch *made = *scratch = calloc(1, sizeof *made);
    if (!made) return RAISE(ERR_MEMORY, "encoder scratch: no memory");
    made->encoder = encoder;
    made->clips = malloc(ENCODER_BATCH * clip_bytes(encoder));
    Err err = made->clips ? mae_scratch_new_team(&made->mae, encoder->mae, NULL, team, ENCODER_BATCH)
                          : RAISE(ERR_MEMORY, "encoder scratch: no memory for %d clips", ENCODER_BATCH);
    if (err) encoder_scratch_free(scratch);
    return err;
}

void encoder_scratch_free(EncoderScratch **scratch) {
    if (!*scratch) return;
    mae_scratch_free(&(*scratch)->mae);
    frames_free(&(*scratch)->resized);
    free((*scratch)->clips);
    free(*scratch);
    *scratch = NULL;
}

/* A single frame fills all times of a clip; a clip must have the length that the encoder was trained with. */
Err encoder_load(EncoderScratch *scratch, int slot, const Frames *frames, const Box *box, int first_frame,
                 int n_frames) {
    const Encoder *encoder = scratch->encoder;
    int side = encoder->model.image_size, length = encoder->model.n_frames;
    ASSERT(slot < ENCODER_BATCH && (n_frames == 1 || n_frames == length) && first_frame + n_frames <= frames->n_frames);
    /* a view: no frame is copied before it is resized */
    const Frames part = {n_frames, frames->height, frames->width, frames_at(frames, first_frame), 0};
    TRY(resize_antialiased(&scratch->resized, &part, box, side, side));
    uint8_t *clip = scratch->clips + (size_t)slot * clip_bytes(encoder);
    for (int t = 0; t < length; t++)
        memcpy(clip + (size_t)t * frame_bytes(encoder), frames_at(&scratch->resized, n_frames == 1 ? 0 : t),
               frame_bytes(encoder));
    return ERR_NONE;
}

void encoder_features(EncoderScratch *scratch, float *features, int n) {
    mae_features(scratch->encoder->mae, scratch->mae, scratch->encoder->params, features, scratch->clips, n);
}

void encoder_keys(EncoderScratch *scratch, float *keys) {
    mae_keys(scratch->encoder->mae, scratch->mae, scratch->encoder->params, keys, scratch->clips, 1);
}
