#include "analysis/report/internal/figures.h"

#include "math/rng.h"
#include "support/unit.h"

#include <math.h>

enum { MANY = 40, WIDTH = 600, HEIGHT = 400 };

static bool meet(double ax, double ay, double aw, double ah, double bx, double by, double bw, double bh) {
    return fabs(ax - bx) * 2 < aw + bw && fabs(ay - by) * 2 < ah + bh;
}

/* Inside, over no point and over no other label. */
static void check_places(const Spot *labels, const Spot *points, const char *const *texts, int n) {
    for (int i = 0; i < n; i++) {
        double width = LABEL_CHARACTER * (double)strlen(texts[i]);
        assert_true(labels[i].x >= width / 2 && labels[i].x <= WIDTH - width / 2);
        assert_true(labels[i].y >= LABEL_HEIGHT / 2.0 && labels[i].y <= HEIGHT - LABEL_HEIGHT / 2.0);
        for (int j = 0; j < n; j++) {
            double other = LABEL_CHARACTER * (double)strlen(texts[j]);
            assert_false(meet(labels[i].x, labels[i].y, width, LABEL_HEIGHT, points[j].x, points[j].y, 2 * LABEL_DOT,
                              2 * LABEL_DOT));
            if (i != j)
                assert_false(
                    meet(labels[i].x, labels[i].y, width, LABEL_HEIGHT, labels[j].x, labels[j].y, other, LABEL_HEIGHT));
        }
    }
}

static void test_labels_cover_nothing(void **state) {
    (void)state;
    Spot points[MANY], labels[MANY], again[MANY];
    const char *texts[MANY];
    for (uint64_t seed = 0; seed < 20; seed++) {
        Rng rng = rng_stream(seed, RNG_TEST, 0, 0);
        for (int i = 0; i < MANY; i++) { /* half of them in a heap */
            double spread = i % 2 ? 1 : 0.15;
            points[i] = (Spot){WIDTH * (0.5 + rng_uniform(&rng, -0.5f, 0.5f) * spread),
                               HEIGHT * (0.5 + rng_uniform(&rng, -0.5f, 0.5f) * spread)};
            texts[i] = i < 10 ? "7" : "34";
        }
        labels_place(labels, points, texts, MANY, WIDTH, HEIGHT);
        check_places(labels, points, texts, MANY);
        labels_place(again, points, texts, MANY, WIDTH, HEIGHT);
        assert_memory_equal(labels, again, sizeof labels);
    }
}

static void test_a_lonely_label_is_beside_its_point(void **state) {
    (void)state;
    const char *texts[] = {"12"};
    const Spot corners[] = {{0, 0}, {WIDTH, 0}, {0, HEIGHT}, {WIDTH, HEIGHT}, {WIDTH / 2.0, HEIGHT / 2.0}};
    Spot label;
    for (int i = 0; i < 5; i++) {
        labels_place(&label, &corners[i], texts, 1, WIDTH, HEIGHT);
        check_places(&label, &corners[i], texts, 1);
        assert_true(hypot(label.x - corners[i].x, label.y - corners[i].y) < 20);
    }
    labels_place(NULL, NULL, NULL, 0, WIDTH, HEIGHT);
}

/* No place at all: on the point, rather than outside of the figure. */
static void test_without_room_labels_stay_on_their_points(void **state) {
    (void)state;
    const char *texts[] = {"123", "45"};
    const Spot points[] = {{5, 5}, {6, 6}};
    Spot labels[2];
    labels_place(labels, points, texts, 2, 12, 12);
    for (int i = 0; i < 2; i++) assert_true(labels[i].x == points[i].x && labels[i].y == points[i].y);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels_cover_nothing),
        cmocka_unit_test(test_a_lonely_label_is_beside_its_point),
        cmocka_unit_test(test_without_room_labels_stay_on_their_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
