#include "gen_fixture.h"

#include "gen/textures/texture_gan.h"
#include "gen/textures/textures.h"
#include "support/slope.h"

static const GanWalk still = {0};

static double relative_distance(const float *a, const float *b, size_t count) {
    double difference = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        size += (double)b[i] * (double)b[i];
    }
    return sqrt(difference / size);
}

static void compare_with_the_plain_network(GanKind kind, GanSize size, uint64_t images) {
    GanNetwork network;
    GanSample sample;
    GanScratch scratch;
    size_t count = 3 * (size_t)size.side * (size_t)size.side;
    float *fast = malloc(count * sizeof *fast), *plain = malloc(count * sizeof *plain);
    assert_int_equal(gan_network_new(&network, kind, size), ERR_NONE);
    gan_network_draw(&network, 5, 0, 1);
    assert_int_equal(gan_scratch_new(&scratch, &network), ERR_NONE);
    float *latents = malloc((size_t)(network.n_layers + 1) * GAN_LATENT * sizeof *latents);
    assert_int_equal(gan_sample_new(&sample, &network), ERR_NONE);
    for (uint64_t image = 0; image < images; image++) {
        gan_sample_draw(&sample, &network, 5, image);
        gan_latents_begin(latents, &network, &still, 5, image);
        gan_render(fast, &network, &sample, latents, &scratch);
        assert_int_equal(gan_render_ref(plain, &network, &sample, latents), ERR_NONE);
        assert_true(relative_distance(fast, plain, count) < 1e-4);
    }
    gan_sample_free(&sample);
    free(latents);
    free(fast);
    free(plain);
    gan_scratch_free(&scratch);
    gan_network_free(&network);
}

static void test_the_collapsed_network_equals_the_written_one(void **state) {
    (void)state;
    compare_with_the_plain_network(GAN_ORIENTED, (GanSize){16, 160, 24}, 3);
    compare_with_the_plain_network(GAN_HIGH_FREQUENCY, (GanSize){16, 160, 24}, 3);
    compare_with_the_plain_network(GAN_ORIENTED, (GanSize){32, 256, 12}, 3);
}

/* All 13 layers, with fewer channels; SYNVID_TEST_FULL=1 takes all 512 (90 GFLOP an image, minutes). */
static void test_the_collapse_holds_at_256(void **state) {
    (void)state;
    GanSize size = getenv("SYNVID_TEST_FULL") ? gan_size(256) : (GanSize){256, 2048, 48};
    compare_with_the_plain_network(GAN_ORIENTED, size, 1);
    compare_with_the_plain_network(GAN_HIGH_FREQUENCY, size, 1);
}

static void test_the_full_network_has_the_published_layers(void **state) {
    (void)state;
    GanNetwork network;
    static const int blocks[] = {512, 512, 512, 512, 512, 256, 128};
    assert_int_equal(gan_network_new(&network, GAN_ORIENTED, gan_size(256)), ERR_NONE);
    gan_network_draw(&network, 5, 0, 1);
    assert_int_equal(network.n_layers, 13);
    assert_int_equal(network.n_blocks, 7);
    for (int b = 0; b < 7; b++) {
        assert_int_equal(network.layers[2 * b].out, blocks[b]);
        assert_int_equal(network.layers[2 * b].side, 4 << b);
        assert_false(network.layers[2 * b].up);
    }
    gan_network_free(&network);
}

