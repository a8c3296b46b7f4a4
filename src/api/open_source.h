/* api/open_source - a stage's data settings as a clip source. Training reads the source and does not know about
 * generators. */
#pragma once

#include "gen/dataset/generate.h"
#include "gen/ingest/official.h"
#include "gen/variant/variant.h"
#include "par/par.h"
#include "train/pretrain.h"
#include "video/frames/source.h"

/* A source and what it borrows. Start from {0}. */
typedef struct {
    ClipSource *clips;
    Variant *variant;      /* of a live source, otherwise NULL */
    Departures departures; /* from what official protocols train on; of sources to pre-train on */
} OpenSource;

/* `key` is the setting's name, for messages. ERR_USAGE when the path is empty. */
CHECKED Err open_dataset_all(OpenSource *source, const char *key, const char *folder, const Par *par);
/* A variant rendered while it is read: `videos` of the settings are an epoch. */
CHECKED Err open_variant_all(OpenSource *source, const GenerateConfig *settings, uint64_t seed, const Par *par);
/* A dataset folder, alone or with real videos, or a variant rendered while training: exactly one of the two. */
CHECKED Err open_pretrain_source_all(OpenSource *source, const PretrainData *data, uint64_t seed, const Par *par);
void open_source_close(OpenSource *source);
