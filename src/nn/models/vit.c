#include "nn/models/internal/vit.h"

#include "base/text/text.h"
#include "nn/layers/layernorm.h"

Err vit_params_add(Vit *vit, ParamTable *table, const char *prefix, ParamInit init, int first_layer, int layer_step) {
    ASSERT(vit->depth >= 1 && vit->depth <= VIT_DEPTH_MAX);
    for (int l = 0; l < vit->depth; l++) {
        char name[TENSOR_NAME_SIZE];
        TRY(text_format(name, sizeof name, "%s%d.", prefix, l));
        TRY(block_params_add(&vit->at[l], table, name, vit->width, vit->hidden, init, first_layer + l * layer_step));
    }
    return ERR_NONE;
}

void vit_shapes(BlockShape shapes[2], const Vit *vit, int B, int n_tokens, int first_kept) {
    shapes[0] =
        (BlockShape){.B = B, .n_tokens = n_tokens, .width = vit->width, .heads = vit->heads, .hidden = vit->hidden};
    shapes[1] = shapes[0];
    shapes[1].first_kept = first_kept;
}

static BlockShape shape_of_block(const VitActs *acts, const Vit *vit, int B, int l) {
    BlockShape shapes[2];
    vit_shapes(shapes, vit, B, acts->n_tokens, acts->first_kept);
    return shapes[l == vit->depth - 1];
}

Err vit_plan(Vit *vit, Bf16Plan *plan) {
    for (int l = 0; l < vit->depth; l++) TRY(bf16_block_plan(&vit->at[l], plan, vit->width, vit->hidden));
    return ERR_NONE;
}

void vit_scratch_layout(BlockScratch *scratch, Arena *arena, Precision precision, const BlockShape *shapes,
                        int n_shapes, const Bf16Need *need, int members) {
    if (precision == PRECISION_FLOAT32) {
        block_scratch_layout(scratch, arena, shapes, n_shapes, members);
        return;
    }
    Bf16Need all = *need;
    size_t rows = 0, partial = 0;
    for (int i = 0; i < n_shapes; i++) {
        bf16_block_need(&all, &shapes[i]);
        rows = bf16_larger(rows, (size_t)block_rows_in(&shapes[i]) * (size_t)shapes[i].width);
        partial =
            bf16_larger(partial, layernorm_partial_floats((size_t)block_rows_in(&shapes[i]), shapes[i].width, members));
    }
    scratch->dbranch = arena_floats(arena, rows);
    scratch->partial = arena_floats(arena, partial);
    bf16_scratch_layout(&scratch->rounded, arena, &all, members);
}

static void acts_layout(VitActs *acts, Arena *arena, int l, const BlockShape *shape) {
    if (acts->precision == PRECISION_FLOAT32)
        block_acts_layout(&acts->acts[l], arena, shape);
    else
        bf16_block_acts_layout(&acts->rounded[l], arena, shape);
}

static void acts_reuse_first(VitActs *acts, int l) {
    if (acts->precision == PRECISION_FLOAT32)
        acts->acts[l] = acts->acts[0];
    else
        acts->rounded[l] = acts->rounded[0];
}

void vit_acts_layout(VitActs *acts, Arena *arena, const Vit *vit, VitPlan plan, Precision precision, int B,
                     int n_tokens, int first_kept) {
    int last = vit->depth - 1;
    *acts = (VitActs){.plan = plan, .precision = precision, .n_tokens = n_tokens, .first_kept = first_kept};
    const BlockShape inner = shape_of_block(acts, vit, B, -1), outer = shape_of_block(acts, vit, B, last);
    size_t input_floats = (size_t)block_rows_in(&inner) * (size_t)vit->width;
    for (int l = 0; l <= last; l++) {
        bool reuse_input = plan == VIT_FORWARD && l >= 2, reuse_acts = plan != VIT_KEEP && l >= 1;
        acts->inputs[l] = reuse_input ? acts->inputs[l - 2] : arena_floats(arena, input_floats);
        if (l == last && (plan != VIT_FORWARD || first_kept || l == 0))
            acts_layout(acts, arena, l, &outer);
        else if (reuse_acts)
            acts_reuse_first(acts, l);
        else
            acts_layout(acts, arena, l, &inner);
    }
    acts->output = arena_floats(arena, (size_t)block_rows(&outer) * (size_t)vit->width);
}

static float *block_output(const VitActs *acts, const Vit *vit, int l) {
    return l + 1 < vit->depth ? acts->inputs[l + 1] : acts->output;
}

/* What a block of mixed precision shares between its passes. */
static Bf16Block mixed_block(BlockScratch *scratch, const BlockShape *shape, const Vit *vit, int l, const float *params,
                             const BlockDrops *drops) {
    return (Bf16Block){.shape = shape,
                       .at = &vit->at[l],
                       .params = params,
                       .drops = drops ? &drops[l] : NULL,
                       .packed = scratch->packed,
                       .scratch = &scratch->rounded,
                       .dbranch = scratch->dbranch,
                       .partial = scratch->partial,
                       .team = scratch->team};
}

static void forward_block(VitActs *acts, BlockScratch *scratch, const Vit *vit, int B, int l, const float *params,
                          const BlockDrops *drops) {
    const BlockShape shape = shape_of_block(acts, vit, B, l);
    if (acts->precision == PRECISION_BFLOAT16) {
        const Bf16Block block = mixed_block(scratch, &shape, vit, l, params, drops);
        bf16_block_forward(&block, block_output(acts, vit, l), acts->inputs[l], &acts->rounded[l]);
        return;
    }
    block_forward(block_output(acts, vit, l), acts->inputs[l], &acts->acts[l], scratch, &shape, &vit->at[l], params,
                  drops ? &drops[l] : NULL);
}

void vit_forward(VitActs *acts, BlockScratch *scratch, const Vit *vit, int B, const float *params,
                 const BlockDrops *drops) {
    for (int l = 0; l < vit->depth; l++) forward_block(acts, scratch, vit, B, l, params, drops);
}

void vit_backward(float *dinput, float *doutput, VitActs *acts, BlockScratch *scratch, const Vit *vit, int B,
                  const float *params, float *grads, const BlockDrops *drops, const GradsWatch *watch) {
    ASSERT(acts->plan != VIT_FORWARD);
    int last = vit->depth - 1;
    for (int l = last; l >= 0; l--) {
        const BlockShape shape = shape_of_block(acts, vit, B, l);
        /* Writes the next block's input again, with the bits it already has. */
        if (acts->plan == VIT_RECOMPUTE && l < last) forward_block(acts, scratch, vit, B, l, params, drops);
        float *dout = l == last ? doutput : dinput;
        if (acts->precision == PRECISION_BFLOAT16) {
            const Bf16Block block = mixed_block(scratch, &shape, vit, l, params, drops);
            bf16_block_backward(&block, dinput, dout, acts->inputs[l], &acts->rounded[l], grads);
        } else {
            block_backward(dinput, dout, acts->inputs[l], &acts->acts[l], scratch, &shape, &vit->at[l], params, grads,
                           drops ? &drops[l] : NULL);
        }
        grads_final(watch, vit->at[l].norm1_weight);
    }
}
