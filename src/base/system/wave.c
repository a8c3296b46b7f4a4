/* Links are taken from one counter, all chains' first links before any chain's second: of those that are taken, the
 * lowest waits for nobody, so that there is always one that goes on. */
#include "base/system/wave.h"

#include "base/system/spin.h"

void wave_wait(const WaveLink *link, int step) {
    if (!link || !link->before) return;
    for (int tries = 0; atomic_load_explicit(link->before, memory_order_acquire) <= step;) spin_a_moment(&tries);
}

void wave_pass(const WaveLink *link, int step) {
    if (link) atomic_store_explicit(link->mark, step + 1, memory_order_release);
}

typedef struct {
    const WaveShape *shape;
    atomic_int next; /* link that nobody has taken, counted through */
    WaveJob *job;
    void *context;
} Wave;

static void take_links(void *context, int member, int size) {
    (void)size;
    Wave *wave = context;
    const int chains = wave->shape->chains, count = chains * wave->shape->links;
    WaveMark *marks = wave->shape->marks;
    for (;;) {
        int i = atomic_fetch_add_explicit(&wave->next, 1, memory_order_relaxed);
        if (i >= count) return;
        const WaveLink link = {.before = i < chains ? NULL : marks + i - chains, .mark = marks + i};
        wave->job(wave->context, member, i % chains, i / chains, &link);
    }
}

void wave_run(Team *team, const WaveShape *shape, WaveJob *job, void *context) {
    Wave wave = {.shape = shape, .job = job, .context = context};
    for (int i = 0; i < shape->chains * shape->links; i++)
        atomic_store_explicit(&shape->marks[i], 0, memory_order_relaxed);
    team_run(team, take_links, &wave);
}
