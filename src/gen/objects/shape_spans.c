/* Which pixels of each row an outline covers: left[y]..right[y], the whole shape since all shapes are convex. The
 * border is the one that OpenCV draws (8-connected lines, halves toward the start), because the datasets of the paper
 * were drawn by it; the inside is what lies between the outermost pixels of a row.
 *
 * A line is walked row by row without a division a row (Ladder). Rows above and below the canvas are skipped by
 * starting the walk at the first row that shows; columns are clipped at the end. */
#include "gen/objects/internal/shape.h"

#include "base/system/minmax.h"

#include <math.h>
#include <stdlib.h>

/* Row y holds column left..right, too: spans only grow, so edges may come in any order. */
static void widen(Spans *spans, int y, int left, int right) {
    spans->left[y] = min_int(spans->left[y], left);
    spans->right[y] = max_int(spans->right[y], right);
}

/* Reversed spans are empty: any pixel widens them. */
static void clear_rows(Spans *spans, int top, int bottom, int size) {
    spans->top = max_int(top, 0);
    spans->bottom = min_int(bottom, size - 1);
    for (int y = spans->top; y <= spans->bottom; y++) {
        spans->left[y] = INT32_MAX;
        spans->right[y] = INT32_MIN;
    }
}

/* floor((first + m * step) / divisor) for m = m0, m0 + 1, ... without dividing again: quotient and remainder advance.
 */
typedef struct {
    int64_t value, rest, whole, part, divisor;
} Ladder;

