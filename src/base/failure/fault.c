/* SYNVID_FAULT=POINT[:rank=R][:nth=N][:kill|:stop|:wait=S] makes the N-th visit to a point fail (or the process die,
 * stop, or take its time). Read once, at the first visit; without the variable a visit costs a lock. */
#include "base/failure/fault.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *const fault_points[] = {
    "shard.create",      // store/data/shard: before the file is made
    "shard.write",       // store/data/shard: a video
    "shard.finish",      // store/data/shard: before the final name
    "dataset.manifest",  // store/data/dataset: before dataset.json
    "pool.write",        // store/data/pool_write: some images
    "textures.block",    // gen/textures/textures: some images
    "checkpoint.write",  // store/checkpoint/checkpoint: a rank's slice
    "checkpoint.finish", // store/checkpoint/checkpoint: before the final name, on every rank
    "checkpoint.read",   // store/checkpoint/checkpoint: before a file is verified
    "generate.render",   // gen/dataset/generate: a video
    "ingest.image",      // gen/ingest/ingest: an image that is not there from an earlier life
    "ingest.read",       // gen/ingest/ingest: a video, while shards are written
    "train.step",        // train/trainer: before the leaves of a step
    "train.exchange",    // train/trainer: before gradients travel
    "exchange.scatter",  // par/reduce: in the middle of summing gradients
    "exchange.gather",   // par/reduce: in the middle of gathering parameters
    "forward.video",     // eval/finetune/forward: a video, before the network sees it
    "features.write",    // store/data/featurecache: the values
    "analyze.chunk",     // analysis/measure/collector: a chunk of draws
    "journal.append",    // store/journal/journal: a finished piece
    "result.write",      // run/result
    "runfolder.lock",    // run/folder: on every rank
    NULL,
};

/* The parsed request; rank -1: any. */
static struct {
    bool parsed, wanted;
    int signal; /* sent instead of failing; 0: fail */
    char point[64];
    int rank;
    long nth, visits;
    double wait_s; /* 0: fail */
} request = {.rank = -1, .nth = 1};

static int my_rank = 0;
static pthread_mutex_t visit_lock = PTHREAD_MUTEX_INITIALIZER;

void fault_set_rank(int rank) {
    my_rank = rank;
}

static void parse_request(void) {
    request.parsed = true;
    const char *text = getenv("SYNVID_FAULT");
    if (!text || !*text) return;
    size_t length = strcspn(text, ":");
    if (length >= sizeof request.point) return;
    memcpy(request.point, text, length);
    request.wanted = true;
    for (const char *part = text + length; *part == ':'; part += strcspn(part, ":")) {
        part++;
        if (!strncmp(part, "rank=", 5)) request.rank = (int)strtol(part + 5, NULL, 10);
        if (!strncmp(part, "nth=", 4)) request.nth = strtol(part + 4, NULL, 10);
        if (!strncmp(part, "kill", 4)) request.signal = SIGKILL;
        if (!strncmp(part, "stop", 4)) request.signal = SIGSTOP;
        if (!strncmp(part, "wait=", 5)) request.wait_s = strtod(part + 5, NULL);
    }
}

/* A signal ends it, so that a stop request is heard as soon as the step is over. */
static void hold_up(double seconds) {
    time_t whole = (time_t)seconds;
    struct timespec pause = {.tv_sec = whole, .tv_nsec = (long)((seconds - (double)whole) * 1e9)};
    nanosleep(&pause, NULL);
}

bool fault_hit(const char *point) {
    bool here, hit = false;
    pthread_mutex_lock(&visit_lock);
    if (!request.parsed) parse_request();
    here = request.wanted && !strcmp(request.point, point) && (request.rank < 0 || request.rank == my_rank);
    if (here && request.wait_s == 0) hit = ++request.visits == request.nth;
    pthread_mutex_unlock(&visit_lock);
    if (here && request.wait_s > 0) hold_up(request.wait_s);
    if (hit && request.signal) raise(request.signal); /* a stopped process that goes on does not fail either */
    return hit && !request.signal;
}
