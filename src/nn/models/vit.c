/* A stack of blocks. Three plans trade memory for time: keep every block's activations; keep each block's input and run
 * it forward again on the way back; or keep nothing, where there is no way back. The bits are the same in all three,
 * since a block computes the same of the same input. l counts blocks from 0. */
#include "nn/models/internal/vit.h"

#include "base/text/text.h"
#include "nn/layers/elementwise.h"

Err vit_params_add(Vit *vit, ParamTable *table, const char *prefix, ParamInit init, int first_layer, int layer_step) {
    ASSERT(vit->depth >= 1 && vit->depth <= VIT_DEPTH_MAX);
    for (int l = 0; l < vit->depth; l++) {
        char name[TENSOR_NAME_SIZE];
        TRY(text_format(name, sizeof name, "%s%d.", prefix, l));
        TRY(block_params_add(&vit->at[l], table, name, vit->width, vit->hidden, init, first_layer + l * layer_step));
    }
    return ERR_NONE;
}

void vit_shapes(BlockShape shapes[2], const Vit *vit, VitTokens tokens) {
    shapes[0] = (BlockShape){
        .B = tokens.B, .n_tokens = tokens.n_tokens, .width = vit->width, .heads = vit->heads, .hidden = vit->hidden};
    shapes[1] = shapes[0];
    shapes[1].first_kept = tokens.first_kept;
}

/* Only the last block may keep fewer rows than it is given. l = -1 asks for any of the others. */
static BlockShape shape_of_block(const VitActs *acts, const Vit *vit, int B, int l) {
    BlockShape shapes[2];
    vit_shapes(shapes, vit, (VitTokens){B, acts->n_tokens, acts->first_kept});
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
    /* blocks and other layers share one set of buffers, each as large as the largest asks */
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

/* The residual stream before each block is what the backward pass needs of it. Without one, two streams take turns, and
 * all inner blocks share the activations of the first. */
void vit_acts_layout(VitActs *acts, Arena *arena, const Vit *vit, VitPlan plan, Precision precision, VitTokens tokens) {
    int last = vit->depth - 1;
    *acts =
        (VitActs){.plan = plan, .precision = precision, .n_tokens = tokens.n_tokens, .first_kept = tokens.first_kept};
    const BlockShape inner = shape_of_block(acts, vit, tokens.B, -1), outer = shape_of_block(acts, vit, tokens.B, last);
    size_t input_floats = (size_t)block_rows_in(&inner) * (size_t)vit->width;
    for (int l = 0; l <= last; l++) {
        /* an input is read by its own block only: with nothing to go back for, two take turns */
        bool reuse_input = plan == VIT_FORWARD && l >= 2, reuse_acts = plan != VIT_KEEP && l >= 1;
        acts->inputs[l] = reuse_input ? acts->inputs[l - 2] : arena_floats(arena, input_floats);
        if (l == last && (plan != VIT_FORWARD || tokens.first_kept || l == 0))
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

static Block block_of(const Vit *vit, int l, const BlockShape *shape, const LayerPass *pass, const BlockDrops *drops) {
    return (Block){.shape = shape,
                   .at = &vit->at[l],
                   .drops = drops ? &drops[l] : NULL,
                   .params = pass->params,
                   .grads = pass->grads,
                   .scratch = pass->scratch};
}

static void forward_block(VitActs *acts, const Block *block, float *out, int l) {
    if (acts->precision == PRECISION_BFLOAT16)
        bf16_block_forward(block, out, acts->inputs[l], &acts->rounded[l]);
    else
        block_forward(block, out, acts->inputs[l], &acts->acts[l]);
}

void vit_forward(VitActs *acts, const Vit *vit, int B, const LayerPass *pass, const BlockDrops *drops) {
    for (int l = 0; l < vit->depth; l++) {
        const BlockShape shape = shape_of_block(acts, vit, B, l);
        const Block block = block_of(vit, l, &shape, pass, drops);
        forward_block(acts, &block, block_output(acts, vit, l), l);
    }
}

/* Two gradients of the residual stream would be one too many: each block overwrites its output's gradient with its
 * input's. Only the last one's output may be of fewer rows, and has an array of its own. */
void vit_backward(float *dinput, float *doutput, VitActs *acts, const Vit *vit, int B, const LayerPass *pass,
                  const BlockDrops *drops, const GradsWatch *watch) {
    ASSERT(acts->plan != VIT_FORWARD);
    int last = vit->depth - 1;
    for (int l = last; l >= 0; l--) {
        const BlockShape shape = shape_of_block(acts, vit, B, l);
        const Block block = block_of(vit, l, &shape, pass, drops);
        /* Writes the next block's input again, with the bits it already has. */
        if (acts->plan == VIT_RECOMPUTE && l < last) forward_block(acts, &block, block_output(acts, vit, l), l);
        float *dout = l == last ? doutput : dinput;
        if (acts->precision == PRECISION_BFLOAT16)
            bf16_block_backward(&block, dinput, dout, acts->inputs[l], &acts->rounded[l]);
        else
            block_backward(&block, dinput, dout, acts->inputs[l], &acts->acts[l]);
        grads_final(watch, vit->at[l].norm1_weight);
    }
}
