#include "base/system/digest.h"

#include "support/unit.h"

static void the_empty_input_has_the_published_value(void **state) {
    (void)state;
    char hex[DIGEST_SIZE];
    digest_of(hex, "", 0);
    assert_string_equal(hex, "99aa06d3014798d86001c324468d497f"); /* XXH3_128bits of nothing, seed 0 */
}

static void pieces_and_the_whole_agree(void **state) {
    (void)state;
    enum { BYTES = 100000 };
    char *data = malloc(BYTES), whole[DIGEST_SIZE], pieces[DIGEST_SIZE];
    for (int i = 0; i < BYTES; i++) data[i] = (char)(i * 7 + i / 256);
    digest_of(whole, data, BYTES);
    Digest *digest = NULL;
    assert_ok(digest_new(&digest));
    for (size_t at = 0, step = 1; at < BYTES; at += step, step = step * 3 % 4099 + 1)
        digest_add(digest, data + at, step < BYTES - at ? step : BYTES - at);
    digest_hex(digest, pieces);
    assert_string_equal(whole, pieces);
    digest_free(&digest);
    assert_null(digest);
    digest_free(&digest);
    free(data);
}

static void where_texts_end_is_part_of_the_digest(void **state) {
    (void)state;
    char first[DIGEST_SIZE], second[DIGEST_SIZE];
    Digest *a = NULL, *b = NULL;
    assert_ok(digest_new(&a));
    assert_ok(digest_new(&b));
    digest_add_text(a, "ab");
    digest_add_text(a, "c");
    digest_add_text(b, "a");
    digest_add_text(b, "bc");
    digest_hex(a, first);
    digest_hex(b, second);
    assert_string_not_equal(first, second);
    digest_free(&a);
    digest_free(&b);
}

static void one_bit_changes_it(void **state) {
    (void)state;
    char data[1000] = {0}, before[DIGEST_SIZE], after[DIGEST_SIZE];
    digest_of(before, data, sizeof data);
    data[999] = 1;
    digest_of(after, data, sizeof data);
    assert_string_not_equal(before, after);
    assert_int_equal(strlen(before), 32);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_empty_input_has_the_published_value),
        cmocka_unit_test(pieces_and_the_whole_agree),
        cmocka_unit_test(where_texts_end_is_part_of_the_digest),
        cmocka_unit_test(one_bit_changes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
