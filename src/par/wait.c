/* Polls first, then sleeps that grow with the wait, then words, then the end. Waits for other ranks
 * come through here, so that a rank which waits anywhere answers roll calls. */
#include "par/internal/wait.h"

#include "base/system/log.h"
#include "par/internal/rollcall.h"

#include <time.h>

static const double first_report_s = 5, caller_speaks_s = 10;
static const double pause_min_s = 2e-6, pause_max_s = 1e-3, pause_share = 1.0 / 64;
/* Polls before the first sleep: ranks that arrive together meet without any; some milliseconds of them hide what a
 * piece of an exchange takes. */
enum { EAGER_POLLS = 200, EXCHANGE_POLLS = 20000 };

/* The last part of the time allowed is for asking who is there. */
static double roll_call_s(const Par *par) {
    double tenth = par->hang_timeout_s / 10;
    return tenth < 1 ? tenth : 1;
}

static void abort_hanging(const Par *par, const char *phase) {
    char silent[128];
    rollcall_names(silent, sizeof silent, par, roll_call_s(par));
    log_last("rank %d of %d waited %.3g s for the others (%s); %s%s; ending the run. Look at what it does there, or "
             "raise --hang-timeout if it was only slow.",
             par->rank, par->n_ranks, par->hang_timeout_s, phase, silent[0] ? "no answer from " : "all ranks answer",
             silent);
    MPI_Abort(par->comm, err_exit_code(ERR_INTERNAL));
}

/* Between 2 microseconds and a millisecond: short waits stay exact, long ones cost nothing. */
static void sleep_share_of(double waited_s) {
    double pause_s = waited_s * pause_share;
    if (pause_s < pause_min_s) pause_s = pause_min_s;
    if (pause_s > pause_max_s) pause_s = pause_max_s;
    nanosleep(&(struct timespec){.tv_nsec = (long)(pause_s * 1e9)}, NULL);
}

void par_patience(Patience *patience, const Par *par, const char *phase) {
    if (patience->polls++ < (patience->eager ? patience->eager : EAGER_POLLS)) return;
    if (patience->start_s == 0) {
        patience->start_s = MPI_Wtime();
        patience->next_report_s = first_report_s;
    }
    sleep_share_of(MPI_Wtime() - patience->start_s);
    /* A rank that calls is about to end the run, in its words and nobody else's. */
    if (rollcall_answer(par) < par->n_ranks) patience->start_s = MPI_Wtime() + caller_speaks_s;
    double waited = MPI_Wtime() - patience->start_s;
    if (waited > par->hang_timeout_s - roll_call_s(par)) abort_hanging(par, phase);
    if (waited > patience->next_report_s) {
        log_detail("waiting for other ranks since %.0f s: %s", waited, phase);
        patience->next_report_s *= 2;
    }
}

/* MPI_Testall is also what moves messages on: no other thread does. */
static void wait_for(MPI_Request *requests, int count, long eager, const Par *par, const char *phase) {
    Patience patience = {.eager = eager};
    for (;;) {
        int done;
        MPI_Testall(count, requests, &done, MPI_STATUSES_IGNORE);
        if (done) return;
        par_patience(&patience, par, phase);
    }
}

void par_wait(MPI_Request *request, const Par *par, const char *phase) {
    wait_for(request, 1, EAGER_POLLS, par, phase);
}

void par_wait_exchange(MPI_Request *requests, int count, const Par *par, const char *phase) {
    wait_for(requests, count, EXCHANGE_POLLS, par, phase);
}
