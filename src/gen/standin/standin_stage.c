/* Opening and drawing for both generators. Streams of the test split are apart from those of the training split. */
#include "gen/standin/internal/standin_stage.h"

#include "base/text/text.h"
#include "gen/variant/variant_config.h"

/* The parts of the test split have their own numbers, so that not even a figure occurs in both. */
enum { TEST_PARTS = 1024 };

static Err split_parse(Split *split, const char *name) {
    if (text_equal(name, "train") || text_equal(name, ""))
        *split = SPLIT_TRAIN;
    else if (text_equal(name, "test"))
        *split = SPLIT_TEST;
    else
        return RAISE(ERR_USAGE, "generate.split: \"%s\" is none of train, test", name);
    return ERR_NONE;
}

static Err length_check(const Variant *variant) {
    if (variant->length.low >= 2 && variant->length.high >= variant->length.low) return ERR_NONE;
    return RAISE(ERR_USAGE, "%s: length: [%g, %g]: a stand-in needs at least 2 frames to show a motion", variant->name,
                 variant->length.low, variant->length.high);
}

Err standin_open(Generator *generator, const char *const *class_names, int n_classes, int photos) {
    const Variant *variant = generator->setup.variant;
    Split split = SPLIT_TRAIN;
    TRY(split_parse(&split, generator->setup.split));
    TRY(length_check(variant));
    PhotoBank bank = photo_bank(generator->setup.media, split, variant->size);
    TRY(photo_bank_check(&bank, photos));

    Standin *standin = malloc(sizeof *standin);
    if (!standin) return RAISE(ERR_MEMORY, "opening %s: out of memory", variant->name);
    *standin = (Standin){.config = &variant->standin,
                         .bank = bank,
                         .length = variant->length,
                         .side = variant->size,
                         .seed = generator->setup.seed};
    generator->state = standin;
    generator->size = variant->size;
    generator->class_names = class_names;
    generator->n_classes = n_classes;
    generator->pictures = photo_bank_is_procedural(&bank) ? "procedural" : "photographs";
    generator->n_columns = 0;
    return ERR_NONE;
}

void standin_close(Generator *generator) {
    free(generator->state);
    generator->state = NULL;
}

const Standin *standin_of(const Generator *generator) {
    return generator->state;
}

/* Two pictures of at most twice the side (background, texture), the photograph being cut with the rows of its
 * resampling, and the planes of a procedural picture. */
size_t standin_scratch_bytes(const Generator *generator) {
    const Standin *standin = standin_of(generator);
    const Media *media = standin->bank.media;
    size_t plate = STANDIN_WORLD_SIDE(standin->side), drawn = (size_t)standin->bank.procedural_side, tallest = drawn;
    for (int i = 0; media && i < media->n_pools; i++)
        if ((size_t)media->pools[i].height > tallest) tallest = (size_t)media->pools[i].height;
    size_t procedural = photo_bank_is_procedural(&standin->bank) ? 24 * drawn * drawn : 0;
    return 3 * (2 * plate * plate + tallest * tallest + tallest * plate) + 64 * plate + procedural;
}

Rng standin_stream(const Standin *standin, uint64_t item, StandinPart part) {
    uint32_t split = standin->bank.split == SPLIT_TEST ? TEST_PARTS : 0;
    return rng_stream(standin->seed, RNG_STANDIN, item, split + (uint32_t)part);
}

int standin_n_frames(const Standin *standin, uint64_t item) {
    Rng rng = standin_stream(standin, item, STANDIN_LENGTH);
    return rng_between(&rng, (int)standin->length.low, (int)standin->length.high);
}

VideoInfo standin_info(const Standin *standin, uint64_t item, int n_classes) {
    return (VideoInfo){.n_frames = standin_n_frames(standin, item),
                       .height = standin->side,
                       .width = standin->side,
                       .label = (int)(item % (uint64_t)n_classes)};
}

StandinPhoto standin_photo_draw(const Standin *standin, Rng *rng, PhotosUsed *used, Range shares) {
    StandinPhoto photo = {.number = photo_pick(&standin->bank, rng, used)};
    photo.crop = photo_crop_draw(rng, shares);
    return photo;
}

void standin_column(Generator *generator, LatentColumn column) {
    ASSERT(generator->n_columns < GENERATOR_COLUMNS_MAX);
    generator->columns[generator->n_columns++] = column;
}
