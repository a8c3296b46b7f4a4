/* analysis/measure/keymap - three components of a token as a color, tokens as a picture. */
#pragma once

#include "video/frames/clip.h"

#include <stdbool.h>

/* values (slots, grid, grid, 3) to pictures of `side` pixels, nearest neighbor. Every component runs from 0 to 255 over
 * one slot, or over all of them (flickers less, shows less); what does not vary is black. */
CHECKED Err keymap_paint(Frames *out, const double *values, int slots, int grid, int side, bool over_all);
