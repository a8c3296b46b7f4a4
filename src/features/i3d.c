#include "features/tables.h"

/* A cube of `k` in every direction at stride 1 or 2, padded as TensorFlow does. */
#define CONV(name, from, channels, k, stride, into)                                                                    \
    {                                                                                                                  \
        name, from, into, LAYER_CONV, channels, {                                                                      \
            {k, k, k}, {stride, stride, stride}, {0, 0, 0}, 1                                                          \
        }                                                                                                              \
    }
#define MAX(name, from, kt, k, st, s)                                                                                  \
    {                                                                                                                  \
        name, from, "", LAYER_MAX, 0, {                                                                                \
            {kt, k, k}, {st, s, s}, {0, 0, 0}, 1                                                                       \
        }                                                                                                              \
    }

/* Widths of the branches: 1; 1 then 3; 1 then 3; pool then 1. */
#define MIXED(m, from, w0, w1a, w1b, w2a, w2b, w3b)                                                                    \
    CONV(m ".b0", from, w0, 1, 1, m), CONV(m ".b1a", from, w1a, 1, 1, ""), CONV(m ".b1b", m ".b1a", w1b, 3, 1, m),     \
        CONV(m ".b2a", from, w2a, 1, 1, ""), CONV(m ".b2b", m ".b2a", w2b, 3, 1, m), MAX(m ".b3a", from, 3, 3, 1, 1),  \
        CONV(m ".b3b", m ".b3a", w3b, 1, 1, m)

const Layer i3d_layers[] = {
    CONV("Conv3d_1a_7x7", "", 64, 7, 2, ""),
    MAX("MaxPool3d_2a_3x3", "Conv3d_1a_7x7", 1, 3, 1, 2),
    CONV("Conv3d_2b_1x1", "MaxPool3d_2a_3x3", 64, 1, 1, ""),
    CONV("Conv3d_2c_3x3", "Conv3d_2b_1x1", 192, 3, 1, ""),
    MAX("MaxPool3d_3a_3x3", "Conv3d_2c_3x3", 1, 3, 1, 2),
    MIXED("Mixed_3b", "MaxPool3d_3a_3x3", 64, 96, 128, 16, 32, 32),
    MIXED("Mixed_3c", "Mixed_3b", 128, 128, 192, 32, 96, 64),
    MAX("MaxPool3d_4a_3x3", "Mixed_3c", 3, 3, 2, 2),
    MIXED("Mixed_4b", "MaxPool3d_4a_3x3", 192, 96, 208, 16, 48, 64),
    MIXED("Mixed_4c", "Mixed_4b", 160, 112, 224, 24, 64, 64),
    MIXED("Mixed_4d", "Mixed_4c", 128, 128, 256, 24, 64, 64),
    MIXED("Mixed_4e", "Mixed_4d", 112, 144, 288, 32, 64, 64),
    MIXED("Mixed_4f", "Mixed_4e", 256, 160, 320, 32, 128, 128),
    MAX("MaxPool3d_5a_2x2", "Mixed_4f", 2, 2, 2, 2),
    MIXED("Mixed_5b", "MaxPool3d_5a_2x2", 256, 160, 320, 32, 128, 128),
    MIXED("Mixed_5c", "Mixed_5b", 384, 192, 384, 48, 128, 128),
    {I3D_POOL, "Mixed_5c", "", LAYER_MEAN, 0, {{2, 7, 7}, {1, 1, 1}, {0, 0, 0}, 0}},
    {I3D_LOGITS, I3D_POOL, "", LAYER_LINEAR, 400, {{1, 1, 1}, {1, 1, 1}, {0, 0, 0}, 0}},
};
const int i3d_n_layers = sizeof i3d_layers / sizeof *i3d_layers;
