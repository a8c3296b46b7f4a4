/* Still clips of pictures at their own size, from the pool to the clip that is trained on. */
#include "gen/dataset/generator.h"
#include "gen/objects/internal/mix.h"
#include "gen_fixture.h"
#include "train/masked_clips.h"
#include "video/transform/crop.h"
#include "video/transform/resize.h"

enum { CANVAS = 48, ITEMS = 60, N_SIZES = 5 };

/* A single pixel, thinner than any crop, smaller than the canvas, wider and higher than it. */
static const PoolSize sizes[N_SIZES] = {{1, 1}, {3, 200}, {20, 30}, {90, 120}, {300, 64}};
static Media media;

static int media_setup(void **state) {
    (void)state;
    fixture_add_whole_pool(&media, sizes, N_SIZES, 3);
    return 0;
}

static int media_teardown(void **state) {
    (void)state;
    fixture_media_free(&media);
    return 0;
}

static void open_stills(Generator *generator, Variant **variant, const char *mix, bool one_size) {
    *variant = fixture_variant("shapes-static-images-5", mix, "mix_share=1", "size=48", "pool_min=1", NULL);
    GeneratorSetup setup = {
        .variant = *variant, .media = &media, .split = "", .seed = 4, .count = ITEMS, .one_size = one_size};
    assert_int_equal(generator_open(generator, &setup), ERR_NONE);
}

static Frames picture(const Generator *generator, uint64_t item) {
    Mix mix;
    mix_init(&mix, &generator->setup, &(ImageLaw){.total = N_SIZES});
    MediaImage image = media_image(&media, mix_pick(&mix, item).number);
    return (Frames){
        .n_frames = 1, .height = image.height, .width = image.width, .data = (uint8_t *)(uintptr_t)image.pixels};
}

static void check_frames(const Frames *frames, const VideoInfo *info, const Frames *expected) {
    assert_true(info->still);
    assert_int_equal(frames->n_frames, 2);
    assert_int_equal(info->height, expected->height);
    assert_int_equal(info->width, expected->width);
    assert_int_equal(frames->height, expected->height);
    assert_int_equal(frames->width, expected->width);
    for (int f = 0; f < 2; f++) assert_memory_equal(frames_at(frames, f), expected->data, frames_frame_bytes(expected));
}

static void test_live_frames_are_the_very_picture(void **state) {
    (void)state;
    Generator generator;
    Variant *variant;
    Frames frames = {0};
    VideoInfo info;
    int of_size[N_SIZES] = {0};
    open_stills(&generator, &variant, "mix=static-clips-native", false);
    for (uint64_t item = 0; item < ITEMS; item++) {
        const Frames expected = picture(&generator, item);
        assert_int_equal(generator_info(&generator, item, &info), ERR_NONE);
        assert_int_equal(generator_render(&generator, item, (int[]){0, 40}, 2, &frames), ERR_NONE);
        check_frames(&frames, &info, &expected);
        for (int i = 0; i < N_SIZES; i++) of_size[i] += info.height == sizes[i].height && info.width == sizes[i].width;
    }
    for (int i = 0; i < N_SIZES; i++) assert_true(of_size[i] > 0); /* each was drawn */
    frames_free(&frames);
    generator_close(&generator);
    variant_free(&variant);
}

static void test_frames_of_one_size_are_its_middle_square(void **state) {
    (void)state;
    Generator generator;
    Variant *variant;
    Frames frames = {0}, square = {0};
    VideoInfo info;
    open_stills(&generator, &variant, "mix=static-clips-native", true);
    for (uint64_t item = 0; item < ITEMS; item++) {
        const Frames whole = picture(&generator, item);
        assert_int_equal(square_of(&square, &whole, CANVAS), ERR_NONE);
        assert_int_equal(generator_info(&generator, item, &info), ERR_NONE);
        assert_int_equal(generator_render(&generator, item, (int[]){3, 1}, 2, &frames), ERR_NONE);
        check_frames(&frames, &info, &square);
    }
    frames_free(&square);
    frames_free(&frames);
    generator_close(&generator);
    variant_free(&variant);
}

/* Channel c of point (x, y) of a picture that was brought to twice the canvas by nearest neighbor. */
static int doubled(const Frames *whole, int x, int y, int c) {
    int from_x = x * whole->width / (2 * CANVAS), from_y = y * whole->height / (2 * CANVAS);
    return whole->data[3 * (from_y * whole->width + from_x) + c];
}

