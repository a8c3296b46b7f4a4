/* cli/inspect/gallery_media - the pools and videos that the gallery's variants draw from; see cli/inspect/gallery.h. */
#pragma once

#include "gen/variant/variant_config.h"

typedef struct {
    char folder[PATH_SIZE];
    bool temporary;                /* removed at the end */
    bool images_made, videos_made; /* stand-ins had to be made for what only users have */
} GalleryMedia;

CHECKED Err gallery_media_open(GalleryMedia *media, const char *folder, uint64_t seed, int threads);
void gallery_media_close(GalleryMedia *media);
/* The list for --pool of a variant, "" when it needs none. */
CHECKED Err gallery_media_pool(char *out, size_t size, const GalleryMedia *media, const Variant *variant);
