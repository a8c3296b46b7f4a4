/* train/teams - the threads of a rank as teams, each of which computes one leaf at a time.
 *
 * Team t's members are the threads t * size on: neighbors, which share a cache where the run is bound to cores
 * (OMP_PROC_BIND=close, the launcher's binding). Threads left over when the size does not divide them have no team. */
#pragma once

#include "base/system/team.h"

typedef struct {
    int count, size; /* teams; members of each */
    Team **teams;
} Teams;

CHECKED Err teams_new(Teams *teams, int threads, int size);
void teams_free(Teams *teams); /* fine with {0} */
static inline int teams_count(int threads, int size) {
    return size < threads ? threads / size : 1;
}

/* work(context, number, team), by the leader of every team at once, while the others serve it. */
typedef void TeamsWork(void *context, int number, Team *team);
void teams_run(const Teams *teams, TeamsWork *work, void *context);
/* Of all teams. */
TeamTimes teams_times(const Teams *teams);

/* Members of a team when nobody says how many. Few leaves and many threads: as many as keep the threads busiest, fewer
 * when that is the same; a leaf of fewer than some billion operations is not worth sharing. */
int teams_choose(int threads, int64_t leaves, double leaf_flops);
