/* The gradient exchange on exactly summable numbers, so that every comparison is ==: over the window of one node, over
 * messages between "nodes" (a communicator split by hand), and slice by slice without a tree. */
#include "par/reduce.h"
#include "par_check.h"

/* Small integers: exact in any order of addition. */
static float value_of(int rank, size_t i) {
    return (float)((int64_t)(i * 7 + (size_t)rank * 13) % 101 - 50);
}

static float sum_of(int n_ranks, size_t i) {
    float sum = 0;
    for (int r = 0; r < n_ranks; r++) sum += value_of(r, i);
    return sum;
}

static void check_round_all(Reduce *reduce, const Par *par, size_t total) {
    float *grads = reduce_grads(reduce), *params = reduce_params(reduce);
    Share slice = reduce_slice(reduce);
    for (size_t i = 0; i < total; i++) grads[i] = value_of(par->rank, i);
    reduce_scatter_all(reduce);
    size_t wrong = 0;
    for (int64_t i = slice.begin; i < slice.end; i++) wrong += grads[i] != sum_of(par->n_ranks, (size_t)i);
    CHECK(wrong == 0);
    for (int64_t i = slice.begin; i < slice.end; i++) params[i] = 2 * grads[i];
    reduce_gather_all(reduce);
    for (size_t i = 0; i < total; i++) wrong += params[i] != 2 * sum_of(par->n_ranks, i);
    CHECK(wrong == 0);
}

static void slices_tile_the_vector_all(const Reduce *reduce, const Par *par, size_t total) {
    Share slice = reduce_slice(reduce);
    CHECK(slice.begin % (int64_t)reduce_unit(total) == 0 || slice.begin == (int64_t)total);
    CHECK(agree_sum_all(slice.end - slice.begin, par, "test") == (int64_t)total);
}

static void check_sum_all(const Par *par, ReduceKind kind, size_t total, bool window_expected) {
    Reduce *reduce = NULL;
    CHECK_OK(reduce_new_all(&reduce, par, kind, total));
    if (!reduce) return;
    CHECK(reduce_uses_window(reduce) == window_expected);
    slices_tile_the_vector_all(reduce, par, total);
    for (int round = 0; round < 3; round++) check_round_all(reduce, par, total);
    reduce_free_all(&reduce);
    CHECK(reduce == NULL);
}

/* The same ranks as if every `size` of them were a node of their own. */
static Par as_nodes_of_all(const Par *par, int size) {
    Par split = *par;
    MPI_Comm_split(par->comm, par->rank / size, par->rank, &split.node_comm);
    MPI_Comm_rank(split.node_comm, &split.node_rank);
    MPI_Comm_size(split.node_comm, &split.node_ranks);
    split.n_nodes = (par->n_ranks + size - 1) / size;
    return split;
}

static const size_t totals[] = {1, 1000, 1024, 5000, 70001, 900000};

static void test_sums_are_exact_on_every_path_all(const Par *par) {
    bool tree = (par->n_ranks & (par->n_ranks - 1)) == 0;
    for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
        check_sum_all(par, REDUCE_MPI, totals[i], false);
        if (tree) check_sum_all(par, REDUCE_TREE, totals[i], par->n_ranks > 1);
        if (!tree || par->n_ranks == 1) continue;
        for (int size = 1; size < par->n_ranks; size *= 2) {
            Par split = as_nodes_of_all(par, size);
            check_sum_all(&split, REDUCE_TREE, totals[i], size > 1);
            MPI_Comm_free(&split.node_comm);
        }
    }
}

/* One element, terms whose float sum depends on the order: the tree's value is the only right one. */
static void test_the_order_of_addition_is_the_tree_all(const Par *par) {
    static const float terms[4] = {1.0f, 1e-8f, 1e8f, -1e8f};
    if (par->n_ranks == 3) return;
    float expected[5] = {0, terms[0], terms[0] + terms[1], 0, (terms[0] + terms[1]) + (terms[2] + terms[3])};
    for (int size = 1; size <= par->n_ranks; size *= 2) {
        Par split = par->n_ranks > 1 ? as_nodes_of_all(par, size) : *par;
        Reduce *reduce = NULL;
        CHECK_OK(reduce_new_all(&reduce, &split, REDUCE_TREE, 1));
        reduce_grads(reduce)[0] = terms[par->rank];
        reduce_scatter_all(reduce);
        Share slice = reduce_slice(reduce);
        if (slice.begin < slice.end) CHECK(reduce_grads(reduce)[0] == expected[par->n_ranks]);
        reduce_free_all(&reduce);
        if (par->n_ranks > 1) MPI_Comm_free(&split.node_comm);
    }
}

/* Without a tree: 0 + (1 + 2) of three ranks, (0 + 2) + (1 + 3) of four. */
static void test_the_order_without_a_tree_all(const Par *par) {
    static const float terms[4] = {1e8f, -1e8f, 1.0f, 1.0f};
    float expected[5] = {0, terms[0], terms[0] + terms[1], terms[0] + (terms[1] + terms[2]),
                         (terms[0] + terms[2]) + (terms[1] + terms[3])};
    Reduce *reduce = NULL;
    CHECK_OK(reduce_new_all(&reduce, par, REDUCE_MPI, 1));
    reduce_grads(reduce)[0] = terms[par->rank];
    reduce_scatter_all(reduce);
    Share slice = reduce_slice(reduce);
    if (slice.begin < slice.end) CHECK(reduce_grads(reduce)[0] == expected[par->n_ranks]);
    reduce_free_all(&reduce);
}

static void test_leaves_are_dealt_once_and_in_order(void) {
    for (int ranks = 1; ranks <= 8; ranks++)
        for (int64_t leaves = ranks; leaves < 20; leaves++) {
            ReduceKind kind;
            CHECK(reduce_choose(&kind, REDUCE_AUTO, ranks, leaves) == ERR_NONE);
            int64_t next = 0;
            for (int r = 0; r < ranks; r++) {
                Share share = reduce_leaves(kind, leaves, r, ranks);
                CHECK(share.begin == next);
                next = share.end;
            }
            CHECK(next == leaves);
        }
    CHECK(reduce_leaves(REDUCE_TREE, 6, 1, 2).begin == 4); /* aligned, not halved */
    CHECK(reduce_leaves(REDUCE_TREE, 6, 3, 4).begin == 6); /* nothing left */
}

static void test_a_tree_that_does_not_fit_is_refused(void) {
    ReduceKind kind;
    CHECK(reduce_choose(&kind, REDUCE_TREE, 3, 12) == ERR_USAGE);
    CHECK(reduce_choose(&kind, REDUCE_TREE, 8, 4) == ERR_USAGE);
    CHECK(reduce_choose(&kind, REDUCE_TREE, 4, 6) == ERR_NONE);
    CHECK(reduce_choose(&kind, REDUCE_AUTO, 3, 12) == ERR_NONE && kind == REDUCE_MPI);
    CHECK(reduce_choose(&kind, REDUCE_AUTO, 2, 12) == ERR_NONE && kind == REDUCE_TREE);
    CHECK(reduce_choose(&kind, REDUCE_AUTO, 4, 6) == ERR_NONE && kind == REDUCE_MPI);
}

int main(void) {
    Par par;
    par_check_start_all(&par);
    test_leaves_are_dealt_once_and_in_order();
    test_a_tree_that_does_not_fit_is_refused();
    test_sums_are_exact_on_every_path_all(&par);
    test_the_order_of_addition_is_the_tree_all(&par);
    test_the_order_without_a_tree_all(&par);
    return par_check_finish_all(&par);
}
