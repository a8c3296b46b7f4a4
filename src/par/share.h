/* par/share - who does which of N items. Pure functions: every rank computes the same answer. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t begin, end;
} Share;

/* Contiguous, sizes differ by at most one. */
Share share_block(int64_t n_items, int rank, int n_ranks);
/* Round robin: item i belongs to rank i mod n_ranks. */
bool share_owns(int64_t item, int rank, int n_ranks);
