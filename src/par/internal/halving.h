/* par/internal/halving - the way of an exchange where ranks halve what they sum with partner after partner
 * (par/reduce.h: halving). The _all functions are collective. */
#pragma once

#include "par/internal/exchange.h"

/* Whether ranks halve, if nodes have so many ranks each. */
bool halving_fits(const ReducePlan *plan, int node_ranks);
/* Sets bits and site_bits: -1 where the sites and their leaves do not allow it. */
void halving_plan(Reduce *reduce);
Share halving_slice(const Reduce *reduce); /* that this rank owns */
void halving_scatter_all(Reduce *reduce);
void halving_gather_all(Reduce *reduce, const Wire *wire);
