#include "base/system/file.h"
#include "store/journal/journal.h"
#include "store_fixture.h"

#include <stdio.h>

enum { PIECES = 6 };

/* What came out of a journal. */
typedef struct {
    int seen[PIECES], wrong;
} Found;

static void take(void *state, int64_t number, const void *bytes, size_t size) {
    Found *found = state;
    const int32_t *values = bytes;
    bool right = number >= 0 && number < PIECES && size == (size_t)(number + 1) * sizeof *values;
    for (int64_t i = 0; right && i <= number; i++) right = values[i] == 100 * number + i;
    found->wrong += !right;
    if (right) found->seen[number]++;
}

static void append(Journal *journal, int number) {
    int32_t values[PIECES];
    for (int i = 0; i <= number; i++) values[i] = 100 * number + i;
    assert_ok(journal_append(journal, number, values, (size_t)(number + 1) * sizeof *values));
}

static void live(const char *folder, const char *identity, int rank, int first, int end) {
    Journal *journal;
    Par par = par_serial(1);
    par.rank = rank;
    assert_ok(journal_open(&journal, folder, identity, &par));
    for (int number = first; number < end; number++) append(journal, number);
    journal_close(&journal);
    journal_close(&journal);
}

static Found look(const char *folder, const char *identity) {
    Journal *journal;
    Found found = {0};
    Par par = par_serial(1);
    assert_ok(journal_open(&journal, folder, identity, &par));
    assert_ok(journal_read(journal, take, &found));
    journal_close(&journal);
    return found;
}

static void test_pieces_of_all_ranks_and_lives_come_back(void **state) {
    (void)state;
    const char *folder = fixture_path("a.journal");
    live(folder, "this", 0, 0, 0);
    assert_false(file_exists(folder));
    live(folder, "this", 0, 0, 2);
    live(folder, "this", 1, 2, 3);
    live(folder, "this", 0, 3, 5);
    live(folder, "that", 0, 5, 6);
    Found found = look(folder, "this");
    assert_int_equal(found.wrong, 0);
    for (int number = 0; number < PIECES; number++) assert_int_equal(found.seen[number], number < 5);
    found = look(folder, "that");
    for (int number = 0; number < PIECES; number++) assert_int_equal(found.seen[number], number == 5);
}

static void put(const char *path, const char *bytes, size_t length) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void test_what_was_cut_off_is_not_there(void **state) {
    (void)state;
    char file[PATH_SIZE];
    live(fixture_path("whole.journal"), "this", 0, 0, PIECES);
    assert_ok(path_join(file, sizeof file, fixture_path("whole.journal"), "rank-0000-0"));
    char *bytes;
    size_t length, head = 64, piece = 56;
    assert_ok(file_read(&bytes, &length, file, 1 << 20));
    assert_int_equal(length, head + PIECES * piece + 4 * (1 + 2 + 3 + 4 + 5 + 6));
    for (size_t cut = 0; cut <= length; cut++) {
        int whole = 0;
        for (size_t end = head + piece + 4; whole < PIECES && end <= cut; end += piece + 4 * (size_t)(whole + 1))
            whole++;
        put(file, bytes, cut);
        Found found = look(fixture_path("whole.journal"), "this");
        assert_int_equal(found.wrong, 0);
        for (int number = 0; number < PIECES; number++) assert_int_equal(found.seen[number], number < whole);
    }
    free(bytes);
}

/* The first byte of piece `number` in a file of all pieces, or of what would follow. */
static size_t piece_begin(int number) {
    size_t at = 64;
    for (int i = 0; i < number; i++) at += 56 + 4 * (size_t)(i + 1);
    return at;
}

static void test_a_flipped_bit_takes_its_piece_and_nothing_wrong_comes_out(void **state) {
    (void)state;
    char file[PATH_SIZE], *bytes;
    size_t length, damaged = 0, number_and_size = 16;
    const char *folder = fixture_path("flipped.journal");
    live(folder, "this", 0, 0, PIECES);
    assert_ok(path_join(file, sizeof file, folder, "rank-0000-0"));
    assert_ok(file_read(&bytes, &length, file, 1 << 20));
    assert_int_equal(length, piece_begin(PIECES));
    for (int hit = 0; hit < PIECES; hit++) {
        for (size_t at = piece_begin(hit); at < piece_begin(hit + 1); at++) {
            bytes[at] ^= 0x40;
            put(file, bytes, length);
            Found found = look(folder, "this");
            assert_int_equal(found.wrong, 0);
            /* A wrong size leads astray, so what follows may be lost, too; anything else takes its piece alone. */
            bool astray = at >= piece_begin(hit) + 8 && at < piece_begin(hit) + number_and_size;
            for (int number = 0; number < PIECES; number++)
                if (number < hit || (number > hit && !astray)) assert_int_equal(found.seen[number], 1);
            damaged += !found.seen[hit];
            bytes[at] ^= 0x40;
        }
    }
    assert_int_equal(damaged, length - 64 - PIECES * 7); /* seven bytes of a piece's head mean nothing */
    free(bytes);
}

