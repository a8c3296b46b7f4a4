/* run/status - how a run folder stands, from its files alone, without disturbing the run. Local. */
#pragma once

#include "base/text/text.h"

typedef enum { RUN_FINISHED, RUN_RUNNING, RUN_STOPPED, RUN_FAILED, RUN_DIED, RUN_STATES } RunState;

typedef struct {
    RunState state;
    char note[256];      /* how the last life ended: "stopped: SIGUSR1", "error: ..."; "" while it runs */
    char host[128];      /* of the last life; several are separated by blanks */
    int64_t step, total; /* of training; 0: nothing logged yet */
    double loss;         /* NAN: none */
    double clips_per_s;  /* of the last logged steps; 0: unknown */
    double seconds_left; /* at that rate; NAN: unknown */
    double silent_s;     /* since the last logged step */
    int64_t checkpoint;  /* step of the newest, -1: none */
    double checkpoint_age_s;
} RunStatus;

/* ERR_INPUT when `folder` holds no run.json, or one that is not ours. */
CHECKED Err runstatus_read(RunStatus *status, const char *folder);
bool runstatus_is_run(const char *folder);
const char *runstatus_name(RunState state);
