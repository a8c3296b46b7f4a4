/* Included before every file of the simulation: SimGrid makes its non-blocking sums from messages between all pairs, a
 * million at 1,024 ranks; Open MPI makes them as the blocking ones. Only agreement on errors uses them. */
#include <mpi.h>

static inline int sum_blocking(const void *send, void *receive, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm,
                               MPI_Request *request) {
    *request = MPI_REQUEST_NULL;
    return MPI_Allreduce(send, receive, count, type, op, comm);
}
#undef MPI_Iallreduce
#define MPI_Iallreduce sum_blocking
