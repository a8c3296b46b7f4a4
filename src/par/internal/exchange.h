/* par/internal/exchange - what par/reduce and its two ways between nodes, par/halving and par/slices, share. */
#pragma once

#include "base/system/arena.h"
#include "par/internal/sites.h"
#include "par/internal/treesum.h"
#include "par/internal/window.h"
#include "par/internal/wire.h"
#include "par/reduce.h"

enum {
    PIECE_FLOATS = 1 << 18, /* 1 MB messages: Open MPI's rate falls off a cliff beyond some tens of MB */
    TAG_EXCHANGE = 71,
};

typedef struct Slices Slices; /* par/slices */

struct Reduce {
    const Par *par;
    ReducePlan plan;
    size_t total, unit;
    int n_sections;
    Share sections[REDUCE_SECTIONS_MAX];   /* units */
    Share slices_own[REDUCE_SECTIONS_MAX]; /* of each section, floats */
    int n_pieces, n_vectors;
    float *vectors, *params; /* vectors: (n_vectors, row_floats) */
    Window *grad_window, *param_window;
    Sites sites;
    /* What the ranks of this site have, in order of leaves, and how it adds up. */
    int n_site_rows;
    Share *site_nodes;
    const float **site_rows;
    TreeSum *site_sum;
    int bits;      /* halving: log2 of the rank count; -1: by slices */
    int site_bits; /* halving: of these, done within the site */
    float *piece;  /* halving: (2, PIECE_FLOATS) */
    Slices *slices;
    Wire *wire;  /* of a short gather; NULL: there is none */
    Arena arena; /* what is not in windows */
    int64_t sent_bytes;
};

extern const char exchange_phase[]; /* what waiting ranks say they wait for */

/* Floats from one vector of a rank to its next. */
size_t exchange_row_floats(size_t total);
Share exchange_floats_of_units(const Reduce *reduce, Share units);
int64_t exchange_n_units(const Reduce *reduce);
/* Nothing can be agreed on in the middle of the exchange: what fails there ends the run at once. */
void exchange_fail_if(bool failed, const Reduce *reduce);
void exchange_wait(MPI_Request *requests, int count, const Reduce *reduce);
/* What a gather reads and fills: params itself, or with a wire the gradients' memory, into which the own slices have
 * been written. */
char *exchange_gather_from(Reduce *reduce, const Wire *wire);
/* The site's sums of `range`, one row an output. */
void exchange_site_sum(const Reduce *reduce, Share range, float *const *outputs);
