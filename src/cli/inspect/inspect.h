/* cli/inspect/inspect - what a path holds, in words and in pictures. Each section of this header is one source file.
 *
 * kinds: the kinds of configuration: every stage's table, and the tables that others refer to. */
#pragma once

#include "base/config/field.h"
#include "base/failure/err.h"
#include "base/text/text.h"
#include "cli/stage/cmd.h"
#include "video/frames/source.h"

#include <stdint.h>

typedef struct {
    const char *name;    /* "pretrain" */
    const char *folder;  /* below configs/ */
    const char *summary; /* one line */
    const Field *fields;
    const Command *command; /* that reads it; NULL: part of other kinds */
} ConfigKind;

enum { KINDS_MAX = 64 };

/* Fills the list of all kinds; returns how many there are. */
int kinds_list(ConfigKind kinds[KINDS_MAX]);
CHECKED Err kind_find(ConfigKind *kind, const char *name);
/* The kind of a file: as asked, otherwise from the folder it is in or the run it belongs to, otherwise the only one
 * that accepts it. */
CHECKED Err kind_of_file(ConfigKind *kind, const char *path, const char *asked);
/* config_find in the folder of the kind asked for, otherwise in those of all kinds: "moving-circles" is enough. */
CHECKED Err kind_find_config(char *out, size_t size, const char *asked, const char *name);

/* path_entry.c: what a path is: one of ours, or something to look at. */

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

/* describe.c: things in words for `synvid inspect`: a headline, facts, and what to do next; within 100
 * columns. */

CHECKED Err describe_thing(Builder *out, const PathEntry *thing);

/* footage.c: anything with pictures in it as a clip source, for contact sheets and previews.
 *
 * A dataset gives its videos; a shard file its own; a video or image file is one video; a pool is cut into rows of
 * images; the configuration of a variant is rendered on the fly. */

typedef struct {
    const char *pool, *split; /* of a variant; NULL: none, the default */
    uint64_t seed;            /* of a variant */
    int row_images;           /* of a pool: images a row */
} FootageOptions;

CHECKED Err footage_open(ClipSource **source, const PathEntry *thing, const FootageOptions *options);

/* gallery.c: the 34 datasets of the paper on one HTML page, two clips each, rendered on the fly.
 *
 * Textures and videos come from a folder: images.h5, statistical.h5, stylegan.h5 (pools), stylegan-videos, videos
 * (datasets). What is not there is made there, small: textures as they are, procedural pictures in place of
 * photographs, stand-in actions in place of real videos; the page says so. One rank. */

/* media: the folder, NULL: a temporary one. */
CHECKED Err gallery_write(const char *path, const char *media, uint64_t seed, int threads);

/* explain: settings in words, from the Field tables. All print to stdout within 100 columns. */

/* The kinds there are. */
void explain_kinds(void);
/* Every setting of a kind with default and help. */
void explain_kind(const ConfigKind *kind);
/* One setting, by key path or by its last part, in every kind that has it. Unknown: ERR_USAGE with the nearest. */
CHECKED Err explain_key(const char *key);
/* Appends the settings in which `path` differs from the defaults, as facts. */
CHECKED Err explain_changes(Builder *out, const ConfigKind *kind, const char *path);
/* Appends "key: a -> b" for every setting in which two resolved texts of one kind differ; returns how many in *count.
 */
CHECKED Err explain_differences(Builder *out, int *count, const char *a, const char *b);
