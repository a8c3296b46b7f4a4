/* cli/inspect/gallery - the 34 datasets of the paper on one HTML page, two clips each, rendered on the fly.
 *
 * Textures and videos come from a folder: images.h5, statistical.h5, stylegan.h5 (pools), stylegan-videos, videos
 * (datasets). What is not there is made there, small: textures as they are, procedural pictures in place of
 * photographs, stand-in actions in place of real videos; the page says so. One rank. */
#pragma once

#include "base/failure/err.h"

#include <stdint.h>

/* media: the folder, NULL: a temporary one. */
CHECKED Err gallery_write(const char *path, const char *media, uint64_t seed, int threads);
