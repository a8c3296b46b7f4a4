/* analysis/measure/keys - Figure 5 of the paper: the attention keys of a model's last layer over the videos of one
 * class.
 *
 * `frames` frames of each of `videos` videos go through the encoder with no token masked. The keys of all tokens are
 * reduced to three components (analysis/measure/keypca), which become red, green and blue. Writes a run folder:
 * result.json with the variance that components and positions explain, keys.png (frames and maps of some videos) and
 * keys.mp4. The figures are the same for any number of ranks and threads. */
#pragma once

#include "base/config/field.h"
#include "base/text/text.h"
#include "par/run.h"
#include "video/frames/source.h"

typedef enum { KEYS_RANGE_MAP, KEYS_RANGE_VIDEO } KeysRange; /* what colors run from dark to bright over */

typedef struct {
    char name[NAME_SIZE];
    char encoder[PATH_SIZE], dataset[PATH_SIZE];
    char pretraining[NAME_SIZE]; /* what the result is filed under */
    char class_name[NAME_SIZE];
    int videos, frames, shown;
    int range; /* KeysRange */
} KeysConfig;

extern const Field keys_fields[];
CHECKED Err keys_run_all(const KeysConfig *config, const ClipSource *source, const Run *run);
