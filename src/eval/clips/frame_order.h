/* eval/clips/frame_order - controls of what a dataset asks for: the frames of a clip in order, in random order, or one
 * of them alone.
 *
 * A model that is trained and tested on shuffled clips, or on single frames, shows how much of a task needs the order
 * of frames, or needs more than one. */
#pragma once

#include "base/failure/err.h"
#include "math/rng.h"

typedef enum { FRAMES_ORDERED, FRAMES_SHUFFLED, FRAMES_SINGLE } FrameOrder;

/* `numbers` of a clip's `count` frames, in place. Shuffled: a random permutation. Single: one of them, `count` times.
 * Ordered clips draw nothing. */
CHECKED Err frame_order_apply(int *numbers, int count, FrameOrder order, Rng *rng);
