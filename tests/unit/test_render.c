#include "gen_fixture.h"

#include "gen/objects/render.h"
#include "video/transform/resize.h"

typedef struct {
    const char *variant, *sets[6];
} Case;

/* One for every switch that reaches the renderer. */
static const Case cases[] = {
    {"static-circles", {0}},
    {"moving-circles", {0}},
    {"moving-shapes", {0}},
    {"transforming-shapes", {0}},
    {"accelerating-shapes", {0}},
    {"accelerating-shapes", {"accel_law=code", "accel_max=0.03"}},
    {"accelerating-shapes", {"circle_transform=rigid", "kinds=[\"circle\"]"}},
    {"accelerating-shapes", {"circle_transform=full-affine", "kinds=[\"circle\"]"}},
    {"accelerating-shapes", {"pivot=center", "anchor=center"}},
    {"accelerating-shapes", {"subpixel=true", "cull=exact"}},
    {"accelerating-shapes", {"transform_law=compound"}},
    {"accelerating-shapes", {"scale_motion=false", "radius_law=exponential"}},
    {"accelerating-shapes", {"background=color", "center_range=[-0.5,1.5]"}},
    {"accelerating-images", {0}},
    {"accelerating-images", {"texture_filter=bilinear"}},
    {"accelerating-images", {"crop_origin=corner", "circle_transform=full-affine"}},
    {"accelerating-images", {"anchor=center", "pivot=center", "subpixel=true"}},
    {"images-300k-color-bg", {0}},
    {"images-300k-image-bg", {0}},
    {"sat-images-300k-image-bg", {0}},
    {"sat-images-300k", {"saturate=clip"}},
    {"dynamic-stylegan-crops", {0}},
    {"sat-dynamic-stylegan-crops", {"circle_transform=full-affine"}},
};

static Media media;

/* Photographs that were kept whole, among them the smallest there can be. */
enum { N_WHOLE = 6, N_IMAGES = 17 + N_WHOLE };
static const PoolSize whole_sizes[N_WHOLE] = {{80, 60}, {1, 1}, {33, 200}, {80, 60}, {257, 3}, {128, 128}};

static int media_setup(void **state) {
    (void)state;
    fixture_add_pool(&media, 9, 64, 64, 1);
    fixture_add_pool(&media, 8, 31, 50, 2); /* odd sizes, another aspect ratio */
    fixture_add_whole_pool(&media, whole_sizes, N_WHOLE, 3);
    fixture_add_videos(&media, 4);
    return 0;
}

static int media_teardown(void **state) {
    (void)state;
    fixture_media_free(&media);
    return 0;
}

static void open_painter(Painter *painter, Renderer *renderer, const Variant *variant, uint64_t seed) {
    SceneLaw law;
    uint32_t textures = variant->fill == FILL_TEXTURE_VIDEO ? 4 : N_IMAGES;
    assert_int_equal(renderer_init(renderer, variant, &media), ERR_NONE);
    assert_int_equal(painter_init(painter, renderer), ERR_NONE);
    scene_law_init(&law, variant, seed, &(ImageLaw){.total = textures}, &(ImageLaw){.total = N_IMAGES});
    scene_draw(&painter->scene, &law, 7);
    painter_begin(painter);
}

static void compare_case(const Case *c, const char *size, const char *objects, uint64_t seed) {
    static const int times[] = {0, 1, 16, 63, 199};
    Variant *variant = fixture_variant(c->variant, size, objects, c->sets[0], c->sets[1], NULL);
    Renderer renderer;
    Painter painter;
    open_painter(&painter, &renderer, variant, seed);
    size_t bytes = (size_t)variant->size * (size_t)variant->size * 3;
    uint8_t *fast = malloc(bytes), *plain = malloc(bytes);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        memset(fast, 1, bytes);
        memset(plain, 2, bytes);
        assert_int_equal(render_frame(&painter, times[i], fast), ERR_NONE);
        assert_int_equal(render_frame_ref(&painter, times[i], plain), ERR_NONE);
        if (memcmp(fast, plain, bytes) != 0)
            fail_msg("%s %s %s: frame %d differs from the plain version", c->variant, c->sets[0] ? c->sets[0] : "",
                     c->sets[1] ? c->sets[1] : "", times[i]);
    }
    free(fast);
    free(plain);
    painter_free(&painter);
    renderer_free(&renderer);
    variant_free(&variant);
}

static void test_painting_front_to_back_gives_the_plain_picture(void **state) {
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        compare_case(&cases[c], "size=64", "objects=150", 11 + c);
        compare_case(&cases[c], "size=100", "objects=40", 50 + c); /* no multiple of 64, open background */
    }
    compare_case(&cases[4], "size=256", "objects=500", 3);
    compare_case(&cases[13], "size=256", "objects=500", 4);
}

/* The released program stretches the whole photograph to twice the canvas by nearest neighbor: that, done when it is
 * drawn, gives the very frames that a pool gives for which it was done before. */
