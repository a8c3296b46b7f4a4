#include "features/internal/naming.h"
#include "features/tables.h"

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
