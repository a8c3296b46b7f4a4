/* cli/inspect/thing - what a path is: one of ours, or something to look at. */
#pragma once

#include "base/text/text.h"

typedef enum {
    THING_DATASET, /* a folder with dataset.json, or that file */
    THING_RUN,     /* a folder with config.json and what a run leaves */
    THING_FOLDER,  /* any other folder */
    THING_HDF5,    /* shard, pool, checkpoint, features, or foreign: see schema */
    THING_JSON,    /* a result, a plan, a configuration: see schema */
    THING_LINES,   /* JSON lines: curves */
    THING_EVENTS,  /* TensorBoard */
    THING_NPY,     /* cached features */
    THING_WEIGHTS, /* tensors of another program: safetensors, torch, npz */
    THING_TEXT,
    THING_MEDIA, /* perhaps: whatever FFmpeg may open */
} ThingKind;

typedef struct {
    ThingKind kind;
    char path[PATH_SIZE];   /* of a dataset: its folder */
    char schema[NAME_SIZE]; /* "" if there is none */
} Thing;

/* Looks at names and first bytes. A path that is not there is ERR_INPUT. */
CHECKED Err thing_of(Thing *thing, const char *path);
