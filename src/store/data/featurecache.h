/* store/data/featurecache - the features of a frozen encoder for every video of a dataset, kept so that the next
 * read-out needs no forward pass.
 *
 * File features-<digest>.h5 (schema synvid.features): /features f32 (video, view, token, dimension), /label i32
 * (video). The attribute "made_from" is the digest of everything that determines them (videos, weights, model, views);
 * "digest" is that of the values, checked on reading. Whole files; local calls. */
#pragma once

#include "base/system/digest.h"
#include "base/text/text.h"

#include <stdint.h>

/* Start from {0}; owns its arrays. */
typedef struct {
    int64_t n_videos;
    int n_views, n_tokens, D;
    float *rows; /* (n_videos, n_views, n_tokens, D) */
    int *labels; /* (n_videos) */
} FeatureTable;

static inline size_t feature_table_floats(const FeatureTable *table) {
    return (size_t)table->n_videos * (size_t)table->n_views * (size_t)table->n_tokens * (size_t)table->D;
}
void feature_table_free(FeatureTable *table);

CHECKED Err featurecache_path(char *out, size_t size, const char *folder, const char *digest);
/* Makes the folder. Of several processes that keep the same features at once, as in a sweep, one writes. */
CHECKED Err featurecache_write(const FeatureTable *table, const char *path, const char *digest);
/* Into a fresh table. ERR_INPUT when the file is damaged or holds other features than `digest` says (NULL: any). */
CHECKED Err featurecache_read(FeatureTable *table, const char *path, const char *digest);
/* The digest of the values, which is the one the file carries. */
CHECKED Err featurecache_verify(const char *path, char digest[DIGEST_SIZE]);
