/* Attention in mixed precision: every kernel set against sums in double precision, within what rounding the operands of
 * products to bfloat16 explains.
 *
 * A rounded number is off by at most U = 2^-8 of itself. Output: sum of (1 + e) p v over sum of (1 + e) p, |e| <= U, is
 * off by at most 2 U sum p |v| (to first order), and then rounded. dv: sum of (1 + e) p dout; dq and dk: sums of
 * (1 + e) dS times k or q; each then rounded. SLACK covers the sums in floats and second-order terms. */
#include "nn/kernels/kernels.h"
#include "operator_check.h"

#define U     0x1p-8
#define SLACK 1.05

typedef struct {
    Bf16HeadShape shape;
    Bf16 *q, *k, *v, *out, *dout, *dq, *dk, *dv; /* qkv side by side with a gap, as in the model */
    float *lse, *q_bias, *v_bias;
    size_t q_count, kv_count, out_count;
} Head;

static Head head_new(int queries, int keys, int width, float scale) {
    size_t stride = (size_t)width + 7;
    Head h = {.shape = {queries, keys, width, stride, stride + 3, stride + 1}};
    h.q_count = (size_t)queries * h.shape.q_stride;
    h.kv_count = (size_t)keys * h.shape.kv_stride;
    h.out_count = (size_t)queries * h.shape.out_stride;
    h.q = random_halves(h.q_count, 1, scale);
    h.k = random_halves(h.kv_count, 2, scale);
    h.v = random_halves(h.kv_count, 3, 1);
    h.out = random_halves(h.out_count, 4, 1);
    h.dout = random_halves(h.out_count, 5, 1);
    h.dq = random_halves(h.q_count, 6, 1);
    h.dk = random_halves(h.kv_count, 7, 1);
    h.dv = random_halves(h.kv_count, 8, 1);
    h.lse = calloc((size_t)queries, sizeof(float));
    h.q_bias = calloc((size_t)width, sizeof(float));
    h.v_bias = calloc((size_t)width, sizeof(float));
    return h;
}

