/* gen/variant/media - the pictures and videos a variant takes from outside.
 *
 * Opened from a comma-separated list of paths: a file is a pool of still images (textures or photographs), a folder is
 * a dataset of videos (real videos to mix in, or texture videos). Several pools form one union, numbered on; images of
 * different pools may differ in size. Words may follow the name of a pool, each after a colon: a number, its share of
 * the draws (named for all pools or for none, sum 1), and "resident", to be held in memory (store/data/pool.h):
 * "photos.h5:0.5:resident,textures.h5:0.5". Owned by whoever opened it, read-only and shared by threads afterwards. */
#pragma once

#include "gen/variant/variant.h"
#include "math/rng.h"
#include "par/par.h"
#include "store/data/dataset.h"
#include "store/data/pool.h"
#include "video/frames/source.h"

enum { MEDIA_POOLS_MAX = 32, MEDIA_VIDEOS_MAX = 8 };

typedef struct {
    int n_pools, n_videos;
    Pool pools[MEDIA_POOLS_MAX];
    double shares[MEDIA_POOLS_MAX]; /* of the pools, sum 1; all 0 when the list names none */
    ClipSource *videos[MEDIA_VIDEOS_MAX];
    char digest[DIGEST_SIZE]; /* of the digests (and shares) of all parts in order; "" when empty */
} Media;

typedef struct {
    const uint8_t *pixels; /* (height, width, 3), borrowed from the pool */
    int height, width;
    int pool;    /* which pool it is from */
    bool of_one; /* all images of that pool have this size */
} MediaImage;

/* Collective: pools are shared inside a node. An empty or NULL `paths` gives empty media. `open`: for the folders of
 * videos among them, which may be latent datasets. */
CHECKED Err media_open_all(Media *media, const char *paths, DatasetOpen *open, const Par *par);
/* The list with every path made absolute, words kept. */
CHECKED Err media_absolute_paths(char *out, size_t size, const char *paths);
void media_close(Media *media);

int64_t media_n_images(const Media *media);
/* image: 0..media_n_images-1 over the union. */
MediaImage media_image(const Media *media, int64_t image);
/* How much of a photograph its pools show: the middle square, or there is none; all of it, brought to twice a canvas of
 * this side by nearest neighbor, as the released program reads them; all of it, at its own size, which becomes the
 * same when an object is filled. Of several pools the least. */
typedef enum { PHOTOGRAPHS_SQUARES, PHOTOGRAPHS_STRETCHED, PHOTOGRAPHS_KEPT } PhotographsShown;
PhotographsShown media_photographs(const Media *media, int canvas);
int64_t media_n_videos(const Media *media);
/* Video number over the union -> its source and the index there. */
const ClipSource *media_video(const Media *media, int64_t video, int64_t *index);

/* image_law: which image of the pools an object, a background or a still clip gets.
 *
 * By size, the pools are one union and every image is equally likely. With shares, first a pool is drawn, then one of
 * its images: half of the crops come from photographs and half from textures, however many of each there are.
 * Draws are with replacement; numbers count through the union. */

typedef struct {
    uint32_t first, count; /* of a pool's images in use, its first ones */
    double end;            /* of its share: the sum up to it */
} ImagePart;

typedef struct {
    int n_parts;    /* 0: no shares */
    uint32_t total; /* images in use; 0: none to draw */
    ImagePart parts[MEDIA_POOLS_MAX];
} ImageLaw;

/* `total` images, equally likely. */
ImageLaw image_law_whole(uint32_t total);
/* The pools of `media` under the variant's pool_size and pool_choice, and the shares that the list of pools names. */
ImageLaw image_law_of(const Variant *variant, const Media *media);
/* total must not be 0. */
uint32_t image_law_draw(const ImageLaw *law, Rng *rng);
