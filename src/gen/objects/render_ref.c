#include "gen/objects/render.h"

static void paint_rows(const Painter *painter, const Spans *spans, uint8_t *frame) {
    int size = painter->renderer->variant->size;
    for (int y = spans->top; y <= spans->bottom; y++)
        for (int x = spans->left[y]; x <= spans->right[y]; x++)
            fill_pixel_ref(&painter->fill, frame + 3 * ((size_t)y * (size_t)size + (size_t)x), x, y);
}

static Err paint_background(Painter *painter, uint8_t *frame) {
    int size = painter->renderer->variant->size;
    Spans *all = &painter->spans;
    all->top = 0;
    all->bottom = size - 1;
    for (int y = 0; y < size; y++) {
        all->left[y] = 0;
        all->right[y] = size - 1;
    }
    TRY(painter_fill_background(painter));
    paint_rows(painter, all, frame);
    return ERR_NONE;
}

Err render_frame_ref(Painter *painter, int t, uint8_t *frame) {
    const Variant *variant = painter->renderer->variant;
    TRY(paint_background(painter, frame));
    for (int i = 0; i < variant->objects; i++) {
        Outline outline;
        Pose pose;
        if (!painter_outline(painter, i, t, &outline, &pose)) continue;
        shape_spans_ref(&painter->spans, &outline, variant->size);
        TRY(painter_fill_object(painter, i, t, &pose));
        paint_rows(painter, &painter->spans, frame);
    }
    return ERR_NONE;
}
