/* gen/dataset/sources - generated videos as clip sources: from files, rendered while they are read, or both in turn. */
#pragma once

#include "gen/variant/media.h"
#include "gen/variant/variant.h"
#include "par/par.h"
#include "video/frames/source.h"

/* A dataset folder of any storage. Latent datasets hold no pixels: their frames are rendered on reading, equal to the
 * byte to those a raw dataset of the same settings holds. That needs the pool it was made with, which is found where it
 * was and checked. Local. */
CHECKED Err dataset_source_open(ClipSource **source, const char *folder);

/* The variant on the fly: `count` videos an epoch, endless; video (epoch, index) is item epoch * count + index, so
 * epoch 0 is what generate would write, but for still clips of static-clips-native: here their frames have the size of
 * their picture, in files that of the canvas. The variant is borrowed for the life of the source. */
CHECKED Err live_source_open_all(ClipSource **source, const Variant *variant, const char *pool_paths, const char *split,
                                 int64_t count, uint64_t seed, const Par *par);
/* Pictures of the pools it draws from; how much they show of photographs (gen/variant/media.h). */
int64_t live_source_n_images(const ClipSource *source);
PhotographsShown live_source_photographs(const ClipSource *source);
/* Of the pools and videos it draws from; "" without any. */
const char *live_source_media_digest(const ClipSource *source);

/* two datasets as one, drawn anew at every visit: generated videos kept as files, and real ones.
 *
 * An epoch has as many visits as the generated set has videos. The first trunc(count (1 - share)) of them draw a video
 * of that set, the others a real one, each uniformly and with replacement, as a function of (seed, epoch, visit): so
 * the released program mixes videos (AlignedDataset_video). Frames keep their own sizes. A set whose mixture is in its
 * files (gen/objects/mix) shows the same few real videos in every epoch; this shows all of them in time. */

/* Takes over both sources, also when it fails. `share`: of the real ones, in [0, 1]. Local. */
CHECKED Err visits_open(ClipSource **source, ClipSource *made, ClipSource *real, double share, uint64_t seed);
