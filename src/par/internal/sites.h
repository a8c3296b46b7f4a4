/* par/internal/sites - ranks that add in shared memory: a node's, or each rank by itself.
 *
 * A rank of another site meets a site through one of its members, its helper there, so that as many ranks of a node
 * talk to other nodes as there are ranks, whatever the sizes of the nodes and the order of their ranks. */
#pragma once

#include "par/par.h"

typedef struct {
    int n_sites, mine; /* the site of this rank */
    int *of_rank;      /* (n_ranks) site */
    int *index;        /* (n_ranks) in its site */
    int *first;        /* (n_sites + 1) into members */
    int *members;      /* (n_ranks) by site and index */
} Sites;

/* shared: the sites are the nodes. */
CHECKED Err sites_new_all(Sites *sites, const Par *par, bool shared);
void sites_free(Sites *sites);
int sites_size(const Sites *sites, int site);
int sites_member(const Sites *sites, int site, int index);
/* Who answers for `site` to `rank` of another one. */
int sites_helper(const Sites *sites, int site, int rank);
