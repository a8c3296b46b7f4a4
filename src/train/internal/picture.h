/* train/internal/picture - what a masked autoencoder sees and makes of it: input, masked input, reconstruction, as one
 * picture.
 */
#pragma once

#include "nn/models/mae.h"
#include "video/frames/clip.h"

/* Three rows of frames a clip, one column a tubelet (its first frame). Runs the model forward on (B, T, H, W, 3) pixels
 * with the given masks. Predictions are undone with the true mean and deviation of their patch, as the loss is
 * normalized; visible patches are shown as they are. `picture` becomes one frame. */
CHECKED Err picture_of_reconstruction(Frames *picture, const Mae *mae, MaeScratch *scratch, const ModelConfig *model,
                                      const float *params, const uint8_t *clips, const uint8_t *masked, int B);
