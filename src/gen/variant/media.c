#include "gen/variant/media.h"

int64_t media_n_images(const Media *media) {
    int64_t n = 0;
    for (int p = 0; p < media->n_pools; p++) n += media->pools[p].count;
    return n;
}

MediaImage media_image(const Media *media, int64_t image) {
    for (int p = 0; p < media->n_pools; p++) {
        const Pool *pool = &media->pools[p];
        if (image < pool->count) return (MediaImage){pool_image(pool, (int)image), pool->height, pool->width, p};
        image -= pool->count;
    }
    ASSERT(!"an image of the pool");
    return (MediaImage){0};
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
