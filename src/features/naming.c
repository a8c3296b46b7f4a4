/* Weight files of Inception and I3D differ in names, axes and what batch normalization has. A table a publisher says
 * how (below); the first whose name of the first layer ends some tensor's name is taken.
 * Normalization is folded into the convolution in double, once. */
#include "features/internal/network_kind.h"

#include "base/text/text.h"
#include "features/tables.h"
#include "math/finite.h"
#include "store/foreign/weightfile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const Naming *naming;
    char prefix[WEIGHT_NAME_SIZE];
    const char *path;
    WeightFile *file;
    double eps;
    Digest *digest;
} Loader;

/* The first `from` in the name becomes `to`. */
static Err rename_once(char *name, size_t size, const Rename *rename) {
    char whole[WEIGHT_NAME_SIZE];
    const char *at = strstr(name, rename->from);
    if (!at) return ERR_NONE;
    TRY(text_format(whole, sizeof whole, "%.*s%s%s", (int)(at - name), name, rename->to, at + strlen(rename->from)));
    return text_copy(name, size, whole);
}

Err naming_tensor(char *out, size_t size, const Naming *naming, const char *prefix, const char *layer,
                  const char *what) {
    char name[WEIGHT_NAME_SIZE];
    TRY(text_copy(name, sizeof name, layer));
    for (const Rename *rename = naming->renames; rename->from; rename++) TRY(rename_once(name, sizeof name, rename));
    return text_format(out, size, "%s%s%s", prefix, name, what);
}

/* The prefix in front of `name` in some tensor's name, the shortest; false when none ends so. */
static bool find_prefix(char prefix[WEIGHT_NAME_SIZE], const WeightFile *file, const char *name) {
    size_t best = WEIGHT_NAME_SIZE, length = strlen(name);
    for (int i = 0; i < weightfile_count(file); i++) {
        const char *whole = weightfile_entry(file, i)->name;
        size_t in_front = strlen(whole) - length;
        /* wraps around for a shorter name, which is passed over first */
        if (strlen(whole) < length || in_front >= best || strcmp(whole + in_front, name) != 0) continue;
        /* "xMixed_5b" is no prefix and "Mixed_5b" */
        if (in_front > 0 && whole[in_front - 1] != '.') continue;
        best = in_front;
        memcpy(prefix, whole, best);
        prefix[best] = 0;
    }
    return best < WEIGHT_NAME_SIZE;
}

/* A file may hold the network below some prefix ("model.", "module."), which is found with it. */
static Err recognize(Loader *loader, const Naming *namings, const Layer *first) {
    char name[WEIGHT_NAME_SIZE];
    /* the name of the first convolution's kernel tells publishers apart */
    for (const Naming *naming = namings; naming->title; naming++) {
        TRY(naming_tensor(name, sizeof name, naming, "", first->name, naming->kernel));
        if (!find_prefix(loader->prefix, loader->file, name)) continue;
        loader->naming = naming;
        return ERR_NONE;
    }
    TRY(naming_tensor(name, sizeof name, namings, "", first->name, namings->kernel));
    return RAISE(ERR_INPUT, "%s: none of its %d tensors is named %s; expected the weights of %s", loader->path,
                 weightfile_count(loader->file), name, namings->title);
}

/* Weights of the same form that mean something else. */
static Err refuse_foreign(const Loader *loader) {
    char name[WEIGHT_NAME_SIZE];
    if (!loader->naming->foreign) return ERR_NONE;
    TRY(text_format(name, sizeof name, "%s%s", loader->prefix, loader->naming->foreign));
    if (weightfile_find(loader->file, name) < 0) return ERR_NONE;
    return RAISE(ERR_INPUT, "%s: it has a tensor %s, so it is %s; expected the weights of %s", loader->path, name,
                 loader->naming->foreign_is, loader->naming->title);
}

static Err describe_dims(char *out, size_t size, const int64_t *dims, int n_dims) {
    Builder text = {0};
    for (int d = 0; d < n_dims; d++) builder_add(&text, d ? " x %lld" : "%lld", (long long)dims[d]);
    Err err = builder_check(&text, "shape");
    if (!err) err = text_copy(out, size, n_dims ? text.data : "a single number");
    builder_free(&text);
    return err;
}

