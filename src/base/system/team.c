/* A team of threads for calls of microseconds: members spin on the number of the call that the leader counts up, do
 * their part and count their arrival; the leader takes part and waits for all arrivals. No lock and no sleep is
 * between, but a thread that waits long gives its core away. Counters only grow and wrap: they are compared for
 * equality. */
#include "base/system/team.h"

#include "base/system/clock.h"
#include "base/system/minmax.h"
#include "base/system/spin.h"

#include <stdatomic.h>
#include <stdlib.h>

enum {
    LINE = 64,
    CLAIMS = 8,               /* that a member's share is taken in: an eighth of it is what one may wait for at most */
    WORTH_SHARING = 24 * 1024 /* numbers: a few microseconds of one core */
};

/* What the leader writes and what members write lie in cache lines of their own. */
typedef struct {
    _Alignas(LINE) double cpu_s; /* of the call's part */
} Part;

/* What is left of a member's share of a range, in units. Whoever adds to `next` owns the units it passed. */
typedef struct {
    _Alignas(LINE) atomic_llong next;
    int64_t end;
} Share;

struct Team {
    _Alignas(LINE) atomic_uint call; /* number of the call that is under way or done */
    TeamJob *job;                    /* NULL: dismissed */
    void *context;
    int present;
    _Alignas(LINE) atomic_uint arrived; /* members that ended their part, over all calls */
    _Alignas(LINE) unsigned expected;   /* arrivals once the call is done; the leader's alone, like the times */
    TeamTimes times;
    int size;
    double least_work; /* that is shared */
    Part *parts;       /* (size) while watched, else NULL */
    Share *shares;     /* (size) of the range under way */
    unsigned last;     /* the last call before the members gathered */
};

CHECKED Err team_new(Team **out, int size) {
    ASSERT(size >= 1);
    Team *team = *out = aligned_alloc(LINE, sizeof *team);
    if (!team) return RAISE(ERR_MEMORY, "team of %d threads: no memory", size);
    *team = (Team){.size = size, .present = 1, .least_work = WORTH_SHARING};
    team->shares = aligned_alloc(LINE, (size_t)size * sizeof *team->shares);
    if (team->shares) return ERR_NONE;
    team_free(out);
    return RAISE(ERR_MEMORY, "team of %d threads: no memory", size);
}

void team_free(Team **team) {
    if (*team) free((*team)->shares);
    free(*team);
    *team = NULL;
}

int team_size(const Team *team) {
    return team ? team->size : 1;
}

static void run_part(Team *team, TeamJob *job, int member) {
    double began = team->parts ? clock_thread_s() : 0;
    job(team->context, member, team->present);
    if (team->parts) team->parts[member].cpu_s = clock_thread_s() - began;
}

void team_serve(Team *team, int member) {
    ASSERT(member > 0 && member < team->size);
    unsigned done = team->last;
    TeamJob *job;
    do {
        for (int tries = 0; atomic_load_explicit(&team->call, memory_order_acquire) == done;) spin_a_moment(&tries);
        /* written before the call was counted up: acquire above, release in call_all */
        job = team->job;
        if (job) run_part(team, job, member);
        done++;
        atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel);
    } while (job);
}

void team_gather(Team *team, int present) {
    if (!team) return;
    ASSERT(present >= 1 && present <= team->size);
    team->present = present;
}

/* Hands out the call and takes part in it. */
static void call_all(Team *team, TeamJob *job, void *context) {
    double cpu_began = team->parts ? clock_thread_s() : 0;
    team->job = job;
    team->context = context;
    team->expected += (unsigned)team->present - 1;
    atomic_fetch_add_explicit(&team->call, 1, memory_order_release);
    if (job) run_part(team, job, 0);
    double began = clock_wall_s();
    for (int tries = 0; atomic_load_explicit(&team->arrived, memory_order_acquire) != team->expected;)
        spin_a_moment(&tries);
    team->times.waited_s += clock_wall_s() - began;
    team->times.calls++;
    if (team->parts && job) {
        double longest = 0;
        for (int i = 0; i < team->present; i++) longest = max_double(team->parts[i].cpu_s, longest);
        team->times.longest_cpu_s += longest;
        team->times.leader_cpu_s += clock_thread_s() - cpu_began;
    }
}

void team_dismiss(Team *team) {
    if (!team || team->present == 1) return;
    call_all(team, NULL, NULL);
    /* members that gather again must not take the dismissal for a call of theirs */
    team->last = atomic_load_explicit(&team->call, memory_order_relaxed);
    team->present = 1;
}

void team_run(Team *team, TeamJob *job, void *context) {
    if (team && team->present > 1)
        call_all(team, job, context);
    else
        job(context, 0, 1);
}

typedef struct {
    Team *team;
    int64_t count, unit, claim; /* claim: units taken at a time */
    TeamRange *range;
    void *context;
} Ranges;

/* What `owner` has left, a claim at a time. */
static void take_share(const Ranges *r, int owner, int member) {
    Share *share = &r->team->shares[owner];
    for (;;) {
        int64_t first = atomic_fetch_add_explicit(&share->next, r->claim, memory_order_relaxed);
        if (first >= share->end) return;
        int64_t end = min_int64(first + r->claim, share->end) * r->unit;
        r->range(r->context, member, first * r->unit, min_int64(end, r->count));
    }
}

/* Everyone begins with the same share of the range in every call, whose rows its caches know from the call before. Who
 * is done helps the others: a core that was taken away for a moment does not hold up the team. */
static void run_shares(void *context, int member, int size) {
    const Ranges *r = context;
    for (int i = 0; i < size; i++) take_share(r, (member + i) % size, member);
}

int team_members(const Team *team, double work) {
    return !team || work < team->least_work ? 1 : team->present;
}

void team_for(Team *team, int64_t count, int64_t unit, double work, TeamRange *range, void *context) {
    if (count <= 0) return;
    if (team_members(team, work) == 1) {
        range(context, 0, 0, count);
        return;
    }
    int64_t units = (count + unit - 1) / unit, size = team->present;
    for (int64_t i = 0; i < size; i++) {
        atomic_store_explicit(&team->shares[i].next, units * i / size, memory_order_relaxed);
        team->shares[i].end = units * (i + 1) / size;
    }
    Ranges ranges = {team, count, unit, max_int64(1, units / (size * CLAIMS)), range, context};
    call_all(team, run_shares, &ranges);
}

void team_share_everything(Team *team) {
    team->least_work = 0;
}

TeamTimes team_times(const Team *team) {
    return team ? team->times : (TeamTimes){0};
}

void team_watch(Team *team) {
    if (!team->parts) team->parts = aligned_alloc(LINE, (size_t)team->size * sizeof *team->parts);
}
