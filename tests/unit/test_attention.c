/* nn/layers/attention - every kernel set against the plain version; the plain gradient against central differences. */
#include "nn/kernels/kernels.h"
#include "nn/layers/attention.h"
#include "operator_check.h"

typedef struct {
    AttentionShape shape;
    size_t n_q, n_kv, n_out, n_lse;
    float *q, *k, *v, *projection, *out, *lse;
} Case;

static Case case_new(AttentionShape s) {
    Case c = {.shape = s};
    c.n_q = (size_t)s.B * (size_t)s.n_queries * (size_t)s.q_stride;
    c.n_kv = (size_t)s.B * (size_t)s.n_keys * (size_t)s.kv_stride;
    c.n_out = (size_t)s.B * (size_t)s.n_queries * (size_t)(s.heads * s.head_width);
    c.n_lse = (size_t)s.B * (size_t)(s.heads * s.n_queries);
    c.q = random_floats(c.n_q, 1, 1.5f);
    c.k = random_floats(c.n_kv, 2, 1.5f);
    c.v = random_floats(c.n_kv, 3, 1);
    c.projection = random_floats(c.n_out, 4, 1);
    c.out = calloc(c.n_out, sizeof(float));
    c.lse = calloc(c.n_lse, sizeof(float));
    return c;
}

