/* par/internal/window - float vectors in memory that the ranks of a node share (MPI_Win_allocate_shared).
 *
 * Inside a node this sums 64 MB at the rate of plain additions (par/treesum), several times faster than the library's
 * reductions, and the order of addition is ours. Functions that end in _all are collective over par->node_comm. */
#pragma once

#include "par/par.h"

typedef struct Window Window;
typedef enum { WINDOW_EACH, WINDOW_ONE } WindowKind; /* memory for every rank of the node, or one for all */

/* False, on every rank of the node, when the shared memory is not there; *window is then NULL. `bytes` of this rank:
 * EACH may differ. `par` is borrowed. */
bool window_new_all(Window **window, const Par *par, size_t bytes, WindowKind kind);
void window_free_all(Window **window);
/* The memory of a node rank (WINDOW_ONE: of rank 0). */
float *window_at(const Window *window, int node_rank);
/* What anybody wrote before is seen by everybody after. */
void window_barrier_all(Window *window);
