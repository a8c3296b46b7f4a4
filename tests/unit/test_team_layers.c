/* A team leaves no trace in the bits: products of every kind, whole steps of both networks, both precisions. Every
 * piece of work is shared here, however small. With the kernels of this processor; tests/CMakeLists.txt also runs
 * narrower ones. */
#include "mae_fixture.h"
#include "nn/layers/elementwise.h"
#include "nn/layers/linear.h"
#include "nn/models/classifier.h"
#include "operator_check.h"
#include "team_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { MEMBERS_MAX = 5, CLASSES = 7, CLIPS = 3 };

/* ---- products ---- */

typedef struct {
    int R, Din, Dout;
} Shape;

/* Small weights; large ones with and without tails of rows; what only the library takes, in one piece and in several.
 */
static const Shape shapes[] = {{70, 64, 96},   {131, 160, 640},  {784, 96, 1536}, {200, 640, 160},
                               {33, 700, 710}, {310, 700, 1410}, {7, 37, 101},    {1, 768, 3}};

typedef struct {
    const Shape *shape;
    const float *x, *W, *b, *dy;
    float *results; /* y, y + residual, dW, db, dx */
    size_t count;
} Layer;

static size_t result_count(const Shape *s) {
    size_t R = (size_t)s->R, Din = (size_t)s->Din, Dout = (size_t)s->Dout;
    return 2 * R * Dout + Din * Dout + Dout + R * Din;
}

static void compute_layer(void *context, Team *team) {
    const Layer *l = context;
    int R = l->shape->R, Din = l->shape->Din, Dout = l->shape->Dout;
    size_t y_count = (size_t)R * (size_t)Dout;
    float *y = l->results, *sum = y + y_count, *dW = sum + y_count, *db = dW + (size_t)Din * (size_t)Dout,
          *dx = db + Dout;
    linear_forward(team, (Rows){y, Dout}, (ConstRows){l->x, Din}, l->W, l->b, (LinearShape){R, Din, Dout});
    linear_residual(team, sum, y, (ConstRows){l->x, Din}, l->W, l->b, (LinearShape){R, Din, Dout});
    linear_backward_weight(team, dW, db, (ConstRows){l->dy, Dout}, (ConstRows){l->x, Din}, (LinearShape){R, Din, Dout});
    linear_backward_input(team, (Rows){dx, Din}, (ConstRows){l->dy, Dout}, l->W, (LinearShape){R, Din, Dout});
}

static float *layer_results(Layer *layer, Team *team) {
    layer->results = calloc(layer->count, sizeof(float));
    assert_non_null(layer->results);
    with_team(team, compute_layer, layer);
    return layer->results;
}

static void test_products_of_a_team_are_those_of_a_thread(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const Shape *s = &shapes[i];
        float *x = random_floats((size_t)s->R * (size_t)s->Din, 1, 1),
              *W = random_floats((size_t)s->Din * (size_t)s->Dout, 2, 1), *b = random_floats((size_t)s->Dout, 3, 1),
              *dy = random_floats((size_t)s->R * (size_t)s->Dout, 4, 1);
        Layer layer = {.shape = s, .x = x, .W = W, .b = b, .dy = dy, .count = result_count(s)};
        float *expected = layer_results(&layer, NULL);
        for (int size = 1; size <= MEMBERS_MAX; size++) {
            Team *team = team_of(size);
            float *found = layer_results(&layer, team);
            assert_memory_equal(found, expected, layer.count * sizeof(float));
            free(found);
            team_free(&team);
        }
        free(expected);
        free(x);
        free(W);
        free(b);
        free(dy);
    }
}

/* ---- steps ---- */

/* Rows and widths that the large products take, heads that no team divides; the cases' tails. */
static const Case team_cases[] = {
    {"", 7, MODEL(64, 8, 8, 2, 160, 2, 5, 96, 2, 3), 0.75, 2},
    {"", 8, MODEL(40, 6, 8, 2, 36, 2, 3, 20, 2, 2), 0.75, 3},
    {"", 9, MODEL(48, 8, 8, 2, 32, 3, 2, 16, 1, 1), 0.9, 2},
};
enum { N_TEAM_CASES = sizeof team_cases / sizeof *team_cases };

typedef struct {
    const Case *c;
    Mae *mae;
    MaeScratch *scratch;
    Classifier *network;
    ClassifierScratch *classifier_scratch;
    Bf16Packed *packed;
    float *params, *inputs, *targets, *grads;
    uint8_t *clips, *masked;
    double loss;
} Training;

static void pretrain_step(void *context, Team *team) {
    (void)team;
    Training *t = context;
    mae_step(t->mae, t->scratch, t->params, t->grads, &t->loss, &(MaeBatch){t->clips, t->masked, t->c->B}, 0.5f);
}

