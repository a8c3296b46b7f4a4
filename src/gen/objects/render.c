/* From a scene to frames, front to back: the object with the highest number is in front, so it is painted first, and
 * what it covers is closed for those behind. Painting ends when no pixel is open. In the paper's scenes most objects
 * are hidden, so the order of the tests decides the speed: a bound for all objects at once (cull), a bound for one
 * (shape_may_touch), its box against the open pixels, its rows against the open pixels; only then is a texture looked
 * up.
 *
 * All scratch of a painter is one block, laid out once. */
#include "gen/objects/render.h"

#include <stdlib.h>
#include <string.h>

Err renderer_init(Renderer *renderer, const Variant *variant, const Media *media) {
    *renderer = (Renderer){.variant = variant, .media = media};
    Err err = ERR_NONE;
    for (int p = 0; p < media->n_pools && !err; p++) {
        const Pool *pool = &media->pools[p];
        renderer->own_sizes |= pool->sizes != NULL;
        if (pool->sizes) continue;
        err = texture_grid_init(&renderer->grids[p], pool->height, pool->width, variant->size,
                                (TextureFilter)variant->texture_filter);
    }
    if (err) renderer_free(renderer);
    return err;
}

void renderer_free(Renderer *renderer) {
    for (int p = 0; p < MEDIA_POOLS_MAX; p++) texture_grid_free(&renderer->grids[p]);
}

/* An object keeps its picture through a video, so that its lattice is worked out once a video at most. */
Err renderer_grid(const TextureGrid **grid, TextureGrid *own, const Renderer *renderer, const MediaImage *image) {
    *grid = image->of_one ? &renderer->grids[image->pool] : own;
    if (image->of_one) return ERR_NONE;
    return texture_grid_fit(own, image->height, image->width, renderer->variant->size,
                            (TextureFilter)renderer->variant->texture_filter);
}

typedef struct {
    size_t objects, bodies, cull, bits, rows, total;
} PainterLayout;

/* Offset of the next part of a block, each on a cache line of its own. */
static size_t take(size_t *used, size_t bytes) {
    size_t at = *used;
    *used += (bytes + 63) & ~(size_t)63;
    return at;
}

/* Measured and laid out by one function, so that the two cannot differ. */
static PainterLayout painter_layout(const Variant *variant) {
    PainterLayout at = {0};
    size_t n = (size_t)variant->objects, size = (size_t)variant->size;
    at.objects = take(&at.total, n * sizeof(SceneObject));
    at.bodies = take(&at.total, n * sizeof(Body));
    at.cull = take(&at.total, cull_bytes(variant->objects));
    at.bits = take(&at.total, size * (size_t)coverage_words(variant->size) * sizeof(uint64_t));
    at.rows = take(&at.total, 2 * size * sizeof(int));
    return at;
}

static size_t n_own_grids(const Renderer *renderer) {
    return renderer->own_sizes ? (size_t)renderer->variant->objects + 1 : 0;
}

/* A lattice by nearest neighbor has two sides of twice the canvas, and one of a whole photograph is not far from it. */
size_t painter_bytes(const Renderer *renderer) {
    size_t grid = sizeof(TextureGrid) + 4 * (size_t)renderer->variant->size * sizeof(int);
    return painter_layout(renderer->variant).total + n_own_grids(renderer) * grid;
}

Err painter_init(Painter *painter, const Renderer *renderer) {
    PainterLayout at = painter_layout(renderer->variant);
    *painter = (Painter){.renderer = renderer, .block = malloc(at.total)};
    if (renderer->own_sizes) painter->own_grids = calloc(n_own_grids(renderer), sizeof *painter->own_grids);
    if (!painter->block || (renderer->own_sizes && !painter->own_grids)) {
        painter_free(painter);
        return RAISE(ERR_MEMORY, "scratch of the renderer: %zu bytes: out of memory", painter_bytes(renderer));
    }
    char *base = painter->block;
    painter->scene.objects = (SceneObject *)(void *)(base + at.objects);
    painter->bodies = (Body *)(void *)(base + at.bodies);
    cull_init(&painter->cull, base + at.cull, renderer->variant->objects);
    painter->open_bits = (uint64_t *)(void *)(base + at.bits);
    painter->spans.left = (int *)(void *)(base + at.rows);
    painter->spans.right = painter->spans.left + renderer->variant->size;
    return ERR_NONE;
}

