/* Counted by the affinity of the processes, the only thing that holds under a launcher, in a container and under
 * taskset alike. */
#include "par/internal/cores.h"

#include "base/system/caches.h"
#include "base/system/minmax.h"
#include "par/share.h"

/* Part `rank` of a set, processors that share a cache side by side. */
static void cut_set(cpu_set_t *part, const cpu_set_t *whole, int rank, int n_ranks) {
    Share share = share_block(CPU_COUNT(whole), rank, n_ranks);
    Caches caches;
    int64_t at = 0;
    CPU_ZERO(part);
    if (caches_read(&caches, whole, CACHES_FOLDER)) return;
    for (int d = 0; d < caches.count; d++)
        for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
            if (!CPU_ISSET(cpu, &caches.domains[d])) continue;
            if (at >= share.begin && at < share.end) CPU_SET(cpu, part);
            at++;
        }
    caches_free(&caches);
}

/* Ranks that the launcher has bound apart own what they have; ranks that it has left free alike own a part each. */
static void find_own(cpu_set_t *own, const cpu_set_t *masks, int rank, int n_ranks) {
    bool apart = true, alike = true;
    CPU_ZERO(own);
    for (int r = 0; r < n_ranks; r++) {
        cpu_set_t both;
        CPU_AND(&both, &masks[rank], &masks[r]);
        apart &= r == rank || CPU_COUNT(&both) == 0;
        alike &= (bool)CPU_EQUAL(&masks[rank], &masks[r]);
    }
    if (apart)
        *own = masks[rank];
    else if (alike && CPU_COUNT(&masks[rank]) >= n_ranks)
        cut_set(own, &masks[rank], rank, n_ranks);
}

/* Everybody decides by the same masks, but about himself alone. */
static void share_masks_all(Cores *cores, const cpu_set_t *mine, cpu_set_t *node, MPI_Comm node_comm, int n_ranks) {
    cpu_set_t *masks = calloc((size_t)n_ranks, sizeof *masks), own = *mine;
    int rank, bytes = sizeof *mine, there = masks != NULL, all;
    MPI_Comm_rank(node_comm, &rank);
    MPI_Allreduce(mine, node, bytes / (int)sizeof(long), MPI_LONG, MPI_BOR, node_comm);
    MPI_Allreduce(&there, &all, 1, MPI_INT, MPI_MIN, node_comm);
    CPU_ZERO(&cores->own);
    if (all) {
        MPI_Allgather(&own, bytes, MPI_BYTE, masks, bytes, MPI_BYTE, node_comm);
        find_own(&cores->own, masks, rank, n_ranks);
    }
    free(masks);
}

Cores cores_share_all(MPI_Comm node_comm, int node_ranks) {
    cpu_set_t mine, node;
    CPU_ZERO(&mine);
    if (sched_getaffinity(0, sizeof mine, &mine)) CPU_SET(0, &mine); /* more than 1024 cores: count on one */
    node = mine;
    Cores cores = {.own = mine};
    if (node_comm != MPI_COMM_NULL) share_masks_all(&cores, &mine, &node, node_comm, node_ranks);
    cores.mine = CPU_COUNT(&mine);
    cores.node = CPU_COUNT(&node);
    cores.shared = min_int(cores.mine, cores.node / node_ranks);
    if (cores.shared < 1) cores.shared = 1;
    return cores;
}
