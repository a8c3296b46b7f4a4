/* eval/import/import - weights of another program as a run folder of ours, which every stage takes as it takes its own.
 *
 * The architecture follows from the shapes; heads, frame size and clip length from the config.json of transformers
 * beside the weights, from the options, or, when the widths are those of a published VideoMAE, from there. Every tensor
 * of that architecture must be there in its shape, and nothing else. All is checked and read before anything is
 * written; the folder appears whole: config.json (name and model), run.json, result.json, one checkpoint of step 0.
 * One rank. */
#pragma once

#include "base/text/text.h"
#include "nn/layers/model.h"

typedef struct {
    char name[NAME_SIZE]; /* how results call the weights */
    ModelConfig model;
} ImportConfig;

extern const Field import_fields[];

typedef struct {
    const char *group;                              /* of the file's tensors; NULL: the only one with a model */
    const char *name;                               /* NULL: after the file */
    const char *trained_by;                         /* protocol that the user states; NULL: unknown */
    int image_size, n_frames, heads, decoder_heads; /* 0: as above */
    const char *command;                            /* for run.json */
} ImportOptions;

/* `from` is a weight file (store/foreign/weightfile) or a folder of transformers. ERR_USAGE: what neither the file nor
 * the options tell, a run folder that is there already; ERR_INPUT: missing, misshapen or unknown tensors, by name. */
CHECKED Err import_weights(const char *from, const char *run_folder, const ImportOptions *options);
