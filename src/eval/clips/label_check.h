/* eval/clips/label_check - whether two labelled sources can be trained and tested on, before any time is spent on them.
 */
#pragma once

#include "par/par.h"
#include "video/frames/source.h"

/* ERR_INPUT: no classes, other classes in the test set, no test videos, a label outside the classes. Warns of classes
 * without a training video; says how many videos are shorter than a clip's `span` frames (their last frame is
 * repeated). Rank 0 looks. */
CHECKED Err label_check_all(const ClipSource *train, const ClipSource *test, int span, const Par *par);
