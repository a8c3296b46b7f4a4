/* train/internal/leaftail - the additions that are left of a step once its last leaf has been taken.
 *
 * Which they are is settled then: of nodes that wait and of leaves under way, pair by pair, in an order in which each
 * follows what it needs. Teams share out the vector, not the pairs: who takes a chunk of it runs all pairs there while
 * the chunk's parts are in the cache, so that each buffer comes from memory once. Sections of the vector become free
 * for this from the last one down, each when every leaf under way is done with it; so most of a sum is there soon after
 * its last leaf, and may be sent away before.
 *
 * A lock of its own guards it; all functions may be called by several teams. */
#pragma once

#include "base/system/team.h"
#include "par/share.h"

#include <pthread.h>

typedef struct {
    float *low;
    const float *high;
} LeafPair;

typedef struct {
    Share *sections; /* of the vector, in floats; at least one */
    int n_sections, n_teams;
    LeafPair *pairs;
    int n_pairs;
    bool settled;
    int *final_from; /* (teams) the lowest section that the leaf under way is done with; 0: there is none */
    int64_t *next;   /* (sections) chunk to be taken */
    int64_t *left;   /* (sections) chunks that are not added */
    pthread_mutex_t lock;
    pthread_cond_t changed;
} LeafTail;

/* pairs_max: additions there may be. The sections are copied; n_sections 0: one of all `total` floats. */
CHECKED Err leaftail_new(LeafTail *tail, size_t total, const Share *sections, int n_sections, int64_t pairs_max,
                         int n_teams);
void leaftail_free(LeafTail *tail); /* fine with {0} */

/* Before a step. */
void leaftail_reset(LeafTail *tail);
/* low += high is left to do; before it is settled. */
void leaftail_add(LeafTail *tail, float *low, const float *high);
void leaftail_settle(LeafTail *tail);

/* A team has a leaf; its gradients are final from element `from` on; 0: all of them, or there is no leaf any more. */
void leaftail_begin(LeafTail *tail, int team);
void leaftail_final(LeafTail *tail, int team, int64_t from);

/* Adds a fair share of what is free, with the caller's team; the lowest section from which on all is done. */
int leaftail_help(LeafTail *tail, Team *team);
/* Until all of it is done. */
void leaftail_finish(LeafTail *tail, Team *team);
