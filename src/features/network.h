/* features/network - one interface for everything that turns frames or clips into feature vectors.
 *
 * Encoder: the project's own VideoMAE, of clips, and of frames each repeated to a clip. Inception and I3D: the networks
 * FID and FVD are defined on, from a weight file. Random: the same two with seeded weights and calibrated batch
 * normalization, for users without the files; their distances have names of their own. Whatever it is, one network
 * serves all datasets that are compared.
 *
 * Inputs: the encoder sees the middle square as in training; Inception and I3D see the whole frame brought to a square,
 * bilinear, half-pixel centers, no antialiasing, scaled to 2x/255 - 1 (pytorch-fid's input; the reference of FVD).
 * A FeatureNet is const once open and shared; a FeatureScratch belongs to one team of threads (base/system/team.h),
 * whose leader calls. Only the encoder has work for the others; the bits do not depend on the team, which may be NULL.
 */
#pragma once

#include "base/system/digest.h"
#include "base/system/team.h"
#include "nn/models/convnet.h"
#include "video/frames/clip.h"

#include <stdbool.h>
#include <stdint.h>

/* encoder: the one fixed VideoMAE encoder whose features the distances and the diversity are computed on.
 *
 * One checkpoint for all datasets that are compared: features of each set's own model would make the comparison
 * circular. Weights and shape come from a run folder or a checkpoint. An Encoder is const and shared; an EncoderScratch
 * belongs to one team of threads. */

typedef struct Encoder Encoder;
typedef struct EncoderScratch EncoderScratch;

/* Clips a call of encoder_features takes at most. Products of another height may round differently, so callers batch
 * by position in the sample, never by what a rank happens to hold. */
enum { ENCODER_BATCH = 4 };

CHECKED Err encoder_open(Encoder **encoder, const char *path);
void encoder_close(Encoder **encoder);
int encoder_dims(const Encoder *encoder);
int encoder_clip_frames(const Encoder *encoder);
/* What its tokens are: slots of time x grid x grid places, in this order. */
typedef struct {
    int n_frames, slots, grid, tokens, width;
} EncoderShape;
EncoderShape encoder_shape(const Encoder *encoder);
const char *encoder_digest(const Encoder *encoder); /* of the weights */

double encoder_clip_flops(const Encoder *encoder); /* forward, matrix products */
size_t encoder_weight_bytes(const Encoder *encoder);
size_t encoder_scratch_bytes(const Encoder *encoder);

CHECKED Err encoder_scratch_new(EncoderScratch **scratch, const Encoder *encoder, Team *team);
void encoder_scratch_free(EncoderScratch **scratch);
/* Puts n_frames frames from first_frame on, cut to the square `box`, into place `slot` of the batch: one frame is
 * repeated over the clip, otherwise n_frames must be the clip's. Resized with antialiasing as in training. */
CHECKED Err encoder_load(EncoderScratch *scratch, int slot, const Frames *frames, const Box *box, int first_frame,
                         int n_frames);
/* features (n, dims) of slots 0..n-1. */
void encoder_features(EncoderScratch *scratch, float *features, int n);
/* keys (tokens, width) of the last attention layer for slot 0. */
void encoder_keys(EncoderScratch *scratch, float *keys);

/* ---- any network ---- */

/* Vectors that are computed together at most. Which are does not change their bits for Inception and I3D; for the
 * encoder it may, so callers batch by position in the sample. */
enum { FEATURE_BATCH = ENCODER_BATCH };

/* What distances on these features are called in results. */
typedef struct {
    const char *frame_distance, *video_distance, *frame_kernel, *video_kernel;
} FeatureNames;

typedef struct FeatureNet {
    const char *name;   /* "VideoMAE", "Inception", "I3D", "random Inception", "random I3D" */
    const char *role;   /* of its file among a result's inputs */
    bool frames, clips; /* which it makes vectors of */
    bool of_paper;      /* the paper's own networks */
    FeatureNames names;
    int dims, clip_frames;
    uint64_t seed; /* of random weights */
    char digest[DIGEST_SIZE];
    const struct FeatureKind *kind;
    void *self;
} FeatureNet;

typedef struct FeatureScratch FeatureScratch;

/* A run folder or checkpoint of a VideoMAE. */
CHECKED Err feature_encoder_open(FeatureNet **net, const char *path);
/* Weight files of any kind that features/naming knows. */
CHECKED Err feature_inception_open(FeatureNet **net, const char *path);
/* The 400 logits of clips of clip_frames frames, or, pooled, the 1024 values before them, averaged over time and place.
 * eps of the batch normalization, 0: that of the network the file belongs to, told by the file's name, since the
 * copies' tensors have the same names (i3d_pretrained_400: 1e-5; otherwise the naming's, 1e-3). */
CHECKED Err feature_i3d_open(FeatureNet **net, const char *path, double eps, int clip_frames, bool pooled);
/* He-normal weights from the seed. To be calibrated before use. I3D's vector is the 1024 pooled values: random logits
 * would only mix them. */
CHECKED Err feature_random_open(FeatureNet **net, bool of_clips, uint64_t seed, int clip_frames);
void feature_net_close(FeatureNet **net);

/* What it takes, for plans: forward arithmetic of one vector, weights, and the working memory of one thread. */
typedef struct {
    double vector_flops, weight_bytes, scratch_bytes;
} FeatureCost;
FeatureCost feature_cost(const FeatureNet *net);

CHECKED Err feature_scratch_new(FeatureScratch **scratch, const FeatureNet *net, Team *team);
void feature_scratch_free(FeatureScratch **scratch);
/* n_frames frames from first_frame on become vector `slot` of the batch; slots are loaded in order from 0. `box`: the
 * middle square. n_frames is 1 or the net's clip_frames. */
CHECKED Err feature_load(FeatureScratch *scratch, int slot, const Frames *frames, const Box *box, int first_frame,
                         int n_frames);
/* features (n, dims) of slots 0..n-1. */
void feature_compute(FeatureScratch *scratch, float *features, int n);
/* Gives a random network the batch normalization of what has been loaded into n scratches of it: FEATURE_BATCH frames
 * or one clip each. `data` is the digest of where they come from and becomes part of the net's own. */
CHECKED Err feature_random_calibrate(FeatureNet *net, FeatureScratch *const *scratches, int n, const char *data);

/* random_weights: seeded weights for a convolutional network without a file. */

/* He et al. 2015: normal with variance 2 / fan in, no bias. A function of the seed and the layer's number. */
CHECKED Err random_weights(Convnet *net, uint64_t seed);
