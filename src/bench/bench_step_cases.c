/* The models of the table: a small one of 32 x 32, and ViT-S and ViT-B as the paper has them. */
#include "bench/internal/bench_step_work.h"

#define SIZES(image_, frames_, patch_, width_, depth_, heads_, decoder_width_, decoder_depth_, decoder_heads_)         \
    {                                                                                                                  \
        .image_size = image_, .n_frames = frames_, .patch_size = patch_, .tubelet_size = 2, .width = width_,           \
        .depth = depth_, .heads = heads_, .decoder_width = decoder_width_, .decoder_depth = decoder_depth_,            \
        .decoder_heads = decoder_heads_, .mlp_ratio = 4                                                                \
    }
#define TINY  SIZES(32, 8, 8, 96, 4, 3, 64, 2, 2)
#define SMALL SIZES(224, 16, 16, 384, 12, 6, 192, 4, 3)
#define BASE  SIZES(224, 16, 16, 768, 12, 12, 384, 4, 6)

int bench_step_cases(const StepCase **cases) {
    static const StepCase all[] = {
        {"tiny, mask 0.75", TINY, 0.75, 16},  {"tiny, mask 0.9", TINY, 0.9, 16},  {"tiny, fine-tuning", TINY, 0, 16},
        {"ViT-S, mask 0.75", SMALL, 0.75, 2}, {"ViT-S, mask 0.9", SMALL, 0.9, 2}, {"ViT-S, fine-tuning", SMALL, 0, 2},
        {"ViT-B, mask 0.75", BASE, 0.75, 2},  {"ViT-B, mask 0.9", BASE, 0.9, 2},  {"ViT-B, fine-tuning", BASE, 0, 2},
    };
    *cases = all;
    return (int)(sizeof all / sizeof *all);
}

/* Mask 0 is fine-tuning, which sees all tokens. */
Err bench_step_work_new(StepWork *work, const StepCase *c, Precision precision, Team *team) {
    return c->mask > 0 ? pretrain_work_new(work, &c->model, c->mask, c->clips, precision, team)
                       : finetune_work_new(work, &c->model, c->clips, precision, team);
}
