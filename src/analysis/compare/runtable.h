/* analysis/compare/runtable - the runs behind a report: what each was, under which protocol, from which inputs, by
 * which command. */
#pragma once

#include "analysis/compare/outcomes.h"
#include "analysis/page/page.h"

CHECKED Err runtable_make(Table *table, const Outcomes *outcomes);
/* From each run's run.json: command, version, hosts, ranks, threads, times; and what differs from the paper's protocol.
 */
CHECKED Err runtable_add_commands(Page *page, const Outcomes *outcomes);
