/* analysis/page/media - which photographs and videos really went into a run, as the report tells it.
 *
 * Two sources: the records that ingestion leaves in datasets and beside pools (what was read, what was skipped and
 * why), and the list of fetched files (MANIFEST.tsv: path, bytes, sha256, package, version). With neither, everything
 * was procedural, and the report says so. */
#pragma once

#include "analysis/page/page.h"

/* data: folder searched for records; media: folder with MANIFEST.tsv; either may be "" or missing. */
CHECKED Err media_add(Page *page, const char *data, const char *media);
