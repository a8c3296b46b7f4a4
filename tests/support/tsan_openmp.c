/* Tells the thread sanitizer what GNU OpenMP orders: the library is not instrumented, so that without this every value
 * that crosses the begin or end of a parallel region would count as a race. Calls of the program come here first; each
 * is passed on, with the ordering that OpenMP's specification gives it. Linked into the programs of preset `tsan`
 * alone. */
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

typedef void Region(void *data);

typedef struct {
    Region *run;
    void *data;
    char begun, ended; /* addresses that stand for the two orderings */
} Wrapped;

static char ordered, atomic, barrier;

/* The next definition of a symbol: the library's. */
#define NEXT(type, name)                                                                                               \
    static type *next;                                                                                                 \
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, #name)

static void run_wrapped(void *state) {
    Wrapped *w = state;
    __tsan_acquire(&w->begun);
    w->run(w->data);
    __tsan_release(&w->ended);
}

typedef void Parallel(Region *, void *, unsigned, unsigned);
void GOMP_parallel(Region *run, void *data, unsigned threads, unsigned flags);
void GOMP_parallel(Region *run, void *data, unsigned threads, unsigned flags) {
    NEXT(Parallel, GOMP_parallel);
    Wrapped w = {.run = run, .data = data};
    __tsan_release(&w.begun);
    next(run_wrapped, &w, threads, flags);
    __tsan_acquire(&w.ended);
}

typedef void Plain(void);

/* Everything before a barrier, in any thread, is before everything behind it. */
#define ORDERED_BARRIER(name)                                                                                          \
    void name(void);                                                                                                   \
    void name(void) {                                                                                                  \
        NEXT(Plain, name);                                                                                             \
        __tsan_release(&barrier);                                                                                      \
        next();                                                                                                        \
        __tsan_acquire(&barrier);                                                                                      \
    }
ORDERED_BARRIER(GOMP_barrier)
ORDERED_BARRIER(GOMP_loop_end)

/* One thread after the other. */
#define ORDERED_SECTION(begin, end, address)                                                                           \
    void begin(void);                                                                                                  \
    void begin(void) {                                                                                                 \
        NEXT(Plain, begin);                                                                                            \
        next();                                                                                                        \
        __tsan_acquire(address);                                                                                       \
    }                                                                                                                  \
    void end(void);                                                                                                    \
    void end(void) {                                                                                                   \
        NEXT(Plain, end);                                                                                              \
        __tsan_release(address);                                                                                       \
        next();                                                                                                        \
    }
ORDERED_SECTION(GOMP_atomic_start, GOMP_atomic_end, &atomic)
ORDERED_SECTION(GOMP_ordered_start, GOMP_ordered_end, &ordered)
