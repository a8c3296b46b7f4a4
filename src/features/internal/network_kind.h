/* features/internal/network_kind - what each kind of feature network implements. For features/ only. */
#pragma once

#include "base/system/digest.h"
#include "features/network.h"
#include "nn/models/convnet.h"

/* naming.c: convolutional networks from the weight files people have, names mapped by tables.
 *
 * A file is taken for what its names say: the first layer's tensor is looked for under each naming, behind any prefix
 * ("model.", "module."). Batch normalization is folded: W' = W g / sqrt(v + eps), b' = b - m g / sqrt(v + eps). */

typedef struct {
    const char *from, *to;
} Rename;

typedef struct {
    const char *title; /* whose names these are */
    int axes;          /* of the windows as stored: 2 or 3 */
    double eps;
    const char *kernel, *scale, *shift, *mean, *variance; /* behind a layer's name */
    bool scale_optional;                                  /* ones where it is missing */
    const char *linear_kernel, *linear_bias;              /* behind the name of a LAYER_LINEAR */
    const Rename *renames;                                /* in a layer's name, in this order; ended by {NULL, NULL} */
    const char *foreign, *foreign_is;                     /* a tensor that tells of other weights, and of which */
} Naming;

extern const Naming inception_namings[], i3d_namings[]; /* ended by a title of NULL */

/* Fills the network. `digest` is of the folded weights, so the same for the same weights in any kind of file. eps: of
 * the batch normalization, 0: the naming's own. ERR_INPUT names the file and the tensor, what was found and what was
 * expected. */
CHECKED Err naming_load(Convnet *net, char digest[DIGEST_SIZE], const Naming *namings, double eps, const char *path);
/* The file's name of what a layer of the table has: what = one of the naming's parts. */
CHECKED Err naming_tensor(char *out, size_t size, const Naming *naming, const char *prefix, const char *layer,
                          const char *what);

typedef struct FeatureKind {
    CHECKED Err (*scratch_new)(void **scratch, const FeatureNet *net, Team *team);
    void (*scratch_free)(void *scratch);
    CHECKED Err (*load)(void *scratch, int slot, const Frames *frames, const Box *box, int first_frame, int n_frames);
    void (*compute)(void *scratch, float *features, int n);
    FeatureCost (*cost)(const FeatureNet *net);
    void (*close)(void *self);
} FeatureKind;

/* A net with `like`'s members on the heap; on failure `self` is closed. */
CHECKED Err feature_net_make(FeatureNet **net, const FeatureNet *like);
/* What its kind made. */
void *feature_scratch_self(FeatureScratch *scratch);
