#include "base/system/file.h"
#include "gen/dataset/pool_pieces.h"
#include "store_fixture.h"

enum { COUNT = 5, SIDE = 8, IMAGE = SIDE * SIDE * 3, EACH = 2, HEAD = 3, PIECES = 3 };

static const int64_t numbers[PIECES] = {40, -7, 12};

/* Pieces of two images, the last of one, behind heads that are not for the pool. */
static void write_piece(Journal *journal, const Frames *images, int piece) {
    uint8_t bytes[HEAD + EACH * IMAGE] = {1, 2, 3};
    int here = piece == PIECES - 1 ? 1 : EACH;
    memcpy(bytes + HEAD, frames_at(images, piece * EACH), (size_t)here * IMAGE);
    assert_ok(journal_append(journal, numbers[piece], bytes, HEAD + (size_t)here * IMAGE));
}

static PoolPieces pieces_of(const char *path) {
    const PoolPlan plan = {.path = path, .kind = "test", .count = COUNT, .height = SIDE, .width = SIDE};
    return (PoolPieces){.pool = plan, .head_bytes = HEAD, .piece_images = EACH, .numbers = numbers};
}

static void test_a_pool_has_its_pieces_in_order(void **state) {
    (void)state;
    Frames images = {0};
    Journal *journal;
    Pool pool;
    char digest[DIGEST_SIZE];
    const PoolPieces pieces = pieces_of(fixture_path("pool.h5"));
    const Run run = {.par = par_serial(1), .progress = PROGRESS_NONE};
    fixture_video(&images, 3, COUNT, SIDE, SIDE);
    assert_ok(journal_open(&journal, fixture_path("pool.journal"), "this", &run.par));
    for (int piece = PIECES - 1; piece >= 0; piece--) write_piece(journal, &images, piece);
    assert_ok(pool_from_pieces_all(&pieces, journal, &run, digest));
    assert_ok(pool_read(&pool, pieces.pool.path));
    assert_string_equal(pool.digest, digest);
    assert_int_equal(pool.count, COUNT);
    assert_memory_equal(pool.images, images.data, (size_t)COUNT * IMAGE);
    pool_free(&pool);
    journal_close(&journal);
    frames_free(&images);
}

/* Nothing half made is left, what is there stays, and with the missing piece it goes on. */
static void test_a_piece_that_is_gone_is_told(void **state) {
    (void)state;
    Frames images = {0};
    Journal *journal;
    char digest[DIGEST_SIZE];
    const PoolPieces pieces = pieces_of(fixture_path("gone.h5"));
    const Run run = {.par = par_serial(1), .progress = PROGRESS_NONE};
    fixture_video(&images, 3, COUNT, SIDE, SIDE);
    assert_ok(journal_open(&journal, fixture_path("gone.journal"), "this", &run.par));
    write_piece(journal, &images, 0);
    write_piece(journal, &images, 2);
    assert_err(ERR_IO, "piece -7", pool_from_pieces_all(&pieces, journal, &run, digest));
    assert_false(file_exists(pieces.pool.path) || file_exists(fixture_path("gone.h5.partial")));
    write_piece(journal, &images, 1);
    assert_ok(pool_from_pieces_all(&pieces, journal, &run, digest));
    assert_ok(pool_verify(pieces.pool.path, digest));
    journal_close(&journal);
    frames_free(&images);
}

/* Pieces as long as their images. */
static void test_pieces_of_own_sizes_become_a_pool(void **state) {
    (void)state;
    enum { OWN = 3, HEAD_BYTES = 2 };
    static const PoolSize sizes[OWN] = {{2, 3}, {5, 1}, {4, 4}};
    static const int64_t order[OWN] = {7, 3, 5};
    uint8_t piece[HEAD_BYTES + 4 * 4 * 3];
    Journal *journal;
    Pool pool;
    char digest[DIGEST_SIZE];
    const Run run = {.par = par_serial(1), .progress = PROGRESS_NONE};
    const PoolPieces pieces = {
        .pool = {.path = fixture_path("own.h5"), .kind = "test", .fit = "keep", .count = OWN, .sizes = sizes},
        .head_bytes = HEAD_BYTES,
        .piece_images = 1,
        .numbers = order};
    assert_ok(journal_open(&journal, fixture_path("own.journal"), "own", &run.par));
    for (int i = OWN - 1; i >= 0; i--) {
        size_t bytes = pool_piece_bytes(&pieces, i);
        assert_int_equal(bytes, HEAD_BYTES + pool_size_bytes(sizes[i]));
        memset(piece, 10 * (i + 1), sizeof piece);
        assert_ok(journal_append(journal, order[i], piece, bytes));
    }
    assert_ok(pool_from_pieces_all(&pieces, journal, &run, digest));
    assert_ok(pool_read(&pool, pieces.pool.path));
    for (int i = 0; i < OWN; i++) {
        assert_int_equal(pool_size(&pool, i).width, sizes[i].width);
        for (int64_t b = 0; b < pool_size_bytes(sizes[i]); b++) assert_int_equal(pool_image(&pool, i)[b], 10 * (i + 1));
    }
    pool_free(&pool);
    journal_close(&journal);
}

static void test_room_is_counted_for_pool_and_pieces(void **state) {
    (void)state;
    uint64_t room;
    PoolPieces pieces = pieces_of(fixture_path("large.h5"));
    assert_ok(pool_pieces_check_room(&pieces, PIECES));
    assert_ok(folder_free_bytes(&room, pieces.pool.path));
    pieces.pool.height = pieces.pool.width = 1 << 12;
    pieces.pool.count = (int)((double)room * 0.75 / (3.0 * (1 << 24)));
    assert_ok(pool_pieces_check_room(&pieces, 0));
    assert_err(ERR_IO, "large.h5: needs", pool_pieces_check_room(&pieces, pool_piece_count(&pieces)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pool_has_its_pieces_in_order),
        cmocka_unit_test(test_a_piece_that_is_gone_is_told),
        cmocka_unit_test(test_pieces_of_own_sizes_become_a_pool),
        cmocka_unit_test(test_room_is_counted_for_pool_and_pieces),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
