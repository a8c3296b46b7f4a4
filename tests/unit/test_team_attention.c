/* Attention by a team: the bits of a thread alone, where its members do not divide the heads, in both precisions; and
 * the plan of who does what. With the kernels of this processor; tests/CMakeLists.txt also runs narrower ones. */
#include "nn/layers/attention.h"
#include "nn/layers/bf16_attention.h"
#include "nn/layers/internal/head_share.h"
#include "operator_check.h"
#include "support/kernels.h"
#include "team_fixture.h"

enum { MEMBERS_MAX = 5, WIDTH = 24 };

typedef struct {
    int B, heads, n_queries, n_keys;
} Size;

/* Several blocks of queries and of keys, whole and begun, in heads that no team divides; fewer queries than keys, as in
 * the last decoder block; nothing to cut. */
static const Size sizes[] = {{1, 1, 400, 400}, {2, 3, 235, 300}, {1, 7, 210, 391}, {3, 2, 9, 11}};
enum { N_SIZES = sizeof sizes / sizeof *sizes };

/* ---- single precision ---- */

typedef struct {
    AttentionShape shape;
    float *in[3], *dout, *results; /* out, lse, dq, dk, dv */
    size_t queries, keys, count;   /* floats: of rows of all queries, of all keys, of the results */
} Floats;

static Floats floats_new(const Size *s) {
    int row = s->heads * WIDTH;
    Floats f = {.shape = {s->B, s->heads, WIDTH, s->n_queries, s->n_keys, row, row}};
    f.queries = (size_t)s->B * (size_t)s->n_queries * (size_t)row;
    f.keys = (size_t)s->B * (size_t)s->n_keys * (size_t)row;
    f.count = 2 * f.queries + 2 * f.keys + f.queries / WIDTH;
    f.in[0] = random_floats(f.queries, 1, 1.5f);
    f.in[1] = random_floats(f.keys, 2, 1.5f);
    f.in[2] = random_floats(f.keys, 3, 1);
    f.dout = random_floats(f.queries, 4, 1);
    f.results = random_floats(f.count, 5, NAN);
    return f;
}