void painter_free(Painter *painter) {
    frames_free(&painter->texture_frame);
    texture_grid_free(&painter->frame_grid);
    for (size_t i = 0; painter->own_grids && i < n_own_grids(painter->renderer); i++)
        texture_grid_free(&painter->own_grids[i]);
    free(painter->own_grids);
    free(painter->block);
    *painter = (Painter){0};
}

void painter_begin(Painter *painter) {
    const Variant *variant = painter->renderer->variant;
    for (int i = 0; i < variant->objects; i++) shape_body(&painter->bodies[i], &painter->scene.objects[i], variant);
    cull_begin(&painter->cull, painter->bodies, painter->scene.objects, variant);
}

/* Shared by both versions: the outline of object i at frame t; false when it is not drawn. */
static bool painter_outline(const Painter *painter, int i, int t, Outline *outline, Pose *pose) {
    const Variant *variant = painter->renderer->variant;
    const SceneObject *object = &painter->scene.objects[i];
    *pose = motion_pose(object, painter->bodies[i].course, variant, t);
    if (motion_is_culled(pose, variant) || !shape_may_touch(&painter->bodies[i], pose, variant->size)) return false;
    shape_outline(outline, &painter->bodies[i], object, pose, variant, t);
    return true;
}

/* Frame t of the object's texture video, which starts over when it is shorter. */
static Err read_texture_frame(Painter *painter, int video, int t) {
    const Renderer *renderer = painter->renderer;
    VideoInfo info;
    int64_t index;
    const ClipSource *source = media_video(renderer->media, video, &index);
    TRY(clip_source_info(source, 0, index, &info));
    int number = t % info.n_frames; /* texture videos may be shorter than the video they fill */
    TRY(clip_source_read(source, 0, index, &number, 1, &painter->texture_frame));
    /* videos of one pool are of one size as a rule: the lattice is made once */
    return texture_grid_fit(&painter->frame_grid, info.height, info.width, renderer->variant->size,
                            (TextureFilter)renderer->variant->texture_filter);
}

/* The pixels that fill object number i at frame t, and the lattice they are read through; borrowed until the next
 * call. */
static Err find_texture(Painter *painter, int i, int t, const TextureGrid **grid, const uint8_t **pixels) {
    int texture = painter->scene.objects[i].texture;
    const Renderer *renderer = painter->renderer;
    if (renderer->variant->fill == FILL_TEXTURE_VIDEO) {
        TRY(read_texture_frame(painter, texture, t));
        *grid = &painter->frame_grid;
        *pixels = painter->texture_frame.data;
        return ERR_NONE;
    }
    MediaImage image = media_image(renderer->media, texture);
    *pixels = image.pixels;
    return renderer_grid(grid, painter->own_grids ? &painter->own_grids[i] : NULL, renderer, &image);
}

static Err painter_fill_object(Painter *painter, int i, int t, const Pose *pose) {
    const Variant *variant = painter->renderer->variant;
    const SceneObject *object = &painter->scene.objects[i];
    if (variant->fill == FILL_COLOR) {
        fill_solid(&painter->fill, object->color);
        return ERR_NONE;
    }
    const TextureGrid *grid;
    const uint8_t *pixels;
    TRY(find_texture(painter, i, t, &grid, &pixels));
    TextureMap map = shape_texture_map(&painter->bodies[i], pose, variant);
    fill_texture(&painter->fill, grid, pixels, &map, variant->size, object->color, (SaturateRule)variant->saturate);
    return ERR_NONE;
}

static Err fill_background_image(Painter *painter) {
    const Renderer *renderer = painter->renderer;
    const TextureGrid *grid;
    MediaImage image = media_image(renderer->media, painter->scene.background_image);
    TextureGrid *own = painter->own_grids ? &painter->own_grids[renderer->variant->objects] : NULL;
    TRY(renderer_grid(&grid, own, renderer, &image));
    fill_picture(&painter->fill, grid, image.pixels, renderer->variant->size);
    return ERR_NONE;
}

