/* Says what is not finite, and where: which leaves and clips by their losses, which tensor by the slices of all ranks.
 * All ranks search and agree, so that all end with the same message. */
#include "train/internal/divergence.h"

#include "base/text/text.h"
#include "par/agree.h"

#include <math.h>

/* The lowest tensor over all ranks that holds a value which is not finite; NULL: none. */
static const Param *first_bad_all(const float *values, const Divergence *where) {
    int64_t total = (int64_t)where->table->total, left = 0;
    for (int s = where->n_slices - 1; s >= 0; s--) {
        int64_t at = where->slices[s].begin;
        while (at < where->slices[s].end && isfinite(values[at])) at++;
        if (at < where->slices[s].end) left = total - at;
    }
    /* The largest distance to the end is the lowest place: a maximum finds it, and 0 says that there is none. */
    size_t first = (size_t)(total - agree_max_all(left, where->par, "finding what diverged"));
    for (int r = 0; r < where->table->n_rows; r++) {
        const Param *row = &where->table->rows[r];
        if (first >= row->offset && first < row->offset + row->count) return row;
    }
    return NULL;
}

bool divergence_none_all(const Divergence *where) {
    return !first_bad_all(where->params, where);
}

/* ", 3 of 16 leaves, the first of clips 17 and 903" */
static bool add_leaves(Builder *text, int64_t step, const BatchPlan *plan, const double *losses) {
    int64_t bad = 0, first = 0, n = batch_n_leaves(plan);
    for (int64_t leaf = n - 1; leaf >= 0; leaf--) {
        if (isfinite(losses[leaf])) continue;
        bad++;
        first = leaf;
    }
    if (!bad) return false;
    TrainLeaf leaf = batch_leaf(plan, step - 1, first);
    builder_add(text, "; the loss is not finite in %lld of %lld leaves, the first of clip%s", (long long)bad,
                (long long)n, leaf.n_clips > 1 ? "s" : "");
    for (int k = 0; k < leaf.n_clips && k < 8; k++)
        builder_add(text, "%s %u", k == 0 ? "" : k == leaf.n_clips - 1 ? " and" : ",", leaf.clips[k]);
    return true;
}

/* A loss that is not finite spoils all gradients: then they tell nothing. */
static void add_tensors_all(Builder *text, const Divergence *where, bool losses_told) {
    const Param *parameter = first_bad_all(where->params, where), *gradient = first_bad_all(where->grads, where);
    if (parameter) builder_add(text, "; the parameter %s is not finite", parameter->name);
    if (gradient && !parameter && !losses_told) builder_add(text, "; the gradient of %s is not finite", gradient->name);
}

/* Everything is a function of the seed, so the same command comes to the same end. */
static void add_advice(Builder *text, const Divergence *where) {
    if (where->saved_step > 0)
        builder_add(text, ". The last good checkpoint is of step %lld, in %s", (long long)where->saved_step,
                    where->checkpoints);
    else
        builder_add(text, ". There is no checkpoint yet");
    builder_add(text,
                ". The same command would end here again: start another run with a smaller train.base_lr (now %g) or a "
                "longer train.warmup_epochs (now %g)",
                where->config->base_lr, where->config->warmup_epochs);
}

/* leaf_losses NULL: found before a checkpoint was written, where only the tensors can tell. */
CHECKED Err divergence_raise_all(const Divergence *where, int64_t step, const BatchPlan *plan,
                                 const double *leaf_losses, double loss, double grad_norm) {
    Builder text = {0};
    builder_add(&text, "%s: step %lld: the loss is %g and the gradient norm %g", where->task, (long long)step, loss,
                grad_norm);
    bool told = leaf_losses && add_leaves(&text, step, plan, leaf_losses);
    add_tensors_all(&text, where, told);
    add_advice(&text, where);
    Err err = RAISE(ERR_DIVERGED, "%s", text.data ? text.data : where->task);
    builder_free(&text);
    return err;
}