static void floats_free(Floats *f) {
    float *all[] = {f->in[0], f->in[1], f->in[2], f->dout, f->results};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static void attend_floats(void *context, Team *team) {
    const Floats *f = context;
    const AttentionInputs in = {f->in[0], f->in[1], f->in[2]};
    float *out = f->results, *dq = out + f->queries, *dk = dq + f->queries, *dv = dk + f->keys, *lse = dv + f->keys;
    float *scratch = random_floats(attention_scratch_bytes(&f->shape, team_size(team)) / sizeof(float) + 1, 6, NAN);
    attention_forward(team, out, lse, &in, &f->shape, scratch);
    attention_backward(team, &(AttentionGradients){dq, dk, dv}, f->dout, &(AttentionKept){out, lse}, &in, &f->shape,
                       scratch);
    free(scratch);
}

static void test_floats_have_the_bits_of_a_thread(void **state) {
    (void)state;
    for (int i = 0; i < N_SIZES; i++) {
        Floats alone = floats_new(&sizes[i]);
        attend_floats(&alone, NULL);
        for (size_t j = 0; j < alone.count; j++) assert_true(isfinite(alone.results[j]));
        for (int size = 1; size <= MEMBERS_MAX; size++) {
            Floats f = floats_new(&sizes[i]);
            Team *team = team_of(size);
            with_team(team, attend_floats, &f);
            team_free(&team);
            assert_memory_equal(f.results, alone.results, f.count * sizeof(float));
            floats_free(&f);
        }
        floats_free(&alone);
    }
}

/* ---- mixed precision ---- */

typedef struct {
    Bf16AttentionShape shape;
    Bf16 *in[3], *dout, *results; /* out, dq, dk, dv */
    float *lse, *biases;          /* q's and v's */
    size_t queries, keys, lse_count, bias_count;
} Halves;

static Halves halves_new(const Size *s) {
    size_t row = (size_t)s->heads * WIDTH;
    Halves h = {.shape = {s->B, s->heads, {s->n_queries, s->n_keys, WIDTH, row, row, row}}};
    h.queries = (size_t)s->B * (size_t)s->n_queries * row;
    h.keys = (size_t)s->B * (size_t)s->n_keys * row;
    h.lse_count = h.queries / WIDTH;
    h.bias_count = 2 * row;
    h.in[0] = random_halves(h.queries, 1, 1.5f);
    h.in[1] = random_halves(h.keys, 2, 1.5f);
    h.in[2] = random_halves(h.keys, 3, 1);
    h.dout = random_halves(h.queries, 4, 1);
    h.results = calloc(2 * h.queries + 2 * h.keys, sizeof(Bf16));
    h.lse = calloc(h.lse_count, sizeof(float));
    h.biases = random_floats(h.bias_count, 7, 1); /* added to */
    return h;
}

static void halves_free(Halves *h) {
    void *all[] = {h->in[0], h->in[1], h->in[2], h->dout, h->results, h->lse, h->biases};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static void attend_halves(void *context, Team *team) {
    const Halves *h = context;
    const Bf16Heads in = {h->in[0], h->in[1], h->in[2]};
    Bf16 *out = h->results, *dq = out + h->queries, *dk = dq + h->queries, *dv = dk + h->keys;
    const Bf16AttentionGradients d = {{dq, dk, dv}, h->biases, h->biases + h->bias_count / 2};
    Bf16AttentionNeed need = {0};
    Bf16AttentionScratch scratch;
    Arena measure = {0};
    bf16_attention_need(&need, &h->shape);
    bf16_attention_layout(&scratch, &measure, &need, team_size(team));
    Arena arena = {.base = aligned_alloc(64, (measure.used + 63) / 64 * 64), .capacity = measure.used};
    memset(arena.base, 0x7f, measure.used); /* floats that would show */
    bf16_attention_layout(&scratch, &arena, &need, team_size(team));
    bf16_attention_forward(team, out, h->lse, &in, &h->shape, &scratch);
    bf16_attention_backward(team, &d, h->dout, &(Bf16AttentionKept){out, h->lse}, &in, &h->shape, &scratch);
    free(arena.base);
}

static void test_halves_have_the_bits_of_a_thread(void **state) {
    (void)state;
    for (int i = 0; i < N_SIZES; i++) {
        Halves alone = halves_new(&sizes[i]);
        attend_halves(&alone, NULL);
        for (size_t j = 0; j < alone.bias_count; j++) assert_true(fabsf(alone.biases[j]) < 1e6f);
        for (int size = 1; size <= MEMBERS_MAX; size++) {
            Halves h = halves_new(&sizes[i]);
            Team *team = team_of(size);
            with_team(team, attend_halves, &h);
            team_free(&team);
            assert_memory_equal(h.results, alone.results, (2 * h.queries + 2 * h.keys) * sizeof(Bf16));
            assert_memory_equal(h.lse, alone.lse, h.lse_count * sizeof(float));
            assert_memory_equal(h.biases, alone.biases, h.bias_count * sizeof(float));
            halves_free(&h);
        }
        halves_free(&alone);
    }
}

/* ---- the plan ---- */

static void test_heads_that_come_out_even_are_one_members_each(void **state) {
    (void)state;
    for (int members = 1; members <= 16; members++) {
        for (int rounds = 1; rounds <= 3; rounds++) {
            assert_int_equal(head_share_parts(members * rounds, 33, members), 1);
            assert_int_equal(head_share_whole(members * rounds, (HeadBlocks){14, 17}, members), members * rounds);
        }
    }
    assert_int_equal(head_share_whole(5, (HeadBlocks){1, 1}, 4), 5); /* nothing to share */
    assert_int_equal(head_share_whole(1, (HeadBlocks){9, 1}, 4), 1);
}

/* 12 heads of 9 blocks among 8: two rounds of whole heads are 18 blocks long, three of halves 15. */
static void test_heads_that_do_not_are_cut(void **state) {
    (void)state;
    assert_int_equal(head_share_parts(12, 9, 8), 2);
    assert_int_equal(head_share_whole(12, (HeadBlocks){4, 5}, 8), 8);
    assert_int_equal(head_share_whole(6, (HeadBlocks){14, 17}, 16), 0);
    for (int members = 1; members <= 16; members++) {
        for (int heads = 1; heads <= 40; heads++) {
            int64_t whole = head_share_whole(heads, (HeadBlocks){14, 17}, members);
            assert_true(whole >= 0 && whole <= heads && heads - whole <= members);
            assert_true(head_share_parts(heads, 9, members) >= 1 && head_share_parts(heads, 9, members) <= 9);
        }
    }
}

int main(void) {
    if (nothing_narrower()) return EXIT_SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floats_have_the_bits_of_a_thread),
        cmocka_unit_test(test_halves_have_the_bits_of_a_thread),
        cmocka_unit_test(test_heads_that_come_out_even_are_one_members_each),
        cmocka_unit_test(test_heads_that_do_not_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
