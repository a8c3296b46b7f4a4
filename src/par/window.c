/* Shared memory through MPI: MPI_Win_allocate_shared, then plain loads and stores between two barriers. The epoch that
 * MPI_Win_lock_all opens lasts as long as the window; MPI_Win_sync on both sides of a barrier makes the stores of one
 * rank visible to the loads of another (MPI 4.0, section 12.7). */
#include "par/internal/window.h"

#include "par/internal/wait.h"

#include <limits.h>
#include <stdint.h>
#include <sys/statvfs.h>

#define SHARED_MEMORY_FOLDER "/dev/shm"

struct Window {
    const Par *par;
    MPI_Comm comm; /* a duplicate of the node's, with errors returned */
    MPI_Win win;
    int rank, n_ranks;
    float **vectors; /* n_ranks */
};

/* Running out of pages of a shared mapping is a bus error, so ask before. A tenth stays free for MPI's own segments. */
static bool memory_is_there(size_t bytes) {
    struct statvfs stats;
    if (statvfs(SHARED_MEMORY_FOLDER, &stats)) return false;
    return (double)bytes < 0.9 * (double)stats.f_bavail * (double)stats.f_frsize;
}

/* par/agree asks all ranks of the run; here only those of the node are met. */
static bool agree_all(bool mine, MPI_Comm comm, const Par *par) {
    int all = mine;
    MPI_Request request;
    MPI_Iallreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_MIN, comm, &request);
    par_wait(&request, par, "shared memory");
    return all;
}

static size_t sum_all(size_t mine, MPI_Comm comm, const Par *par) {
    uint64_t all = mine;
    MPI_Request request;
    MPI_Iallreduce(MPI_IN_PLACE, &all, 1, MPI_UINT64_T, MPI_SUM, comm, &request);
    par_wait(&request, par, "shared memory");
    return (size_t)all;
}

/* Every step that may fail on one rank is followed by an agreement, since the next one needs all of them. */
static bool map_vectors_all(Window *window, size_t bytes, WindowKind kind) {
    size_t mine = kind == WINDOW_EACH || window->rank == 0 ? bytes : 0;
    size_t all = sum_all(mine, window->comm, window->par);
    bool there = window->rank != 0 || memory_is_there(all);
    if (!agree_all(there && window->vectors, window->comm, window->par)) return false;
    MPI_Info info;
    MPI_Info_create(&info);
    MPI_Info_set(info, "alloc_shared_noncontig", "true"); /* every rank's pages on its own memory */
    void *base = NULL;
    int code = MPI_Win_allocate_shared((MPI_Aint)mine, sizeof(float), info, window->comm, &base, &window->win);
    MPI_Info_free(&info);
    if (!agree_all(code == MPI_SUCCESS, window->comm, window->par)) return false;
    for (int r = 0; r < window->n_ranks; r++) {
        MPI_Aint size;
        int unit;
        MPI_Win_shared_query(window->win, kind == WINDOW_EACH ? r : 0, &size, &unit, (void *)&window->vectors[r]);
    }
    if (mine > 0) memset(base, 0, mine); /* a rank without a vector of its own has no address either */
    MPI_Win_lock_all(MPI_MODE_NOCHECK, window->win);
    window_barrier_all(window);
    return true;
}

/* MPI would end the run at an error; on a communicator of our own it returns it. */
bool window_new_all(Window **out, const Par *par, size_t bytes, WindowKind kind) {
    Window *window = calloc(1, sizeof(*window));
    *out = NULL;
    if (!agree_all(window != NULL, par->node_comm, par)) {
        free(window);
        return false;
    }
    window->par = par;
    window->win = MPI_WIN_NULL;
    window->rank = par->node_rank;
    window->n_ranks = par->node_ranks;
    MPI_Comm_dup(par->node_comm, &window->comm);
    MPI_Comm_set_errhandler(window->comm, MPI_ERRORS_RETURN);
    window->vectors = calloc((size_t)par->node_ranks, sizeof(*window->vectors));
    *out = window;
    if (map_vectors_all(window, bytes, kind)) return true;
    window_free_all(out);
    return false;
}

void window_free_all(Window **window) {
    if (!*window) return;
    if ((*window)->win != MPI_WIN_NULL) {
        window_barrier_all(*window); /* so that nobody waits for a rank that hangs where no time is counted */
        MPI_Win_unlock_all((*window)->win);
        MPI_Win_free(&(*window)->win);
    }
    MPI_Comm_free(&(*window)->comm);
    free((*window)->vectors);
    free(*window);
    *window = NULL;
}

float *window_at(const Window *window, int node_rank) {
    return window->vectors[node_rank];
}

void window_barrier_all(Window *window) {
    MPI_Win_sync(window->win);
    MPI_Request barrier;
    MPI_Ibarrier(window->comm, &barrier);
    par_wait_exchange(&barrier, 1, window->par, "the gradient exchange");
    MPI_Win_sync(window->win);
}
