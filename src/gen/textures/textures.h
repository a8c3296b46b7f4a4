/* gen/textures/textures - makes pools of still textures across ranks and threads.
 *
 * What image i is does not depend on ranks and threads (gen/textures/texture_maker.h). Ranks share the images of one
 * round at a time; what is made is kept in OUT.journal (store/journal/journal.h) until the pool is written, so that a
 * stopped or killed run goes on. No rank holds more than the images it is at; the disk holds a pool twice until it is
 * finished. Moving textures are a variant (generator "texture-video"). */
#pragma once

#include "base/config/field.h"
#include "par/run.h"

typedef enum { TEXTURE_STATISTICAL, TEXTURE_STYLEGAN_ORIENTED, TEXTURE_STYLEGAN_HIGH_FREQUENCY } TextureKind;
#define TEXTURE_KIND_NAMES "statistical|stylegan-oriented|stylegan-highfreq"

typedef struct {
    int kind; /* TextureKind */
    int images, size;
    int gain; /* StatGain */
} TexturesConfig;

extern const Field textures_fields[];

/* run->out is the pool file; OUT.json beside it says what is in it, and the same command again finds it done. */
CHECKED Err textures_run_all(const TexturesConfig *config, const Run *run);