/* Gradients, and the loss in *loss; to be freed. */
static float *mae_gradients(double *loss, const Case *c, bool mixed, bool recompute, int size) {
    Training t = {.c = c};
    ModelConfig model = c->model;
    Team *team = size ? team_of(size) : NULL;
    size_t pixels = (size_t)c->B * case_clip_bytes(c), tokens = (size_t)c->B * (size_t)model_tokens(&c->model);
    model.recompute = recompute;
    assert_int_equal(mae_new(&t.mae, &model, c->mask_ratio), ERR_NONE);
    t.params = formula_params(mae_params(t.mae), c->seed);
    if (mixed) assert_int_equal(bf16_packed_new(&t.packed, mae_matrices(t.mae)), ERR_NONE);
    if (mixed) bf16_packed_update(t.packed, t.params, 1);
    assert_int_equal(mae_scratch_new_team(&t.scratch, t.mae, t.packed, team, c->B), ERR_NONE);
    t.clips = malloc(pixels);
    t.masked = malloc(tokens);
    t.grads = calloc(mae_params(t.mae)->total, sizeof(float));
    case_clips(t.clips, c, 0);
    case_masked(t.masked, c, 0);
    with_team(team, pretrain_step, &t);
    *loss = t.loss;
    mae_scratch_free(&t.scratch);
    bf16_packed_free(&t.packed);
    mae_free(&t.mae);
    team_free(&team);
    free(t.params);
    free(t.clips);
    free(t.masked);
    return t.grads;
}

static void finetune_step(void *context, Team *team) {
    (void)team;
    static const uint64_t samples[CLIPS] = {5, 6, 9};
    const ClassifierDraws draws = {.seed = 4, .samples = samples};
    Training *t = context;
    classifier_step(t->network, t->classifier_scratch, t->params, t->grads, &t->loss,
                    &(ClassifierBatch){t->inputs, t->targets, CLIPS, &draws}, 1);
}

static float *classifier_gradients(double *loss, const Case *c, bool mixed, bool recompute, int size) {
    Training t = {.c = c};
    ModelConfig model = c->model;
    Team *team = size ? team_of(size) : NULL;
    model.recompute = recompute;
    assert_int_equal(classifier_new(&t.network, &model, CLASSES, 0.4, 0.3), ERR_NONE);
    t.params = formula_params(classifier_params(t.network), 3);
    if (mixed) assert_int_equal(bf16_packed_new(&t.packed, classifier_matrices(t.network)), ERR_NONE);
    if (mixed) bf16_packed_update(t.packed, t.params, 1);
    assert_int_equal(classifier_scratch_new_team(&t.classifier_scratch, t.network, t.packed, team, CLIPS), ERR_NONE);
    t.inputs = random_floats(CLIPS * case_clip_bytes(c), 1, 1);
    t.targets = random_floats(CLIPS * CLASSES, 2, 1);
    t.grads = calloc(classifier_params(t.network)->total, sizeof(float));
    with_team(team, finetune_step, &t);
    *loss = t.loss;
    classifier_scratch_free(&t.classifier_scratch);
    bf16_packed_free(&t.packed);
    classifier_free(&t.network);
    team_free(&team);
    free(t.params);
    free(t.inputs);
    free(t.targets);
    return t.grads;
}

typedef float *Gradients(double *loss, const Case *c, bool mixed, bool recompute, int size);

static void check_steps(Gradients *gradients, size_t (*count)(const Case *)) {
    for (int i = 0; i < N_TEAM_CASES; i++) {
        for (int kind = 0; kind < 3; kind++) {
            const Case *c = &team_cases[i];
            bool mixed = kind & 1, recompute = kind & 2;
            double expected_loss, loss;
            float *expected = gradients(&expected_loss, c, mixed, recompute, 0);
            for (int size = 1; size <= MEMBERS_MAX; size++) {
                float *found = gradients(&loss, c, mixed, recompute, size);
                assert_memory_equal(found, expected, count(c) * sizeof(float));
                assert_memory_equal(&loss, &expected_loss, sizeof loss);
                free(found);
            }
            free(expected);
        }
    }
}

static size_t mae_count(const Case *c) {
    Mae *mae;
    assert_int_equal(mae_new(&mae, &c->model, c->mask_ratio), ERR_NONE);
    size_t count = mae_params(mae)->total;
    mae_free(&mae);
    return count;
}

static size_t classifier_count(const Case *c) {
    Classifier *network;
    assert_int_equal(classifier_new(&network, &c->model, CLASSES, 0, 0), ERR_NONE);
    size_t count = classifier_params(network)->total;
    classifier_free(&network);
    return count;
}

static void test_steps_of_pretraining_have_the_same_bits_with_any_team(void **state) {
    (void)state;
    check_steps(mae_gradients, mae_count);
}

static void test_steps_of_fine_tuning_have_the_same_bits_with_any_team(void **state) {
    (void)state;
    check_steps(classifier_gradients, classifier_count);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products_of_a_team_are_those_of_a_thread),
        cmocka_unit_test(test_steps_of_pretraining_have_the_same_bits_with_any_team),
        cmocka_unit_test(test_steps_of_fine_tuning_have_the_same_bits_with_any_team),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
