/* The last rank alone fails while it writes: every rank hears of it with that rank's words, nothing is left under a
 * final name, and the next attempt succeeds. */
#include "base/system/file.h"
#include "base/text/text.h"
#include "checkpoint_fixture.h"
#include "par/share.h"
#include "par_check.h"

#include <string.h>

static void test_one_failing_rank_fails_the_checkpoint_on_all(const Par *par, const char *folder) {
    char path[PATH_SIZE], prefix[32];
    Share share = share_block(fixture_total(), par->rank, par->n_ranks);
    CheckpointSlice slice = fixture_slice(share.begin, share.end, 5);
    const CheckpointState state = {.step = 5, .seed = 1};
    CHECK_OK(path_join(path, sizeof path, folder, "step-00000005.h5"));

    CHECK_ERR(ERR_IO, checkpoint_write_all(folder, &slice, &state, par));
    CHECK(strstr(err_message(), "injected fault") != NULL);
    snprintf(prefix, sizeof prefix, "rank %d: ", par->n_ranks - 1);
    CHECK((strstr(err_message(), prefix) != NULL) == (par->n_ranks > 1));
    CHECK(!file_exists(path));
    par_barrier_all(par);

    CHECK_OK(checkpoint_write_all(folder, &slice, &state, par));
    CHECK(file_exists(path));
    fixture_slice_free(&slice);
}

int main(void) {
    Par par;
    char folder[64] = "/tmp/synvid-par-XXXXXX", request[64], command[96];
    par_check_start_all(&par);
    snprintf(request, sizeof request, "checkpoint.write:rank=%d", par.n_ranks - 1);
    setenv("SYNVID_FAULT", request, 1); /* read at the first visit of a fault point */
    if (par.rank == 0) CHECK(mkdtemp(folder) != NULL);
    CHECK_OK(spread_bytes_all(folder, sizeof folder, &par));
    test_one_failing_rank_fails_the_checkpoint_on_all(&par, folder);
    par_barrier_all(&par);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (par.rank == 0) CHECK(system(command) == 0);
    return par_check_finish_all(&par);
}
