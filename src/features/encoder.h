/* features/encoder - the one fixed VideoMAE encoder whose features the distances and the diversity are computed on.
 *
 * One checkpoint for all datasets that are compared: features of each set's own model would make the comparison
 * circular. Weights and shape come from a run folder or a checkpoint. An Encoder is const and shared; an EncoderScratch
 * belongs to one thread. */
#pragma once

#include "base/system/digest.h"
#include "video/frames/clip.h"

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

CHECKED Err encoder_scratch_new(EncoderScratch **scratch, const Encoder *encoder);
void encoder_scratch_free(EncoderScratch **scratch);
/* Puts n_frames frames from first_frame on, cut to the square `box`, into place `slot` of the batch: one frame is
 * repeated over the clip, otherwise n_frames must be the clip's. Resized with antialiasing as in training. */
CHECKED Err encoder_load(EncoderScratch *scratch, int slot, const Frames *frames, const Box *box, int first_frame,
                         int n_frames);
/* features (n, dims) of slots 0..n-1. */
void encoder_features(EncoderScratch *scratch, float *features, int n);
/* keys (tokens, width) of the last attention layer for slot 0. */
void encoder_keys(EncoderScratch *scratch, float *keys);
