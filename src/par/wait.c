#include "par/internal/wait.h"

#include "base/system/log.h"

#include <time.h>

static const double first_report_s = 5;
static const long pause_min_ns = 2000, pause_max_ns = 1000000;
/* Polls before the first sleep: ranks that arrive together meet without any. */
enum { EAGER_POLLS = 200 };

static void abort_hanging(const Par *par, const char *phase, double waited_s) {
    log_warn("rank %d of %d waited %.0f s for the others (%s); ending the run. A rank is stuck or much slower than the "
             "rest; raise SYNVID_HANG_TIMEOUT (seconds) if it was only slow.",
             par->rank, par->n_ranks, waited_s, phase);
    MPI_Abort(par->comm, err_exit_code(ERR_INTERNAL));
}

static void sleep_longer(Patience *patience) {
    patience->pause_ns = patience->pause_ns == 0 ? pause_min_ns : patience->pause_ns * 2;
    if (patience->pause_ns > pause_max_ns) patience->pause_ns = pause_max_ns;
    nanosleep(&(struct timespec){.tv_nsec = patience->pause_ns}, NULL);
}

void par_patience(Patience *patience, const Par *par, const char *phase) {
    if (patience->polls++ < EAGER_POLLS) return;
    if (patience->pause_ns == 0) {
        patience->start_s = MPI_Wtime();
        patience->next_report_s = first_report_s;
    }
    sleep_longer(patience);
    double waited = MPI_Wtime() - patience->start_s;
    if (waited > par->hang_timeout_s) abort_hanging(par, phase, waited);
    if (waited > patience->next_report_s) {
        log_detail("waiting for other ranks since %.0f s: %s", waited, phase);
        patience->next_report_s *= 2;
    }
}

void par_wait(MPI_Request *request, const Par *par, const char *phase) {
    Patience patience = {0};
    for (;;) {
        int done;
        MPI_Test(request, &done, MPI_STATUS_IGNORE);
        if (done) return;
        par_patience(&patience, par, phase);
    }
}
