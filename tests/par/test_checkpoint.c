#include "base/system/file.h"
#include "base/text/text.h"
#include "checkpoint_fixture.h"
#include "par/share.h"
#include "par_check.h"
#include "store/data/pool.h"
#include "support/file_digest.h"

#include <unistd.h>

static char folder[PATH_SIZE];

static void make_folder(const Par *par) {
    if (par->rank == 0) {
        snprintf(folder, sizeof folder, "/tmp/synvid-par-XXXXXX");
        CHECK(mkdtemp(folder) != NULL);
    }
    CHECK_OK(spread_bytes_all(folder, sizeof folder, par));
}

static void remove_folder(const Par *par) {
    char command[PATH_SIZE + 16];
    par_barrier_all(par);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (par->rank == 0) CHECK(system(command) == 0);
}

static void path_in(char *out, const char *name) {
    CHECK_OK(path_join(out, PATH_SIZE, folder, name));
}

/* Cut points are no multiples of anything: slices begin and end inside tensors; rank 1 of 3 gets an empty slice. */
static CheckpointSlice slice_of(const Par *par, int64_t step) {
    Share share = share_block(fixture_total(), par->rank, par->n_ranks);
    if (par->n_ranks == 3 && par->rank == 1) share.end = share.begin;
    if (par->n_ranks == 3 && par->rank == 2) share.begin = share_block(fixture_total(), 1, 3).begin;
    return fixture_slice(share.begin, share.end, step);
}

static void write_with_all(const char *ckpt, const Par *par, int64_t step) {
    CheckpointSlice slice = slice_of(par, step);
    const CheckpointState state = {.step = step, .seed = 3, .config_text = "{}"};
    CHECK_OK(checkpoint_write_all(ckpt, &slice, &state, par));
    fixture_slice_free(&slice);
}

static void read_and_compare(const char *ckpt, const Par *par, int64_t step) {
    CheckpointSlice slice = slice_of(par, -1);
    CheckpointState state = {0};
    bool found = false;
    CHECK_OK(checkpoint_read_newest_all(ckpt, &slice, &state, &found, par));
    CHECK(found && state.step == step && state.seed == 3);
    CHECK(fixture_slice_wrong(&slice, step) == 0);
    fixture_slice_free(&slice);
}

static void test_what_all_ranks_write_all_ranks_read(const Par *par) {
    char ckpt[PATH_SIZE];
    path_in(ckpt, "many");
    write_with_all(ckpt, par, 12);
    read_and_compare(ckpt, par, 12);
}

static void test_what_all_ranks_write_one_rank_reads(const Par *par) {
    char ckpt[PATH_SIZE];
    path_in(ckpt, "many");
    Par alone = par_serial(1);
    if (par->rank == 0) read_and_compare(ckpt, &alone, 12);
    par_barrier_all(par);
}

static void test_what_one_rank_writes_all_ranks_read(const Par *par) {
    char ckpt[PATH_SIZE];
    path_in(ckpt, "one");
    Par alone = par_serial(1);
    if (par->rank == 0) write_with_all(ckpt, &alone, 12);
    par_barrier_all(par);
    read_and_compare(ckpt, par, 12);
}

static void test_the_bytes_do_not_depend_on_the_rank_count(const Par *par) {
    char path[PATH_SIZE], many[DIGEST_SIZE], one[DIGEST_SIZE];
    path_in(path, "many/step-00000012.h5");
    CHECK_OK(digest_of_file(many, path));
    path_in(path, "one/step-00000012.h5");
    CHECK_OK(digest_of_file(one, path));
    CHECK(text_equal(many, one));
    par_barrier_all(par);
}

static void test_a_place_that_cannot_be_written_fails_on_every_rank(const Par *par) {
    char ckpt[PATH_SIZE];
    path_in(ckpt, "many/step-00000012.h5"); /* a file where a folder is needed */
    CheckpointSlice slice = slice_of(par, 1);
    const CheckpointState state = {.step = 1, .seed = 3};
    CHECK_ERR(ERR_IO, checkpoint_write_all(ckpt, &slice, &state, par));
    fixture_slice_free(&slice);
}

static void test_a_damaged_checkpoint_is_passed_over_by_all(const Par *par) {
    char ckpt[PATH_SIZE], path[PATH_SIZE];
    path_in(ckpt, "many");
    write_with_all(ckpt, par, 13);
    path_in(path, "many/step-00000013.h5");
    if (par->rank == 0) CHECK(truncate(path, file_size(path) - 100) == 0);
    par_barrier_all(par);
    read_and_compare(ckpt, par, 12);
}

static void test_a_pool_is_seen_by_every_rank(const Par *par) {
    char path[PATH_SIZE], digest[DIGEST_SIZE];
    uint8_t images[3 * 4 * 5 * 3];
    for (size_t i = 0; i < sizeof images; i++) images[i] = (uint8_t)(i * 7);
    path_in(path, "pool.h5");
    const PoolPlan plan = {.path = path, .kind = "test", .count = 3, .height = 4, .width = 5};
    if (par->rank == 0) CHECK_OK(pool_write(&plan, images, digest));
    par_barrier_all(par);
    Pool pool;
    CHECK_OK(pool_read_all(&pool, path, par));
    CHECK(pool.count == 3 && memcmp(pool.images, images, sizeof images) == 0);
    pool_free(&pool);
    path_in(path, "absent.h5");
    CHECK_ERR(ERR_INPUT, pool_read_all(&pool, path, par));
}

int main(void) {
    Par par;
    par_check_start_all(&par);
    make_folder(&par);
    test_what_all_ranks_write_all_ranks_read(&par);
    test_what_all_ranks_write_one_rank_reads(&par);
    test_what_one_rank_writes_all_ranks_read(&par);
    test_the_bytes_do_not_depend_on_the_rank_count(&par);
    test_a_place_that_cannot_be_written_fails_on_every_rank(&par);
    test_a_damaged_checkpoint_is_passed_over_by_all(&par);
    test_a_pool_is_seen_by_every_rank(&par);
    remove_folder(&par);
    return par_check_finish_all(&par);
}
