/* The layers of both networks, as rows: name, what it reads, the module whose output it is joined to (in the order of
 * the rows), kind, channels, window (frames, rows, columns), stride, padding, and whether it pads as TensorFlow does.
 * I3D: Carreira and Zisserman 2017, figure 3, on Inception-v1. Inception-v3: Szegedy et al. 2016, table 1, in the form
 * that FID is defined with (TensorFlow's graph of 2015, as pytorch-fid has it). */
#include "features/tables.h"

/* A cube of `k` in every direction at stride 1 or 2, padded as TensorFlow does. */
#define CONV_I3D(name, from, channels, k, stride, into)                                                                \
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
    CONV_I3D(m ".b0", from, w0, 1, 1, m), CONV_I3D(m ".b1a", from, w1a, 1, 1, ""),                                     \
        CONV_I3D(m ".b1b", m ".b1a", w1b, 3, 1, m), CONV_I3D(m ".b2a", from, w2a, 1, 1, ""),                           \
        CONV_I3D(m ".b2b", m ".b2a", w2b, 3, 1, m), MAX(m ".b3a", from, 3, 3, 1, 1),                                   \
        CONV_I3D(m ".b3b", m ".b3a", w3b, 1, 1, m)

const Layer i3d_layers[] = {
    CONV_I3D("Conv3d_1a_7x7", "", 64, 7, 2, ""),
    MAX("MaxPool3d_2a_3x3", "Conv3d_1a_7x7", 1, 3, 1, 2),
    CONV_I3D("Conv3d_2b_1x1", "MaxPool3d_2a_3x3", 64, 1, 1, ""),
    CONV_I3D("Conv3d_2c_3x3", "Conv3d_2b_1x1", 192, 3, 1, ""),
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
    /* over the 7 x 7 places and pairs of frames; what is left of time is averaged */
    {I3D_POOL, "Mixed_5c", "", LAYER_MEAN, 0, {{2, 7, 7}, {1, 1, 1}, {0, 0, 0}, 0}},
    {I3D_LOGITS, I3D_POOL, "", LAYER_LINEAR, 400, {{1, 1, 1}, {1, 1, 1}, {0, 0, 0}, 0}},
};
const int i3d_n_layers = sizeof i3d_layers / sizeof *i3d_layers;

/* name, what it reads, output channels, window (rows, columns), stride, padding (rows, columns), module */
#define CONV(name, from, channels, ky, kx, stride, py, px, into)                                                       \
    {                                                                                                                  \
        name, from, into, LAYER_CONV, channels, {                                                                      \
            {1, ky, kx}, {1, stride, stride}, {0, py, px}, 0                                                           \
        }                                                                                                              \
    }
#define MAX_DOWN(name, from, into)                                                                                     \
    {                                                                                                                  \
        name, from, into, LAYER_MAX, 0, {                                                                              \
            {1, 3, 3}, {1, 2, 2}, {0, 0, 0}, 0                                                                         \
        }                                                                                                              \
    }
