/* A layout is planned first, from the widest frame and the longest caption, then filled row by row. Pictures are
 * resized with antialiasing, so that a 256-pixel frame in a cell of 80 shows what it holds. */
#include "video/media/sheet.h"

#include "video/media/image.h"
#include "video/transform/resize.h"

#include <limits.h>

enum { MARGIN = 8, GAP = 2, CAPTION_HEIGHT = FONT_HEIGHT * 2 + 6, ROW_GAP = 8 };
enum { WIDEST = 4 }; /* widths of a cell in its heights: one thread of a picture must not make a sheet of gigabytes */
static const uint8_t paper = 0xff, ink[3] = {0x20, 0x20, 0x20};

/* Where things go; all in pixels. */
typedef struct {
    int columns, cell_height, cell_width, width, height;
} Layout;

typedef struct {
    int height, width;
} CellSize;

/* side x numerator / denominator to the nearest pixel; never 0. */
static int scaled(int side, int numerator, int denominator) {
    int64_t pixels = ((int64_t)side * numerator + denominator / 2) / denominator;
    return pixels > INT_MAX ? INT_MAX : pixels > 0 ? (int)pixels : 1;
}

/* At the cell's height, or lower where it would become too wide. */
static CellSize cell_size(const Frames *frames, int cell) {
    int width = scaled(cell, frames->width, frames->height);
    if (width <= WIDEST * cell) return (CellSize){cell, width};
    return (CellSize){scaled(WIDEST * cell, frames->height, frames->width), WIDEST * cell};
}

static int row_height(const SheetRow *row, int cell) {
    return (row->caption ? CAPTION_HEIGHT : 0) + cell + ROW_GAP;
}

static int row_columns(const SheetRow *row, int columns) {
    return row->frames->n_frames < columns ? row->frames->n_frames : columns;
}

static Layout plan(const SheetRow *rows, int n_rows, int columns, int cell) {
    Layout layout = {.cell_height = cell, .height = 2 * MARGIN - ROW_GAP};
    for (int i = 0; i < n_rows; i++) {
        int width = cell_size(rows[i].frames, cell).width, count = row_columns(&rows[i], columns);
        int caption = rows[i].caption ? (int)strlen(rows[i].caption) * FONT_ADVANCE * 2 : 0;
        if (width > layout.cell_width) layout.cell_width = width;
        if (count > layout.columns) layout.columns = count;
        if (caption > layout.width) layout.width = caption;
        layout.height += row_height(&rows[i], cell);
    }
    int grid = layout.columns * (layout.cell_width + GAP) - GAP;
    layout.width = (grid > layout.width ? grid : layout.width) + 2 * MARGIN;
    return layout;
}

static void paste(Frames *image, const Frames *cell, int x, int y) {
    size_t row_bytes = (size_t)cell->width * 3;
    for (int row = 0; row < cell->height; row++)
        memcpy(image->data + ((size_t)(y + row) * (size_t)image->width + (size_t)x) * 3,
               cell->data + (size_t)row * row_bytes, row_bytes);
}

static Err draw_frames(Frames *image, const SheetRow *row, const Layout *layout, int y) {
    int count = row_columns(row, layout->columns), last = row->frames->n_frames - 1;
    Frames cell = {0};
    Err err = ERR_NONE;
    for (int column = 0; column < count && !err; column++) {
        /* spread over the whole video, its first and last frame included */
        int frame = count > 1 ? (int)((int64_t)column * last / (count - 1)) : 0;
        /* a view of one frame */
        Frames one = *row->frames;
        one.n_frames = 1;
        one.data = frames_at(row->frames, frame);
        CellSize size = cell_size(&one, layout->cell_height);
        err = resize_antialiased(&cell, &one, NULL, size.height, size.width);
        if (!err) paste(image, &cell, MARGIN + column * (layout->cell_width + GAP), y);
    }
    frames_free(&cell);
    return err;
}

Err sheet_make(Frames *image, const SheetRow *rows, int n_rows, int columns, int cell) {
    ASSERT(n_rows > 0 && columns > 0 && cell >= 8);
    Layout layout = plan(rows, n_rows, columns, cell);
    TRY(frames_shape(image, 1, layout.height, layout.width));
    memset(image->data, paper, frames_frame_bytes(image));
    int y = MARGIN;
    for (int i = 0; i < n_rows; i++) {
        if (rows[i].caption) font_draw(image, MARGIN, y, 2, ink, rows[i].caption);
        TRY(draw_frames(image, &rows[i], &layout, y + (rows[i].caption ? CAPTION_HEIGHT : 0)));
        y += row_height(&rows[i], cell);
    }
    return ERR_NONE;
}

Err sheet_write_png(const char *path, const SheetRow *rows, int n_rows, int columns, int cell) {
    Frames image = {0};
    Err err = sheet_make(&image, rows, n_rows, columns, cell);
    if (!err) err = image_write_png(path, &image, 0);
    frames_free(&image);
    return err;
}
