/* The plans are the quickest by counting: a round is as long as its longest piece. */
#include "nn/layers/internal/head_share.h"

#include "base/system/minmax.h"

static int64_t rounds_of(int64_t pieces, int members) {
    return (pieces + members - 1) / members;
}

/* Each part packs the keys and values again, which takes as long as a PACKING of a block of queries. */
int head_share_parts(int64_t heads, int blocks, int members) {
    const double PACKING = 0.4;
    int best = 1;
    double least = 0;
    for (int parts = 1; parts <= blocks; parts++) {
        double time = (double)rounds_of(heads * parts, members) * ((blocks + parts - 1) / parts + PACKING);
        if (parts > 1 && time >= least) continue;
        least = time;
        best = parts;
    }
    return best;
}

/* A wave is as long as its rounds of links, and the last member begins as many steps later as there are others in its
 * chain. What a link reads was in another core's cache: a wave must gain more than a tenth. */
int64_t head_share_whole(int64_t heads, HeadBlocks blocks, int members) {
    int64_t left = heads % members, links = left * blocks.keys;
    if (members == 1 || left == 0) return heads;
    int64_t behind = min_int64(blocks.keys, rounds_of(members, (int)left)) - 1;
    int64_t wave = rounds_of(links, members) * blocks.queries + behind, whole = (int64_t)blocks.keys * blocks.queries;
    return wave * 10 < whole * 9 ? heads - left : heads;
}

/* ---- forward ---- */

typedef struct {
    int parts, blocks, block, n_queries; /* of a head; block: queries */
    HeadForward *forward;
    void *context;
} Parts;

/* Parts begin to end of all heads; those of one head that follow each other are computed at once. */
static void forward_parts(void *context, int member, int64_t begin, int64_t end) {
    const Parts *p = context;
    while (begin < end) {
        int64_t head = begin / p->parts, next = min_int64(end, (head + 1) * p->parts);
        int64_t from = (begin - head * p->parts) * p->blocks / p->parts,
                to = (next - head * p->parts) * p->blocks / p->parts;
        const HeadQueries queries = {.begin = (int)from * p->block, .end = min_int((int)to * p->block, p->n_queries)};
        p->forward(p->context, member, head, queries);
        begin = next;
    }
}

void head_share_forward(Team *team, const HeadShare *heads, HeadForward *forward, void *context) {
    int block = kernels_best()->attention_queries, blocks = (heads->n_queries + block - 1) / block;
    Parts parts = {.parts = head_share_parts(heads->count, blocks, team_members(team, heads->work)),
                   .blocks = blocks,
                   .block = block,
                   .n_queries = heads->n_queries,
                   .forward = forward,
                   .context = context};
    team_for(team, heads->count * parts.parts, 1, heads->work, forward_parts, &parts);
}

/* ---- backward ---- */

typedef struct {
    int blocks;         /* of keys */
    int64_t first_head; /* of the wave */
    HeadBackwardKeys *backward;
    void *context;
} Backward;

static void backward_heads(void *context, int member, int64_t begin, int64_t end) {
    const Backward *b = context;
    for (int64_t head = begin; head < end; head++)
        for (int block = 0; block < b->blocks; block++) b->backward(b->context, member, member, head, block, NULL);
}

static void backward_link(void *context, int member, int chain, int number, const WaveLink *link) {
    const Backward *b = context;
    b->backward(b->context, member, chain, b->first_head + chain, number, link);
}

void head_share_backward(Team *team, const HeadShare *heads, HeadBlocks blocks, WaveMark *marks,
                         HeadBackwardKeys *backward, void *context) {
    int64_t whole = head_share_whole(heads->count, blocks, team_members(team, heads->work));
    Backward b = {.blocks = blocks.keys, .first_head = whole, .backward = backward, .context = context};
    team_for(team, whole, 1, heads->work, backward_heads, &b);
    if (whole == heads->count) return;
    const WaveShape wave = {.chains = (int)(heads->count - whole), .links = blocks.keys, .marks = marks};
    wave_run(team, &wave, backward_link, &b);
}