static void test_pieces_are_fetched_in_any_order(void **state) {
    (void)state;
    Journal *journal;
    JournalIndex *index;
    Par par = par_serial(1);
    int32_t values[PIECES];
    const char *folder = fixture_path("fetched.journal");
    live(folder, "this", 0, 3, PIECES);
    live(folder, "this", 1, 0, 4); /* 3 is there twice */
    assert_ok(journal_open(&journal, folder, "this", &par));
    assert_ok(journal_index(&index, journal));
    append(journal, 5); /* after the index: not in it, and no harm */
    for (int64_t number = PIECES - 1; number >= 0; number--) {
        assert_true(journal_fetch(index, number, values, (size_t)(number + 1) * sizeof *values));
        for (int i = 0; i <= number; i++) assert_int_equal(values[i], 100 * number + i);
    }
    assert_false(journal_fetch(index, PIECES, values, sizeof values));
    assert_false(journal_fetch(index, -1, values, sizeof values));
    assert_false(journal_fetch(index, 2, values, sizeof *values)); /* of another size */
    journal_index_free(&index);
    journal_index_free(&index);
    journal_close(&journal);
}

/* The first of two copies is damaged: the other one serves. */
static void test_a_damaged_copy_is_passed_over(void **state) {
    (void)state;
    char file[PATH_SIZE], *bytes;
    size_t length;
    Journal *journal;
    JournalIndex *index;
    Par par = par_serial(1);
    int32_t value;
    const char *folder = fixture_path("copies.journal");
    live(folder, "this", 0, 0, 1);
    live(folder, "this", 1, 0, 1);
    assert_ok(journal_open(&journal, folder, "this", &par));
    for (int damaged = 0; damaged < 2; damaged++) {
        assert_ok(path_join(file, sizeof file, folder, damaged ? "rank-0001-0" : "rank-0000-0"));
        assert_ok(file_read(&bytes, &length, file, 1 << 20));
        bytes[length - 1] ^= 1;
        put(file, bytes, length);
        free(bytes);
        assert_ok(journal_index(&index, journal));
        assert_int_equal(journal_fetch(index, 0, &value, sizeof value), damaged == 0);
        journal_index_free(&index);
    }
    journal_close(&journal);
}

/* What is published is in a file of its own, and the next piece begins another. */
static void test_what_is_published_is_there(void **state) {
    (void)state;
    Journal *journal;
    JournalIndex *index;
    Par par = par_serial(1);
    int32_t values[PIECES];
    assert_ok(journal_open(&journal, fixture_path("published.journal"), "this", &par));
    assert_ok(journal_publish(journal)); /* nothing */
    for (int number = 0; number < 2; number++) {
        append(journal, number);
        assert_ok(journal_publish(journal));
    }
    assert_ok(journal_index(&index, journal));
    for (size_t number = 0; number < 2; number++)
        assert_true(journal_fetch(index, (int64_t)number, values, (number + 1) * sizeof *values));
    journal_index_free(&index);
    journal_close(&journal);
}

static void test_it_is_removed_when_the_whole_is_written(void **state) {
    (void)state;
    Journal *journal;
    Par par = par_serial(1);
    const char *folder = fixture_path("done.journal");
    assert_ok(journal_open(&journal, folder, "this", &par));
    append(journal, 1);
    assert_true(file_is_directory(folder));
    assert_ok(journal_remove_all(&journal, &par));
    assert_null(journal);
    assert_false(file_exists(folder));
}

static void test_what_a_killed_life_left_beside_the_whole_is_cleared(void **state) {
    (void)state;
    Par par = par_serial(1);
    const char *folder = fixture_path("left.journal");
    live(folder, "this", 0, 0, 2);
    live(folder, "that", 1, 0, 1);
    assert_ok(journal_clear_all(folder, &par));
    assert_false(file_exists(folder));
    assert_ok(journal_clear_all(folder, &par));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_of_all_ranks_and_lives_come_back),
        cmocka_unit_test(test_what_was_cut_off_is_not_there),
        cmocka_unit_test(test_a_flipped_bit_takes_its_piece_and_nothing_wrong_comes_out),
        cmocka_unit_test(test_pieces_are_fetched_in_any_order),
        cmocka_unit_test(test_a_damaged_copy_is_passed_over),
        cmocka_unit_test(test_what_is_published_is_there),
        cmocka_unit_test(test_it_is_removed_when_the_whole_is_written),
        cmocka_unit_test(test_what_a_killed_life_left_beside_the_whole_is_cleared),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
