/* run/protocol - which official protocol a run follows, or how it deviates from the nearest one.
 *
 * A run is held to every named protocol of its task, dataset and model (run/protocol_rules): all settings that can
 * move a figure, the videos, and what it was made from, whose deviations it inherits. The protocol without a deviation
 * gives the result its name. Otherwise the deviations from the protocol with the fewest are listed, each as
 * "train.epochs 20 instead of 100", and the result is called reduced; or a rehearsal, when it was run as one and every
 * deviation is a smaller size or count (run/rehearsal). Settings that are no part of a protocol do not count:
 * cosmetic ones, and those that only decide rounding. */
#pragma once

#include "base/config/field.h"
#include "run/result.h"
#include "video/frames/source.h"

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
