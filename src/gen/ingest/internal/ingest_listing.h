/* gen/ingest/internal/ingest_listing - the files that rank 0 found or read in a list, on their way to all ranks. Inside
 * gen/ingest/ingest. */
#pragma once

#include "gen/ingest/ingest_config.h"
#include "gen/ingest/internal/video_list.h"
#include "par/par.h"

/* What a list says besides its videos; format VIDEO_LIST_AUTO: there is none. */
typedef struct {
    int format, part, split;
    char name[32];
    char digest[DIGEST_SIZE];
    int64_t n_unused;
} ListingOrigin;

/* Why something in the folder is not among the files. */
typedef enum {
    PASSED_NAME = 'n', /* its name is that of something else */
    PASSED_LOOP = 'l', /* a link back to a folder that it lies in: nothing is lost */
    PASSED_LOST = 'x'  /* it cannot be had: a bad file */
} PassedKind;

/* Start from {0}. */
typedef struct {
    char *bytes; /* per file its name, a zero byte, its size in 8 bytes and its label in 4; then the class names, each
                    with a zero byte; then per thing passed over its PassedKind in a byte, its name and the reason (""
                    by name), each with a zero byte */
    size_t length;
    struct {
        int64_t n_files, n_passed, n_hidden;
        int n_classes;
        ListingOrigin origin;
    } facts;
} Listing;

/* By the folder, or by the list if there is one. A listed file that is not there has size -1. Rank 0. */
CHECKED Err ingest_look(Listing *listing, const IngestConfig *config);
CHECKED Err ingest_listing_spread_all(Listing *listing, const Par *par);
