/* cli/inspect/path_entry - what a path is: one of ours, or something to look at. */
#pragma once

#include "base/text/text.h"

typedef enum {
    PATH_DATASET, /* a folder with dataset.json, or that file */
    PATH_RUN,     /* a folder with config.json and what a run leaves */
    PATH_FOLDER,  /* any other folder */
    PATH_HDF5,    /* shard, pool, checkpoint, features, or foreign: see schema */
    PATH_JSON,    /* a result, a plan, a configuration: see schema */
    PATH_LINES,   /* JSON lines: curves */
    PATH_EVENTS,  /* TensorBoard */
    PATH_NPY,     /* cached features */
    PATH_WEIGHTS, /* tensors of another program: safetensors, torch, npz */
    PATH_TEXT,
    PATH_MEDIA, /* perhaps: whatever FFmpeg may open */
} PathEntryKind;

typedef struct {
    PathEntryKind kind;
    char path[PATH_SIZE];   /* of a dataset: its folder */
    char schema[NAME_SIZE]; /* "" if there is none */
} PathEntry;

/* Looks at names and first bytes. A path that is not there is ERR_INPUT. */
CHECKED Err path_entry_of(PathEntry *thing, const char *path);
