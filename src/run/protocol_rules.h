/* run/protocol_rules - the official protocols by name: what each asks of a task, a dataset and a model.
 *
 *   paper           the paper's tables 5 to 7 and its section 9.3; what they leave open as in the released scripts
 *   released        the scripts of the paper's release, where they differ from its tables
 *   videomae-k400   VideoMAE's scripts for ViT-B on Kinetics-400 (800 epochs of pre-training), which the paper's
 *                   Table 4 follows
 *   ucf101p-stored  the paper's models under corruptions that are made as those of a stored UCF101-P are
 *   videomae        weights published by VideoMAE itself, imported: the paper's upper bounds
 *
 * A stage's Field table holds the settings of `paper` as its defaults; a rule lists what differs from these. */
#pragma once

#include <stdbool.h>

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
