/* Pools and folders of videos as two unions, numbered through: a number is looked for part by part, of which there are
 * few. Which image is drawn follows a law of its own, so that half of the crops can come from a pool of any size. */
#include "gen/variant/media.h"

#include "base/text/text.h"
#include "gen/variant/variant_config.h"

int64_t media_n_images(const Media *media) {
    int64_t n = 0;
    for (int p = 0; p < media->n_pools; p++) n += media->pools[p].count;
    return n;
}

MediaImage media_image(const Media *media, int64_t image) {
    for (int p = 0; p < media->n_pools; p++) {
        const Pool *pool = &media->pools[p];
        if (image < pool->count) {
            PoolSize size = pool_size(pool, (int)image);
            return (MediaImage){pool_image(pool, (int)image), size.height, size.width, p, !pool->sizes};
        }
        image -= pool->count;
    }
    ASSERT(!"an image of the pool");
    return (MediaImage){0};
}

static PhotographsShown pool_photographs(const Pool *pool, int canvas) {
    if (text_equal(pool->fit, "keep")) return PHOTOGRAPHS_KEPT;
    bool stretched = text_equal(pool->fit, "stretch") && pool->height == 2 * canvas && pool->width == 2 * canvas;
    return stretched ? PHOTOGRAPHS_STRETCHED : PHOTOGRAPHS_SQUARES;
}

PhotographsShown media_photographs(const Media *media, int canvas) {
    PhotographsShown least = PHOTOGRAPHS_KEPT;
    int n_pools = 0;
    for (int p = 0; p < media->n_pools; p++) {
        const Pool *pool = &media->pools[p];
        if (!text_equal(pool->kind, POOL_PHOTOGRAPHS)) continue;
        PhotographsShown shown = pool_photographs(pool, canvas);
        if (shown < least) least = shown;
        n_pools++;
    }
    return n_pools > 0 ? least : PHOTOGRAPHS_SQUARES;
}

int64_t media_n_videos(const Media *media) {
    int64_t n = 0;
    for (int v = 0; v < media->n_videos; v++) n += media->videos[v]->count;
    return n;
}

const ClipSource *media_video(const Media *media, int64_t video, int64_t *index) {
    for (int v = 0; v < media->n_videos; v++) {
        if (video < media->videos[v]->count) {
            *index = video;
            return media->videos[v];
        }
        video -= media->videos[v]->count;
    }
    ASSERT(!"a video of the pool");
    return NULL;
}

/* ---- which image is drawn ---- */

ImageLaw image_law_whole(uint32_t total) {
    return (ImageLaw){.total = total};
}

/* A limit may be a fraction of an image, a share of the pool's size. */
static uint32_t at_most(double limit, int64_t count) {
    return count < limit ? (uint32_t)count : (uint32_t)limit;
}

/* Shares named in --pool go before pool_choice; without either the pools are one union, every image equally likely. */
ImageLaw image_law_of(const Variant *variant, const Media *media) {
    bool named = media->shares[0] > 0, equal = variant->pool_choice == POOL_CHOICE_EQUAL;
    double limit = variant->pool_size > 0 ? (double)variant->pool_size : UINT32_MAX;
    if (media->n_pools < 2 || (!named && !equal)) return image_law_whole(at_most(limit, media_n_images(media)));
    ImageLaw law = {.n_parts = media->n_pools};
    double sum = 0;
    uint32_t first = 0;
    for (int p = 0; p < media->n_pools; p++) {
        double share = named ? media->shares[p] : 1.0 / media->n_pools;
        /* a pool that is named gives one image at least */
        uint32_t count = at_most(limit * share < 1 ? 1 : limit * share, media->pools[p].count);
        sum += share;
        law.parts[p] = (ImagePart){first, count, sum};
        law.total += count;
        first += (uint32_t)media->pools[p].count; /* numbers count all images of a pool, in use or not */
    }
    return law;
}

uint32_t image_law_draw(const ImageLaw *law, Rng *rng) {
    if (law->n_parts == 0) return rng_below(rng, law->total);
    double u = rng_unit_double(rng);
    int p = 0;
    /* ends are cumulative, and the last part takes what rounding leaves */
    while (p < law->n_parts - 1 && u >= law->parts[p].end) p++;
    return law->parts[p].first + rng_below(rng, law->parts[p].count);
}
