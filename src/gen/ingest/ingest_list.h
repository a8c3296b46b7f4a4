/* gen/ingest/ingest_list - which files an ingest reads, in which order, with which labels.
 *
 * Rank 0 looks at the folder, or into an official list (gen/ingest/video_list), and everybody hears; the rest is a pure
 * function of the names. By a list: its videos in its order, whether they are there or not. By the folder: files whose
 * extension says that they are something else (text, archives, sound; pictures among videos and the other way round) or
 * that have none are left out and named; everything else is tried, whatever it is called. What cannot even be tried
 * (broken links, pipes, folders that cannot be opened, media without a telling name) is a bad file. */
#pragma once

#include "base/system/digest.h"
#include "gen/ingest/ingest_config.h"
#include "gen/ingest/internal/ingest_listing.h"
#include "par/par.h"

typedef struct {
    PassedKind kind;
    const char *name, *reason; /* why it cannot be had; "" where the kind says it */
} Passed;

typedef struct {
    char **names;   /* `count` paths relative to the input folder, ascending bytewise or in the list's order */
    int64_t *bytes; /* size of each file; -1: a listed file that is not there */
    int *labels;    /* -1 without classes */
    int64_t count;
    int64_t n_found;                      /* before the limit */
    Passed *passed;                       /* what else there is: not files of the list */
    int64_t n_passed, n_lost, n_left_out; /* all of them; PASSED_LOST; PASSED_NAME */
    int64_t n_hidden;
    ClassNames classes; /* of all files found, whether in the subset or not */
    ListingOrigin origin;
    char *block;              /* holds the names */
    char digest[DIGEST_SIZE]; /* of settings, seed where it matters, names and sizes: what makes a result the same */
} IngestList;

/* ERR_INPUT: no such folder, nothing to read in it, or classes wanted of files that are in no sub-folder. */
CHECKED Err ingest_list_all(IngestList *list, const IngestConfig *config, uint64_t seed, const Par *par);
void ingest_list_free(IngestList *list);
int64_t ingest_list_missing(const IngestList *list);
/* Full path of file `file`. */
CHECKED Err ingest_list_path(char *out, size_t size, const IngestList *list, const IngestConfig *config, int64_t file);
