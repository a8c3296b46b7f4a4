/* base/failure/fault - named failure points, so that error paths are tested like other paths.
 *
 * SYNVID_FAULT="shard.write:rank=1:nth=3" makes the third visit of that point on rank 1 fail. With ":kill" the visit
 * sends SIGKILL to the process instead, with ":stop" SIGSTOP. With ":wait=5" every visit waits five seconds, as on a
 * slow machine, so that tests can stop a step that takes no time. Without rank and nth it is the first visit on any
 * rank. Without the variable a visit costs one comparison.
 *
 * Every point is listed in fault_points. `synvid --fault-points` prints the list, and tests/fault makes each point fail
 * alone. Usage: if (fault_hit("shard.write")) return RAISE(ERR_IO, "%s: injected fault", path); */
#pragma once

#include <stdbool.h>

bool fault_hit(const char *point);
void fault_set_rank(int rank);
/* NULL-terminated. */
extern const char *const fault_points[];
