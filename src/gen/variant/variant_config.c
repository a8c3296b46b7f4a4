#include "gen/variant/variant_config.h"

static const Field texture_fields[] = {
    FIELD_ENUM(TextureWalkConfig, kind, "which untrained generator", TEXTURE_WALK_ORIENTED,
               "stylegan-oriented|stylegan-highfreq"),
    FIELD_DOUBLE(TextureWalkConfig, sigma, "step of the latents' random walk, a frame (the paper gives none)", 0.1, 0,
                 1),
    FIELD_BOOL(TextureWalkConfig, renormalize, "keep the latents' variance while they walk", false),
    FIELD_BOOL(TextureWalkConfig, shared_z, "one latent vector for all layers", false),
    FIELD_ENUM(TextureWalkConfig, colors, "which frame's statistics normalize the colors", WALK_COLORS_FIRST_FRAME,
               "first-frame|each-frame"),
    FIELD_END,
};

static const Field paper_fields[] = {
    FIELD_INT(PaperRow, row, "number of the dataset in the paper's order, 0: not of the paper", 0, 0, 99),
    FIELD_TEXT(PaperRow, table, "tables of the paper that name it", ""),
    FIELD_TEXT(PaperRow, texture_source, "where its textures come from", ""),
    FIELD_ENUM(PaperRow, mode, "rendered while training, or a set of files", 0, "live|files"),
    FIELD_DOUBLE(PaperRow, ucf101, "the paper's UCF101 fine-tuning accuracy, ViT-B, %; 0: not reported", 0, 0, 100),
    FIELD_DOUBLE(PaperRow, hmdb51, "the paper's HMDB51 fine-tuning accuracy, %; 0: not reported", 0, 0, 100),
    FIELD_DOUBLE(PaperRow, probe, "the paper's UCF101 linear probe accuracy, %; 0: not reported", 0, 0, 100),
    FIELD_END,
};