/* Styles have mean 1 and standard deviation sqrt(0.52). */
static void test_styles_have_their_law(void **state) {
    (void)state;
    GanNetwork network;
    float latents[GAN_LATENT * 8], styles[GAN_LATENT];
    double sum = 0, squares = 0;
    int count = 0;
    assert_int_equal(gan_network_new(&network, GAN_ORIENTED, (GanSize){8, 32768, 512}), ERR_NONE);
    gan_network_draw(&network, 5, 0, 1);
    for (uint64_t image = 0; image < 20; image++) {
        gan_latents_begin(latents, &network, &still, 5, image);
        gan_styles(styles, network.style[0], latents, 512);
        for (int i = 0; i < 512; i++, count++) {
            sum += (double)styles[i];
            squares += (double)styles[i] * (double)styles[i];
        }
    }
    double mean = sum / count;
    ASSERT_NEAR(mean, 1, 0.03);
    ASSERT_NEAR(sqrt(squares / count - mean * mean), sqrt(0.52), 0.03);
    gan_network_free(&network);
}

static void test_noise_maps_are_standard(void **state) {
    (void)state;
    enum { SIDE = 128, COUNT = SIDE * SIDE };
    static float map[COUNT], small[COUNT / 16];
    for (int patchy = 0; patchy < 2; patchy++) {
        NoiseMaker maker;
        assert_int_equal(noise_maker_new(&maker, SIDE, patchy), ERR_NONE);
        for (uint64_t i = 0; i < 5; i++) {
            Rng rng = rng_stream(3, RNG_TEST, i, 0);
            double sum = 0, squares = 0;
            noise_pink(map, &maker, &rng);
            for (int p = 0; p < COUNT; p++) {
                sum += (double)map[p];
                squares += (double)map[p] * (double)map[p];
            }
            double mean = sum / COUNT;
            if (!patchy) ASSERT_NEAR(mean, 0, 1e-4);
            ASSERT_NEAR(squares / COUNT - mean * mean, 1, 1e-3);
            noise_shrink(small, map, SIDE, 4);
            double small_sum = 0;
            for (int p = 0; p < COUNT / 16; p++) small_sum += (double)small[p];
            ASSERT_NEAR(small_sum / (COUNT / 16), mean, 1e-4);
        }
        noise_maker_free(&maker);
    }
}

static void test_colors_are_scaled_to_the_draw(void **state) {
    (void)state;
    enum { SIDE = 32 };
    static float rgb[3 * SIDE * SIDE];
    static uint8_t pixels[3 * SIDE * SIDE];
    Rng rng = rng_stream(3, RNG_TEST, 0, 0);
    GanSample sample = {.mean = {0.5f, 0.4f, 0.6f}, .deviation = {0.05f, 0.1f, 0.08f}};
    for (int i = 0; i < 3 * SIDE * SIDE; i++) rgb[i] = 7 + 3 * rng_uniform(&rng, -1, 1);
    GanColors colors = gan_colors(rgb, SIDE);
    gan_to_pixels(pixels, rgb, SIDE, &colors, &sample);
    for (int c = 0; c < 3; c++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < SIDE * SIDE; i++) {
            double value = (pixels[3 * i + c] + 0.5) / 255;
            sum += value;
            squares += value * value;
        }
        double mean = sum / (SIDE * SIDE);
        ASSERT_NEAR(mean, sample.mean[c], 1e-3);
        ASSERT_NEAR(sqrt(squares / (SIDE * SIDE) - mean * mean), sample.deviation[c], 2e-3);
    }
}

