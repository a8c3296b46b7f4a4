/* base/failure/fault - named failure points, so that error paths are tested like other paths.
 *
 * SYNVID_FAULT="shard.write:rank=1:nth=3" makes the third visit of that point on rank 1 fail; ":kill" sends SIGKILL to
 * the process instead of failing, ":stop" SIGSTOP; ":wait=5" holds every visit up for five seconds instead, as a slow
 * machine would, so that tests can stop a step that takes no time. Rank and nth default to any rank and the first
 * visit. Without the variable a visit costs one comparison. Every point is listed in fault_points; `synvid
 * --fault-points` prints them, and tests/fault lets each fail alone. Usage:
 * if (fault_hit("shard.write")) return RAISE(ERR_IO, "%s: injected fault", path); */
#pragma once

#include <stdbool.h>

bool fault_hit(const char *point);
void fault_set_rank(int rank);
/* NULL-terminated. */
extern const char *const fault_points[];
