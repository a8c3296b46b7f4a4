#include "video/transform/randaugment.h"

#include "video/transform/internal/imageop.h"

enum { LEVEL_MAX = 10, OPS_MAX = 16 };

/* 1 +- 0.9 v/10, the factor of the blending operations. */
static double enhancement(double share, bool negative) {
    return 1 + (negative ? -0.9 : 0.9) * share;
}

static Err apply_geometric(Frames *frames, RandAugmentOp op, double signed_share) {
    switch (op) {
    case RANDAUGMENT_ROTATE: return warp_rotate(frames, 30 * signed_share);
    case RANDAUGMENT_SHEAR_X: return warp_affine(frames, (Affine){1, 0.3 * signed_share, 0, 0, 1, 0});
    case RANDAUGMENT_SHEAR_Y: return warp_affine(frames, (Affine){1, 0, 0, 0.3 * signed_share, 1, 0});
    case RANDAUGMENT_TRANSLATE_X:
        return warp_affine(frames, (Affine){1, 0, 0.45 * signed_share * frames->width, 0, 1, 0});
    default: return warp_affine(frames, (Affine){1, 0, 0, 0, 1, 0.45 * signed_share * frames->height});
    }
}

Err randaugment_apply(Frames *frames, RandAugmentOp op, double level, bool negative) {
    double share = level / LEVEL_MAX, factor = enhancement(share, negative);
    switch (op) {
    case RANDAUGMENT_AUTO_CONTRAST: imageop_auto_contrast(frames); return ERR_NONE;
    case RANDAUGMENT_EQUALIZE: imageop_equalize(frames); return ERR_NONE;
    case RANDAUGMENT_INVERT: imageop_invert(frames); return ERR_NONE;
    case RANDAUGMENT_POSTERIZE: imageop_posterize(frames, 4 - (int)(share * 4)); return ERR_NONE;
    case RANDAUGMENT_SOLARIZE: imageop_solarize(frames, 256 - (int)(share * 256)); return ERR_NONE;
    case RANDAUGMENT_SOLARIZE_ADD: imageop_solarize_add(frames, (int)(share * 110)); return ERR_NONE;
    case RANDAUGMENT_COLOR: imageop_color(frames, factor); return ERR_NONE;
    case RANDAUGMENT_CONTRAST: imageop_contrast(frames, factor); return ERR_NONE;
    case RANDAUGMENT_BRIGHTNESS: imageop_brightness(frames, factor); return ERR_NONE;
    case RANDAUGMENT_SHARPNESS: return imageop_sharpness(frames, factor);
    default: return apply_geometric(frames, op, negative ? -share : share);
    }
}

Err randaugment(Frames *frames, const RandAugment *settings, Rng *rng) {
    RandAugmentOp ops[OPS_MAX];
    ASSERT(settings->n_ops >= 0 && settings->n_ops <= OPS_MAX);
    for (int i = 0; i < settings->n_ops; i++) ops[i] = (RandAugmentOp)rng_below(rng, RANDAUGMENT_COUNT);
    for (int i = 0; i < settings->n_ops; i++) {
        if (rng_unit_double(rng) >= settings->probability) continue;
        double level = settings->magnitude + settings->deviation * (double)rng_normal(rng);
        level = level < 0 ? 0 : level > LEVEL_MAX ? LEVEL_MAX : level;
        TRY(randaugment_apply(frames, ops[i], level, rng_below(rng, 2) == 1));
    }
    return ERR_NONE;
}
