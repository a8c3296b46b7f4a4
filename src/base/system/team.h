/* base/system/team - a few threads that share the work of one.
 *
 * Member 0 leads. It runs ordinary code; where there is work to share it calls team_run or team_for, which return when
 * every member is done. Meanwhile the others are in team_serve and wait for the next call. A call has one barrier: its
 * first half hands out the work, its second half waits for the end. A member that waits spins for some microseconds and
 * then yields its core, so more threads than cores are slow but not stuck. A NULL team is one thread, which does
 * everything itself.
 *
 * A team starts no threads: a parallel region gives it its members. Calls do not nest. The leader sees what a member
 * wrote after the call, and every member sees it in the next call. */
#pragma once

#include "base/failure/err.h"

#include <stdint.h>

typedef struct Team Team;

/* A team of at most `size` members; until team_gather the leader is alone. */
CHECKED Err team_new(Team **team, int size);
void team_free(Team **team); /* fine with NULL inside */
/* The most members, for who needs memory for each; 1 for NULL. */
int team_size(const Team *team);

/* By the leader: from here on members 1 to present - 1 are in team_serve, or soon will be. */
void team_gather(Team *team, int present);
/* Called by every member but 0: runs its part of the leader's calls until team_dismiss. */
void team_serve(Team *team, int member);
/* By the leader, when no more calls come: the others leave team_serve, and it is alone again. They may gather in the
 * next parallel region. */
void team_dismiss(Team *team);

typedef void TeamJob(void *context, int member, int size);
/* job(context, member, size) by every member. */
void team_run(Team *team, TeamJob *job, void *context);

typedef void TeamRange(void *context, int member, int64_t begin, int64_t end);
/* range(context, member, begin, end) over [0, count) in pieces cut at multiples of `unit`. Members begin with equal
 * shares and take them in several pieces; who is done takes pieces of the others. `work`: numbers that are visited, or
 * vectors multiplied; where a call would cost more than it saves, the leader does all of it. So what is computed of an
 * element may depend neither on where the pieces end nor on who computes it. */
void team_for(Team *team, int64_t count, int64_t unit, double work, TeamRange *range, void *context);
/* How many would share `work`: 1 where a call would cost more than it saves. */
int team_members(const Team *team, double work);
/* From this call on work of any size is shared: for tests, whose models are small. */
void team_share_everything(Team *team);

/* From this call on the CPU times of members are measured: for benchmarks, which share a machine with others. */
void team_watch(Team *team);

/* Counts and times of the team's calls so far. */
typedef struct {
    int64_t calls;
    double waited_s; /* the leader, from the end of its own part to the end of the last member's */
    /* While watched, CPU time: of the leader in calls, its own part and waiting; of the longest part of each call. */
    double leader_cpu_s, longest_cpu_s;
} TeamTimes;
TeamTimes team_times(const Team *team);
