/* Two numbers a rank, its node's first rank and its place there, gathered once; all else is counting. A node's first
 * rank is its lowest, since node_comm keeps the order of ranks, so sites are numbered in the order of their first
 * ranks. */
#include "par/internal/sites.h"

#include "par/agree.h"
#include "par/internal/wait.h"
#include "par/spread.h"

typedef struct {
    int leader, index; /* the first rank of the node; place in the node */
} Place;

/* One block of four lists; `first` has room for a site a rank, and one entry more. */
static Err take_memory(Sites *sites, int n_ranks) {
    size_t n = (size_t)n_ranks;
    sites->of_rank = calloc(4 * n + 1, sizeof *sites->of_rank);
    if (!sites->of_rank) return RAISE(ERR_MEMORY, "gradient exchange: no memory for the places of %d ranks", n_ranks);
    sites->index = sites->of_rank + n;
    sites->members = sites->index + n;
    sites->first = sites->members + n;
    return ERR_NONE;
}

static int leader_all(const Par *par) {
    int leader = par->rank;
    MPI_Request request;
    MPI_Ibcast(&leader, 1, MPI_INT, 0, par->node_comm, &request);
    par_wait(&request, par, "the places of ranks");
    return leader;
}

/* A counting sort of ranks by site: sizes, then their running sum, then every rank to its place. */
static void number_sites(Sites *sites, const Place *places, int n_ranks) {
    for (int r = 0; r < n_ranks; r++) {
        if (places[r].leader == r) sites->of_rank[r] = sites->n_sites++;
        sites->of_rank[r] = sites->of_rank[places[r].leader];
        sites->index[r] = places[r].index;
        sites->first[sites->of_rank[r] + 1]++;
    }
    for (int s = 0; s < sites->n_sites; s++) sites->first[s + 1] += sites->first[s];
    for (int r = 0; r < n_ranks; r++) sites->members[sites->first[sites->of_rank[r]] + sites->index[r]] = r;
}

CHECKED Err sites_new_all(Sites *sites, const Par *par, bool shared) {
    *sites = (Sites){0};
    Place mine = {.leader = shared ? leader_all(par) : par->rank, .index = shared ? par->node_rank : 0};
    void *places = NULL;
    size_t bytes;
    TRY(err_agree_all(take_memory(sites, par->n_ranks), par, "the places of ranks"));
    TRY(gather_bytes_all(&places, &bytes, &mine, sizeof mine, par));
    number_sites(sites, places, par->n_ranks);
    sites->mine = sites->of_rank[par->rank];
    free(places);
    return ERR_NONE;
}

void sites_free(Sites *sites) {
    free(sites->of_rank);
    *sites = (Sites){0};
}

int sites_size(const Sites *sites, int site) {
    return sites->first[site + 1] - sites->first[site];
}
int sites_member(const Sites *sites, int site, int index) {
    return sites->members[sites->first[site] + index];
}
/* By the asking rank's place in its own site, so that helpers are asked about equally often. */
int sites_helper(const Sites *sites, int site, int rank) {
    return sites_member(sites, site, sites->index[rank] % sites_size(sites, site));
}
