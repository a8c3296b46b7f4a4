/* nn/models/internal/vit - a stack of transformer blocks, as encoder (all blocks alike) or decoder (the last one on
 * masked tokens only).
 *
 * A Vit is shapes and offsets, shared and const; a VitActs is where one team's activations lie. */
#pragma once

#include "nn/layers/block.h"
#include "nn/layers/grads_watch.h"
#include "nn/layers/model.h"

enum { VIT_DEPTH_MAX = 128 };

typedef struct {
    int depth, width, heads, hidden;
    BlockParams at[VIT_DEPTH_MAX];
} Vit;

/* Adds the rows "<prefix>0.norm1.weight" ...; block i gets layer-decay group first_layer + i*layer_step. */
CHECKED Err vit_params_add(Vit *vit, ParamTable *table, const char *prefix, ParamInit init, int first_layer,
                           int layer_step);

typedef enum {
    VIT_KEEP,      /* every block's activations stay for the backward pass */
    VIT_RECOMPUTE, /* only block inputs (and the last block) stay; the backward pass runs each block forward again */
    VIT_FORWARD,   /* nothing stays: no backward pass */
} VitPlan;

typedef struct {
    VitPlan plan;
    Precision precision;
    int n_tokens, first_kept;     /* first_kept: of the last block */
    float *inputs[VIT_DEPTH_MAX]; /* (B, n_tokens, width) residual stream before each block */
    union {
        BlockActs acts[VIT_DEPTH_MAX];
        Bf16BlockActs rounded[VIT_DEPTH_MAX]; /* in mixed precision */
    };
    float *output; /* (B, n_tokens - first_kept, width) */
} VitActs;

/* How many tokens go through a stack: of each of B clips; first_kept: of the last block. */
typedef struct {
    int B, n_tokens, first_kept;
} VitTokens;

void vit_acts_layout(VitActs *acts, Arena *arena, const Vit *vit, VitPlan plan, Precision precision, VitTokens tokens);
/* Adds the matrices of all blocks to the plan. */
CHECKED Err vit_plan(Vit *vit, Bf16Plan *plan);
/* Scratch of all blocks of these shapes, and in mixed precision of other layers that need as much as `need`.
 * `members` of the team that computes, which the caller sets. */
void vit_scratch_layout(BlockScratch *scratch, Arena *arena, Precision precision, const BlockShape *shapes,
                        int n_shapes, const Bf16Need *need, int members);
/* The shapes of a stack's blocks, for block_scratch_layout: all but the last, and the last. */
void vit_shapes(BlockShape shapes[2], const Vit *vit, VitTokens tokens);

/* acts->inputs[0] -> acts->output, for B clips up to the layout's. drops: (depth), or NULL. */
void vit_forward(VitActs *acts, const Vit *vit, int B, const LayerPass *pass, const BlockDrops *drops);
/* doutput is used up; dinput (B, n_tokens, width) is overwritten and may be doutput when first_kept is 0. Adds into
 * grads; `watch` (or NULL) is told after each block, so what lies behind the blocks must be final before. */
void vit_backward(float *dinput, float *doutput, VitActs *acts, const Vit *vit, int B, const LayerPass *pass,
                  const BlockDrops *drops, const GradsWatch *watch);
