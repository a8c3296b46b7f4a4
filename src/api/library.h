/* api/library - what every call of libsynvid begins with. A call prints nothing, is safe across fork, and returns
 * errors as numbers.
 *
 * A call that opens something or uses several threads runs on a thread of its own. OpenMP and CBLAS keep settings and
 * threads for each calling thread, so those of the host program, and of its children after a fork, stay as they are.
 * Signals stay with the host's threads, too. */
#pragma once

#include "api/open_source.h"
#include "base/config/field.h"

#include <cjson/cJSON.h>
#include <synvid.h>

/* Before anything else, by every call that is more than a question. */
void library_begin(void);

/* Reading calls: between the two no fork happens, so that no child inherits a lock that nobody will open. Short, and
 * not nested. */
void library_enter(void);
void library_leave(void);

/* Runs work(state) on a fresh thread and waits; its failure becomes the calling thread's. */
typedef Err (*ApartWork)(void *state);
CHECKED Err library_apart(ApartWork work, void *state);

/* Fills a caller's struct, whose first member says its size: structs grow at their end, and a caller of an older header
 * gets the members it knows. `what` is being done, for messages. */
CHECKED Err library_give(void *out, const void *filled, size_t known, const char *what);
/* The number that a caller in another language sees. */
int library_status(Err err);

/* ---- source: the handle of a source, as the library's own files see it ---- */

struct synvid_source {
    OpenSource open;
};

/* ERR_USAGE unless (epoch, index) names a video, and the number of its sample, epoch * count + index. */
CHECKED Err source_check_video(const synvid_source *source, int64_t epoch, int64_t index);
/* A buffer of the caller's is what it must be. `what` is its name. */
CHECKED Err source_check_buffer(const char *what, const void *buffer, size_t bytes, size_t expected);

/* A JSON object from a caller as a configuration, read as strictly as the program's files. `what` names it in
 * messages ("source settings"). */

/* NULL is the empty object. Free with cJSON_Delete. */
CHECKED Err settings_parse(cJSON **tree, const char *text, const char *what);
/* The object over the defaults of the table. */
CHECKED Err settings_take(void *config, const Field *fields, const cJSON *tree, const char *what);
/* settings_parse and settings_take in one. */
CHECKED Err settings_read(void *config, const Field *fields, const char *text, const char *what);
