/* run/log - run.json: what may differ between equal runs. One entry a life of the run: when, where, how it ended.
 *
 * An entry is written when a life begins, with exit "running", and completed when it ends; one that was killed keeps
 * saying so, and the next life marks it "ended without a word". */
#pragma once

#include "par/run.h"

/* `hosts` are names separated by spaces. One rank. */
CHECKED Err runlog_begin(const char *path, const Run *run, const char *hosts);
CHECKED Err runlog_end(const char *path, const char *exit_reason);
