#include "base/system/file.h"
#include "run/curve.h"
#include "store_fixture.h"

#include <math.h>

static void write_points(const char *folder, int64_t resume_step, int64_t last_step) {
    Curve *curve;
    assert_ok(folder_make(folder));
    assert_ok(curve_open(&curve, folder, resume_step));
    for (int64_t step = resume_step + 10; step <= last_step; step += 10) {
        const CurveValue values[] = {{"loss", 1.0 / (double)step}, {"lr", step == 20 ? NAN : 1e-4}};
        assert_ok(curve_point(curve, step, values, step == 10 ? 1 : 2));
    }
    assert_ok(curve_close(&curve));
    assert_null(curve);
    assert_ok(curve_close(&curve));
}

static char *contents(const char *path) {
    char *text;
    size_t length;
    assert_ok(file_read(&text, &length, path, 1 << 20));
    return text;
}

static void test_a_series_comes_back_to_the_bit(void **state) {
    (void)state;
    double *steps, *values;
    int64_t count;
    write_points(fixture_path("a"), 0, 30);
    assert_ok(curve_read(&steps, &values, &count, fixture_path("a"), "loss"));
    assert_int_equal(count, 3);
    for (int i = 0; i < 3; i++) assert_true(steps[i] == 10 * (i + 1) && values[i] == 1.0 / steps[i]);
    free(steps);
    free(values);
    assert_ok(curve_read(&steps, &values, &count, fixture_path("a"), "lr"));
    assert_int_equal(count, 2);
    assert_true(isnan(values[0]) && values[1] == 1e-4);
    free(steps);
    free(values);
    assert_ok(curve_read(&steps, &values, &count, fixture_path("a"), "accuracy"));
    assert_int_equal(count, 0);
    free(steps);
    free(values);
}

static void test_the_csv_has_a_column_for_every_name(void **state) {
    (void)state;
    write_points(fixture_path("csv"), 0, 30);
    char *csv = contents(fixture_path("csv/curves.csv"));
    assert_string_equal(csv, "step,loss,lr\n10,0.1,\n20,0.05,\n30,0.03333333333333333,0.0001\n");
    free(csv);
}

/* Interrupted after step 50, going on from the checkpoint of step 30: the same file as without the interruption. */
static void test_resuming_cuts_what_came_after_the_checkpoint(void **state) {
    (void)state;
    write_points(fixture_path("whole"), 0, 80);
    write_points(fixture_path("cut"), 0, 50);
    assert_ok(file_append_line(fixture_path("cut/curves.jsonl"), "{\"step\": 60, \"loss\": 7}"));
    FILE *torn = fopen(fixture_path("cut/curves.jsonl"), "a");
    fputs("{\"step\": 70, \"lo", torn);
    fclose(torn);
    write_points(fixture_path("cut"), 30, 80);
    char *whole = contents(fixture_path("whole/curves.jsonl")), *cut = contents(fixture_path("cut/curves.jsonl"));
    assert_string_equal(whole, cut);
    free(whole);
    free(cut);
    write_points(fixture_path("cut"), 0, 10);
    cut = contents(fixture_path("cut/curves.jsonl"));
    assert_string_equal(cut, "{\"step\": 10, \"loss\": 0.1}\n");
    free(cut);
}

static void test_missing_and_foreign_curves_are_refused(void **state) {
    (void)state;
    double *steps, *values;
    int64_t count;
    assert_err(ERR_INPUT, "curves.jsonl", curve_read(&steps, &values, &count, fixture_path("never"), "loss"));
    assert_null(values);
    assert_ok(folder_make(fixture_path("foreign")));
    assert_ok(file_write_whole(fixture_path("foreign/curves.jsonl"), "{\"step\": 1}\nhello\n", 18));
    assert_err(ERR_INPUT, "line 2 is not a point",
               curve_read(&steps, &values, &count, fixture_path("foreign"), "loss"));
}

/* RFC 3720, B.4: 32 bytes of zeros, 32 of ones, 0..31. */
static void test_crc32c_has_its_published_values(void **state) {
    (void)state;
    uint8_t data[32] = {0};
    assert_int_equal(crc32c(data, 32), 0x8a9136aau);
    memset(data, 0xff, 32);
    assert_int_equal(crc32c(data, 32), 0x62a8ab43u);
    for (int i = 0; i < 32; i++) data[i] = (uint8_t)i;
    assert_int_equal(crc32c(data, 32), 0x46dd794eu);
    assert_int_equal(crc32c("123456789", 9), 0xe3069283u);
}

/* Walks the records as a reader does: every length and every sum must hold to the last byte. */
static void test_tensorboard_records_are_framed_and_hold_the_points(void **state) {
    (void)state;
    write_points(fixture_path("tb"), 0, 20);
    char *data;
    size_t size, at = 0;
    int records = 0;
    assert_ok(file_read(&data, &size, fixture_path("tb/tb/events.out.tfevents.0000000000.synvid"), 1 << 20));
    while (at < size) {
        uint64_t length;
        uint32_t sum;
        memcpy(&length, data + at, 8);
        memcpy(&sum, data + at + 8, 4);
        assert_int_equal(sum, crc32c_masked(data + at, 8));
        assert_true(at + 16 + length <= size);
        memcpy(&sum, data + at + 12 + length, 4);
        assert_int_equal(sum, crc32c_masked(data + at + 12, length));
        assert_int_equal(data[at + 12], 0x09); /* field 1, a double */
        if (records == 0)
            assert_memory_equal(data + at + 21,
                                "\x1a\x0d"
                                "brain.Event:2",
                                15);
        if (records == 1) {
            const float loss = 0.1f;
            assert_memory_equal(data + at + 21, "\x10\x0a\x2a\x0d\x0a\x0b\x0a\x04loss\x15", 13);
            assert_memory_equal(data + at + 34, &loss, 4);
        }
        at += 16 + length;
        records++;
    }
    assert_int_equal(records, 3); /* version, loss at 10, loss at 20; the learning rate at 20 was no number */
    free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_series_comes_back_to_the_bit),
        cmocka_unit_test(test_the_csv_has_a_column_for_every_name),
        cmocka_unit_test(test_resuming_cuts_what_came_after_the_checkpoint),
        cmocka_unit_test(test_missing_and_foreign_curves_are_refused),
        cmocka_unit_test(test_crc32c_has_its_published_values),
        cmocka_unit_test(test_tensorboard_records_are_framed_and_hold_the_points),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
