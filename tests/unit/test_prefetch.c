/* train/prefetch - every leaf arrives once and whole, whoever loads it; failures belong to their leaf; loaders run
 * ahead, take no signals and end when told. */
#include "train/prefetch.h"

#include <omp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { N_CLIPS = 26, BATCH = 8, MICRO = 2, STEPS = 7, N_LEAVES = BATCH / MICRO }; /* epochs of three steps */
#define NONE UINT32_MAX

typedef struct {
    int64_t step, leaf, epoch;
    uint32_t clips[MICRO];
    pthread_t by;
    bool takes_signals;
} Place;

/* What the fake task saw; counts under the lock. */
typedef struct {
    pthread_mutex_t lock;
    int places, loads;
    uint32_t broken; /* this clip cannot be loaded */
} Task;

static Err place_new(void *state, void **place) {
    ((Task *)state)->places++;
    *place = calloc(1, sizeof(Place));
    return ERR_NONE;
}

static void place_free(void *state, void *place) {
    ((Task *)state)->places--;
    free(place);
}

static Err load(void *state, void *memory, const TrainLeaf *leaf) {
    Task *task = state;
    Place *place = memory;
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    *place = (Place){.step = leaf->step,
                     .leaf = leaf->leaf,
                     .epoch = leaf->epoch,
                     .by = pthread_self(),
                     .takes_signals = !sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGUSR1)};
    memcpy(place->clips, leaf->clips, sizeof place->clips);
    pthread_mutex_lock(&task->lock);
    task->loads++;
    pthread_mutex_unlock(&task->lock);
    for (int k = 0; k < leaf->n_clips; k++)
        if (leaf->clips[k] == task->broken) return RAISE(ERR_INPUT, "clip %u is broken", leaf->clips[k]);
    return ERR_NONE;
}

typedef struct {
    Task task;
    LeafLoader loader;
    BatchPlan plan;
    Prefetch *prefetch;
} Bench;

static void bench_open(Bench *b, Share leaves, int64_t first_step, int threads, int loaders, uint32_t broken) {
    *b = (Bench){.task = {.lock = PTHREAD_MUTEX_INITIALIZER, .broken = broken}};
    b->loader = (LeafLoader){.state = &b->task, .place_new = place_new, .place_free = place_free, .load = load};
    assert_int_equal(batch_plan_init(&b->plan, 4, N_CLIPS, BATCH, MICRO), ERR_NONE);
    int64_t wanted[N_LEAVES];
    for (int64_t i = leaves.begin; i < leaves.end; i++) wanted[i - leaves.begin] = leaves.end - 1 - (i - leaves.begin);
    PrefetchPlan plan = {.batch = b->plan,
                         .leaves = leaves,
                         .wanted = wanted,
                         .first_step = first_step,
                         .end_step = STEPS,
                         .threads = threads,
                         .loaders = loaders};
    assert_int_equal(prefetch_new(&b->prefetch, &b->loader, &plan), ERR_NONE);
    assert_int_equal(b->task.places, prefetch_places(threads, loaders));
}

static void bench_close(Bench *b) {
    prefetch_free(&b->prefetch);
    assert_null(b->prefetch);
    assert_int_equal(b->task.places, 0);
    batch_plan_free(&b->plan);
}

static bool is_leaf(const Place *place, const TrainLeaf *leaf) {
    return place->step == leaf->step && place->leaf == leaf->leaf && place->epoch == leaf->epoch &&
           memcmp(place->clips, leaf->clips, sizeof place->clips) == 0;
}

/* Counts the leaves that arrived right; `threads` take them in ascending order, another one than loaders expect. */
static int run_steps(Bench *b, Share leaves, int64_t first_step, int threads) {
    int right = 0;
    for (int64_t step = first_step; step < STEPS; step++) {
        batch_plan_enter(&b->plan, step);
        prefetch_enter(b->prefetch, step);
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1) reduction(+ : right)
        for (int64_t i = leaves.begin; i < leaves.end; i++) {
            TrainLeaf leaf = batch_leaf(&b->plan, step, i);
            void *place;
            Err err = prefetch_take(b->prefetch, omp_get_thread_num(), &leaf, &place);
            right += !err && is_leaf(place, &leaf);
        }
    }
    return right;
}