/* C truncates toward zero; lines to the left of their start need the floor. b > 0. */
static int64_t floor_div(int64_t a, int64_t b) {
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

static Ladder ladder_at(int64_t first, int64_t step, int64_t divisor, int64_t m0) {
    int64_t at = first + m0 * step;
    Ladder ladder = {
        .value = floor_div(at, divisor), .whole = step / divisor, .part = step % divisor, .divisor = divisor};
    ladder.rest = at - ladder.value * divisor;
    return ladder;
}

/* This value, and on to the next: one addition and one comparison a row. */
static int64_t ladder_next(Ladder *ladder) {
    int64_t value = ladder->value;
    ladder->value += ladder->whole;
    ladder->rest += ladder->part;
    if (ladder->rest >= ladder->divisor) {
        ladder->rest -= ladder->divisor;
        ladder->value++;
    }
    return value;
}

/* An 8-connected line runs from its left end; dx >= 0, dy = |y1 - y0| rows go in direction `way`. */
typedef struct {
    int x, y, dx, dy, way;
} Line;

/* Always from left to right, as OpenCV's LineIterator: where halves go must not depend on the order of the corners. */
static Line line_between(const int a[2], const int b[2]) {
    const int *from = a[0] <= b[0] ? a : b, *to = a[0] <= b[0] ? b : a;
    return (Line){from[0], from[1], to[0] - from[0], abs(to[1] - from[1]), to[1] >= from[1] ? 1 : -1};
}

/* The rows m = 0..dy of the line that lie in top..bottom. */
static void rows_of(const Line *line, const Spans *spans, int *begin, int *end) {
    int first = line->way > 0 ? spans->top - line->y : line->y - spans->bottom;
    int last = line->way > 0 ? spans->bottom - line->y : line->y - spans->top;
    *begin = max_int(first, 0);
    *end = min_int(last, line->dy);
}

/* One pixel a row: x = ceil(m dx / dy - 1/2), halves toward the left end. */
static void steep_line(Spans *spans, const Line *line) {
    int begin, end;
    rows_of(line, spans, &begin, &end);
    if (begin > end) return;
    Ladder ladder = ladder_at(line->dy - 1, 2 * (int64_t)line->dx, 2 * (int64_t)line->dy, begin);
    for (int m = begin; m <= end; m++) {
        int x = line->x + (int)ladder_next(&ladder);
        widen(spans, line->y + line->way * m, x, x);
    }
}

/* Row m holds the columns k with m - 1/2 < k dy / dx <= m + 1/2. */
static void shallow_line(Spans *spans, const Line *line) {
    int begin, end;
    rows_of(line, spans, &begin, &end);
    if (begin > end) return;
    if (line->dy == 0) {
        widen(spans, line->y, line->x, line->x + line->dx);
        return;
    }
    /* what the row before m0 ended with tells where the first one starts */
    Ladder ladder = ladder_at(-line->dx, 2 * (int64_t)line->dx, 2 * (int64_t)line->dy, begin);
    int64_t first = begin == 0 ? (ladder_next(&ladder), 0) : ladder_next(&ladder) + 1;
    for (int m = begin; m <= end; m++) {
        int64_t last = ladder_next(&ladder);
        if (last > line->dx) last = line->dx;
        widen(spans, line->y + line->way * m, line->x + (int)first, line->x + (int)last);
        first = last + 1;
    }
}

static void polygon_spans(Spans *spans, const Outline *outline, int size) {
    int top = INT32_MAX, bottom = INT32_MIN;
    for (int i = 0; i < outline->n_points; i++) {
        top = min_int(top, outline->point[i][1]);
        bottom = max_int(bottom, outline->point[i][1]);
    }
    clear_rows(spans, top, bottom, size);
    for (int i = 0; i < outline->n_points; i++) {
        Line line = line_between(outline->point[i], outline->point[(i + 1) % outline->n_points]);
        /* the longer direction has exactly one pixel a step */
        if (line.dy > line.dx)
            steep_line(spans, &line);
        else
            shallow_line(spans, &line);
    }
}

/* The curve (x, y) = m (cos, sin): at height h its right side is at tilt h + width sqrt(reach^2 - h^2) and bulges most
 * at height `bulge`; the left side mirrors it. */
typedef struct {
    double reach, tilt, width, bulge;
} Ellipse;

static Ellipse ellipse_of(const double m[4]) {
    /* 1e-12: an ellipse that a transform has flattened to a line still has a width to divide by */
    double reach2 = max_double(m[2] * m[2] + m[3] * m[3], 1e-12),
           across = sqrt(max_double(m[0] * m[0] + m[1] * m[1], 1e-12));
    double product = m[0] * m[2] + m[1] * m[3];
    return (Ellipse){.reach = sqrt(reach2),
                     .tilt = product / reach2,
                     .width = fabs(m[0] * m[3] - m[1] * m[2]) / reach2,
                     .bulge = product / across};
}

/* How far right the side is at height h; beyond the ellipse as at its nearest height. */
static double side_at(const Ellipse *e, double h, double tilt) {
    double near = max_double(min_double(h, e->reach), -e->reach);
    return tilt * near + e->width * sqrt(max_double(e->reach * e->reach - near * near, 0));
}

/* The outermost pixel of an 8-connected curve in a row: where the curve is steep, its crossing with the row, rounded;
 * where it is flat, the last column in which it is nearer to this row than to the next. */
static int outermost(const Ellipse *e, double h, double offset, double bulge, double tilt) {
    /* where the curve stands out most within half a row of this one, and where it crosses the row's middle */
    double flat = side_at(e, max_double(min_double(bulge, h + 0.5), h - 0.5), tilt), steep = side_at(e, h, tilt);
    return (int)max_double(floor(offset + flat), floor(offset + min_double(steep, flat) + 0.5));
}

static void ellipse_spans(Spans *spans, const Outline *outline, int size) {
    Ellipse e = ellipse_of(outline->m);
    /* rows whose middle is within half a pixel of the curve's ends */
    clear_rows(spans, (int)ceil(outline->y - e.reach - 0.5), (int)floor(outline->y + e.reach + 0.5), size);
    for (int y = spans->top; y <= spans->bottom; y++) {
        double h = y - outline->y;
        spans->right[y] = outermost(&e, h, outline->x, e.bulge, e.tilt);
        spans->left[y] = -outermost(&e, h, -outline->x, -e.bulge,
                                    -e.tilt); /* the left side is the right side of the mirrored curve */
    }
}

/* Ellipses: the half widths of an affine image of the unit disc are the norms of the rows of m; 1 covers rounding. */
static ShapeBox unclipped_box(const Outline *outline) {
    ShapeBox box = {INT32_MAX, INT32_MAX, INT32_MIN, INT32_MIN};
    if (outline->round) {
        const double *m = outline->m;
        double across = sqrt(m[0] * m[0] + m[1] * m[1]) + 1, down = sqrt(m[2] * m[2] + m[3] * m[3]) + 1;
        return (ShapeBox){(int)floor(outline->x - across), (int)floor(outline->y - down),
                          (int)ceil(outline->x + across), (int)ceil(outline->y + down)};
    }
    for (int i = 0; i < outline->n_points; i++) {
        const int *point = outline->point[i];
        box = (ShapeBox){min_int(box.left, point[0]), min_int(box.top, point[1]), max_int(box.right, point[0]),
                         max_int(box.bottom, point[1])};
    }
    return box;
}

ShapeBox shape_box(const Outline *outline, int size) {
    ShapeBox box = unclipped_box(outline);
    return (ShapeBox){max_int(box.left, 0), max_int(box.top, 0), min_int(box.right, size - 1),
                      min_int(box.bottom, size - 1)};
}

static void clip_columns(Spans *spans, int size) {
    for (int y = spans->top; y <= spans->bottom; y++) {
        spans->left[y] = max_int(spans->left[y], 0);
        spans->right[y] = min_int(spans->right[y], size - 1);
    }
}

void shape_spans(Spans *spans, const Outline *outline, int size) {
    if (outline->round)
        ellipse_spans(spans, outline, size);
    else
        polygon_spans(spans, outline, size);
    clip_columns(spans, size);
}

/* The definition: one step a pixel along the longer direction, as OpenCV draws an 8-connected line. */
static void draw_line_ref(Spans *spans, const int a[2], const int b[2]) {
    Line line = line_between(a, b);
    bool steep = line.dy > line.dx;
    int longer = steep ? line.dy : line.dx, shorter = steep ? line.dx : line.dy;
    for (int k = 0; k <= longer; k++) {
        /* halves stay with the start, as OpenCV's LineIterator */
        int side = longer ? (int)ceil((double)shorter * k / longer - 0.5) : 0;
        int x = line.x + (steep ? side : k), y = line.y + line.way * (steep ? k : side);
        if (y >= spans->top && y <= spans->bottom) widen(spans, y, x, x);
    }
}

void shape_spans_ref(Spans *spans, const Outline *outline, int size) {
    clear_rows(spans, 0, size - 1, size);
    if (outline->round) {
        ellipse_spans(spans, outline, size);
    } else {
        for (int i = 0; i < outline->n_points; i++)
            draw_line_ref(spans, outline->point[i], outline->point[(i + 1) % outline->n_points]);
    }
    clip_columns(spans, size);
}
