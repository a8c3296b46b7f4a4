/* base/system/stop - requests to stop at the next safe point.
 *
 * SIGTERM, SIGINT, SIGUSR1, a file named "stop" in the run folder, and a time budget all set one local flag. At the
 * boundary of a step par_agree_stop_all (par/agree) makes one decision of the flags of all ranks. */
#pragma once

#include <stdbool.h>

void stop_install_handlers(void);
/* Look for folder/stop on stop_requested (at most once a second); NULL: do not. Borrowed until replaced. */
void stop_watch_folder(const char *folder);
/* Seconds from now after which stop_requested is true; <= 0: no limit. */
void stop_set_budget(double seconds);
bool stop_requested(void);
/* "SIGUSR1", "stop file", "time budget" or "". */
const char *stop_reason(void);
void stop_request(const char *reason);
void stop_clear(void);
