/* Threads of a rank in teams. One parallel region holds them all: the first of each team works, the others serve it
 * (base/system/team.h). */
#include "run/teams.h"

#include "base/system/caches.h"
#include "base/system/log.h"
#include "base/system/minmax.h"

#include <omp.h>
#include <stdlib.h>

CHECKED Err teams_new(Teams *teams, int threads, int size) {
    *teams = (Teams){.size = min_int(size, threads)};
    int count = teams_count(threads, size);
    teams->teams = calloc((size_t)count, sizeof(Team *));
    if (!teams->teams) return RAISE(ERR_MEMORY, "no memory for %d teams", count);
    for (; teams->count < count; teams->count++) TRY(team_new(&teams->teams[teams->count], teams->size));
    if (teams->size > 1)
        log_detail("%d threads in %d team%s of %d", threads, count, count == 1 ? "" : "s", teams->size);
    return ERR_NONE;
}

/* ---- caches ---- */

void teams_caches(int *cache, const Teams *teams, const int *processors, int n_caches) {
    int total = 0, before = 0, team = 0;
    for (int c = 0; c < n_caches; c++) total += processors[c];
    for (int c = 0; c < n_caches; c++) {
        before += processors[c];
        int end = (int)((int64_t)teams->count * before / total);
        for (int room = processors[c] / teams->size; team < end; team++) cache[team] = room-- > 0 ? c : -1;
    }
}

/* By every thread that is in a team; sets: of each team, or one for all. */
static void bind_threads(const Teams *teams, const cpu_set_t *sets, bool each) {
#pragma omp parallel num_threads(teams->count * teams->size)
    {
        const cpu_set_t *set = &sets[each ? omp_get_thread_num() / teams->size : 0];
        if (CPU_COUNT(set)) sched_setaffinity(0, sizeof *set, set); /* refused: then it runs where it did */
    }
}

static Err bind_to(Teams *teams, const Caches *caches) {
    int *processors = calloc((size_t)caches->count, sizeof *processors), bound = 0;
    int *cache = calloc((size_t)teams->count, sizeof *cache);
    teams->bound = calloc((size_t)teams->count, sizeof *teams->bound);
    Err err = processors && cache && teams->bound ? ERR_NONE : RAISE(ERR_MEMORY, "training: no memory for teams");
    for (int c = 0; !err && c < caches->count; c++) processors[c] = CPU_COUNT(&caches->domains[c]);
    if (!err) teams_caches(cache, teams, processors, caches->count);
    for (int t = 0; !err && t < teams->count; t++) {
        if (cache[t] >= 0) teams->bound[t] = caches->domains[cache[t]];
        bound += cache[t] >= 0;
    }
    if (!err) {
        bind_threads(teams, teams->bound, true);
        log_detail("%d of %d teams are bound to one of %d third-level caches each", bound, teams->count, caches->count);
    }
    free(processors);
    free(cache);
    return err;
}

CHECKED Err teams_bind(Teams *teams, const cpu_set_t *among) {
    Caches caches;
    if (omp_get_proc_bind() != omp_proc_bind_false || teams->count * teams->size > CPU_COUNT(among)) return ERR_NONE;
    if (sched_getaffinity(0, sizeof teams->before, &teams->before)) return ERR_NONE;
    TRY(caches_read(&caches, among, CACHES_FOLDER));
    Err err = caches.count > 1 ? bind_to(teams, &caches) : ERR_NONE;
    caches_free(&caches);
    return err;
}

/* ---- life ---- */

void teams_free(Teams *teams) {
    if (teams->bound) bind_threads(teams, &teams->before, false);
    free(teams->bound);
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

CHECKED Err teams_run_once(int threads, int size, TeamsWork *work, void *context) {
    Teams teams;
    Err err = teams_new(&teams, threads, size);
    if (!err) teams_run(&teams, work, context);
    teams_free(&teams);
    return err;
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
