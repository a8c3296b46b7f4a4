#include "gen/variant/image_law.h"

ImageLaw image_law_whole(uint32_t total) {
    return (ImageLaw){.total = total};
}

static uint32_t at_most(double limit, int64_t count) {
    return count < limit ? (uint32_t)count : (uint32_t)limit;
}

ImageLaw image_law_of(const Variant *variant, const Media *media) {
    bool named = media->shares[0] > 0, equal = variant->pool_choice == POOL_CHOICE_EQUAL;
    double limit = variant->pool_size > 0 ? (double)variant->pool_size : UINT32_MAX;
    if (media->n_pools < 2 || (!named && !equal)) return image_law_whole(at_most(limit, media_n_images(media)));
    ImageLaw law = {.n_parts = media->n_pools};
    double sum = 0;
    uint32_t first = 0;
    for (int p = 0; p < media->n_pools; p++) {
        double share = named ? media->shares[p] : 1.0 / media->n_pools;
        uint32_t count = at_most(limit * share < 1 ? 1 : limit * share, media->pools[p].count);
        sum += share;
        law.parts[p] = (ImagePart){first, count, sum};
        law.total += count;
        first += (uint32_t)media->pools[p].count;
    }
    return law;
}

uint32_t image_law_draw(const ImageLaw *law, Rng *rng) {
    if (law->n_parts == 0) return rng_below(rng, law->total);
    double u = rng_unit_double(rng);
    int p = 0;
    while (p < law->n_parts - 1 && u >= law->parts[p].end) p++;
    return law->parts[p].first + rng_below(rng, law->parts[p].count);
}
