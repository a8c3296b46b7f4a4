/* gen/variant/variant_config - the struct behind a Variant: every switch of a dataset, with its table in
 * variant_config.c.
 *
 * Only gen includes this header; the stages above see the opaque Variant. The defaults are the recommended readings
 * where paper and released code differ; the paper's 256-pixel canvas is the reference size: `size` R scales radii and
 * centers by construction and, with scale_motion, pixel rates by R/256. Lengths in pixels are those at 256.
 *
 * The stand-ins bring their own group: gen/standin/standin.h declares StandinConfig, standin_fields and the generators
 * standin_motion_generator and standin_actions_generator (and does not include this header; its sources do). */
#pragma once

#include "base/config/field.h"
#include "base/text/text.h"
#include "gen/standin/standin.h"
#include "gen/variant/variant.h"

enum { VARIANT_KINDS = 6 };

typedef enum { MOTION_STATIC, MOTION_LINEAR } MotionLaw;
typedef enum { ACCEL_PHYSICAL, ACCEL_CODE } AccelLaw;
typedef enum { SLOW_OFF, SLOW_HALF_BOTH, SLOW_HALF_MAX } SlowLaw;
typedef enum { RADIUS_POWER_LAW, RADIUS_EXPONENTIAL } RadiusLaw;
typedef enum { TRANSFORM_LINEAR, TRANSFORM_COMPOUND } TransformLaw;
typedef enum { PIVOT_CODE, PIVOT_CENTER } PivotRule;
typedef enum { ANCHOR_CODE, ANCHOR_CENTER } AnchorRule;
typedef enum { CIRCLE_RIGID, CIRCLE_ELLIPSE, CIRCLE_FULL_AFFINE } CircleTransform;
typedef enum { FILL_COLOR, FILL_TEXTURE, FILL_TEXTURE_VIDEO } FillKind;
typedef enum { SATURATE_OFF, SATURATE_WRAP, SATURATE_CLIP } SaturateRule;
typedef enum { CROP_RANDOM, CROP_CORNER } CropOrigin;
typedef enum { TEXTURE_NEAREST, TEXTURE_BILINEAR } TextureFilter;
typedef enum { POOL_CHOICE_BY_SIZE, POOL_CHOICE_EQUAL } PoolChoice;
typedef enum { BACKGROUND_BLACK, BACKGROUND_COLOR, BACKGROUND_IMAGE } BackgroundKind;
typedef enum { CULL_CODE, CULL_EXACT } CullRule;
typedef enum { MIX_NONE, MIX_STATIC_CLIPS, MIX_REAL_VIDEOS, MIX_STATIC_CLIPS_NATIVE } MixKind;
typedef enum { TEXTURE_WALK_ORIENTED, TEXTURE_WALK_HIGH_FREQUENCY } TextureWalkKind;
typedef enum { WALK_COLORS_FIRST_FRAME, WALK_COLORS_EACH_FRAME } WalkColors;

/* Texture videos. */
typedef struct {
    int kind; /* TextureWalkKind */
    double sigma;
    bool renormalize, shared_z;
    int colors; /* WalkColors */
} TextureWalkConfig;

typedef enum { MODE_LIVE, MODE_FILES } PaperMode;

/* Cosmetic: the row of the paper, for catalogues and reports. 0: not reported. */
typedef struct {
    int row;
    char table[32], texture_source[64];
    int mode; /* PaperMode */
    double ucf101, hmdb51, probe;
} PaperRow;

struct Variant {
    char name[NAME_SIZE], title[256];
    int generator; /* GeneratorKind */
    int size;
    int objects;
    TextList kinds;
    int motion; /* MotionLaw */
    Range speed;
    int slow; /* SlowLaw */
    bool transforms;
    int transform_law;
    double rotation_max, scale_max, shear_max;
    bool acceleration;
    double accel_max;
    int accel_law;
    int radius_law;
    double radius_min;
    Range center_range;
    int pivot, anchor, circle_transform;
    int cull;
    bool subpixel, scale_motion;
    int fill;
    int64_t pool_size;
    int pool_min;
    int pool_choice;
    int crop_origin, texture_filter, saturate;
    int background;
    Range length; /* frames, both ends included */
    int mix;
    double mix_share;
    TextureWalkConfig texture;
    StandinConfig standin;
    PaperRow paper;
};

/* Every frame of a video that is generated is the same picture. */
bool variant_is_still(const Variant *variant);
/* Its mixture is of still clips of pool images. */
static inline bool variant_has_still_clips(const Variant *variant) {
    return variant->mix == MIX_STATIC_CLIPS || variant->mix == MIX_STATIC_CLIPS_NATIVE;
}
/* Number of a shape kind's name, as ShapeKind; -1: none. */
int variant_kind_number(const char *name);