static void head_free(Head *h) {
    void *all[] = {h->q, h->k, h->v, h->out, h->dout, h->dq, h->dk, h->dv, h->lse, h->q_bias, h->v_bias};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static void head_run(const Head *h, const Bf16Kernels *kernels) {
    size_t forward = kernels->attention_scratch(&h->shape, 0), backward = kernels->attention_scratch(&h->shape, 1);
    void *scratch = aligned_alloc(64, ((forward > backward ? forward : backward) + 63) / 64 * 64);
    const Bf16HeadInputs in = {h->q, h->k, h->v};
    const int blocks = kernels->attention_blocks(&h->shape).keys, width = h->shape.head_width;
    float *v_sums = calloc((size_t)blocks * (size_t)width, sizeof(float));
    const Bf16HeadGradients d = {h->dq, h->dk, h->dv, h->q_bias, v_sums};
    const Bf16HeadBackward head = {&d, h->dout, h->out, h->lse, &in, &h->shape, scratch};
    memset(scratch, 0x7f, forward); /* floats that would show */
    kernels->attention_forward(h->out, h->lse, &in, &h->shape, (HeadQueries){0, h->shape.n_queries}, scratch);
    memset(scratch, 0x7f, backward);
    for (int block = 0; block < blocks; block++) kernels->attention_backward(&head, block, NULL, scratch);
    for (int i = 0; i < blocks * width; i++) h->v_bias[i % width] += v_sums[i];
    free(v_sums);
    free(scratch);
}

static double at(const Bf16 *rows, size_t stride, int row, int column) {
    return bf16_float(rows[(size_t)row * stride + (size_t)column]);
}

static double dot_rows(const Bf16 *a, size_t a_stride, int i, const Bf16 *b, size_t b_stride, int j, int width) {
    double sum = 0;
    for (int d = 0; d < width; d++) sum += at(a, a_stride, i, d) * at(b, b_stride, j, d);
    return sum;
}

/* Sums in double precision, and the sums of sizes that bound the error of each. */
typedef struct {
    double *value, *size;
} Bounded;

static Bounded bounded_new(int rows, int width) {
    size_t count = (size_t)rows * (size_t)width;
    return (Bounded){calloc(count, sizeof(double)), calloc(count, sizeof(double))};
}

static void bounded_add(Bounded *b, int row, int column, int width, double value) {
    size_t i = (size_t)row * (size_t)width + (size_t)column;
    b->value[i] += value;
    b->size[i] += fabs(value);
}

/* `roundings` of the operands of a sum, and one of the result. */
static void assert_within(const Bounded *b, const Bf16 *found, size_t stride, int rows, int width, int roundings) {
    for (int r = 0; r < rows; r++)
        for (int d = 0; d < width; d++) {
            size_t i = (size_t)r * (size_t)width + (size_t)d;
            double bound = SLACK * U * (roundings * b->size[i] + fabs(b->value[i]));
            double error = fabs(at(found, stride, r, d) - b->value[i]);
            if (!(error <= bound + 1e-6 * b->size[i]))
                fail_msg("row %d, column %d: %g instead of %g, bound %g", r, d, at(found, stride, r, d), b->value[i],
                         bound);
        }
    free(b->value);
    free(b->size);
}

static void assert_sums(const Bf16 *rows, size_t stride, int n, int width, const float *sums) {
    for (int d = 0; d < width; d++) {
        double sum = 0, size = 0;
        for (int r = 0; r < n; r++) {
            sum += at(rows, stride, r, d);
            size += fabs(at(rows, stride, r, d));
        }
        assert_true(fabs(sums[d] - sum) <= SLACK * U * size);
    }
}

static void check_head(const Head *h) {
    const Bf16HeadShape *s = &h->shape;
    int width = s->head_width;
    double scale = 1 / sqrt(width);
    Bounded out = bounded_new(s->n_queries, width), dq = bounded_new(s->n_queries, width);
    Bounded dk = bounded_new(s->n_keys, width), dv = bounded_new(s->n_keys, width);
    for (int q = 0; q < s->n_queries; q++) {
        double sum = 0, dout_out = dot_rows(h->dout, s->out_stride, q, h->out, s->out_stride, q, width);
        for (int k = 0; k < s->n_keys; k++)
            sum += exp(scale * dot_rows(h->q, s->q_stride, q, h->k, s->kv_stride, k, width));
        assert_true(fabs(h->lse[q] - log(sum)) < 2e-6 * fmax(1, fabs(log(sum))));
        for (int k = 0; k < s->n_keys; k++) {
            double p = exp(scale * dot_rows(h->q, s->q_stride, q, h->k, s->kv_stride, k, width)) / sum;
            double dp = dot_rows(h->dout, s->out_stride, q, h->v, s->kv_stride, k, width),
                   ds = scale * p * (dp - dout_out);
            for (int d = 0; d < width; d++) {
                bounded_add(&out, q, d, width, p * at(h->v, s->kv_stride, k, d));
                bounded_add(&dv, k, d, width, p * at(h->dout, s->out_stride, q, d));
                bounded_add(&dq, q, d, width, ds * at(h->k, s->kv_stride, k, d));
                bounded_add(&dk, k, d, width, ds * at(h->q, s->q_stride, q, d));
            }
        }
    }
    assert_within(&out, h->out, s->out_stride, s->n_queries, width, 2);
    assert_within(&dv, h->dv, s->kv_stride, s->n_keys, width, 1);
    assert_within(&dq, h->dq, s->q_stride, s->n_queries, width, 1);
    assert_within(&dk, h->dk, s->kv_stride, s->n_keys, width, 1);
    assert_sums(h->dq, s->q_stride, s->n_queries, width, h->q_bias);
    assert_sums(h->dv, s->kv_stride, s->n_keys, width, h->v_bias);
}

/* Blocks of queries and keys, several and begun ones, odd counts, widths that end within a word. */
static const int shapes[][3] = {{1, 1, 1}, {5, 3, 9}, {36, 36, 32}, {49, 100, 12}, {197, 211, 64}, {400, 40, 80}};

static void test_every_kernel_set_is_within_what_rounding_explains(void **state) {
    (void)state;
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            Head h = head_new(shapes[i][0], shapes[i][1], shapes[i][2], 1.3f);
            head_run(&h, &(*set)->bf16);
            check_head(&h);
            head_free(&h);
        }
    }
}