static void test_walks_move_slowly_and_zero_sigma_stays(void **state) {
    (void)state;
    GanNetwork network;
    const GanWalk none = {.sigma = 0}, slow = {.sigma = 0.1}, kept = {.sigma = 0.5, .renormalize = true},
                  shared = {.sigma = 0.1, .shared = true};
    float a[GAN_LATENT * 8], b[GAN_LATENT * 8];
    assert_int_equal(gan_network_new(&network, GAN_ORIENTED, (GanSize){8, 64, 8}), ERR_NONE);
    gan_network_draw(&network, 5, 0, 1);
    size_t count = (size_t)(network.n_layers + 1) * GAN_LATENT;
    gan_latents_begin(a, &network, &none, 5, 1);
    gan_latents_begin(b, &network, &none, 5, 1);
    gan_latents_step(b, &network, &none, 5, 1, 1);
    assert_memory_equal(a, b, count * sizeof *a);
    gan_latents_step(b, &network, &slow, 5, 1, 1);
    ASSERT_NEAR(relative_distance(b, a, count), 0.1, 0.02);
    for (int t = 1; t < 200; t++) gan_latents_step(b, &network, &kept, 5, 1, t);
    double squares = 0;
    for (size_t i = 0; i < count; i++) squares += (double)b[i] * (double)b[i];
    ASSERT_NEAR(squares / (double)count, 1, 0.15);
    gan_latents_begin(b, &network, &shared, 5, 1);
    gan_latents_step(b, &network, &shared, 5, 1, 1);
    assert_memory_equal(b, b + GAN_LATENT, GAN_LATENT * sizeof *b);
    gan_network_free(&network);
}

/* Means and deviations of an image's channels, drawn: their own means over 2000 images within five standard errors. */
static void test_color_draws_have_the_published_law(void **state) {
    (void)state;
    enum { IMAGES = 2000 };
    static const double mean[3][2] = {{0.483, 0.145}, {0.455, 0.142}, {0.401, 0.161}};
    static const double deviation[3][2] = {{0.219, 0.063}, {0.213, 0.062}, {0.213, 0.069}};
    double sums[2][3] = {{0}}, squares[2][3] = {{0}};
    for (uint64_t image = 0; image < IMAGES; image++) {
        GanSample sample;
        gan_sample_colors(&sample, 5, image);
        for (int c = 0; c < 3; c++) {
            const double drawn[2] = {(double)sample.mean[c], (double)sample.deviation[c]};
            for (int k = 0; k < 2; k++) {
                sums[k][c] += drawn[k] / IMAGES;
                squares[k][c] += drawn[k] * drawn[k] / IMAGES;
            }
        }
    }
    for (int c = 0; c < 3; c++)
        for (int k = 0; k < 2; k++) {
            const double *law = k ? deviation[c] : mean[c];
            ASSERT_NEAR(sums[k][c], law[0], 5 * law[1] / sqrt(IMAGES));
            ASSERT_NEAR(sqrt(squares[k][c] - sums[k][c] * sums[k][c]), law[1], 5 * law[1] / sqrt(2 * IMAGES));
        }
}

/* The reference is a sample of 8 images each whose slopes spread by 0.14 to 0.3: its mean is known to about 0.1. Mean
 * slope within three such errors; about 5 % of values clipped. */
static void check_look(TextureKind kind, double slope, double spread) {
    enum { IMAGES = 12, VALUES = 3 * 256 * 256 };
    const TexturesConfig config = {.kind = (int)kind, .size = 256};
    uint8_t *pixels = malloc((size_t)IMAGES * VALUES);
    Fft2 *fft;
    TextureMaker *maker;
    double mean = 0, clipped = 0;
    assert_int_equal(texture_maker_new(&maker, &config, 1, 1), ERR_NONE);
    assert_int_equal(texture_maker_render(maker, pixels, 0, IMAGES), ERR_NONE);
    assert_int_equal(fft2_new(&fft, 256, 256), ERR_NONE);
    for (int i = 0; i < IMAGES; i++) {
        const uint8_t *image = pixels + (size_t)i * VALUES;
        mean += amplitude_slope(image, fft) / IMAGES;
        for (int v = 0; v < VALUES; v++) clipped += (image[v] == 0 || image[v] == 255) / (double)(IMAGES * VALUES);
    }
    if (!(fabs(mean - slope) < spread)) fail_msg("slope %g, expected %g +- %g", mean, slope, spread);
    if (!(clipped > 0.01 && clipped < 0.12)) fail_msg("%g of the values clipped", clipped);
    texture_maker_free(&maker);
    fft2_free(&fft);
    free(pixels);
}