#define POOL_SAME(kind, name, from)                                                                                    \
    {                                                                                                                  \
        name, from, "", kind, 0, {                                                                                     \
            {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, 0                                                                         \
        }                                                                                                              \
    }

/* 35 x 35: branches of 1x1, 5x5, two 3x3, and a pool. */
#define MIXED_5(m, from, pool_channels)                                                                                \
    CONV(m ".branch1x1", from, 64, 1, 1, 1, 0, 0, m), CONV(m ".branch5x5_1", from, 48, 1, 1, 1, 0, 0, ""),             \
        CONV(m ".branch5x5_2", m ".branch5x5_1", 64, 5, 5, 1, 2, 2, m),                                                \
        CONV(m ".branch3x3dbl_1", from, 64, 1, 1, 1, 0, 0, ""),                                                        \
        CONV(m ".branch3x3dbl_2", m ".branch3x3dbl_1", 96, 3, 3, 1, 1, 1, ""),                                         \
        CONV(m ".branch3x3dbl_3", m ".branch3x3dbl_2", 96, 3, 3, 1, 1, 1, m), POOL_SAME(LAYER_MEAN, m ".pool", from),  \
        CONV(m ".branch_pool", m ".pool", pool_channels, 1, 1, 1, 0, 0, m)

/* 17 x 17: 7x7 windows as 1x7 and 7x1. */
#define MIXED_6(m, from, width)                                                                                        \
    CONV(m ".branch1x1", from, 192, 1, 1, 1, 0, 0, m), CONV(m ".branch7x7_1", from, width, 1, 1, 1, 0, 0, ""),         \
        CONV(m ".branch7x7_2", m ".branch7x7_1", width, 1, 7, 1, 0, 3, ""),                                            \
        CONV(m ".branch7x7_3", m ".branch7x7_2", 192, 7, 1, 1, 3, 0, m),                                               \
        CONV(m ".branch7x7dbl_1", from, width, 1, 1, 1, 0, 0, ""),                                                     \
        CONV(m ".branch7x7dbl_2", m ".branch7x7dbl_1", width, 7, 1, 1, 3, 0, ""),                                      \
        CONV(m ".branch7x7dbl_3", m ".branch7x7dbl_2", width, 1, 7, 1, 0, 3, ""),                                      \
        CONV(m ".branch7x7dbl_4", m ".branch7x7dbl_3", width, 7, 1, 1, 3, 0, ""),                                      \
        CONV(m ".branch7x7dbl_5", m ".branch7x7dbl_4", 192, 1, 7, 1, 0, 3, m), POOL_SAME(LAYER_MEAN, m ".pool", from), \
        CONV(m ".branch_pool", m ".pool", 192, 1, 1, 1, 0, 0, m)

/* 8 x 8: 3x3 windows as 1x3 beside 3x1, both of which read the same. */
#define MIXED_7(m, from, pool)                                                                                         \
    CONV(m ".branch1x1", from, 320, 1, 1, 1, 0, 0, m), CONV(m ".branch3x3_1", from, 384, 1, 1, 1, 0, 0, ""),           \
        CONV(m ".branch3x3_2a", m ".branch3x3_1", 384, 1, 3, 1, 0, 1, m),                                              \
        CONV(m ".branch3x3_2b", m ".branch3x3_1", 384, 3, 1, 1, 1, 0, m),                                              \
        CONV(m ".branch3x3dbl_1", from, 448, 1, 1, 1, 0, 0, ""),                                                       \
        CONV(m ".branch3x3dbl_2", m ".branch3x3dbl_1", 384, 3, 3, 1, 1, 1, ""),                                        \
        CONV(m ".branch3x3dbl_3a", m ".branch3x3dbl_2", 384, 1, 3, 1, 0, 1, m),                                        \
        CONV(m ".branch3x3dbl_3b", m ".branch3x3dbl_2", 384, 3, 1, 1, 1, 0, m), POOL_SAME(pool, m ".pool", from),      \
        CONV(m ".branch_pool", m ".pool", 192, 1, 1, 1, 0, 0, m)

const Layer inception_layers[] = {
    CONV("Conv2d_1a_3x3", "", 32, 3, 3, 2, 0, 0, ""),
    CONV("Conv2d_2a_3x3", "Conv2d_1a_3x3", 32, 3, 3, 1, 0, 0, ""),
    CONV("Conv2d_2b_3x3", "Conv2d_2a_3x3", 64, 3, 3, 1, 1, 1, ""),
    MAX_DOWN("maxpool1", "Conv2d_2b_3x3", ""),
    CONV("Conv2d_3b_1x1", "maxpool1", 80, 1, 1, 1, 0, 0, ""),
    CONV("Conv2d_4a_3x3", "Conv2d_3b_1x1", 192, 3, 3, 1, 0, 0, ""),
    MAX_DOWN("maxpool2", "Conv2d_4a_3x3", ""),
    MIXED_5("Mixed_5b", "maxpool2", 32),
    MIXED_5("Mixed_5c", "Mixed_5b", 64),
    MIXED_5("Mixed_5d", "Mixed_5c", 64),
    CONV("Mixed_6a.branch3x3", "Mixed_5d", 384, 3, 3, 2, 0, 0, "Mixed_6a"),
    CONV("Mixed_6a.branch3x3dbl_1", "Mixed_5d", 64, 1, 1, 1, 0, 0, ""),
    CONV("Mixed_6a.branch3x3dbl_2", "Mixed_6a.branch3x3dbl_1", 96, 3, 3, 1, 1, 1, ""),
    CONV("Mixed_6a.branch3x3dbl_3", "Mixed_6a.branch3x3dbl_2", 96, 3, 3, 2, 0, 0, "Mixed_6a"),
    MAX_DOWN("Mixed_6a.pool", "Mixed_5d", "Mixed_6a"),
    MIXED_6("Mixed_6b", "Mixed_6a", 128),
    MIXED_6("Mixed_6c", "Mixed_6b", 160),
    MIXED_6("Mixed_6d", "Mixed_6c", 160),
    MIXED_6("Mixed_6e", "Mixed_6d", 192),
    CONV("Mixed_7a.branch3x3_1", "Mixed_6e", 192, 1, 1, 1, 0, 0, ""),
    CONV("Mixed_7a.branch3x3_2", "Mixed_7a.branch3x3_1", 320, 3, 3, 2, 0, 0, "Mixed_7a"),
    CONV("Mixed_7a.branch7x7x3_1", "Mixed_6e", 192, 1, 1, 1, 0, 0, ""),
    CONV("Mixed_7a.branch7x7x3_2", "Mixed_7a.branch7x7x3_1", 192, 1, 7, 1, 0, 3, ""),
    CONV("Mixed_7a.branch7x7x3_3", "Mixed_7a.branch7x7x3_2", 192, 7, 1, 1, 3, 0, ""),
    CONV("Mixed_7a.branch7x7x3_4", "Mixed_7a.branch7x7x3_3", 192, 3, 3, 2, 0, 0, "Mixed_7a"),
    MAX_DOWN("Mixed_7a.pool", "Mixed_6e", "Mixed_7a"),
    MIXED_7("Mixed_7b", "Mixed_7a", LAYER_MEAN),
    /* the graph of 2015 has a maximum here, where every other module of this kind has a mean */
    MIXED_7("Mixed_7c", "Mixed_7b", LAYER_MAX),
};
const int inception_n_layers = sizeof inception_layers / sizeof *inception_layers;
