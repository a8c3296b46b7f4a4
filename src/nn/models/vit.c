#include "nn/models/internal/vit.h"

#include "base/text/text.h"

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

void vit_acts_layout(VitActs *acts, Arena *arena, const Vit *vit, VitPlan plan, int B, int n_tokens, int first_kept) {
    int last = vit->depth - 1;
    *acts = (VitActs){.plan = plan, .n_tokens = n_tokens, .first_kept = first_kept};
    const BlockShape inner = shape_of_block(acts, vit, B, -1), outer = shape_of_block(acts, vit, B, last);
    size_t input_floats = (size_t)block_rows_in(&inner) * (size_t)vit->width;
    for (int l = 0; l <= last; l++) {
        bool reuse_input = plan == VIT_FORWARD && l >= 2, reuse_acts = plan != VIT_KEEP && l >= 1;
        acts->inputs[l] = reuse_input ? acts->inputs[l - 2] : arena_floats(arena, input_floats);
        if (l == last && (plan != VIT_FORWARD || first_kept || l == 0))
            block_acts_layout(&acts->acts[l], arena, &outer);
        else if (reuse_acts)
            acts->acts[l] = acts->acts[0];
        else
            block_acts_layout(&acts->acts[l], arena, &inner);
    }
    acts->output = arena_floats(arena, (size_t)block_rows(&outer) * (size_t)vit->width);
}

static float *block_output(const VitActs *acts, const Vit *vit, int l) {
    return l + 1 < vit->depth ? acts->inputs[l + 1] : acts->output;
}

static void forward_block(VitActs *acts, BlockScratch *scratch, const Vit *vit, int B, int l, const float *params,
                          const BlockDrops *drops) {
    const BlockShape shape = shape_of_block(acts, vit, B, l);
    block_forward(block_output(acts, vit, l), acts->inputs[l], &acts->acts[l], scratch, &shape, &vit->at[l], params,
                  drops ? &drops[l] : NULL);
}

void vit_forward(VitActs *acts, BlockScratch *scratch, const Vit *vit, int B, const float *params,
                 const BlockDrops *drops) {
    for (int l = 0; l < vit->depth; l++) forward_block(acts, scratch, vit, B, l, params, drops);
}

void vit_backward(float *dinput, float *doutput, VitActs *acts, BlockScratch *scratch, const Vit *vit, int B,
                  const float *params, float *grads, const BlockDrops *drops) {
    ASSERT(acts->plan != VIT_FORWARD);
    int last = vit->depth - 1;
    for (int l = last; l >= 0; l--) {
        const BlockShape shape = shape_of_block(acts, vit, B, l);
        /* Writes the next block's input again, with the bits it already has. */
        if (acts->plan == VIT_RECOMPUTE && l < last) forward_block(acts, scratch, vit, B, l, params, drops);
        block_backward(dinput, l == last ? doutput : dinput, acts->inputs[l], &acts->acts[l], scratch, &shape,
                       &vit->at[l], params, grads, drops ? &drops[l] : NULL);
    }
}
