/* video/media/sheet - contact sheets: rows of clips, columns of frames, a caption above each row.
 *
 * A row shows `columns` frames spread evenly over its clip with both ends, or all of them when it has fewer. Frames are
 * shrunk or enlarged to `cell` pixels high with their aspect kept; the widest row sets the width of a column. */
#pragma once

#include "video/frames/clip.h"

typedef struct {
    const char *caption; /* NULL: none; printable ASCII */
    const Frames *frames;
} SheetRow;

/* image->n_frames becomes 1. At least one row and one column; cell >= 8. */
CHECKED Err sheet_make(Frames *image, const SheetRow *rows, int n_rows, int columns, int cell);
/* The same as a PNG file that appears whole. */
CHECKED Err sheet_write_png(const char *path, const SheetRow *rows, int n_rows, int columns, int cell);
