#include "gen/variant/media.h"

#include "base/text/text.h"

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

bool media_shows_whole_photographs(const Media *media, int canvas) {
    int n_pools = 0;
    for (int p = 0; p < media->n_pools; p++) {
        const Pool *pool = &media->pools[p];
        if (!text_equal(pool->kind, POOL_PHOTOGRAPHS)) continue;
        bool kept = text_equal(pool->fit, "keep");
        bool stretched = text_equal(pool->fit, "stretch") && pool->height == 2 * canvas && pool->width == 2 * canvas;
        if (!kept && !stretched) return false;
        n_pools++;
    }
    return n_pools > 0;
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
