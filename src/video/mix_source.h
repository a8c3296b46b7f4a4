/* video/mix_source - several sources in fixed shares as one.
 *
 * The items of an epoch are split by index, as the paper's mixes are: with shares 0.95 and 0.05 of 9537 items, the
 * first trunc(9537 * 0.95) = 9060 come from the first part. An endless part gives its video (epoch, index); a finite
 * part gives one of its videos drawn with replacement from the stream (seed, RNG_MIX_SOURCE, epoch * count + index).
 * The order in which items are visited is the sampler's. Labels are dropped: a mix is for learning without them. */
#pragma once

#include "video/source.h"

typedef struct {
    ClipSource *source;
    double share; /* > 0; all together 1 */
} MixPart;

enum { MIX_PARTS_MAX = 8 };

/* `count` items an epoch. Takes the parts' sources over, also when it fails. Shares that do not sum to 1 are ERR_USAGE.
 * A finite part needs at least one video. */
CHECKED Err mix_source_open(ClipSource **source, const MixPart *parts, int n_parts, int64_t count, uint64_t seed);
