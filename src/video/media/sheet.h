/* video/media/sheet - contact sheets: rows of clips, columns of frames, a caption above each row.
 *
 * A row shows `columns` frames spread evenly over its clip with both ends, or all of them when it has fewer. Frames are
 * shrunk or enlarged to `cell` pixels high with their aspect kept, those wider than four times that to four times
 * `cell` wide and lower; the widest row sets the width of a column. */
#pragma once

#include "video/frames/clip.h"

/* font.c: a bitmap font of printable ASCII, for captions in pictures. */

enum { FONT_WIDTH = 5, FONT_HEIGHT = 7, FONT_ADVANCE = 6 }; /* pixels at scale 1 */

/* Into frame 0, top left corner of the text at (x, y), each font pixel a square of `scale` pixels. What falls outside
 * the image is cut off; a byte that is not printable ASCII shows as a question mark. */
void font_draw(Frames *image, int x, int y, int scale, const uint8_t color[3], const char *text);

typedef struct {
    const char *caption; /* NULL: none; printable ASCII */
    const Frames *frames;
} SheetRow;

/* image->n_frames becomes 1. At least one row and one column; cell >= 8. */
CHECKED Err sheet_make(Frames *image, const SheetRow *rows, int n_rows, int columns, int cell);
/* The same as a PNG file that appears whole. */
CHECKED Err sheet_write_png(const char *path, const SheetRow *rows, int n_rows, int columns, int cell);
