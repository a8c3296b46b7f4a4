/* run/protocol - which official protocol a run follows, or how it deviates from the nearest one.
 *
 * A run is compared with every named protocol of its task, dataset and model (run/protocol_rules). Compared are all
 * settings that can move a figure, the videos, and what the run was made from, whose deviations it inherits. Settings
 * that no protocol has do not count: cosmetic ones, and those that only decide rounding.
 *
 * A protocol from which the run does not deviate names the result. Otherwise the protocol with the fewest deviations is
 * taken, and each is listed, as "train.epochs 20 instead of 100". The result is then called reduced. It is called a
 * rehearsal when it was run as one and every deviation is a smaller size or count (below). */
#pragma once

#include "base/config/field.h"
#include "par/run.h"
#include "run/result.h"
#include "video/frames/source.h"

#include <stdbool.h>

/* protocol_rules.c: the official protocols by name: what each asks of a task, a dataset and a model.
 *
 *   paper           the paper's tables 5 to 7 and its section 9.3; what they leave open as in the released scripts
 *   released        the scripts of the paper's release, where they differ from its tables
 *   videomae-k400   VideoMAE's scripts for ViT-B on Kinetics-400 (800 epochs of pre-training), which the paper's
 *                   Table 4 follows
 *   ucf101p-stored  the paper's models under corruptions that are made as those of a stored UCF101-P are
 *   videomae        weights published by VideoMAE itself, imported: the paper's upper bounds
 *
 * A stage's Field table holds the settings of `paper` as its defaults; a rule lists what differs from these. */

#define PROTOCOL_RELEASED       "released"
#define PROTOCOL_VIDEOMAE_K400  "videomae-k400"
#define PROTOCOL_VIDEOMAE       "videomae"
#define PROTOCOL_UCF101P_STORED "ucf101p-stored"

enum { PROTOCOL_SETTINGS = 16 };

typedef struct {
    const char *name, *task;
    const char *dataset; /* NULL: any that no rule of the task names */
    char model;          /* 'L': ViT-L; 0: any that no other rule of the protocol names */
    const char *made_of; /* protocols, with blanks between, of what the run may be made from */
    int videos;          /* whose description of the datasets holds: SOURCE_PAPER or SOURCE_RELEASED */
    const char *settings[PROTOCOL_SETTINGS + 1]; /* "train.batch=128"; NULL-terminated */
} ProtocolRule;

enum { PROTOCOL_CANDIDATES = 4 };

/* The rules a run may follow, `paper` first; returns how many. `model`: the letter of a known size, or 0. */
int protocol_rules(const ProtocolRule *out[PROTOCOL_CANDIDATES], const char *task, const char *dataset, char model);
/* Whether a run under `rule` may be made from one under protocol `name`. */
bool protocol_rule_accepts(const ProtocolRule *rule, const char *name);

typedef struct {
    const char *task, *dataset;
    const char *model;        /* its title, "ViT-L/16 16x224" (nn/layers/model.h) */
    const ClipSource *videos; /* whose making counts, by its departures; NULL: that of no one */
    const Result *made_from;  /* what the run started from; NULL: nothing */
    const char *made_how;     /* "pre-training": how inherited deviations begin */
    bool rehearsal;           /* run as one */
} ProtocolScope;

/* Adds the deviations to those the result has and names its protocol. Those that do not fit the list are counted in its
 * last line. `config_size`: of the struct. */
CHECKED Err protocol_compare(Result *result, const ProtocolScope *scope, const void *config, size_t config_size,
                             const Field *fields);

/* rehearsal: what a rehearsal may change of an official protocol: sizes of the network and counts, downward.
 *
 * A rehearsal walks the paper's experiment through the very same code with the very same commands. So nothing that
 * chooses a path may differ: no size of a frame, no list, no read-out, no augmentation. */

/* "train.epochs": a number that may be smaller in a rehearsal. */
bool rehearsal_may_shrink(const char *key);
/* The config before it was made smaller, malloc'd; NULL when the run is no rehearsal. */
CHECKED Err rehearsal_original(void **config, const Run *run, size_t config_size, const Field *fields);
