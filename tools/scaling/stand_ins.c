/* base/system/arena for the simulation: every rank's gradients and parameters share the same physical pages, so that a
 * thousand ranks of ViT-L fit in one machine. SimGrid leaves the payload of such buffers out of its messages; sums are
 * meaningless, times are not touched. And par/window: a rank is a node, so there never is one. */
#include "base/system/arena.h"
#include "par/internal/wait.h"
#include "par/internal/window.h"

#include <smpi/smpi.h>

CHECKED Err arena_alloc(Arena *arena, size_t bytes, const char *purpose) {
    arena->base = SMPI_SHARED_MALLOC(bytes);
    arena->used = 0;
    arena->capacity = bytes;
    return arena->base ? ERR_NONE : RAISE(ERR_MEMORY, "%s: no memory", purpose);
}

void arena_free(Arena *arena) {
    if (arena->base) SMPI_SHARED_FREE(arena->base);
    arena->base = NULL;
}

float *arena_floats(Arena *arena, size_t count) {
    float *taken = (float *)(void *)(arena->base + arena->used);
    arena->used += (count * sizeof(float) + 63) / 64 * 64;
    return taken;
}

bool window_new_all(Window **window, const Par *par, size_t bytes, WindowKind kind) {
    (void)par, (void)bytes, (void)kind;
    *window = NULL;
    return false;
}

void window_free_all(Window **window) {
    (void)window;
}
float *window_at(const Window *window, int node_rank) {
    (void)window, (void)node_rank;
    return NULL;
}
void window_barrier_all(Window *window) {
    (void)window;
}

/* Polling is not simulated: it would cost a simulated call each time. */
void par_wait(MPI_Request *request, const Par *par, const char *phase) {
    (void)par, (void)phase;
    MPI_Wait(request, MPI_STATUS_IGNORE);
}

void par_wait_exchange(MPI_Request *requests, int count, const Par *par, const char *phase) {
    (void)par, (void)phase;
    MPI_Waitall(count, requests, MPI_STATUSES_IGNORE);
}
