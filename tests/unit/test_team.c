#include "base/system/clock.h"
#include "base/system/team.h"
#include "team_fixture.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>

#include <cmocka.h>

enum { MEMBERS = 4, CALLS = 300, COUNT = 1000 };

/* work(context, team) by a leader with `size` threads, twice with one team; more than the machine has cores, too. */
static void lead_twice(int size, Work *work, void *context) {
    Team *team = NULL;
    assert_int_equal(team_new(&team, size), ERR_NONE);
    for (int round = 0; round < 2; round++) with_team(team, work, context);
    team_free(&team);
    assert_null(team);
}

typedef struct {
    int seen[MEMBERS], size;
} Seen;

static void count_call(void *context, int member, int size) {
    Seen *seen = context;
    seen->seen[member]++;
    if (member == 0) seen->size = size;
}

/* Every member's part is over when the call is. */
static void call_often(void *context, Team *team) {
    Seen *seen = context;
    for (int call = 1; call <= CALLS; call++) {
        int before = seen->seen[MEMBERS - 1];
        team_run(team, count_call, seen);
        assert_int_equal(seen->seen[MEMBERS - 1], before + 1);
    }
}

static void test_every_member_takes_part_in_every_call(void **state) {
    (void)state;
    Seen seen = {0};
    lead_twice(MEMBERS, call_often, &seen);
    for (int i = 0; i < MEMBERS; i++) assert_int_equal(seen.seen[i], 2 * CALLS);
    assert_int_equal(seen.size, MEMBERS);
}

typedef struct {
    int64_t unit, pieces;
    double work;
    int hits[COUNT], by[COUNT];
} Pieces;

static void hit(void *context, int member, int64_t begin, int64_t end) {
    Pieces *p = context;
    assert_true(begin % p->unit == 0 && (end % p->unit == 0 || end == COUNT));
    for (int64_t i = begin; i < end; i++) {
        p->hits[i]++;
        p->by[i] = member;
    }
}

static void share(void *context, Team *team) {
    Pieces *p = context;
    team_for(team, COUNT, p->unit, p->work, hit, p);
}

static void test_ranges_cover_everything_once_in_whole_units(void **state) {
    (void)state;
    const int64_t units[] = {1, 7, 64, 999, 5000};
    for (int size = 1; size <= MEMBERS; size++) {
        for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
            Pieces p = {.unit = units[u], .work = 1e9};
            lead_twice(size, share, &p);
            for (int i = 0; i < COUNT; i++) assert_int_equal(p.hits[i], 2);
        }
    }
}

/* Members that are held in their first piece until the leader has done all else. */
typedef struct {
    atomic_int done, held, gave_up;
} Helping;

static void hold_members(void *context, int member, int64_t begin, int64_t end) {
    enum { PATIENCE_S = 20 };
    Helping *h = context;
    if (member) {
        atomic_fetch_add(&h->held, (int)(end - begin));
        double began = clock_wall_s();
        while (atomic_load(&h->done) + atomic_load(&h->held) < COUNT && !atomic_load(&h->gave_up)) {
            if (clock_wall_s() - began > PATIENCE_S) atomic_store(&h->gave_up, 1);
            sched_yield();
        }
    } else {
        atomic_fetch_add(&h->done, (int)(end - begin));
    }
}

static void help(void *context, Team *team) {
    Helping *h = context;
    h->done = h->held = 0; /* of this round */
    team_for(team, COUNT, 1, 1e9, hold_members, h);
}

static void test_who_is_done_takes_pieces_of_the_others(void **state) {
    (void)state;
    Helping h = {0};
    lead_twice(MEMBERS, help, &h);
    assert_false(h.gave_up);
    assert_int_equal(h.done + h.held, COUNT);
}

static void test_small_work_stays_with_the_leader(void **state) {
    (void)state;
    Pieces p = {.unit = 1, .work = 100};
    lead_twice(MEMBERS, share, &p);
    for (int i = 0; i < COUNT; i++) assert_int_equal(p.by[i], 0);
}

/* Before members gather and after they are dismissed, and without a team, there is one thread. */
static void test_a_team_without_members_is_a_thread_alone(void **state) {
    (void)state;
    Team *team = NULL;
    Seen seen = {0};
    assert_int_equal(team_new(&team, MEMBERS), ERR_NONE);
    assert_int_equal(team_size(team), MEMBERS);
    assert_int_equal(team_size(NULL), 1);
    team_run(team, count_call, &seen);
    team_run(NULL, count_call, &seen);
    assert_int_equal(seen.seen[0], 2);
    assert_int_equal(seen.size, 1);
    assert_int_equal(team_times(team).calls, 0);
    team_free(&team);
}

static void take_times(void *context, Team *team) {
    Seen seen = {0};
    TeamTimes before = team_times(team);
    team_run(team, count_call, &seen);
    *(TeamTimes *)context = team_times(team);
    assert_int_equal(((TeamTimes *)context)->calls, before.calls + 1);
}

static void test_calls_and_waiting_are_counted(void **state) {
    (void)state;
    TeamTimes times;
    lead_twice(2, take_times, &times);
    assert_true(times.waited_s >= 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_member_takes_part_in_every_call),
        cmocka_unit_test(test_ranges_cover_everything_once_in_whole_units),
        cmocka_unit_test(test_who_is_done_takes_pieces_of_the_others),
        cmocka_unit_test(test_small_work_stays_with_the_leader),
        cmocka_unit_test(test_a_team_without_members_is_a_thread_alone),
        cmocka_unit_test(test_calls_and_waiting_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
