/* Two empty messages: a call to every other rank, and the answer of each that waits somewhere too. Nothing is said
 * about why a rank is silent; that it does not even answer from a waiting loop is what tells it from those that wait
 * for it. */
#include "par/internal/rollcall.h"

#include "base/text/text.h"

#include <time.h>

enum { TAG_CALL = 1, TAG_HERE = 2, NAMED = 8, TO_SPEAK_S = 10 };

/* Empty messages travel at once: nothing has to be kept until they have arrived. */
static void send(int rank, int tag, const Par *par) {
    MPI_Request request;
    MPI_Isend(NULL, 0, MPI_BYTE, rank, tag, par->roll, &request);
    MPI_Request_free(&request);
}

/* The sender of a message that has arrived, or -1. */
static int receive(int tag, const Par *par) {
    int arrived;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, tag, par->roll, &arrived, &status);
    if (!arrived) return -1;
    MPI_Recv(NULL, 0, MPI_BYTE, status.MPI_SOURCE, tag, par->roll, MPI_STATUS_IGNORE);
    return status.MPI_SOURCE;
}

int rollcall_answer(const Par *par) {
    int lowest = par->n_ranks;
    if (par->roll == MPI_COMM_NULL) return lowest;
    for (int caller; (caller = receive(TAG_CALL, par)) >= 0;) {
        send(caller, TAG_HERE, par);
        if (caller < lowest) lowest = caller;
    }
    return lowest;
}

/* For `seconds`, or until all are here: notes answers and gives them. The lowest rank that called. */
static int listen(bool *here, double seconds, const Par *par) {
    int lowest = par->n_ranks, silent = par->n_ranks - 1;
    for (double end = MPI_Wtime() + seconds; MPI_Wtime() < end && silent > 0;) {
        int caller = rollcall_answer(par);
        if (caller < lowest) lowest = caller;
        for (int rank; (rank = receive(TAG_HERE, par)) >= 0; silent--) here[rank] = true;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return lowest;
}

/* The first NAMED of them, and how many more. */
static void name_silent(Builder *out, const bool *here, const Par *par) {
    int silent = 0, named = 0;
    for (int rank = 0; rank < par->n_ranks; rank++) silent += !here[rank];
    for (int rank = 0; rank < par->n_ranks && named < NAMED; rank++)
        if (!here[rank]) builder_add(out, "%s%d", named++ ? ", " : silent > 1 ? "ranks " : "rank ", rank);
    if (silent > named) builder_add(out, " and %d more", silent - named);
}

/* Also when the launcher's SIGTERM, which is a wish to stop, cuts the sleep short. */
static void keep_silent(void) {
    for (double end = MPI_Wtime() + TO_SPEAK_S; MPI_Wtime() < end;)
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
}

/* Without memory or a communicator nobody is named, and the message says less. */
void rollcall_names(char *out, size_t size, const Par *par, double seconds) {
    bool *here = calloc((size_t)par->n_ranks, sizeof *here);
    Builder names = {0};
    (void)snprintf(out, size, "%s", "");
    if (!here || par->roll == MPI_COMM_NULL) goto done;
    here[par->rank] = true;
    for (int rank = 0; rank < par->n_ranks; rank++)
        if (rank != par->rank) send(rank, TAG_CALL, par);
    int lowest = listen(here, seconds, par);
    name_silent(&names, here, par);
    if (!names.failed && names.data) (void)snprintf(out, size, "%s", names.data);
    if (lowest < par->rank) keep_silent();
done:
    builder_free(&names);
    free(here);
}
