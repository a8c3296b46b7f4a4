/* The gradient exchange, leaf by leaf against the tree written down: over the window of one node, between "nodes" of
 * equal and of unequal sizes (a communicator split by hand), by messages alone, and without a tree. */
#include "par/reduce.h"
#include "par_check.h"

/* Values whose float sum depends on the order. */
static float leaf_value(int64_t leaf, size_t i) {
    uint32_t h = (uint32_t)leaf * 2654435761u + (uint32_t)i * 40503u + 977u;
    h ^= h >> 15;
    h *= 2246822519u;
    h ^= h >> 13;
    float value = (float)(h & 0xffff) / 65536 - 0.5f;
    return (h >> 16) % 3 ? value : value * 1e6f;
}

/* The definition: the tree over the next power of two, missing leaves skipped. */
static float tree_ref(int64_t first, int64_t width, int64_t n_leaves, size_t i) {
    if (width == 1) return leaf_value(first, i);
    float low = tree_ref(first, width / 2, n_leaves, i);
    if (first + width / 2 >= n_leaves) return low;
    return low + tree_ref(first + width / 2, width / 2, n_leaves, i);
}

static int64_t width_of(int64_t leaves) {
    int64_t width = 1;
    while (width < leaves) width *= 2;
    return width;
}

/* Only some elements, evenly spread: the reference is slow. */
static int64_t next_element(int64_t i, size_t total) {
    return i + 1 + (int64_t)(total / 1500);
}

static bool owns(const Reduce *reduce, int64_t i) {
    int n_slices;
    const Share *slices = reduce_slices(reduce, &n_slices);
    for (int s = 0; s < n_slices; s++)
        if (i >= slices[s].begin && i < slices[s].end) return true;
    return false;
}

/* Section by section as far as `early`, as after a part of a backward pass; no rank waits for another. */
static void start_early(Reduce *reduce, int early) {
    for (int section = reduce_n_sections(reduce); section >= early; section--) reduce_ready(reduce, section, NULL);
}

static void check_round_all(Reduce *reduce, const ReducePlan *plan, int rank, size_t total) {
    int64_t n_leaves = plan->leaves.n_leaves;
    Share pieces[LEAF_PIECES_MAX];
    int n_pieces = reduce_pieces(pieces, plan, rank);
    for (int k = 0; k < n_pieces; k++)
        for (int64_t i = 0; i < (int64_t)total; i = next_element(i, total))
            reduce_piece(reduce, k)[i] =
                tree_ref(pieces[k].begin, width_of(pieces[k].end - pieces[k].begin), pieces[k].end, (size_t)i);
    start_early(reduce, rank % 3 == 2 ? 0 : 2); /* one is done when others have just begun */
    reduce_scatter_all(reduce);
    size_t wrong = 0;
    float *grads = reduce_grads(reduce), *params = reduce_params(reduce);
    for (int64_t i = 0; i < (int64_t)total; i = next_element(i, total)) {
        if (!owns(reduce, i)) continue;
        wrong += grads[i] != tree_ref(0, width_of(n_leaves), n_leaves, (size_t)i);
        params[i] = 2 * grads[i];
    }
    CHECK(wrong == 0);
    reduce_gather_all(reduce);
    for (int64_t i = 0; i < (int64_t)total; i = next_element(i, total))
        wrong += params[i] != 2 * tree_ref(0, width_of(n_leaves), n_leaves, (size_t)i);
    CHECK(wrong == 0);
}

/* Numbers of two bytes that lose something. */
static void halve(uint16_t *out, const float *in, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = (uint16_t)(int)in[i];
}

static void unhalve(float *out, const uint16_t *in, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = (float)in[i];
}

static float param_value(int64_t i) {
    return (float)(i % 60000) + 0.25f;
}

static bool in_spans(int64_t i, const ReduceShort *how) {
    for (int k = 0; k < how->n_spans; k++)
        if (i >= how->spans[k].begin && i < how->spans[k].end) return true;
    return false;
}

/* Others' elements of the spans have lost what they lose, all else is whole; then a plain gather makes all whole. */
static void check_short_all(Reduce *reduce, const Par *par, size_t total, bool shared) {
    int64_t n = (int64_t)total;
    const Share spans[] = {{n / 7, n / 3}, {n / 3, n / 2}, {n / 2 + n / 9, n - n / 11}};
    const ReduceShort how = {spans, sizeof spans / sizeof *spans, halve, unhalve};
    float *params = reduce_params(reduce);
    size_t wrong = 0, lost = 0;
    CHECK_OK(reduce_shorten(reduce, &how));
    par_barrier_all(par); /* one vector a node, which others may still be reading, */
    for (int64_t i = 0; i < n; i++)
        if (owns(reduce, i)) params[i] = param_value(i);
    par_barrier_all(par); /* or writing */
    reduce_gather_short_all(reduce);
    for (int64_t i = 0; i < n; i++) {
        float whole = param_value(i), rounded = whole - 0.25f;
        bool is_short = params[i] == rounded && in_spans(i, &how) && !owns(reduce, i);
        lost += is_short;
        wrong += params[i] != whole && !is_short;
    }
    CHECK(wrong == 0);
    if (par->n_ranks > 1 && !shared && total > 100000) CHECK(lost > 0);
    par_barrier_all(par);
    reduce_gather_all(reduce);
    for (int64_t i = 0; i < n; i++) wrong += params[i] != param_value(i);
    CHECK(wrong == 0);
}

