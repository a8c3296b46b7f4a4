#include "features/random_weights.h"

#include "math/rng.h"

#include <math.h>
#include <stdlib.h>

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
        float scale = sqrtf(2.0f * (float)shape.out_channels / (float)shape.count);
        Rng rng = rng_stream(seed, RNG_WEIGHTS, (uint64_t)i, 0);
        for (size_t k = 0; k < shape.count; k++) weights[k] = scale * rng_normal(&rng);
        convnet_set(net, i, weights, bias);
        free(weights);
        free(bias);
    }
    return ERR_NONE;
}
