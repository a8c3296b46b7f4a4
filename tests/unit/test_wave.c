/* base/system/wave: links of a chain keep their order at every step, whoever computes them. */
#include "base/system/wave.h"

#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MEMBERS_MAX = 4, CHAINS = 5, LINKS = 7, STEPS = 30 };

typedef struct {
    int chains, links;
    int seen[CHAINS][STEPS]; /* links that have been at a step: plain numbers, so that the thread sanitizer looks on */
    atomic_int out_of_order;
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

static void run(Team *team, Visits *v) {
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
            Team *team = NULL;
            assert_int_equal(team_new(&team, size), ERR_NONE);
#pragma omp parallel num_threads(size)
            if (omp_get_thread_num() > 0) {
                team_serve(team, omp_get_thread_num());
            } else {
                team_gather(team, omp_get_num_threads());
                run(team, &v);
                team_dismiss(team);
            }
            team_free(&team);
            check(&v);
        }
    }
}

static void test_a_thread_alone_does_all_links(void **state) {
    (void)state;
    Visits v = {.chains = CHAINS, .links = LINKS};
    run(NULL, &v);
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
        cmocka_unit_test(test_a_thread_alone_does_all_links),
        cmocka_unit_test(test_no_link_waits_for_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
