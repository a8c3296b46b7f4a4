/* A feature network is a table of functions and a state of its kind. Who measures distances asks for vectors of frames
 * or clips and does not know which network makes them. */
#include "features/network.h"

#include "features/internal/network_kind.h"
#include "math/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct FeatureScratch {
    const FeatureKind *kind;
    void *self;
};

Err feature_net_make(FeatureNet **net, const FeatureNet *like) {
    *net = malloc(sizeof **net);
    if (!*net) {
        /* taken over already, so closed also here */
        like->kind->close(like->self);
        return RAISE(ERR_MEMORY, "network of %s: no memory", like->name);
    }
    memcpy(*net, like, sizeof **net);
    return ERR_NONE;
}

void feature_net_close(FeatureNet **net) {
    if (!*net) return;
    (*net)->kind->close((*net)->self);
    free(*net);
    *net = NULL;
}

FeatureCost feature_cost(const FeatureNet *net) {
    return net->kind->cost(net);
}

Err feature_scratch_new(FeatureScratch **scratch, const FeatureNet *net, Team *team) {
    FeatureScratch *made = *scratch = calloc(1, sizeof *made);
    if (!made) return RAISE(ERR_MEMORY, "scratch of %s: no memory", net->name);
    made->kind = net->kind;
    Err err = net->kind->scratch_new(&made->self, net, team);
    if (err) feature_scratch_free(scratch);
    return err;
}

void feature_scratch_free(FeatureScratch **scratch) {
    if (!*scratch) return;
    if ((*scratch)->self) (*scratch)->kind->scratch_free((*scratch)->self);
    free(*scratch);
    *scratch = NULL;
}

void *feature_scratch_self(FeatureScratch *scratch) {
    return scratch->self;
}

Err feature_load(FeatureScratch *scratch, int slot, const Frames *frames, const Box *box, int first_frame,
                 int n_frames) {
    return scratch->kind->load(scratch->self, slot, frames, box, first_frame, n_frames);
}

void feature_compute(FeatureScratch *scratch, float *features, int n) {
    scratch->kind->compute(scratch->self, features, n);
}

/* ---- the VideoMAE encoder ---- */

static Err encoder_kind_scratch_new(void **scratch, const FeatureNet *net, Team *team) {
    EncoderScratch *made;
    Err err = encoder_scratch_new(&made, net->self, team);
    *scratch = made;
    return err;
}

static void encoder_kind_scratch_free(void *scratch) {
    EncoderScratch *own = scratch;
    encoder_scratch_free(&own);
}

static Err encoder_kind_load(void *scratch, int slot, const Frames *frames, const Box *box, int first_frame,
                             int n_frames) {
    return encoder_load(scratch, slot, frames, box, first_frame, n_frames);
}

static void encoder_kind_compute(void *scratch, float *features, int n) {
    encoder_features(scratch, features, n);
}

static FeatureCost encoder_kind_cost(const FeatureNet *net) {
    return (FeatureCost){encoder_clip_flops(net->self), (double)encoder_weight_bytes(net->self),
                         (double)encoder_scratch_bytes(net->self)};
}

static void encoder_kind_close(void *self) {
    Encoder *own = self;
    encoder_close(&own);
}

static const FeatureKind encoder_kind = {encoder_kind_scratch_new, encoder_kind_scratch_free, encoder_kind_load,
                                         encoder_kind_compute,     encoder_kind_cost,         encoder_kind_close};

Err feature_encoder_open(FeatureNet **net, const char *path) {
    Encoder *encoder = NULL;
    *net = NULL;
    TRY(encoder_open(&encoder, path));
    FeatureNet like = {.name = "VideoMAE",
                       .role = "encoder",
                       .frames = true,
                       .clips = true,
                       .names = {"FFD-VideoMAE", "FVD-VideoMAE", "frame_mmd", "video_mmd"},
                       .dims = encoder_dims(encoder),
                       .clip_frames = encoder_clip_frames(encoder),
                       .kind = &encoder_kind,
                       .self = encoder};
    memcpy(like.digest, encoder_digest(encoder), sizeof like.digest);
    return feature_net_make(net, &like);
}

/* He's initialization (2015): variances stay alive through rectifiers, so random networks give features that tell
 * pictures apart. */
Err random_weights(Convnet *net, uint64_t seed) {
    for (int i = 0; i < convnet_layers(net); i++) {
        LayerShape shape = convnet_layer(net, i);
        if (shape.count == 0) continue;
        float *weights = malloc(shape.count * sizeof *weights);
        float *bias = calloc((size_t)shape.out_channels, sizeof *bias);
        if (!weights || !bias) {
            free(weights);
            free(bias);
            return RAISE(ERR_MEMORY, "random weights of %s: no memory", shape.layer->name);
        }
        float scale = sqrtf(2.0f * (float)shape.out_channels / (float)shape.count); /* sqrt(2 / inputs of one output) */
        /* a stream a layer: its weights do not depend on the layers before it */
        Rng rng = rng_stream(seed, RNG_WEIGHTS, (uint64_t)i, 0);
        for (size_t k = 0; k < shape.count; k++) weights[k] = scale * rng_normal(&rng);
        convnet_set(net, i, weights, bias);
        free(weights);
        free(bias);
    }
    return ERR_NONE;
}
