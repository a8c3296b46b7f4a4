/* The four kinds of generated video, by the number that the variant's `generator` key stands for. */
#include "gen/dataset/generator.h"

#include "gen/standin/standin.h"
#include "gen/variant/variant_config.h"

static const GeneratorOps *const kinds[] = {
    [GENERATOR_OBJECTS] = &objects_generator,
    [GENERATOR_STANDIN_MOTION] = &standin_motion_generator,
    [GENERATOR_STANDIN_ACTIONS] = &standin_actions_generator,
    [GENERATOR_TEXTURE_VIDEO] = &texture_video_generator,
};

static const GeneratorOps *generator_ops(GeneratorKind kind) {
    return kinds[kind];
}

Err generator_open(Generator *generator, const GeneratorSetup *setup) {
    *generator = (Generator){.setup = *setup, .size = setup->variant->size};
    const GeneratorOps *ops = generator_ops(variant_generator(setup->variant));
    generator->ops = ops;
    Err err = ops->open(generator);
    if (err) *generator = (Generator){0};
    return err;
}

void generator_close(Generator *generator) {
    if (generator->ops) generator->ops->close(generator);
    *generator = (Generator){0};
}