static void case_free(Case *c) {
    float *all[] = {c->q, c->k, c->v, c->projection, c->out, c->lse};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static AttentionInputs inputs(const Case *c) {
    return (AttentionInputs){c->q, c->k, c->v};
}

static const AttentionShape shapes[] = {
    {.B = 2, .heads = 3, .head_width = 8, .n_queries = 5, .n_keys = 5, .q_stride = 24, .kv_stride = 24},
    {.B = 1, .heads = 1, .head_width = 1, .n_queries = 1, .n_keys = 1, .q_stride = 1, .kv_stride = 1},
    {.B = 1, .heads = 2, .head_width = 13, .n_queries = 49, .n_keys = 31, .q_stride = 26, .kv_stride = 53},
    {.B = 1, .heads = 2, .head_width = 32, .n_queries = 16, .n_keys = 16, .q_stride = 192, .kv_stride = 192},
    {.B = 1, .heads = 1, .head_width = 64, .n_queries = 70, .n_keys = 250, .q_stride = 64, .kv_stride = 128},
    {.B = 1, .heads = 1, .head_width = 80, .n_queries = 100, .n_keys = 37, .q_stride = 80, .kv_stride = 80},
    {.B = 1, .heads = 1, .head_width = 40, .n_queries = 205, .n_keys = 215, .q_stride = 40, .kv_stride = 41},
    {.B = 1, .heads = 1, .head_width = 40, .n_queries = 265, .n_keys = 290, .q_stride = 40, .kv_stride = 43},
    {.B = 1, .heads = 1, .head_width = 64, .n_queries = 384, .n_keys = 257, .q_stride = 192, .kv_stride = 192},
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

static float *scratch_for(const Kernels *kernels, const HeadShape *head, int backward) {
    /* One guard float after the end; freshly poisoned, because nothing may rely on zeros. */
    size_t count = kernels->attention_scratch(head, backward);
    float *scratch = random_floats(count + 16, 77, NAN);
    scratch[count] = 12345;
    return scratch;
}

static HeadShape single_head(const AttentionShape *s) {
    return (HeadShape){s->n_queries,         s->n_keys,
                       s->head_width,        (size_t)s->q_stride,
                       (size_t)s->kv_stride, (size_t)(s->heads * s->head_width)};
}

/* One head through a kernel set and through the plain version, both passes: distances of outputs and gradients. One
 * key gets weight 1 whatever its score, so queries and keys have no gradient then. */
static void compare_on_one_head(const Kernels *set, Case *c, double out_bound, double gradient_bound) {
    const AttentionShape *s = &c->shape;
    const HeadShape head = single_head(s);
    const HeadInputs in = {c->q, c->k, c->v};
    const AttentionInputs all = inputs(c);
    const size_t counts[3] = {c->n_q, c->n_kv, c->n_kv};
    float *out = calloc(c->n_out, sizeof(float)), *lse = calloc(c->n_lse, sizeof(float)), *d[3], *r[3];
    float *scratch = scratch_for(set, &head, 0);
    set->attention_forward(out, lse, &in, &head, (HeadQueries){0, s->n_queries}, scratch);
    assert_true(scratch[set->attention_scratch(&head, 0)] == 12345);
    free(scratch);
    attention_forward_ref(c->out, c->lse, &all, s);
    assert_true(relative_distance(out, c->out, c->n_out) < out_bound);
    assert_true(relative_distance(lse, c->lse, c->n_lse) < out_bound);
    for (int j = 0; j < 3; j++) {
        d[j] = calloc(counts[j], sizeof(float));
        r[j] = calloc(counts[j], sizeof(float));
    }
    scratch = scratch_for(set, &head, 1);
    const HeadGradients gradients = {d[0], d[1], d[2]};
    const HeadBackward backward = {&gradients, c->projection, c->out, c->lse, &in, &head, scratch};
    for (int block = 0; block < set->attention_blocks(&head).keys; block++)
        set->attention_backward(&backward, block, NULL, scratch);
    assert_true(scratch[set->attention_scratch(&head, 1)] == 12345);
    free(scratch);
    attention_backward_ref(&(AttentionGradients){r[0], r[1], r[2]}, c->projection, c->out, c->lse, &all, s);
    for (int j = 0; j < 3; j++) {
        if (s->n_keys > 1 || j == 2) assert_true(relative_distance(d[j], r[j], counts[j]) < gradient_bound);
        free(d[j]);
        free(r[j]);
    }
    free(out);
    free(lse);
}

static void test_every_kernel_set_equals_the_plain_version_on_one_head(void **state) {
    (void)state;
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        for (int i = 0; i < N_SHAPES; i++) {
            AttentionShape s = shapes[i];
            s.B = s.heads = 1;
            Case c = case_new(s);
            compare_on_one_head(*set, &c, 1e-6, 3e-6);
            case_free(&c);
        }
    }
}

/* Scores about -95: what tiles are filled up with has score 0, and a weight that is no float any more. Floats of 95 are
 * off by 4e-6. */
static void test_scores_far_below_zero_leave_no_room_for_padding(void **state) {
    (void)state;
    const AttentionShape s = {
        .B = 1, .heads = 1, .head_width = 40, .n_queries = 261, .n_keys = 263, .q_stride = 40, .kv_stride = 40};
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        Case c = case_new(s);
        for (int i = 0; i < s.n_queries; i++) c.q[i * s.q_stride] = 60;
        for (int i = 0; i < s.n_keys; i++) c.k[i * s.kv_stride] = -10.2f;
        compare_on_one_head(*set, &c, 1e-4, 1e-3);
        int beyond = 0;
        for (size_t i = 0; i < c.n_lse; i++) beyond += c.lse[i] < -128 / 1.4427f && c.lse[i] > -129 / 1.4427f;
        assert_true(beyond > 9);
        case_free(&c);
    }
}

