/* Loaders fill slots with the leaves of this step and the next, in the order in which they will be wanted; a computing
 * thread that takes a leaf swaps its own place for the slot's, so no clip is copied. A leaf that nobody has begun is
 * loaded by the thread that wants it: without loaders, or where they are slow, training goes on as if there were none.
 *
 * A slot goes EMPTY -> LOADING (a loader has it) -> LOADED -> EMPTY (taken). Its failure waits in it for the thread
 * that takes it: a clip that cannot be read fails the step that needs it, not one before. */
#include "train/prefetch.h"

#include "base/failure/shared_err.h"
#include "base/system/clock.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

typedef enum { SLOT_EMPTY, SLOT_LOADING, SLOT_LOADED } SlotState;

/* One leaf ahead of the step. */
typedef struct {
    SlotState state;
    TrainLeaf leaf; /* its step's clips are `clips` */
    uint32_t *clips;
    void *place;
    SharedErr failure;
} Slot;

struct Prefetch {
    const LeafLoader *loader;
    PrefetchPlan plan;
    int64_t n_leaves, *wanted;
    void **mine;    /* (threads) places of the computing threads */
    double *waited; /* (threads) seconds, written by one thread each */
    Slot *slots;
    int n_slots, n_started;
    pthread_t *loaders;

    pthread_mutex_t lock; /* guards what follows and the slots' states */
    pthread_cond_t loaded, room;
    bool quit;
    int64_t step;            /* being computed */
    bool *self_loaded;       /* (n_leaves) of that step, by the computing threads */
    int64_t next_step, next; /* what a loader begins next: number in `wanted` */
};

/* ---- memory ---- */

/* For each computing thread the leaf that comes next and one more, and for each loader the one it works on. */
static int slot_count(int threads, int loaders) {
    return loaders ? 2 * threads + loaders : 0;
}

int prefetch_places(int threads, int loaders) {
    return threads + slot_count(threads, loaders);
}

/* A list of clips of its own: the plan's order is that of one epoch, and loaders may be in the next. */
static Err slot_init(Slot *slot, const Prefetch *p) {
    slot->failure = (SharedErr)SHARED_ERR_INIT;
    slot->clips = malloc((size_t)p->plan.batch.batch * sizeof(*slot->clips));
    if (!slot->clips) return RAISE(ERR_MEMORY, "loading ahead: no memory for a list of clips");
    return p->loader->place_new(p->loader->state, &slot->place);
}

/* Loaders have a plan of their own for the same reason. */
static Err allocate(Prefetch *p) {
    size_t threads = (size_t)p->plan.threads, n = (size_t)p->n_leaves;
    p->wanted = malloc((n + 1) * sizeof(*p->wanted));
    p->self_loaded = calloc(n + 1, sizeof(*p->self_loaded));
    p->mine = calloc(threads, sizeof(*p->mine));
    p->waited = calloc(threads, sizeof(*p->waited));
    p->slots = calloc((size_t)p->n_slots + 1, sizeof(*p->slots));
    p->loaders = calloc((size_t)p->plan.loaders + 1, sizeof(*p->loaders));
    if (!p->wanted || !p->self_loaded || !p->mine || !p->waited || !p->slots || !p->loaders)
        return RAISE(ERR_MEMORY, "loading ahead: no memory for %d leaves", p->n_slots);
    if (n) memcpy(p->wanted, p->plan.wanted, n * sizeof(*p->wanted));
    for (size_t i = 0; i < threads; i++) TRY(p->loader->place_new(p->loader->state, &p->mine[i]));
    for (int i = 0; i < p->n_slots; i++) TRY(slot_init(&p->slots[i], p));
    return batch_plan_init(&p->plan.batch, p->plan.batch.seed, p->plan.batch.n_clips, p->plan.batch.batch,
                           p->plan.batch.micro_batch);
}

/* ---- loaders; with the lock ---- */

/* The next leaf that nobody has begun, from the step being computed on. */
static bool next_leaf(Prefetch *p, int64_t *leaf) {
    if (p->next_step < p->step) p->next_step = p->step, p->next = 0;
    while (p->next_step < p->plan.end_step) {
        if (p->next == p->n_leaves) {
            p->next_step++;
            p->next = 0;
            continue;
        }
        *leaf = p->wanted[p->next++];
        if (p->next_step > p->step || !p->self_loaded[*leaf - p->plan.leaves.begin]) return true;
    }
    return false;
}

static Slot *empty_slot(Prefetch *p) {
    for (int i = 0; i < p->n_slots; i++)
        if (p->slots[i].state == SLOT_EMPTY) return &p->slots[i];
    return NULL;
}

/* Takes a slot and the next leaf, or nothing. The leaf's pointers are moved to the slot's copy of the step's clips. */
static Slot *begin_leaf(Prefetch *p) {
    Slot *slot = empty_slot(p);
    int64_t leaf;
    if (!slot || !next_leaf(p, &leaf)) return NULL;
    batch_plan_enter(&p->plan.batch, p->next_step);
    slot->leaf = batch_leaf(&p->plan.batch, p->next_step, leaf);
    memcpy(slot->clips, slot->leaf.step_clips, (size_t)slot->leaf.batch * sizeof(*slot->clips));
    slot->leaf.clips = slot->clips + (slot->leaf.clips - slot->leaf.step_clips);
    slot->leaf.step_clips = slot->clips;
    slot->state = SLOT_LOADING;
    return slot;
}