static Err check_shape(const Loader *loader, const WeightEntry *entry, const int64_t *dims, int n_dims) {
    char found[128], expected[128];
    if (entry->n_dims == n_dims && memcmp(entry->dims, dims, (size_t)n_dims * sizeof *dims) == 0) return ERR_NONE;
    TRY(describe_dims(found, sizeof found, entry->dims, entry->n_dims));
    TRY(describe_dims(expected, sizeof expected, dims, n_dims));
    return RAISE(ERR_INPUT, "%s: tensor %s is %s; expected %s", loader->path, entry->name, found, expected);
}

/* values: malloc'd, NULL when the tensor is optional and missing. */
static Err read_tensor(float **values, const Loader *loader, const char *layer, const char *what, const int64_t *dims,
                       int n_dims, bool optional) {
    char name[WEIGHT_NAME_SIZE];
    *values = NULL;
    TRY(naming_tensor(name, sizeof name, loader->naming, loader->prefix, layer, what));
    int index = weightfile_find(loader->file, name);
    if (index < 0 && optional) return ERR_NONE;
    if (index < 0)
        return RAISE(ERR_INPUT, "%s: tensor %s is missing; expected the weights of %s", loader->path, name,
                     loader->naming->title);
    const WeightEntry *entry = weightfile_entry(loader->file, index);
    TRY(check_shape(loader, entry, dims, n_dims));
    *values = malloc((size_t)entry->count * sizeof **values);
    if (!*values) return RAISE(ERR_MEMORY, "%s: no memory for tensor %s", loader->path, name);
    TRY(weightfile_read(*values, loader->file, index));
    return finite_check(*values, (size_t)entry->count, 0, loader->path, name);
}

/* W (out, one) and bias (out) become those of convolution and batch normalization together. */
static Err fold(float *W, float *bias, const Loader *loader, const char *layer, size_t one, int64_t out) {
    Err err = ERR_NONE;
    const Naming *naming = loader->naming;
    float *scale = NULL, *shift = NULL, *mean = NULL, *variance = NULL;
    TRY_OR(done, read_tensor(&scale, loader, layer, naming->scale, &out, 1, naming->scale_optional));
    TRY_OR(done, read_tensor(&shift, loader, layer, naming->shift, &out, 1, false));
    TRY_OR(done, read_tensor(&mean, loader, layer, naming->mean, &out, 1, false));
    TRY_OR(done, read_tensor(&variance, loader, layer, naming->variance, &out, 1, false));
    for (size_t o = 0; o < (size_t)out; o++) {
        /* a running variance below zero is a file of something else */
        if (variance[o] < 0)
            TRY_OR(done, RAISE(ERR_INPUT, "%s: tensor %s%s%s: variance %zu is %g; expected none below zero",
                               loader->path, loader->prefix, layer, naming->variance, o, (double)variance[o]));
        /* y = scale (Wx - mean) / sqrt(variance + eps) + shift is again a convolution */
        double factor = (scale ? (double)scale[o] : 1) / sqrt((double)variance[o] + loader->eps);
        bias[o] = (float)((double)shift[o] - (double)mean[o] * factor);
        for (size_t i = o * one; i < (o + 1) * one; i++) W[i] = (float)((double)W[i] * factor);
    }
done:
    free(scale);
    free(shift);
    free(mean);
    free(variance);
    return err;
}

