/* gen/dataset/visits - two datasets as one, drawn anew at every visit: generated videos kept as files, and real ones.
 *
 * An epoch has as many visits as the generated set has videos. The first trunc(count (1 - share)) of them draw a video
 * of that set, the others a real one, each uniformly and with replacement, as a function of (seed, epoch, visit): so
 * the released program mixes videos (AlignedDataset_video). Frames keep their own sizes. A set whose mixture is in its
 * files (gen/objects/mix) shows the same few real videos in every epoch; this shows all of them in time. */
#pragma once

#include "video/frames/source.h"

/* Takes over both sources, also when it fails. `share`: of the real ones, in [0, 1]. Local. */
CHECKED Err visits_open(ClipSource **source, ClipSource *made, ClipSource *real, double share, uint64_t seed);
