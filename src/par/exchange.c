#include "par/internal/exchange.h"

#include "base/system/log.h"
#include "par/internal/wait.h"

const char exchange_phase[] = "the gradient exchange";

/* Whole cache lines, so that no two vectors share one and loads stay aligned. */
size_t exchange_row_floats(size_t total) {
    return (total + 15) / 16 * 16;
}

int64_t exchange_n_units(const Reduce *reduce) {
    return (int64_t)((reduce->total + reduce->unit - 1) / reduce->unit);
}

/* The last unit ends with the vector; units beyond it are empty. */
Share exchange_floats_of_units(const Reduce *reduce, Share units) {
    int64_t unit = (int64_t)reduce->unit, total = (int64_t)reduce->total;
    Share floats = {.begin = units.begin * unit, .end = units.end * unit};
    if (floats.begin > total) floats.begin = total;
    if (floats.end > total) floats.end = total;
    return floats;
}

/* The rows are moved to the range and back, which saves a second list. */
void exchange_site_sum(const Reduce *reduce, Share range, float *const *outputs) {
    for (int i = 0; i < reduce->n_site_rows; i++) reduce->site_rows[i] += range.begin;
    treesum_run(reduce->site_sum, reduce->site_rows, outputs, range.end - range.begin);
    for (int i = 0; i < reduce->n_site_rows; i++) reduce->site_rows[i] -= range.begin;
}

void exchange_fail_if(bool failed, const Reduce *reduce) {
    if (!failed) return;
    log_last("rank %d: %s: injected fault", reduce->par->rank, exchange_phase);
    MPI_Abort(reduce->par->comm, err_exit_code(ERR_INTERNAL));
}

void exchange_wait(MPI_Request *requests, int count, const Reduce *reduce) {
    par_wait_exchange(requests, count, reduce->par, exchange_phase);
}

char *exchange_gather_from(Reduce *reduce, const Wire *wire) {
    if (!wire) return (char *)reduce->params;
    for (int s = 0; s < reduce->n_sections; s++)
        wire_write(wire, (char *)reduce->vectors, reduce->params, reduce->slices_own[s]);
    return (char *)reduce->vectors;
}