static void test_whole_photographs_are_drawn_as_stretched_ones(void **state) {
    (void)state;
    enum { CANVAS = 64, TWICE = 2 * CANVAS };
    static const char *const variants[] = {"accelerating-images", "images-300k-image-bg"};
    const Pool *whole = &media.pools[2];
    uint8_t *pixels = malloc((size_t)N_WHOLE * TWICE * TWICE * 3);
    Frames frames[2] = {0};
    for (int i = 0; i < N_WHOLE; i++) {
        Frames image = {0}, stretched = {0};
        PoolSize size = pool_size(whole, i);
        assert_int_equal(frames_shape(&image, 1, size.height, size.width), ERR_NONE);
        memcpy(image.data, pool_image(whole, i), frames_frame_bytes(&image));
        assert_int_equal(resize_nearest(&stretched, &image, NULL, TWICE, TWICE), ERR_NONE);
        memcpy(pixels + (size_t)i * TWICE * TWICE * 3, stretched.data, frames_frame_bytes(&stretched));
        frames_free(&stretched);
        frames_free(&image);
    }
    const Media either[2] = {
        {.n_pools = 1, .pools = {*whole}},
        {.n_pools = 1, .pools = {{.count = N_WHOLE, .height = TWICE, .width = TWICE, .images = pixels}}}};
    for (size_t v = 0; v < sizeof variants / sizeof *variants; v++) {
        Variant *variant = fixture_variant(variants[v], "size=64", "objects=60", NULL);
        for (int m = 0; m < 2; m++) {
            Renderer renderer;
            Painter painter;
            SceneLaw law;
            const ImageLaw images = {.total = N_WHOLE};
            assert_int_equal(renderer_init(&renderer, variant, &either[m]), ERR_NONE);
            assert_int_equal(painter_init(&painter, &renderer), ERR_NONE);
            scene_law_init(&law, variant, 31, &images, &images);
            scene_draw(&painter.scene, &law, 7);
            assert_int_equal(render_frames(&painter, (int[]){0, 1, 40, 99}, 4, &frames[m]), ERR_NONE);
            painter_free(&painter);
            renderer_free(&renderer);
        }
        assert_memory_equal(frames[0].data, frames[1].data, 4 * frames_frame_bytes(&frames[0]));
        variant_free(&variant);
    }
    for (int m = 0; m < 2; m++) frames_free(&frames[m]);
    free(pixels);
}

static void test_a_still_video_is_one_picture_repeated(void **state) {
    (void)state;
    Variant *variant = fixture_variant("static-circles", "size=48", "objects=60", NULL);
    Renderer renderer;
    Painter painter;
    Frames frames = {0};
    open_painter(&painter, &renderer, variant, 5);
    assert_int_equal(render_frames(&painter, (int[]){0, 100, 199}, 3, &frames), ERR_NONE);
    uint8_t *last = malloc(frames_frame_bytes(&frames));
    assert_int_equal(render_frame(&painter, 199, last), ERR_NONE);
    assert_memory_equal(frames_at(&frames, 0), frames_at(&frames, 1), frames_frame_bytes(&frames));
    assert_memory_equal(frames_at(&frames, 2), last, frames_frame_bytes(&frames));
    free(last);
    frames_free(&frames);
    painter_free(&painter);
    renderer_free(&renderer);
    variant_free(&variant);
}

/* z order: one more object changes no pixel outside its own shape. */
static void test_a_later_object_covers_and_changes_nothing_else(void **state) {
    (void)state;
    Variant *fewer = fixture_variant("accelerating-shapes", "size=64", "objects=30", NULL);
    Variant *more = fixture_variant("accelerating-shapes", "size=64", "objects=31", NULL);
    for (uint64_t seed = 0; seed < 20; seed++) {
        Renderer renderers[2];
        Painter painters[2];
        uint8_t before[64 * 64 * 3], after[64 * 64 * 3];
        open_painter(&painters[0], &renderers[0], fewer, seed);
        open_painter(&painters[1], &renderers[1], more, seed);
        assert_int_equal(render_frame(&painters[0], 9, before), ERR_NONE);
        assert_int_equal(render_frame(&painters[1], 9, after), ERR_NONE);
        const int32_t *color = painters[1].scene.objects[30].color;
        for (int i = 0; i < 64 * 64; i++) {
            bool same = memcmp(before + 3 * i, after + 3 * i, 3) == 0;
            bool is_new = after[3 * i] == color[0] && after[3 * i + 1] == color[1] && after[3 * i + 2] == color[2];
            assert_true(same || is_new);
        }
        for (int p = 0; p < 2; p++) {
            painter_free(&painters[p]);
            renderer_free(&renderers[p]);
        }
    }
    variant_free(&fewer);
    variant_free(&more);
}