static Err painter_fill_background(Painter *painter) {
    const int32_t black[3] = {0, 0, 0};
    switch ((BackgroundKind)painter->renderer->variant->background) {
    case BACKGROUND_BLACK: fill_solid(&painter->fill, black); break;
    case BACKGROUND_COLOR: fill_solid(&painter->fill, painter->scene.background_color); break;
    case BACKGROUND_IMAGE: return fill_background_image(painter);
    }
    return ERR_NONE;
}

/* Closes what is open of left..right in row y, and paints just that. */
static void paint_open(Painter *painter, int y, int left, int right, uint8_t *frame) {
    uint8_t *row = frame + (size_t)y * (size_t)painter->coverage.size * 3;
    RunWalk walk = coverage_take(&painter->coverage, y, left, right);
    int x, length;
    while (coverage_run(&walk, &x, &length)) fill_run(&painter->fill, row, x, y, length);
}

/* Most objects lie wholly behind others: their box tells, before any row of theirs is worked out. */
static bool box_has_open(const Coverage *coverage, const Outline *outline) {
    ShapeBox box = shape_box(outline, coverage->size);
    if (box.left > box.right) return false;
    for (int y = box.top; y <= box.bottom; y++)
        if (coverage_any(coverage, y, box.left, box.right)) return true;
    return false;
}

/* The exact test: the rows of the shape, no more of the box around it. */
static bool spans_have_open(const Painter *painter) {
    const Spans *spans = &painter->spans;
    for (int y = spans->top; y <= spans->bottom; y++)
        if (spans->left[y] <= spans->right[y] && coverage_any(&painter->coverage, y, spans->left[y], spans->right[y]))
            return true;
    return false;
}

/* The tests go from cheap to dear; whoever fails one costs nothing more. A texture is looked up last, since for most
 * objects it never is. */
static Err paint_object(Painter *painter, int i, int t, uint8_t *frame) {
    Outline outline;
    Pose pose;
    Spans *spans = &painter->spans;
    if (!painter_outline(painter, i, t, &outline, &pose)) return ERR_NONE;
    if (!box_has_open(&painter->coverage, &outline)) return ERR_NONE;
    shape_spans(spans, &outline, painter->coverage.size);
    if (!spans_have_open(painter)) return ERR_NONE;
    TRY(painter_fill_object(painter, i, t, &pose));
    for (int y = spans->top; y <= spans->bottom; y++)
        if (spans->left[y] <= spans->right[y]) paint_open(painter, y, spans->left[y], spans->right[y], frame);
    return ERR_NONE;
}

Err render_frame(Painter *painter, int t, uint8_t *frame) {
    const Variant *variant = painter->renderer->variant;
    coverage_reset(&painter->coverage, painter->open_bits, variant->size);
    cull_frame(&painter->cull, variant->size, t);
    for (int i = variant->objects - 1; i >= 0 && painter->coverage.open_pixels > 0; i--)
        /* the background fills what is left open */
        if (painter->cull.may_show[i]) TRY(paint_object(painter, i, t, frame));
    if (painter->coverage.open_pixels == 0) return ERR_NONE;
    TRY(painter_fill_background(painter));
    for (int y = 0; y < variant->size; y++) paint_open(painter, y, 0, variant->size - 1, frame);
    return ERR_NONE;
}

Err render_frames(Painter *painter, const int *frame_numbers, int n_frames, Frames *out) {
    const Variant *variant = painter->renderer->variant;
    /* frames of a still scene differ in nothing, not even in their number */
    bool still = variant_is_still(variant);
    TRY(frames_shape(out, n_frames, variant->size, variant->size));
    painter_begin(painter);
    for (int f = 0; f < n_frames; f++) {
        /* a still scene is rendered once and copied */
        if (still && f > 0)
            memcpy(frames_at(out, f), frames_at(out, 0), frames_frame_bytes(out));
        else
            TRY(render_frame(painter, frame_numbers[f], frames_at(out, f)));
    }
    return ERR_NONE;
}

/* ---- the plain version ---- */

/* Back to front, pixel by pixel: what lies below is painted over. */
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
