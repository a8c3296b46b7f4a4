#include "run/identity.h"

#include "base/config/config.h"

CHECKED Err run_identity(char out[DIGEST_SIZE], const RunIdentity *identity, uint64_t seed) {
    char settings[DIGEST_SIZE];
    Digest *digest = NULL;
    TRY(config_digest(settings, identity->config, identity->fields));
    TRY(digest_new(&digest));
    digest_add_text(digest, settings);
    if (!identity->seed_last) digest_add(digest, &seed, sizeof(seed));
    for (int i = 0; i < identity->n_inputs; i++) digest_add_text(digest, identity->inputs[i]);
    if (identity->seed_last) digest_add(digest, &seed, sizeof(seed));
    digest_hex(digest, out);
    digest_free(&digest);
    return ERR_NONE;
}
