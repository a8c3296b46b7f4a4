#include "nn/models/optimizer.h"

#include <math.h>

/* What is constant over a row in one step. */
typedef struct {
    float beta1, beta2, eps;
    float shrink;     /* 1 - lr * weight_decay */
    float rate;       /* lr / (1 - beta1^step) */
    float root_scale; /* 1 / sqrt(1 - beta2^step) */
} RowStep;

/* In double, then rounded once: at step 1 the corrections are as small as 1 - beta. */
static RowStep row_step(const AdamwConfig *config, const Param *row, double lr, int64_t step) {
    double correction1 = 1 - pow(config->beta1, (double)step), correction2 = 1 - pow(config->beta2, (double)step);
    return (RowStep){.beta1 = config->beta1,
                     .beta2 = config->beta2,
                     .eps = config->eps,
                     .shrink = row->decays ? (float)(1 - lr * config->weight_decay) : 1,
                     .rate = (float)(lr / correction1),
                     .root_scale = (float)(1 / sqrt(correction2))};
}

typedef void RowUpdate(float *restrict params, float *restrict m, float *restrict v, const float *restrict grads,
                       size_t count, const RowStep *step);

/* One pass: parameters and moments are read and written once each, which is what a step costs, since four vectors of
 * the model's size do not fit any cache. 1 / sqrt(1 - beta2^step) goes into the root instead of a division of v. */
static void row_update(float *restrict params, float *restrict m, float *restrict v, const float *restrict grads,
                       size_t count, const RowStep *step) {
    const RowStep s = *step;
    for (size_t i = 0; i < count; i++) {
        float g = grads[i];
        float m_i = s.beta1 * m[i] + (1 - s.beta1) * g;
        float v_i = s.beta2 * v[i] + (1 - s.beta2) * g * g;
        m[i] = m_i;
        v[i] = v_i;
        params[i] = s.shrink * params[i] - s.rate * m_i / (sqrtf(v_i) * s.root_scale + s.eps);
    }
}

/* The textbook's steps, one after the other and in double. */
static void row_update_ref(float *restrict params, float *restrict m, float *restrict v, const float *restrict grads,
                           size_t count, const RowStep *s) {
    for (size_t i = 0; i < count; i++) {
        double g = grads[i], p = params[i] * (double)s->shrink;
        double m_i = s->beta1 * (double)m[i] + (1.0 - s->beta1) * g;
        double v_i = s->beta2 * (double)v[i] + (1.0 - s->beta2) * g * g;
        p -= s->rate * m_i / (sqrt(v_i) * s->root_scale + s->eps);
        m[i] = (float)m_i;
        v[i] = (float)v_i;
        params[i] = (float)p;
    }
}

/* Calls `update` on the part of every row inside the slice: decay and learning rate are the row's. */
static void update_rows(RowUpdate *update, const AdamwSlice *slice, const ParamTable *table, const AdamwStep *step) {
    for (int r = 0; r < table->n_rows; r++) {
        const Param *row = &table->rows[r];
        size_t low = row->offset > slice->begin ? row->offset : slice->begin;
        size_t high = row->offset + row->count < slice->end ? row->offset + row->count : slice->end;
        if (low >= high) continue;
        size_t at = low - slice->begin;
        double lr = step->lr_scale ? step->lr * step->lr_scale[r] : step->lr;
        RowStep constants = row_step(step->config, row, lr, step->number);
        update(slice->params + at, slice->m + at, slice->v + at, slice->grads + at, high - low, &constants);
    }
}

void adamw_update(const AdamwSlice *slice, const ParamTable *table, const AdamwStep *step) {
    update_rows(row_update, slice, table, step);
}

void adamw_update_ref(const AdamwSlice *slice, const ParamTable *table, const AdamwStep *step) {
    update_rows(row_update_ref, slice, table, step);
}