static void slices_tile_the_vector_all(const Reduce *reduce, const Par *par, size_t total) {
    int n_slices;
    int64_t floats = 0;
    const Share *slices = reduce_slices(reduce, &n_slices);
    CHECK(n_slices == reduce_n_sections(reduce));
    for (int s = 0; s < n_slices; s++) {
        Share section = reduce_section(reduce, s);
        CHECK(slices[s].begin % (int64_t)reduce_unit(total) == 0 || slices[s].begin == (int64_t)total);
        CHECK(slices[s].begin >= section.begin && slices[s].end <= section.end);
        floats += slices[s].end - slices[s].begin;
    }
    CHECK(agree_sum_all(floats, par, "test") == (int64_t)total);
}

static void check_plan_all(const Par *par, int64_t n_leaves, int teams, size_t total, bool early) {
    Reduce *reduce = NULL;
    ReducePlan plan = reduce_plan(REDUCE_AUTO, n_leaves, par->n_ranks, teams);
    plan.early = early;
    CHECK_OK(reduce_new_all(&reduce, par, &plan, total));
    if (!reduce) return;
    bool shared = agree_max_all(par->node_ranks, par, "test") > 1;
    CHECK(reduce_uses_window(reduce) == shared);
    slices_tile_the_vector_all(reduce, par, total);
    if (!early || shared) CHECK(reduce_n_sections(reduce) == 1);
    if (early && !shared && par->n_ranks > 1 && n_leaves >= par->n_ranks && total > 50000)
        CHECK(reduce_n_sections(reduce) > 4);
    for (int round = 0; round < 2; round++) check_round_all(reduce, &plan, par->rank, total);
    check_short_all(reduce, par, total, shared);
    check_round_all(reduce, &plan, par->rank, total);
    reduce_free_all(&reduce);
    CHECK(reduce == NULL);
}

static void check_tree_all(const Par *par, int64_t n_leaves, int teams, size_t total) {
    check_plan_all(par, n_leaves, teams, total, false);
    check_plan_all(par, n_leaves, teams, total, true);
}

/* The same ranks as if every `size` of them were a node of their own, in turn or in blocks. */
static Par as_nodes_of_all(const Par *par, int size, bool in_turn) {
    Par split = *par;
    split.n_nodes = (par->n_ranks + size - 1) / size;
    MPI_Comm_split(par->comm, in_turn ? par->rank % split.n_nodes : par->rank / size, par->rank, &split.node_comm);
    MPI_Comm_rank(split.node_comm, &split.node_rank);
    MPI_Comm_size(split.node_comm, &split.node_ranks);
    return split;
}

static void test_the_sum_is_the_tree_on_every_path_all(const Par *par) {
    static const size_t totals[] = {1, 1000, 5000, 70001, 900000};
    static const int64_t leaves[] = {1, 4, 6, 11, 64};
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++)
        for (int teams = 1; teams <= 4; teams += 3) check_tree_all(par, leaves[i], teams, totals[i]);
    if (par->n_ranks == 1) return;
    for (int size = 1; size < par->n_ranks; size++)
        for (int in_turn = 0; in_turn < 2; in_turn++) {
            Par split = as_nodes_of_all(par, size, in_turn);
            for (size_t i = 2; i < sizeof totals / sizeof *totals; i++) check_tree_all(&split, leaves[i], 1, totals[i]);
            check_tree_all(&split, 16, 1, 70001);
            MPI_Comm_free(&split.node_comm);
        }
}

/* The ways between nodes, and what they move. */
static void test_halving_is_kept_where_it_fits_all(const Par *par) {
    bool power_of_two = (par->n_ranks & (par->n_ranks - 1)) == 0;
    Par apart = par->n_ranks > 1 ? as_nodes_of_all(par, 1, false) : *par;
    Reduce *reduce = NULL;
    ReducePlan plan = reduce_plan(REDUCE_AUTO, 64, par->n_ranks, 1);
    size_t total = 840 * 1024; /* slices of equal length on any of the rank counts tried */
    CHECK_OK(reduce_new_all(&reduce, &apart, &plan, total));
    CHECK(reduce_halves(reduce) == power_of_two);
    reduce_scatter_all(reduce);
    int64_t sent = agree_sum_all(reduce_sent_bytes(reduce), par, "test"), n_pieces = leaves_count_pieces(&plan.leaves);
    int64_t each = (int64_t)(total * sizeof(float));
    CHECK(power_of_two ? n_pieces == par->n_ranks : n_pieces > par->n_ranks);
    CHECK(sent == n_pieces * each * (par->n_ranks - 1) / par->n_ranks);
    reduce_free_all(&reduce);
    if (par->n_ranks > 1) MPI_Comm_free(&apart.node_comm);
}

/* Without a tree: 0 + (1 + 2) of three ranks, (0 + 2) + (1 + 3) of four. */
static void test_the_order_without_a_tree_all(const Par *par) {
    static const float terms[4] = {1e8f, -1e8f, 1.0f, 1.0f};
    if (par->n_ranks > 4) return;
    float expected[5] = {0, terms[0], terms[0] + terms[1], terms[0] + (terms[1] + terms[2]),
                         (terms[0] + terms[2]) + (terms[1] + terms[3])};
    Reduce *reduce = NULL;
    ReducePlan plan = reduce_plan(REDUCE_MPI, par->n_ranks, par->n_ranks, 1);
    CHECK_OK(reduce_new_all(&reduce, par, &plan, 1));
    reduce_grads(reduce)[0] = terms[par->rank];
    reduce_scatter_all(reduce);
    if (owns(reduce, 0)) CHECK(reduce_grads(reduce)[0] == expected[par->n_ranks]);
    reduce_free_all(&reduce);
}

int main(void) {
    Par par;
    par_check_start_all(&par);
    test_the_sum_is_the_tree_on_every_path_all(&par);
    test_halving_is_kept_where_it_fits_all(&par);
    test_the_order_without_a_tree_all(&par);
    return par_check_finish_all(&par);
}
