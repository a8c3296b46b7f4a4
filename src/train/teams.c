/* Threads of a rank in teams. One parallel region holds them all: the first of each team works, the others serve it
 * (base/system/team.h). */
#include "train/internal/teams.h"

#include "base/system/minmax.h"

#include <omp.h>
#include <stdlib.h>

CHECKED Err teams_new(Teams *teams, int threads, int size) {
    *teams = (Teams){.size = min_int(size, threads)};
    int count = teams_count(threads, size);
    teams->teams = calloc((size_t)count, sizeof(Team *));
    if (!teams->teams) return RAISE(ERR_MEMORY, "training: no memory for %d teams", count);
    for (; teams->count < count; teams->count++) TRY(team_new(&teams->teams[teams->count], teams->size));
    return ERR_NONE;
}

void teams_free(Teams *teams) {
    for (int i = 0; i < teams->count; i++) team_free(&teams->teams[i]);
    free(teams->teams);
    *teams = (Teams){0};
}

/* The runtime may give fewer threads than it is asked for: then the last teams are smaller, or not there. */
void teams_run(const Teams *teams, TeamsWork *work, void *context) {
#pragma omp parallel num_threads(teams->count * teams->size)
    {
        int thread = omp_get_thread_num(), number = thread / teams->size, member = thread % teams->size;
        Team *team = teams->teams[number];
        if (member > 0) {
            team_serve(team, member);
        } else {
            team_gather(team, min_int(teams->size, omp_get_num_threads() - thread));
            work(context, number, team);
            team_dismiss(team);
        }
    }
}

/* Of all teams together. */
TeamTimes teams_times(const Teams *teams) {
    TeamTimes sum = {0};
    for (int i = 0; i < teams->count; i++) {
        TeamTimes one = team_times(teams->teams[i]);
        sum.calls += one.calls;
        sum.waited_s += one.waited_s;
    }
    return sum;
}

/* Time is counted in rounds of leaves, of `size` threads each that lose two percent a further member to waiting. Small
 * leaves are not worth a team: a call would cost more than its share. */
int teams_choose(int threads, int64_t leaves, double leaf_flops) {
    const double least_flops = 4e9, loss_a_member = 0.02;
    int best = 1;
    double best_time = 0;
    if (leaf_flops < least_flops || leaves < 1) return 1;
    for (int size = 1; size <= threads; size++) {
        int count = teams_count(threads, size);
        int64_t rounds = (leaves + count - 1) / count;
        double time = (double)rounds / size * (1 + loss_a_member * (size - 1));
        if (best_time == 0 || time < best_time) {
            best = size;
            best_time = time;
        }
    }
    return best;
}
