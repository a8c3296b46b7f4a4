/* features/random_weights - seeded weights for a convolutional network without a file. */
#pragma once

#include "nn/models/convnet.h"

#include <stdint.h>

/* He et al. 2015: normal with variance 2 / fan in, no bias. A function of the seed and the layer's number. */
CHECKED Err random_weights(Convnet *net, uint64_t seed);
