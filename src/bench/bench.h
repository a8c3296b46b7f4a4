/* bench/bench - how fast the parts of the program are, beside what the machine can do: `synvid bench`.
 *
 * A topic measures one part and prints a table, or JSON, to stdout of rank 0. Every row's result is compared with the
 * plain version, an exact result or an identity before it is timed (bench/internal/harness.h); a difference is
 * ERR_INTERNAL. */
#pragma once

#include "par/par.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    double seconds;        /* about so many for a row */
    double parameters;     /* exchange: millions */
    int64_t threads;       /* generate, textures, features: also measured with so many */
    int64_t leaves;        /* exchange: of a step */
    int64_t teams;         /* exchange: leaves that a rank computes at a time */
    int64_t team;          /* step: this many threads share a micro-batch, beside one; 1: steps of single threads */
    int64_t videos;        /* shards: in each rank's file */
    const char *folder;    /* shards, memory: must exist; left as it was */
    const char *only;      /* step: rows whose name contains it; NULL: all */
    const char *precision; /* step: "float32" or "bfloat16" */
    bool json;
} BenchArgs;

typedef struct {
    const char *name;
    bool many_ranks; /* others measure one process, which gets a Par of one rank */
    CHECKED Err (*run_all)(const BenchArgs *args, const Par *par);
} BenchTopic;

extern const BenchTopic bench_topics[];
extern const int bench_n_topics;
