/* Counted by the affinity of the processes, the only thing that holds under a launcher, in a container and under
 * taskset alike. */
#include "par/internal/cores.h"

#include "base/system/minmax.h"

#include <sched.h>

Cores cores_share_all(MPI_Comm node_comm, int node_ranks) {
    cpu_set_t mine, node;
    CPU_ZERO(&mine);
    if (sched_getaffinity(0, sizeof mine, &mine)) CPU_SET(0, &mine); /* more than 1024 cores: count on one */
    node = mine;
    if (node_comm != MPI_COMM_NULL)
        MPI_Allreduce(&mine, &node, (int)(sizeof node / sizeof(long)), MPI_LONG, MPI_BOR, node_comm);

    Cores cores = {.mine = CPU_COUNT(&mine), .node = CPU_COUNT(&node)};
    cores.shared = min_int(cores.mine, cores.node / node_ranks);
    if (cores.shared < 1) cores.shared = 1;
    return cores;
}