/* A photograph of the canvas's size shows its pixels unchanged, twice as large, where nothing moved yet. */
static void test_texels_reach_the_canvas_unchanged(void **state) {
    (void)state;
    Variant *variant = fixture_variant("accelerating-images", "size=64", "objects=1", "kinds=[\"square\"]",
                                       "center_range=[0.1,0.2]", NULL);
    Renderer renderer;
    Painter painter;
    uint8_t frame[64 * 64 * 3];
    open_painter(&painter, &renderer, variant, 8);
    SceneObject *object = &painter.scene.objects[0];
    object->texture = 3;
    painter_begin(&painter);
    assert_int_equal(render_frame(&painter, 0, frame), ERR_NONE);
    const uint8_t *texture = media_image(&media, 3).pixels;
    int side = (int)(object->radius * 1.41421356);
    for (int y = 0; y <= side; y++)
        for (int x = 0; x <= side; x++) {
            int cx = object->center[0] + x, cy = object->center[1] + y;
            int tx = (object->crop[0] + x) / 2, ty = (object->crop[1] + y) / 2;
            assert_memory_equal(frame + 3 * (cy * 64 + cx), texture + 3 * (ty * 64 + tx), 3);
        }
    painter_free(&painter);
    renderer_free(&renderer);
    variant_free(&variant);
}

/* Measured on 8 videos of the released generator at 256 x 256 with 500 objects. Black pixels vary much from video to
 * video: besides 30 % their band is three standard errors of such a sample. */
static const struct {
    const char *variant;
    int t;
    double black, black_error, colors, mean, deviation;
} released[] = {
    {"static-circles", 0, 0, 0.001, 29, 125, 72},
    {"moving-circles", 50, 0.001, 0.001, 32, 130, 71},
    {"moving-circles", 100, 0.002, 0.002, 36, 129, 71},
    {"moving-circles", 199, 0.064, 0.022, 27, 112, 75},
    {"moving-shapes", 0, 0.026, 0.011, 56, 127, 72},
    {"moving-shapes", 100, 0.039, 0.017, 53, 124, 78},
    {"moving-shapes", 199, 0.129, 0.041, 31, 112, 82},
    {"accelerating-shapes", 0, 0.027, 0.011, 46, 125, 77},
    {"accelerating-shapes", 100, 0.022, 0.012, 51, 120, 75},
    {"accelerating-shapes", 199, 0.25, 0.054, 29, 102, 84},
};

typedef struct {
    double black, colors, mean, deviation;
} Look;

static void add_look(Look *look, const uint8_t *frame, uint8_t *seen) {
    enum { PIXELS = 256 * 256 };
    double sum = 0, squares = 0;
    for (int i = 0; i < PIXELS; i++) {
        int color = frame[3 * i] << 16 | frame[3 * i + 1] << 8 | frame[3 * i + 2];
        look->black += color == 0;
        look->colors += !seen[color];
        seen[color] = 1;
    }
    for (int i = 0; i < PIXELS; i++) seen[frame[3 * i] << 16 | frame[3 * i + 1] << 8 | frame[3 * i + 2]] = 0;
    for (int i = 0; i < 3 * PIXELS; i++) {
        sum += frame[i];
        squares += (double)frame[i] * frame[i];
    }
    double mean = sum / (3 * PIXELS);
    look->mean += mean;
    look->deviation += sqrt(squares / (3 * PIXELS) - mean * mean);
}

static Look look_at(const char *name, int t, int videos) {
    Variant *variant = fixture_variant(name, NULL);
    Renderer renderer;
    Painter painter;
    SceneLaw law;
    Look look = {0};
    uint8_t *frame = malloc(256 * 256 * 3), *seen = calloc(1 << 24, 1);
    open_painter(&painter, &renderer, variant, 3);
    scene_law_init(&law, variant, 3, &(ImageLaw){0}, &(ImageLaw){0});
    for (int v = 0; v < videos; v++) {
        scene_draw(&painter.scene, &law, (uint64_t)v);
        painter_begin(&painter);
        assert_int_equal(render_frame(&painter, t, frame), ERR_NONE);
        add_look(&look, frame, seen);
    }
    free(frame);
    free(seen);
    painter_free(&painter);
    renderer_free(&renderer);
    variant_free(&variant);
    return (Look){look.black / (256 * 256 * videos), look.colors / videos, look.mean / videos, look.deviation / videos};
}

static void test_frames_look_like_the_released_ones(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof released / sizeof released[0]; i++) {
        Look look = look_at(released[i].variant, released[i].t, 40);
        ASSERT_NEAR(look.black, released[i].black, 0.3 * released[i].black + 3 * released[i].black_error);
        ASSERT_NEAR(look.colors, released[i].colors, 0.3 * released[i].colors);
        ASSERT_NEAR(look.mean, released[i].mean, 0.3 * released[i].mean);
        ASSERT_NEAR(look.deviation, released[i].deviation, 0.3 * released[i].deviation);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_painting_front_to_back_gives_the_plain_picture),
        cmocka_unit_test(test_whole_photographs_are_drawn_as_stretched_ones),
        cmocka_unit_test(test_a_still_video_is_one_picture_repeated),
        cmocka_unit_test(test_a_later_object_covers_and_changes_nothing_else),
        cmocka_unit_test(test_texels_reach_the_canvas_unchanged),
        cmocka_unit_test(test_frames_look_like_the_released_ones),
    };
    return cmocka_run_group_tests(tests, media_setup, media_teardown);
}
