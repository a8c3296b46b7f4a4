/* What all ranks must know alike: whether one failed, a number, a wish to stop. Each is one small
 * collective call; words follow it only when there is something to say. */
#include "par/agree.h"

#include "base/system/stop.h"
#include "par/internal/wait.h"

/* What travels when a rank failed. */
typedef struct {
    int code;
    char message[1500];
} Failure;

/* MPI_Iallreduce, which can be polled; MPI_Allreduce would hang in silence. */
static int64_t reduce_all(int64_t value, MPI_Op op, const Par *par, const char *phase) {
    if (par->n_ranks == 1) return value;
    int64_t result = 0;
    MPI_Request request;
    MPI_Iallreduce(&value, &result, 1, MPI_INT64_T, op, par->comm, &request);
    par_wait(&request, par, phase);
    return result;
}

static void send_from_all(void *data, size_t bytes, int root, const Par *par, const char *phase) {
    MPI_Request request;
    MPI_Ibcast(data, (int)bytes, MPI_BYTE, root, par->comm, &request);
    par_wait(&request, par, phase);
}

/* Cuts at the end: a message longer than the record loses its tail, which is better than the message. */
static void cut_copy(char *out, size_t size, const char *text) {
    snprintf(out, size, "%s", text);
}

/* One that was agreed on before names its rank: an outer agreement only passes it on. */
static Failure my_failure(Err code, int rank) {
    Failure failure = {.code = code};
    if (err_is_agreed())
        cut_copy(failure.message, sizeof failure.message, err_message());
    else
        (void)snprintf(failure.message, sizeof failure.message, "rank %d: %.*s", rank, (int)sizeof failure.message - 20,
                       err_message());
    return failure;
}

/* Ranks vote with their number, and the lowest one that failed speaks for all. */
Err err_agree_all(Err mine, const Par *par, const char *phase) {
    if (!mine) mine = err_out_of_memory(phase);
    if (par->n_ranks == 1) return mine;
    int lowest = (int)reduce_all(mine ? par->rank : par->n_ranks, MPI_MIN, par, phase);
    if (lowest == par->n_ranks) return ERR_NONE;

    Failure failure = {0};
    if (par->rank == lowest) failure = my_failure(mine, par->rank);
    send_from_all(&failure, sizeof failure, lowest, par, phase);
    err_adopt_agreed((Err)failure.code, failure.message);
    return (Err)failure.code;
}

int64_t agree_rank0_all(int64_t value, const Par *par, const char *phase) {
    if (par->n_ranks > 1) send_from_all(&value, sizeof value, 0, par, phase);
    return value;
}

int64_t agree_max_all(int64_t value, const Par *par, const char *phase) {
    return reduce_all(value, MPI_MAX, par, phase);
}

int64_t agree_sum_all(int64_t value, const Par *par, const char *phase) {
    return reduce_all(value, MPI_SUM, par, phase);
}

/* As err_agree_all: the lowest rank that was asked to stop says why. */
bool agree_stop_all(const Par *par) {
    static const char phase[] = "a stop request";
    bool mine = stop_requested();
    if (par->n_ranks == 1) return mine;
    int lowest = (int)reduce_all(mine ? par->rank : par->n_ranks, MPI_MIN, par, phase);
    if (lowest == par->n_ranks) return false;

    char reason[100] = "";
    if (par->rank == lowest) cut_copy(reason, sizeof reason, stop_reason());
    send_from_all(reason, sizeof reason, lowest, par, phase);
    if (!mine) stop_request(reason);
    return true;
}
