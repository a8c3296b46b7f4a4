/* run/identity - what makes two runs the same experiment. */
#pragma once

#include "base/config/field.h"
#include "base/system/digest.h"

/* Digest of the identity fields of a config, the seed, and what goes in (digests of datasets and checkpoints, in a
 * fixed order): inputs are told apart by content, never by path. Measurements put the seed behind the inputs. */
typedef struct {
    const void *config;
    const Field *fields;
    const char *const *inputs;
    int n_inputs;
    bool seed_last;
} RunIdentity;

CHECKED Err run_identity(char out[DIGEST_SIZE], const RunIdentity *identity, uint64_t seed);
