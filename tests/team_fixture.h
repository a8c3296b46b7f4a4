/* A team of threads for tests: its leader's work, in a parallel region that gives it its members. */
#pragma once

#include "base/system/team.h"

#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

typedef void Work(void *context, Team *team);

static inline void with_team(Team *team, Work *work, void *context) {
    if (!team) {
        work(context, NULL);
        return;
    }
#pragma omp parallel num_threads(team_size(team))
    if (omp_get_thread_num() > 0) {
        team_serve(team, omp_get_thread_num());
    } else {
        team_gather(team, omp_get_num_threads());
        work(context, team);
        team_dismiss(team);
    }
}

static inline Team *team_of(int size) {
    Team *team = NULL;
    assert_int_equal(team_new(&team, size), ERR_NONE);
    team_share_everything(team);
    return team;
}