/* All of the picture on the canvas: each pixel is the mean of four points of the doubled one, halves rounded up. */
static void test_stretched_ones_show_all_of_the_picture(void **state) {
    (void)state;
    Generator generator;
    Variant *variant;
    Frames frames = {0};
    open_stills(&generator, &variant, "mix=static-clips", false);
    for (uint64_t item = 0; item < ITEMS; item++) {
        const Frames whole = picture(&generator, item);
        assert_int_equal(generator_render(&generator, item, (int[]){0}, 1, &frames), ERR_NONE);
        assert_true(frames.height == CANVAS && frames.width == CANVAS);
        for (int i = 0; i < CANVAS * CANVAS * 3; i++) {
            int x = i / 3 % CANVAS * 2, y = i / 3 / CANVAS * 2, c = i % 3;
            int sum = doubled(&whole, x, y, c) + doubled(&whole, x + 1, y, c) + doubled(&whole, x, y + 1, c) +
                      doubled(&whole, x + 1, y + 1, c);
            assert_int_equal(frames.data[i], (sum + 2) / 4);
        }
    }
    frames_free(&frames);
    generator_close(&generator);
    variant_free(&variant);
}

static void test_both_say_what_they_are_in_the_latents(void **state) {
    (void)state;
    static const char *const mixes[] = {"mix=static-clips", "mix=static-clips-native"};
    for (int m = 0; m < 2; m++) {
        Generator generator;
        Variant *variant;
        Mix mix;
        int32_t kind = -1, number = -1;
        open_stills(&generator, &variant, mixes[m], false);
        mix_init(&mix, &generator.setup, &(ImageLaw){.total = N_SIZES});
        MixPick pick = mix_pick(&mix, 7);
        mix_latents((void *[]){&kind, &number}, &mix, pick);
        assert_int_equal(kind, 1);
        assert_int_equal(number, pick.number);
        generator_close(&generator);
        variant_free(&variant);
    }
}

/* ---- what is trained on ---- */

/* A generator as a source. `told`: it says which videos are still. */
typedef struct {
    const Generator *generator;
    bool told;
    int most_frames; /* read at once */
} Told;

static Err told_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    const Told *told = source->state;
    (void)epoch;
    TRY(generator_info(told->generator, (uint64_t)index, info));
    info->still = info->still && told->told;
    return ERR_NONE;
}

static Err told_read(const ClipSource *source, int64_t epoch, int64_t index, const int *numbers, int n, Frames *out) {
    Told *told = source->state;
    (void)epoch;
    if (n > told->most_frames) told->most_frames = n;
    return generator_render(told->generator, (uint64_t)index, numbers, n, out);
}

static const ClipSourceOps told_ops = {"told", told_info, told_read, NULL};

static PretrainConfig small_clips(void) {
    PretrainConfig config;
    fields_default(&config, pretrain_fields);
    config.model.n_frames = 4;
    config.model.image_size = 32;
    config.model.patch_size = 8;
    config.train.micro_batch = 1;
    return config;
}

/* VideoMAE's crop of the picture, as of a frame of any video, and its resizing: in every frame of the clip. */
static void check_clip(const uint8_t *clip, const Frames *whole, const PretrainConfig *config, uint64_t sample) {
    Frames expected = {0};
    Rng rng = rng_stream(9, RNG_CROP, sample, 0);
    Box box = crop_multi_scale(whole->height, whole->width, config->model.image_size, &rng);
    assert_int_equal(resize_antialiased(&expected, whole, &box, 32, 32), ERR_NONE);
    for (int f = 0; f < 4; f++)
        assert_memory_equal(clip + (size_t)f * frames_frame_bytes(&expected), expected.data,
                            frames_frame_bytes(&expected));
    frames_free(&expected);
}

static void test_clips_are_crops_of_the_picture_read_once(void **state) {
    (void)state;
    Generator generator;
    Variant *variant;
    MaskedClips *clips;
    const PretrainConfig config = small_clips();
    open_stills(&generator, &variant, "mix=static-clips-native", false);
    assert_int_equal(masked_clips_new(&clips, &config), ERR_NONE);
    for (int t = 0; t < 2; t++) {
        Told told = {&generator, t, 0};
        ClipSource source = {.ops = &told_ops, .count = ITEMS, .state = &told};
        for (int64_t i = 0; i < ITEMS; i++) {
            const Frames whole = picture(&generator, (uint64_t)i);
            assert_int_equal(masked_clips_load(clips, 0, &config, &source, 9, 0, i, (uint64_t)i), ERR_NONE);
            check_clip(clips->clips, &whole, &config, (uint64_t)i);
        }
        assert_int_equal(told.most_frames, t ? 1 : 4);
    }
    masked_clips_free(clips);
    generator_close(&generator);
    variant_free(&variant);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live_frames_are_the_very_picture),
        cmocka_unit_test(test_frames_of_one_size_are_its_middle_square),
        cmocka_unit_test(test_stretched_ones_show_all_of_the_picture),
        cmocka_unit_test(test_both_say_what_they_are_in_the_latents),
        cmocka_unit_test(test_clips_are_crops_of_the_picture_read_once),
    };
    return cmocka_run_group_tests(tests, media_setup, media_teardown);
}
