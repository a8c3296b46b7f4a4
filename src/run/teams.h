/* run/teams - the threads of a rank as teams, each of which computes one leaf at a time.
 *
 * Team t's members are the threads t * size on. Threads left over when the size does not divide them have no team. */
#pragma once

#include "base/system/team.h"

#include <sched.h>

typedef struct {
    int count, size; /* teams; members of each */
    Team **teams;
    cpu_set_t *bound; /* (count) what each team is bound to; NULL: nothing is */
    cpu_set_t before;
} Teams;

CHECKED Err teams_new(Teams *teams, int threads, int size);
void teams_free(Teams *teams); /* fine with {0}; threads are bound again as they were */
/* Binds each team's members to the processors of one third-level cache, so that what they share stays there and the
 * memory they touch first is near; several teams may have one cache, and a team that no cache has room for stays free.
 * `among`: processors that are this rank's alone. Nothing is bound where that is empty, where caches are not known or
 * there is but one, where threads are more than processors, or where OpenMP has been told to bind (OMP_PROC_BIND).
 * Threads that are started later by a bound one are bound with it. */
CHECKED Err teams_bind(Teams *teams, const cpu_set_t *among);
/* Which cache each team is bound to, or -1: teams in proportion to the processors of the caches, in order. */
void teams_caches(int *cache, const Teams *teams, const int *processors, int n_caches);
static inline int teams_count(int threads, int size) {
    return size < threads ? threads / size : 1;
}

/* work(context, number, team), by the leader of every team at once, while the others serve it. */
typedef void TeamsWork(void *context, int number, Team *team);
void teams_run(const Teams *teams, TeamsWork *work, void *context);
/* The same with teams for this one time. */
CHECKED Err teams_run_once(int threads, int size, TeamsWork *work, void *context);

/* Members of a team when nobody says how many. Few leaves and many threads: as many as keep the threads busiest, fewer
 * when that is the same; a leaf of fewer than some billion operations is not worth sharing. */
int teams_choose(int threads, int64_t leaves, double leaf_flops);