static void test_every_leaf_arrives_whoever_loads_it(void **state) {
    (void)state;
    const Share shares[] = {{0, N_LEAVES}, {1, 3}, {3, 4}, {2, 2}};
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++)
        for (int threads = 1; threads <= 3; threads++)
            for (int loaders = 0; loaders <= 3; loaders++)
                for (int64_t first = 0; first <= STEPS; first += 2) {
                    Bench b;
                    bench_open(&b, shares[s], first, threads, loaders, NONE);
                    int n = (int)(shares[s].end - shares[s].begin);
                    int expected = first < STEPS ? (int)(STEPS - first) * n : 0;
                    assert_int_equal(run_steps(&b, shares[s], first, threads), expected);
                    assert_int_equal(b.task.loads, expected); /* none twice */
                    assert_true(prefetch_take_waited(b.prefetch) >= 0);
                    assert_true(prefetch_take_waited(b.prefetch) == 0);
                    bench_close(&b);
                }
}

static int loads_of(Bench *b) {
    pthread_mutex_lock(&b->task.lock);
    int loads = b->task.loads;
    pthread_mutex_unlock(&b->task.lock);
    return loads;
}

static void test_loaders_fill_their_places_before_anybody_asks(void **state) {
    (void)state;
    Bench b;
    bench_open(&b, (Share){0, N_LEAVES}, 0, 2, 1, NONE);
    int ahead = prefetch_places(2, 1) - 2;
    assert_true(ahead > N_LEAVES); /* into the second step */
    for (int i = 0; i < 10000 && loads_of(&b) < ahead; i++) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_int_equal(loads_of(&b), ahead);
    batch_plan_enter(&b.plan, 0);
    prefetch_enter(b.prefetch, 0);
    TrainLeaf leaf = batch_leaf(&b.plan, 0, N_LEAVES - 1);
    void *place;
    assert_int_equal(prefetch_take(b.prefetch, 1, &leaf, &place), ERR_NONE);
    assert_false(pthread_equal(((Place *)place)->by, pthread_self()));
    assert_false(((Place *)place)->takes_signals);
    bench_close(&b);
}

static void test_without_loaders_the_step_loads(void **state) {
    (void)state;
    Bench b;
    bench_open(&b, (Share){0, N_LEAVES}, 0, 1, 0, NONE);
    batch_plan_enter(&b.plan, 0);
    prefetch_enter(b.prefetch, 0);
    TrainLeaf leaf = batch_leaf(&b.plan, 0, 0);
    void *place;
    assert_int_equal(prefetch_take(b.prefetch, 0, &leaf, &place), ERR_NONE);
    assert_true(pthread_equal(((Place *)place)->by, pthread_self()));
    assert_int_equal(b.task.loads, 1);
    bench_close(&b);
}

/* The leaf of a broken clip fails with its message, in the step it belongs to; all others arrive. */
static void test_a_failure_is_that_of_its_leaf(void **state) {
    (void)state;
    for (int loaders = 0; loaders <= 2; loaders++) {
        Bench b;
        bench_open(&b, (Share){0, N_LEAVES}, 0, 1, loaders, 5);
        int failures = 0, expected = 0;
        for (int64_t step = 0; step < STEPS; step++) {
            batch_plan_enter(&b.plan, step);
            prefetch_enter(b.prefetch, step);
            for (int64_t i = 0; i < N_LEAVES; i++) {
                TrainLeaf leaf = batch_leaf(&b.plan, step, i);
                void *place;
                expected += leaf.clips[0] == 5 || leaf.clips[1] == 5;
                if (!prefetch_take(b.prefetch, 0, &leaf, &place)) continue;
                failures++;
                assert_string_equal(err_message(), "clip 5 is broken");
                assert_true(leaf.clips[0] == 5 || leaf.clips[1] == 5);
            }
        }
        assert_true(expected > 0);
        assert_int_equal(failures, expected);
        bench_close(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_leaf_arrives_whoever_loads_it),
        cmocka_unit_test(test_loaders_fill_their_places_before_anybody_asks),
        cmocka_unit_test(test_without_loaders_the_step_loads),
        cmocka_unit_test(test_a_failure_is_that_of_its_leaf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
