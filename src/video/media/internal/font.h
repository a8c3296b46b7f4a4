/* video/media/font - a bitmap font of printable ASCII, for captions in pictures. */
#pragma once

#include "video/frames/clip.h"

enum { FONT_WIDTH = 5, FONT_HEIGHT = 7, FONT_ADVANCE = 6 }; /* pixels at scale 1 */

/* Into frame 0, top left corner of the text at (x, y), each font pixel a square of `scale` pixels. What falls outside
 * the image is cut off; a byte that is not printable ASCII shows as a question mark. */
void font_draw(Frames *image, int x, int y, int scale, const uint8_t color[3], const char *text);
