#include "base/system/digest.h"

#include <errno.h>
#include <stdio.h>
#include <xxhash.h>

struct Digest {
    XXH3_state_t *state;
};

Err digest_new(Digest **digest) {
    *digest = calloc(1, sizeof **digest);
    if (*digest) (*digest)->state = XXH3_createState();
    if (!*digest || !(*digest)->state) {
        digest_free(digest);
        return RAISE(ERR_MEMORY, "no memory for a digest");
    }
    XXH3_128bits_reset((*digest)->state);
    return ERR_NONE;
}

void digest_add(Digest *digest, const void *data, size_t length) {
    if (length) XXH3_128bits_update(digest->state, data, length);
}

void digest_add_text(Digest *digest, const char *text) {
    digest_add(digest, text, strlen(text) + 1);
}

static void write_hex(char out[DIGEST_SIZE], XXH128_hash_t hash) {
    snprintf(out, DIGEST_SIZE, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

void digest_hex(const Digest *digest, char out[DIGEST_SIZE]) {
    write_hex(out, XXH3_128bits_digest(digest->state));
}

void digest_free(Digest **digest) {
    if (*digest) XXH3_freeState((*digest)->state);
    free(*digest);
    *digest = NULL;
}

void digest_of(char out[DIGEST_SIZE], const void *data, size_t length) {
    write_hex(out, XXH3_128bits(data, length));
}

uint64_t digest_number(const void *data, size_t length) {
    return XXH3_64bits(data, length);
}
