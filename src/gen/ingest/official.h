/* gen/ingest/official - where videos to pre-train on depart from those of the paper, and from those that its released
 * program makes (video/frames/source.h: departures).
 *
 * A generated set is held against the variant of its name in configs/variants, or in configs/variants/release where
 * there is one: every setting of the generator, whether it is rendered while training or kept as files, how the files
 * are stored, how many pictures it draws from and how much of a photograph they show. A set of real videos is held
 * against the official list and frames of their own size. One line a departure; a line that begins with "<" tells of
 * nothing but a smaller count, which a rehearsal may have. */
#pragma once

#include "gen/variant/media.h"
#include "gen/variant/variant.h"
#include "video/frames/source.h"

typedef struct {
    char *text[SOURCE_DESCRIPTIONS]; /* malloc'd */
} Departures;

/* Rendered while training, from `n_images` pictures. */
CHECKED Err official_live(Departures *departures, const Variant *variant, int64_t n_images,
                          PhotographsShown photographs);
/* A dataset folder, to train on or only to look at: then it does not matter that sets that are rendered while training
 * are kept as files. Reads its manifest. */
CHECKED Err official_dataset(Departures *departures, const char *folder, bool trains);
/* A dataset folder of a variant without its mixture, and real videos that get `share` of the visits
 * (gen/dataset/visits). */
CHECKED Err official_visits(Departures *departures, const char *made, const char *real, double share);
/* Points the source at the texts, which stay the caller's. */
void official_attach(ClipSource *source, const Departures *departures);
void departures_free(Departures *departures);