/* Between the heads of a row lie the others': they stay as they are. */
static void test_nothing_is_written_beyond_the_head(void **state) {
    (void)state;
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        Head h = head_new(37, 41, 20, 1), untouched = head_new(37, 41, 20, 1);
        head_run(&h, &(*set)->bf16);
        for (int q = 0; q < 37; q++) {
            for (size_t d = 20; d < h.shape.q_stride; d++)
                assert_int_equal(h.dq[(size_t)q * h.shape.q_stride + d],
                                 untouched.dq[(size_t)q * h.shape.q_stride + d]);
            for (size_t d = 20; d < h.shape.out_stride; d++)
                assert_int_equal(h.out[(size_t)q * h.shape.out_stride + d],
                                 untouched.out[(size_t)q * h.shape.out_stride + d]);
        }
        for (int k = 0; k < 41; k++) {
            for (size_t d = 20; d < h.shape.kv_stride; d++) {
                size_t i = (size_t)k * h.shape.kv_stride + d;
                assert_true(h.dk[i] == untouched.dk[i] && h.dv[i] == untouched.dv[i]);
            }
        }
        head_free(&h);
        head_free(&untouched);
    }
}

/* The sets of one width of vectors differ in how they multiply and round, and in nothing else. */
static void test_instructions_and_their_emulation_give_equal_bits(void **state) {
    (void)state;
    const Kernels *first = NULL;
    Head expected = head_new(197, 211, 64, 1.3f);
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        if (strncmp((*set)->name, "avx512", 6) != 0) continue;
        if (!first) {
            first = *set;
            head_run(&expected, &first->bf16);
            continue;
        }
        Head h = head_new(197, 211, 64, 1.3f);
        head_run(&h, &(*set)->bf16);
        assert_memory_equal(h.out, expected.out, h.out_count * sizeof(Bf16));
        assert_memory_equal(h.dq, expected.dq, h.q_count * sizeof(Bf16));
        assert_memory_equal(h.dk, expected.dk, h.kv_count * sizeof(Bf16));
        assert_memory_equal(h.dv, expected.dv, h.kv_count * sizeof(Bf16));
        assert_memory_equal(h.lse, expected.lse, 197 * sizeof(float));
        head_free(&h);
    }
    head_free(&expected);
}

/* Scores of +-60,000, whose exponentials are far beyond a float, and a row of equal scores. */
static void test_large_scores_are_no_trouble(void **state) {
    (void)state;
    for (const Kernels *const *set = kernels_usable(); *set; set++) {
        Head h = head_new(20, 30, 16, 100);
        memset(h.q, 0, h.shape.q_stride * sizeof *h.q);
        head_run(&h, &(*set)->bf16);
        for (size_t i = 0; i < 20; i++) assert_true(isfinite(h.lse[i]));
        assert_true(fabs(h.lse[0] - log(30)) < 1e-5);
        for (int q = 0; q < 20; q++)
            for (int d = 0; d < 16; d++) assert_true(isfinite(at(h.out, h.shape.out_stride, q, d)));
        head_free(&h);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kernel_set_is_within_what_rounding_explains),
        cmocka_unit_test(test_nothing_is_written_beyond_the_head),
        cmocka_unit_test(test_instructions_and_their_emulation_give_equal_bits),
        cmocka_unit_test(test_large_scores_are_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
