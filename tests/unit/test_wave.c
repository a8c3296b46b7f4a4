/* base/system/wave: links of a chain keep their order at every step, whoever computes them. */
#include "base/system/wave.h"
#include "team_fixture.h"

#include <sched.h>
#include <unistd.h>

enum { MEMBERS_MAX = 4, CHAINS = 5, LINKS = 7, STEPS = 30 };

typedef struct {
    int chains, links;
    int seen[CHAINS][STEPS]; /* links that have been at a step: plain numbers, so that the thread sanitizer looks on */
    atomic_int out_of_order, begun;
} Visits;

static void visit(void *context, int member, int chain, int number, const WaveLink *link) {
    Visits *v = context;
    (void)member;
    for (int step = 0; step < STEPS; step++) {
        wave_wait(link, step);
        if (v->seen[chain][step] != number) atomic_fetch_add(&v->out_of_order, 1);
        v->seen[chain][step] = number + 1;
        wave_pass(link, step);
    }
}

static void run(void *context, Team *team) {
    Visits *v = context;
    WaveMark marks[CHAINS * LINKS];
    for (int i = 0; i < CHAINS * LINKS; i++) atomic_store(&marks[i], 99); /* of an earlier wave */
    wave_run(team, &(WaveShape){v->chains, v->links, marks}, visit, v);
}

static void check(const Visits *v) {
    assert_int_equal(atomic_load(&v->out_of_order), 0);
    for (int chain = 0; chain < CHAINS; chain++)
        for (int step = 0; step < STEPS; step++)
            assert_int_equal(v->seen[chain][step], chain < v->chains ? v->links : 0);
}

static void test_links_follow_each_other_by_steps(void **state) {
    (void)state;
    for (int size = 1; size <= MEMBERS_MAX; size++) {
        for (int chains = 1; chains <= CHAINS; chains += 2) {
            Visits v = {.chains = chains, .links = LINKS};
            Team *team = team_of(size);
            with_team(team, run, &v);
            team_free(&team);
            check(&v);
        }
    }
}

/* Two links side by side: the first is held up in its second step until the other has ended its first, and then for a
 * while, in which the other would go ahead if it did not wait. */
static void hold_up(void *context, int member, int chain, int number, const WaveLink *link) {
    Visits *v = context;
    (void)member;
    for (int step = 0; step < 2; step++) {
        wave_wait(link, step);
        if (number == 1 && step == 1) v->seen[chain][STEPS - 1] = v->seen[chain][1];
        if (number == 0 && step == 1) {
            while (!atomic_load(&v->begun)) sched_yield();
            usleep(20000);
        }
        v->seen[chain][step] = number + 1;
        wave_pass(link, step);
        if (number == 1 && step == 0) atomic_store(&v->begun, 1);
    }
}

static void run_held(void *context, Team *team) {
    WaveMark marks[2];
    wave_run(team, &(WaveShape){1, 2, marks}, hold_up, context);
}

static void test_a_link_is_a_step_behind_the_one_before(void **state) {
    (void)state;
    Visits v = {.chains = 1, .links = 2};
    Team *team = team_of(2);
    with_team(team, run_held, &v);
    team_free(&team);
    assert_int_equal(v.seen[0][STEPS - 1], 1); /* what the second link found at its second step */
    assert_int_equal(v.seen[0][1], 2);
}

static void test_a_thread_alone_does_all_links(void **state) {
    (void)state;
    Visits v = {.chains = CHAINS, .links = LINKS};
    run(&v, NULL);
    check(&v);
}

/* What nobody shares has no marks. */
static void test_no_link_waits_for_nobody(void **state) {
    (void)state;
    Visits v = {.chains = 1, .links = 2};
    visit(&v, 0, 0, 0, NULL);
    visit(&v, 0, 0, 1, NULL);
    check(&v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_follow_each_other_by_steps),
        cmocka_unit_test(test_a_link_is_a_step_behind_the_one_before),
        cmocka_unit_test(test_a_thread_alone_does_all_links),
        cmocka_unit_test(test_no_link_waits_for_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