/* A loader: the lock is held except while it loads. */
static void *load_ahead(void *state) {
    Prefetch *p = state;
    pthread_mutex_lock(&p->lock);
    while (!p->quit) {
        Slot *slot = begin_leaf(p);
        if (!slot) {
            pthread_cond_wait(&p->room, &p->lock);
            continue;
        }
        pthread_mutex_unlock(&p->lock);
        shared_err_note(&slot->failure, p->loader->load(p->loader->state, slot->place, &slot->leaf), 0);
        pthread_mutex_lock(&p->lock);
        slot->state = SLOT_LOADED;
        pthread_cond_broadcast(&p->loaded);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Signals ask the step to stop; a loader only loads. */
static Err start_loaders(Prefetch *p) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (p->n_slots && p->n_leaves && p->n_started < p->plan.loaders &&
           !pthread_create(&p->loaders[p->n_started], NULL, load_ahead, p))
        p->n_started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (p->n_leaves && p->n_started < p->plan.loaders)
        return RAISE(ERR_MEMORY, "loading ahead: only %d of %d threads could be started (train.loaders)", p->n_started,
                     p->plan.loaders);
    return ERR_NONE;
}

CHECKED Err prefetch_new(Prefetch **prefetch, const LeafLoader *loader, const PrefetchPlan *plan) {
    Prefetch *p = calloc(1, sizeof(*p));
    if (!p) return RAISE(ERR_MEMORY, "loading ahead: no memory");
    p->loader = loader;
    p->plan = *plan;
    p->plan.batch.order = NULL;
    p->n_leaves = plan->leaves.end - plan->leaves.begin;
    p->n_slots = slot_count(plan->threads, plan->loaders);
    p->step = p->next_step = plan->first_step;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->loaded, NULL);
    pthread_cond_init(&p->room, NULL);
    *prefetch = p;
    Err err = allocate(p);
    if (!err) err = start_loaders(p);
    if (err) prefetch_free(prefetch);
    return err;
}

void prefetch_free(Prefetch **prefetch) {
    Prefetch *p = *prefetch;
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->quit = true;
    pthread_cond_broadcast(&p->room);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->n_started; i++) pthread_join(p->loaders[i], NULL);
    for (int i = 0; p->mine && i < p->plan.threads; i++) p->loader->place_free(p->loader->state, p->mine[i]);
    for (int i = 0; p->slots && i < p->n_slots; i++) {
        p->loader->place_free(p->loader->state, p->slots[i].place);
        free(p->slots[i].clips);
    }
    batch_plan_free(&p->plan.batch);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->loaded);
    pthread_cond_destroy(&p->room);
    free(p->wanted);
    free(p->self_loaded);
    free(p->mine);
    free(p->waited);
    free(p->slots);
    free(p->loaders);
    free(p);
    *prefetch = NULL;
}

/* ---- computing threads ---- */

/* Slots may hold leaves of this step already. */
void prefetch_enter(Prefetch *p, int64_t step) {
    pthread_mutex_lock(&p->lock);
    p->step = step;
    memset(p->self_loaded, 0, (size_t)p->n_leaves * sizeof(*p->self_loaded));
    pthread_cond_broadcast(&p->room);
    pthread_mutex_unlock(&p->lock);
}

/* Where the leaf is or is being loaded; NULL: nobody has begun it. */
static Slot *slot_of(Prefetch *p, const TrainLeaf *leaf) {
    for (int i = 0; i < p->n_slots; i++) {
        Slot *slot = &p->slots[i];
        if (slot->state != SLOT_EMPTY && slot->leaf.step == leaf->step && slot->leaf.leaf == leaf->leaf) return slot;
    }
    return NULL;
}

/* The slot's place becomes the thread's, the thread's old one is free for the next leaf. */
static Err take_slot(Prefetch *p, Slot *slot, int thread) {
    while (slot->state == SLOT_LOADING) pthread_cond_wait(&p->loaded, &p->lock);
    void *place = slot->place;
    slot->place = p->mine[thread];
    p->mine[thread] = place;
    Err err = shared_err_adopt(&slot->failure);
    slot->failure.err = ERR_NONE;
    slot->state = SLOT_EMPTY;
    pthread_cond_signal(&p->room);
    return err;
}

/* What is noted in self_loaded no loader begins any more. */
CHECKED Err prefetch_take(Prefetch *p, int thread, const TrainLeaf *leaf, void **place) {
    double started = clock_wall_s();
    pthread_mutex_lock(&p->lock);
    ASSERT(leaf->step == p->step);
    Slot *slot = slot_of(p, leaf);
    Err err = ERR_NONE;
    if (slot)
        err = take_slot(p, slot, thread);
    else
        p->self_loaded[leaf->leaf - p->plan.leaves.begin] = true;
    pthread_mutex_unlock(&p->lock);
    if (!slot) err = p->loader->load(p->loader->state, p->mine[thread], leaf);
    *place = p->mine[thread];
    p->waited[thread] += clock_wall_s() - started;
    return err;
}

double prefetch_take_waited(Prefetch *p) {
    double sum = 0;
    for (int i = 0; i < p->plan.threads; i++) {
        sum += p->waited[i];
        p->waited[i] = 0;
    }
    return sum;
}
