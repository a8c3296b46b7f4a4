/* nn/models/convnet - convolutional networks as data: a table of layers, run forward only.
 *
 * A layer reads one volume, by name, and makes its own or becomes the next channels of a module: branches of one module
 * are concatenated in the order of the table. Batch normalization is folded into weights and bias by whoever sets them.
 * The features are the mean over all places of the last volume, of the whole input or, for a two-dimensional network,
 * of each frame.
 *
 * A Convnet belongs to one input size; it is const once its weights are set, and shared by threads. A ConvnetScratch
 * belongs to one thread; volumes that are not needed at the same time share its memory. */
#pragma once

#include "base/failure/err.h"
#include "nn/layers/volume.h"

#include <stdbool.h>

typedef enum {
    LAYER_CONV,   /* without bias, batch normalization, ReLU */
    LAYER_LINEAR, /* with bias, nothing behind */
    LAYER_MAX,
    LAYER_MEAN, /* places outside are not counted */
} LayerKind;

typedef struct {
    const char *name;
    const char *from; /* layer or module that is read; "": the input */
    const char *into; /* module it becomes a part of; "": it stands alone */
    LayerKind kind;
    int channels; /* of LAYER_CONV and LAYER_LINEAR */
    Window window;
} Layer;

enum { CONVNET_INPUT_CHANNELS = 3 };

typedef struct {
    const Layer *layers;
    int n_layers;
    const char *last; /* layer or module whose mean is the feature vector */
    bool by_frame;    /* features of every frame; windows are one frame deep */
    Extent input;     /* frames, rows, columns */
    int divisor;      /* widths are divided by it, rounded up: small networks of the same form for tests; usually 1 */
    const struct Kernels *kernels; /* NULL: the best */
} ConvnetPlan;

typedef struct Convnet Convnet;
typedef struct ConvnetScratch ConvnetScratch;

/* Weights are zero until set. ERR_USAGE naming the layer whose window does not fit into what is left of the input. */
CHECKED Err convnet_new(Convnet **net, const ConvnetPlan *plan);
void convnet_free(Convnet **net);
int convnet_dims(const Convnet *net);
size_t convnet_weight_bytes(const Convnet *net);
/* Multiply-adds of one forward pass. */
double convnet_products(const Convnet *net);

/* What a layer of the table takes: (out_channels, in_channels, kernel.t, kernel.y, kernel.x); pools take nothing. */
typedef struct {
    const Layer *layer;
    int in_channels, out_channels;
    size_t count; /* of weights, 0 for pools */
} LayerShape;
int convnet_layers(const Convnet *net);
LayerShape convnet_layer(const Convnet *net, int index);
void convnet_set(Convnet *net, int index, const float *weights, const float *bias);

CHECKED Err convnet_scratch_new(ConvnetScratch **scratch, const Convnet *net);
void convnet_scratch_free(ConvnetScratch **scratch);
size_t convnet_scratch_bytes(const Convnet *net);
/* Where the input goes before each forward pass: all places are to be written, channels red, green, blue. */
float *convnet_input(ConvnetScratch *scratch, Volume *volume);
/* features (frames or 1, dims). The input is used up. */
void convnet_forward(ConvnetScratch *scratch, float *features);

/* Shows every layer and module when it is whole: values (places, channels). For tests and inspection. */
typedef void (*ConvnetSee)(void *context, const char *name, const float *values, Extent size, int channels);
CHECKED Err convnet_forward_seen(ConvnetScratch *scratch, float *features, ConvnetSee see, void *context);

/* Scales and shifts every LAYER_CONV, in order, so that its channels have mean 0 and variance 1 over the n inputs
 * before the ReLU, variance + eps in the denominator: what batch normalization does in training. The scratches are of
 * `net`. */
void convnet_calibrate(Convnet *net, ConvnetScratch *const *scratches, int n, double eps);
