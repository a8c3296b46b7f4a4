/* feature_fixture - weights and pixels by the formula of tests/oracle/features_golden.py, for networks of any width. */
#pragma once

#include "features/internal/network_kind.h"
#include "store/foreign/internal/weightfile_formats.h"

#include "support/unit.h"

#include <math.h>

enum { FIXTURE_TENSORS = 600 };

static inline uint32_t mix(uint32_t x) {
    x ^= x >> 16;
    x *= 0x7feb352d;
    x ^= x >> 15;
    x *= 0x846ca68b;
    return x ^ (x >> 16);
}

static inline uint32_t fnv1a(const char *text) {
    uint32_t h = 2166136261;
    while (*text) h = (h ^ (unsigned char)*text++) * 16777619;
    return h;
}

static inline bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static inline void fill(const Tensor *tensor) {
    uint32_t h = fnv1a(tensor->name);
    size_t count = tensor_count(tensor), fan_in = count / (size_t)tensor->dims[0];
    bool positive = ends_with(tensor->name, ".bn.weight") || ends_with(tensor->name, ".running_var");
    for (size_t i = 0; i < count; i++) {
        double u = (mix((uint32_t)i * 2654435761u + h) >> 8) / 0x1p24;
        tensor->data[i] = tensor->n_dims > 1 ? (float)((2 * u - 1) * sqrt(6 / (double)fan_in))
                          : positive         ? (float)(0.8 + 0.4 * u)
                                             : (float)(0.4 * u - 0.2);
    }
}

static inline uint8_t pixel(Extent size, int t, int y, int x, int c) {
    size_t index = (((size_t)t * (size_t)size.y + (size_t)y) * (size_t)size.x + (size_t)x) * 3 + (size_t)c;
    return (uint8_t)(2 * x + 3 * y + 11 * t + 50 * c + (int)(mix((uint32_t)index) & 63));
}

static inline void add_tensor(Tensor *tensor, const Naming *naming, const char *layer, const char *what, int n_dims,
                              const int *dims) {
    assert_ok(naming_tensor(tensor->name, sizeof tensor->name, naming, "", layer, what));
    tensor->n_dims = n_dims;
    memcpy(tensor->dims, dims, (size_t)n_dims * sizeof *dims);
    tensor->data = malloc(tensor_count(tensor) * sizeof *tensor->data);
    fill(tensor);
}

/* All tensors of a network, in the first naming; the caller frees the data. */
static inline int net_tensors(Tensor *tensors, const Convnet *net, const Naming *naming) {
    int n = 0;
    for (int i = 0; i < convnet_layers(net); i++) {
        LayerShape shape = convnet_layer(net, i);
        if (shape.count == 0) continue;
        const char *name = shape.layer->name;
        const Extent *k = &shape.layer->window.kernel;
        int three[] = {shape.out_channels, shape.in_channels, k->t, k->y, k->x};
        int two[] = {shape.out_channels, shape.in_channels, k->y, k->x};
        add_tensor(&tensors[n++], naming, name, naming->kernel, naming->axes + 2, naming->axes == 3 ? three : two);
        if (shape.layer->kind == LAYER_LINEAR) {
            add_tensor(&tensors[n++], naming, name, naming->linear_bias, 1, three);
            continue;
        }
        const char *const parts[] = {naming->scale, naming->shift, naming->mean, naming->variance};
        for (int p = 0; p < 4; p++) add_tensor(&tensors[n++], naming, name, parts[p], 1, three);
    }
    assert_true(n <= FIXTURE_TENSORS);
    return n;
}

/* Writes the weights of a whole network as safetensors. */
static inline void net_write_weights(const char *path, const Convnet *net, const Naming *naming) {
    static Tensor tensors[FIXTURE_TENSORS];
    int n = net_tensors(tensors, net, naming);
    assert_ok(safetensors_write(path, tensors, n));
    for (int t = 0; t < n; t++) free(tensors[t].data);
}
