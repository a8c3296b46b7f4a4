/* base/system/wave - chains of work that a team shares although each piece needs the one before.
 *
 * A chain is a row of links, and each link a piece of work that visits the same steps in ascending order. Step s of a
 * link begins once step s of the link before has ended: members follow each other through a chain, a step apart. So
 * what the links add to one sum is added in the order of the links, whoever computes it, and sums have the bits of a
 * thread alone. Links are handed out in an order in which whoever waits waits for a member that is at work. */
#pragma once

#include "base/system/team.h"

#include <stdatomic.h>

/* Steps of a link that have ended. */
typedef atomic_int WaveMark;

/* A link as its piece of work sees it. NULL is a link that nobody else has to do with. */
typedef struct {
    const WaveMark *before; /* of the link before; NULL: it is the first */
    WaveMark *mark;
} WaveLink;

/* Returns once the link before has ended its step. */
void wave_wait(const WaveLink *link, int step);
/* The step has ended; steps end in ascending order. */
void wave_pass(const WaveLink *link, int step);

typedef struct {
    int chains, links;
    WaveMark *marks; /* scratch, (links, chains) */
} WaveShape;

/* One link of a chain: every step between wave_wait and wave_pass. */
typedef void WaveJob(void *context, int member, int chain, int number, const WaveLink *link);
/* Every link of every chain, by all members, those of one chain in turns. */
void wave_run(Team *team, const WaveShape *shape, WaveJob *job, void *context);