/* Notes name both readings wherever the paper and its released generator differ; the default is the recommended one. */
const Field variant_fields[] = {
    {FIELD_AT_(Variant, name), .help = "slug", .type = FIELD_TYPE_TEXT, .text = "unnamed", .flags = FIELD_COSMETIC},
    {FIELD_AT_(Variant, title), .help = "what it is made of", .type = FIELD_TYPE_TEXT, .text = "",
     .flags = FIELD_COSMETIC},
    FIELD_ENUM(Variant, generator, "what draws the videos", GENERATOR_OBJECTS,
               "objects|standin-motion|standin-actions|texture-video"),
    FIELD_INT(Variant, size, "side R of the square canvas, pixels", 256, 16, 4096),
    FIELD_RANGE(Variant, length,
                "frames a video, both ends included; the released files have 100..199, its videos on "
                "the fly 100..200",
                100, 200, 1, 100000),

    FIELD_INT(Variant, objects, "objects a video, all drawn at the start", 500, 1, 65000),
    FIELD_TEXTS(Variant, kinds,
                "shape kinds drawn with equal probability: circle, square, oriented-square, rectangle, "
                "triangle, quadrilateral; empty: all six, as the released code (the paper names three)"),
    FIELD_ENUM(Variant, radius_law,
               "power-law: density r^-3 as the code; exponential: the paper's word, with the same "
               "mean",
               RADIUS_POWER_LAW, "power-law|exponential"),
    FIELD_DOUBLE(Variant, radius_min, "smallest radius as a share of the canvas (0.03 in the still-image model)", 0.1,
                 0.001, 0.99),
    FIELD_RANGE(Variant, center_range, "centers as shares of the canvas, each coordinate; the code draws beyond it", 0,
                2, -4, 4),
    FIELD_ENUM(Variant, anchor,
               "code: a polygon's box has its top-left corner at the center; center: all shapes are "
               "centered",
               ANCHOR_CODE, "code|center"),
    FIELD_ENUM(Variant, cull, "code: skip objects whose center is a canvas outside; exact: only what cannot be seen",
               CULL_CODE, "code|exact"),
    FIELD_BOOL(Variant, subpixel, "keep fractions of positions; false truncates toward zero as the code", false),

    FIELD_ENUM(Variant, motion, "static: speed 0; linear: along one direction an object", MOTION_LINEAR,
               "static|linear"),
    FIELD_RANGE(Variant, speed, "initial speed, pixels a frame on a canvas of 256", 1.2, 3.0, 0, 100),
    FIELD_ENUM(Variant, slow,
               "slower sets: half-both halves both bounds of speed, half-max the upper one, not below "
               "the lower",
               SLOW_OFF, "off|half-both|half-max"),
    FIELD_BOOL(Variant, acceleration, "objects accelerate along their direction", false),
    FIELD_DOUBLE(Variant, accel_max,
                 "acceleration is uniform in +- this, pixels a frame^2 on a canvas of 256 (the "
                 "paper's table; its text prints 0.6)",
                 0.06, 0, 10),
    FIELD_ENUM(Variant, accel_law, "physical: path v t + a t^2/2; code: v t + a t^2 (its 0.03 equals 0.06 physical)",
               ACCEL_PHYSICAL, "physical|code"),
    FIELD_BOOL(Variant, scale_motion, "scale speed and acceleration with the canvas, so that small ones look alike",
               true),

    FIELD_BOOL(Variant, transforms, "objects rotate, scale and shear", false),
    FIELD_ENUM(Variant, transform_law,
               "linear: angle, scale and shear linear in time as the code; compound: each frame "
               "transforms the one before, as the paper words it",
               TRANSFORM_LINEAR, "linear|compound"),
    FIELD_DOUBLE(Variant, rotation_max, "rotation rate is uniform in +- this, radians a frame", 0.031415926535897934, 0,
                 3.2),
    FIELD_DOUBLE(Variant, scale_max, "scale rates of x and y are uniform in +- this, a frame", 0.005, 0, 0.005),
    FIELD_DOUBLE(Variant, shear_max, "shear rates of x and y are uniform in +- this, a frame", 0.005, 0, 0.005),
    FIELD_ENUM(Variant, pivot,
               "what stays fixed under a transform; code: (r/2, r/2) from the box's corner; center: the "
               "shape's center",
               PIVOT_CODE, "code|center"),
    FIELD_ENUM(Variant, circle_transform,
               "circles under transforms; rigid: as the released textured sets; ellipse: as "
               "those on the fly; full-affine: like the other shapes",
               CIRCLE_ELLIPSE, "rigid|ellipse|full-affine"),

    FIELD_ENUM(Variant, fill, "what objects are filled with", FILL_COLOR, "color|texture|texture-video"),
    FIELD_INT64(Variant, pool_size, "images of the pool in use, from its front; 0: all of it", 0, 0, 100000000),
    FIELD_INT(Variant, pool_min, "fewer images than this in the pool are an error", 16, 1, 1000000),
    FIELD_ENUM(Variant, pool_choice,
               "between several pools; by-size: one union, every image equally likely; equal: every pool equally "
               "likely (150k + 150k). Shares named in --pool go before",
               POOL_CHOICE_BY_SIZE, "by-size|equal"),
    FIELD_ENUM(Variant, crop_origin, "where an object's crop lies in its texture; random: the paper; corner: the code",
               CROP_RANDOM, "random|corner"),
    FIELD_ENUM(Variant, texture_filter, "how a texture becomes 2R x 2R before cropping; nearest: the code",
               TEXTURE_NEAREST, "nearest|bilinear"),
    FIELD_ENUM(Variant, saturate,
               "adding the object's color to its texture; wrap: modulo 256 as 8-bit code does; clip: "
               "at 255",
               SATURATE_OFF, "off|wrap|clip"),
    FIELD_ENUM(Variant, background, "what is behind the objects: black, one color a video, one pool image a video",
               BACKGROUND_BLACK, "black|color|image"),

    FIELD_ENUM(Variant, mix,
               "other videos in the set; static-clips: one pool image, still, stretched to the canvas; "
               "static-clips-native: at its own size, as the released code (in files its middle square); real-videos: "
               "from a dataset folder given with the pool",
               MIX_NONE, "none|static-clips|real-videos|static-clips-native"),
    FIELD_DOUBLE(Variant, mix_share, "share of those other videos, the last ones by index", 0, 0, 1),

    FIELD_GROUP(Variant, texture, "texture videos: the walk of an untrained generator", texture_fields),
    FIELD_GROUP(Variant, standin, "the labelled stand-ins", standin_fields),
    {FIELD_AT_(Variant, paper), .help = "the row of the paper", .type = FIELD_TYPE_GROUP, .fields = paper_fields,
     .flags = FIELD_COSMETIC},
    FIELD_END,
};
