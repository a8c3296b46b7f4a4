/* nn/models/internal/convnet_plan - what nn/models/convnet makes of a table of layers. For nn/models/convnet and its
 * parts only.
 */
#pragma once

#include "nn/layers/conv.h"
#include "nn/layers/volume.h"
#include "nn/models/convnet.h"

/* A volume that layers write and read: the input, a layer's output or a module. */
typedef struct {
    const char *name;
    Volume volume;
    int channels;
    int *channel_of;      /* (slots): channel, -1: none */
    int writer, reader;   /* last layer that writes and that reads it */
    int first_writer;     /* -1: the input */
    size_t begin, floats; /* in the scratch */
} NetVolume;

typedef struct {
    int from, to;      /* volumes */
    int first_channel; /* of its part of `to` */
    int channels, first_slot, slots;
    WindowFit fit;
    Conv conv;
    PoolShape pool;
} NetLayer;

struct Convnet {
    ConvnetPlan plan;
    int n_layers, n_volumes;
    NetLayer *layers;
    NetVolume *volumes; /* volumes[0]: the input; the last layer's is volumes[last] */
    int last;
    size_t floats; /* of the scratch */
};

/* Everything but weights. */
CHECKED Err convnet_plan(Convnet *net);
void convnet_plan_free(Convnet *net);
