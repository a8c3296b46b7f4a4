/* nn/layers/internal/head_share - how a team shares the attention heads of all clips, in either precision.
 *
 * Where the heads come out even, each is one member's. Otherwise members would wait for those with a head more (12
 * heads among 8: a quarter of the time), so the forward pass cuts every head's queries into parts, which have nothing
 * to do with each other. The backward pass leaves the heads of whole rounds to one member each; those that are left are
 * shared by all, their blocks of keys as links of a wave (base/system/wave.h). Nothing is computed twice but the packed
 * keys of the forward pass, and no sum is cut: neither the team nor the plan is seen in the bits. */
#pragma once

#include "base/system/wave.h"
#include "nn/kernels/kernels.h"

typedef struct {
    int64_t count; /* of all clips */
    int n_queries;
    double work; /* for the team: as much as so many numbers visited */
} HeadShare;

/* Parts that the queries of a head are cut into, of `blocks` blocks each. */
int head_share_parts(int64_t heads, int blocks, int members);
/* Heads that are one member's each in the backward pass; the others, at most as many as members, are shared by all. */
int64_t head_share_whole(int64_t heads, HeadBlocks blocks, int members);

/* The forward pass of some queries. */
typedef void HeadForward(void *context, int member, int64_t head, HeadQueries queries);
void head_share_forward(Team *team, const HeadShare *heads, HeadForward *forward, void *context);

/* The backward pass of one block of keys. owner: the member whose scratch holds what the head's blocks share. */
typedef void HeadBackwardKeys(void *context, int member, int owner, int64_t head, int block, const WaveLink *link);
/* marks: scratch, (blocks of keys, members). */
void head_share_backward(Team *team, const HeadShare *heads, HeadBlocks blocks, WaveMark *marks,
                         HeadBackwardKeys *backward, void *context);