static void test_all_clips_and_heads_equal_the_plain_version(void **state) {
    (void)state;
    for (int i = 0; i < N_SHAPES; i++) {
        Case c = case_new(shapes[i]), ref = case_new(shapes[i]);
        const AttentionInputs in = inputs(&c);
        float *scratch = aligned_alloc(64, (attention_scratch_bytes(&c.shape, 1) + 63) / 64 * 64);
        attention_forward(NULL, c.out, c.lse, &in, &c.shape, scratch);
        attention_forward_ref(ref.out, ref.lse, &in, &c.shape);
        assert_true(relative_distance(c.out, ref.out, c.n_out) < 1e-6);
        assert_true(relative_distance(c.lse, ref.lse, c.n_lse) < 1e-6);
        float *dq = calloc(c.n_q, 4), *dk = calloc(c.n_kv, 4), *dv = calloc(c.n_kv, 4);
        float *rq = calloc(c.n_q, 4), *rk = calloc(c.n_kv, 4), *rv = calloc(c.n_kv, 4);
        attention_backward(NULL, &(AttentionGradients){dq, dk, dv}, c.projection, &(AttentionKept){c.out, c.lse}, &in,
                           &c.shape, scratch);
        attention_backward_ref(&(AttentionGradients){rq, rk, rv}, c.projection, ref.out, ref.lse, &in, &c.shape);
        assert_true(relative_distance(dv, rv, c.n_kv) < 3e-6);
        if (c.shape.n_keys > 1) {
            assert_true(relative_distance(dq, rq, c.n_q) < 3e-6);
            assert_true(relative_distance(dk, rk, c.n_kv) < 3e-6);
        }
        float *all[] = {dq, dk, dv, rq, rk, rv, scratch};
        for (int j = 0; j < 7; j++) free(all[j]);
        case_free(&c);
        case_free(&ref);
    }
}

static double projected_output(void *context) {
    Case *c = context;
    const AttentionInputs in = inputs(c);
    float *out = calloc(c->n_out, sizeof(float)), *lse = calloc(c->n_lse, sizeof(float));
    attention_forward_ref(out, lse, &in, &c->shape);
    double loss = dot_floats(out, c->projection, c->n_out);
    free(out);
    free(lse);
    return loss;
}

static void test_the_gradient_agrees_with_central_differences(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        if (shapes[i].n_keys == 1) continue; /* the softmax of one score is constant */
        Case c = case_new(shapes[i]);
        const AttentionInputs in = inputs(&c);
        float *dq = calloc(c.n_q, 4), *dk = calloc(c.n_kv, 4), *dv = calloc(c.n_kv, 4);
        attention_forward_ref(c.out, c.lse, &in, &c.shape);
        attention_backward_ref(&(AttentionGradients){dq, dk, dv}, c.projection, c.out, c.lse, &in, &c.shape);
        check_gradient(projected_output, &c, c.q, dq, c.n_q, 5e-3f, 1e-3);
        check_gradient(projected_output, &c, c.k, dk, c.n_kv, 5e-3f, 1e-3);
        check_gradient(projected_output, &c, c.v, dv, c.n_kv, 5e-3f, 1e-3);
        free(dq);
        free(dk);
        free(dv);
        case_free(&c);
    }
}

static void test_large_scores_neither_overflow_nor_lose_the_winner(void **state) {
    (void)state;
    AttentionShape s = {
        .B = 1, .heads = 1, .head_width = 4, .n_queries = 2, .n_keys = 3, .q_stride = 4, .kv_stride = 4};
    Case c = case_new(s);
    for (int j = 0; j < 4; j++) {
        c.q[j] = 1000;
        c.q[4 + j] = -1000;
        for (int k = 0; k < 3; k++) c.k[4 * k + j] = (float)(10 * k);
    }
    const AttentionInputs in = inputs(&c);
    float *scratch = aligned_alloc(64, (attention_scratch_bytes(&s, 1) + 63) / 64 * 64);
    attention_forward(NULL, c.out, c.lse, &in, &s, scratch);
    for (int j = 0; j < 4; j++) {
        assert_true(fabsf(c.out[j] - c.v[8 + j]) < 1e-6f);
        assert_true(fabsf(c.out[4 + j] - c.v[j]) < 1e-6f);
    }
    free(scratch);
    case_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kernel_set_equals_the_plain_version_on_one_head),
        cmocka_unit_test(test_scores_far_below_zero_leave_no_room_for_padding),
        cmocka_unit_test(test_all_clips_and_heads_equal_the_plain_version),
        cmocka_unit_test(test_the_gradient_agrees_with_central_differences),
        cmocka_unit_test(test_large_scores_neither_overflow_nor_lose_the_winner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
