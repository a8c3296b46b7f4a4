/* base/config/config - from files and --set to a resolved config, the same bytes on every rank.
 *
 * Precedence: table defaults < the chain of "extends" (paths relative to the file that names them, or names found as
 * by config_find) < the file < --set key.path=value, in their order; lists are added to (config.c). No
 * environment variable changes a result. Rank 0 resolves to text, the text is broadcast (par/spread), and every rank
 * parses the text.
 *
 * A group of settings may come from a file of its own: "model": "models/vit_s", or {"extends": "models/vit_s",
 * "depth": 8} to change some of it. The same works from the command line: --set model=models/vit_s. */
#pragma once

#include "base/config/field.h"
#include "base/system/digest.h"

/* Merges the extends chain of `path` (may be NULL) and the `sets` ("a.b=1", "name=text", "list=[1,2]") and checks
 * everything against the table. *text: the resolved JSON, sorted as the table, ending in a newline; caller frees.
 * A loop in the chain, a typo, a wrong type or a value out of range is ERR_USAGE naming file and key path. */
CHECKED Err config_resolve(char **text, const Field *fields, const char *path, const char *const *sets, int n_sets);
/* Parses resolved text. */
CHECKED Err config_parse(void *config, const Field *fields, const char *text, const char *origin);
/* One group of such a text, as the "model" of the config that a checkpoint carries; without it *found is false and the
 * struct has its defaults. */
CHECKED Err config_parse_group(bool *found, void *config, const Field *fields, const char *key, const char *text,
                               const char *origin);
/* resolve + parse, for one rank. */
CHECKED Err config_load(void *config, const Field *fields, const char *path, const char *const *sets, int n_sets);
/* Digest of the fields that are not cosmetic. */
CHECKED Err config_digest(char out[DIGEST_SIZE], const void *config, const Field *fields);
/* Where "variants/moving-circles" is: the name itself if it is a file, with ".json", below ./configs, below
 * $prefix/share/synvid/configs beside the executable, below the source tree's configs. */
CHECKED Err config_find(char *out, size_t size, const char *kind, const char *name);
/* The configs folder in use, found the same way. */
CHECKED Err config_root(char *out, size_t size);