static void test_images_look_like_the_reference(void **state) {
    (void)state;
    check_look(TEXTURE_STYLEGAN_ORIENTED, 1.78, 0.3);
    check_look(TEXTURE_STYLEGAN_HIGH_FREQUENCY, 1.26, 0.3);
}

/* Across the change of networks, with two threads and after other images. */
static void test_an_image_does_not_depend_on_what_was_made_before(void **state) {
    (void)state;
    enum { SIDE = 16, BYTES = 3 * SIDE * SIDE, FIRST = GAN_NETWORK_IMAGES - 2, IMAGES = 4 };
    static uint8_t together[IMAGES * BYTES], alone[BYTES];
    for (int kind = TEXTURE_STYLEGAN_ORIENTED; kind <= TEXTURE_STYLEGAN_HIGH_FREQUENCY; kind++) {
        const TexturesConfig config = {.kind = kind, .size = SIDE};
        TextureMaker *maker;
        assert_int_equal(texture_maker_new(&maker, &config, 1, 2), ERR_NONE);
        assert_int_equal(texture_maker_render(maker, together, FIRST, IMAGES), ERR_NONE);
        for (int i = 0; i < IMAGES; i++) {
            assert_int_equal(texture_maker_render(maker, alone, FIRST + i, 1), ERR_NONE);
            assert_memory_equal(alone, together + i * BYTES, BYTES);
        }
        assert_memory_not_equal(together, together + BYTES, BYTES);
        texture_maker_free(&maker);
    }
}

/* Without an envelope the amplitude of a map falls as f^-alpha, alpha in [0.5, 1.5]. */
static void test_plain_noise_falls_with_a_drawn_power(void **state) {
    (void)state;
    enum { SIDE = 256 };
    static float map[SIDE * SIDE];
    Fft2 *fft;
    NoiseMaker maker;
    double lowest = 9, highest = -9;
    assert_int_equal(fft2_new(&fft, SIDE, SIDE), ERR_NONE);
    assert_int_equal(noise_maker_new(&maker, SIDE, false), ERR_NONE);
    for (uint64_t i = 0; i < 30; i++) {
        Rng rng = rng_stream(6, RNG_TEST, i, 0);
        double near = 0, far = 0;
        noise_pink(map, &maker, &rng);
        memcpy(fft2_input(fft), map, sizeof map);
        fft2_run(fft);
        for (int a = 0; a < 64; a++) { /* rings at 8 and 64 cycles */
            double x = cos(a * 0.0490873852), y = sin(a * 0.0490873852);
            near += log(1e-9 + (double)fft2_amplitude(fft, (int)lround(8 * y), (int)lround(8 * x)));
            far += log(1e-9 + (double)fft2_amplitude(fft, (int)lround(64 * y), (int)lround(64 * x)));
        }
        double alpha = (near - far) / 64 / log(8);
        assert_true(alpha > 0.35 && alpha < 1.65);
        lowest = fmin(lowest, alpha);
        highest = fmax(highest, alpha);
    }
    assert_true(lowest < 0.7 && highest > 1.3); /* the whole range is drawn from */
    noise_maker_free(&maker);
    fft2_free(&fft);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_collapsed_network_equals_the_written_one),
        cmocka_unit_test(test_the_collapse_holds_at_256),
        cmocka_unit_test(test_the_full_network_has_the_published_layers),
        cmocka_unit_test(test_styles_have_their_law),
        cmocka_unit_test(test_noise_maps_are_standard),
        cmocka_unit_test(test_colors_are_scaled_to_the_draw),
        cmocka_unit_test(test_walks_move_slowly_and_zero_sigma_stays),
        cmocka_unit_test(test_color_draws_have_the_published_law),
        cmocka_unit_test(test_images_look_like_the_reference),
        cmocka_unit_test(test_an_image_does_not_depend_on_what_was_made_before),
        cmocka_unit_test(test_plain_noise_falls_with_a_drawn_power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