static Err load_layer(Convnet *net, const Loader *loader, int index) {
    Err err = ERR_NONE;
    float *W = NULL, *bias = NULL;
    const Naming *naming = loader->naming;
    LayerShape shape = convnet_layer(net, index);
    const Extent *kernel = &shape.layer->window.kernel;
    /* convolutions as PyTorch has them: (out, in, window); networks of pictures have no time axis */
    int64_t out = shape.out_channels, three[] = {out, shape.in_channels, kernel->t, kernel->y, kernel->x};
    int64_t two[] = {out, shape.in_channels, kernel->y, kernel->x};
    const int64_t *dims = naming->axes == 3 ? three : two;
    bool linear = shape.layer->kind == LAYER_LINEAR;
    /* pools have no weights */
    if (shape.count == 0) return ERR_NONE;
    TRY_OR(done, read_tensor(&W, loader, shape.layer->name, linear ? naming->linear_kernel : naming->kernel, dims,
                             naming->axes + 2, false));
    if (linear) {
        TRY_OR(done, read_tensor(&bias, loader, shape.layer->name, naming->linear_bias, &out, 1, false));
    } else {
        bias = malloc((size_t)out * sizeof *bias);
        if (!bias) TRY_OR(done, RAISE(ERR_MEMORY, "%s: no memory", loader->path));
        TRY_OR(done, fold(W, bias, loader, shape.layer->name, shape.count / (size_t)out, out));
    }
    convnet_set(net, index, W, bias);
    /* of folded weights: equal networks have equal digests, whatever file they came in */
    digest_add(loader->digest, W, shape.count * sizeof *W);
    digest_add(loader->digest, bias, (size_t)out * sizeof *bias);
done:
    free(W);
    free(bias);
    return err;
}

Err naming_load(Convnet *net, char digest[DIGEST_SIZE], const Naming *namings, double eps, const char *path) {
    Err err = ERR_NONE;
    Loader loader = {.path = path};
    TRY(weightfile_open(&loader.file, path));
    TRY_OR(done, digest_new(&loader.digest));
    TRY_OR(done, recognize(&loader, namings, convnet_layer(net, 0).layer));
    TRY_OR(done, refuse_foreign(&loader));
    loader.eps = eps > 0 ? eps : loader.naming->eps;
    for (int i = 0; i < convnet_layers(net); i++) TRY_OR(done, load_layer(net, &loader, i));
    digest_hex(loader.digest, digest);
done:
    digest_free(&loader.digest);
    weightfile_close(&loader.file);
    return err;
}

/* ---- the tables ---- */

static const Rename no_renames[] = {{NULL, NULL}};

/* deepmind's checkpoint converted by hassony2/kinetics_i3d_pytorch. */
static const Rename kinetics_renames[] = {
    {".b0", ".branch_0"},        {".b1a", ".branch_1.0"},
    {".b1b", ".branch_1.1"},     {".b2a", ".branch_2.0"},
    {".b2b", ".branch_2.1"},     {".b3b", ".branch_3.1"},
    {"Mixed_", "mixed_"},        {"Conv3d_", "conv3d_"},
    {"logits", "conv3d_0c_1x1"}, {NULL, NULL},
};

const Naming inception_namings[] = {
    {
        .title = "pytorch-fid (pt_inception-2015-12-05)",
        .axes = 2,
        .eps = BATCH_NORM_EPS,
        .kernel = ".conv.weight",
        .scale = ".bn.weight",
        .shift = ".bn.bias",
        .mean = ".bn.running_mean",
        .variance = ".bn.running_var",
        .renames = no_renames,
        .foreign = "AuxLogits.conv0.conv.weight",
        .foreign_is = "torchvision's Inception, whose features are not FID's",
    },
    {NULL},
};

const Naming i3d_namings[] = {
    {
        .title = "pytorch-i3d (rgb_imagenet, i3d_pretrained_400)",
        .axes = 3,
        .eps = BATCH_NORM_EPS,
        .kernel = ".conv3d.weight",
        .scale = ".bn.weight",
        .shift = ".bn.bias",
        .mean = ".bn.running_mean",
        .variance = ".bn.running_var",
        .linear_kernel = ".conv3d.weight",
        .linear_bias = ".conv3d.bias",
        .renames = no_renames,
    },
    {
        .title = "kinetics_i3d_pytorch (model_rgb)",
        .axes = 3,
        .eps = BATCH_NORM_EPS,
        .kernel = ".conv3d.weight",
        .scale = ".batch3d.weight",
        .shift = ".batch3d.bias",
        .mean = ".batch3d.running_mean",
        .variance = ".batch3d.running_var",
        .scale_optional = true,
        .linear_kernel = ".conv3d.weight",
        .linear_bias = ".conv3d.bias",
        .renames = kinetics_renames,
    },
    {NULL},
};
