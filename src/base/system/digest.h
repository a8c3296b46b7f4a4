/* base/system/digest - XXH3-128 content digests (libxxhash), printed as 32 hex digits.
 *
 * Identify configs, shards, datasets and weights. Not a defence against forgery. */
#pragma once

#include "base/failure/err.h"

#include <stdint.h>

enum { DIGEST_SIZE = 33 }; /* 32 hex digits and a zero */

typedef struct Digest Digest;

CHECKED Err digest_new(Digest **digest);
void digest_add(Digest *digest, const void *data, size_t length);
void digest_add_text(Digest *digest, const char *text); /* with its terminating zero: "ab","c" differs from "a","bc" */
void digest_hex(const Digest *digest, char out[DIGEST_SIZE]);
void digest_free(Digest **digest);

void digest_of(char out[DIGEST_SIZE], const void *data, size_t length);
/* A short one, for finding names in tables: never stored. */
uint64_t digest_number(const void *data, size_t length);
