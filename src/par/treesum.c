/* Additions in a fixed order as a small program: a list of adds, each of two values to a third, that is written once
 * and then run for every block of BLOCK_FLOATS floats. Element i of every row is added alike, so threads take blocks
 * and nothing they do shows in the bits.
 *
 * The program comes from a stack, as in a merge of runs: rows are pushed in order of their leaves, and while the two
 * nodes on top are siblings of one width they become their parent. The slot of a sum is the depth at which it lies on
 * that stack: a thread has as many blocks of scratch as nodes ever wait at once. */
#include "par/internal/treesum.h"

#include "base/system/minmax.h"

#include <omp.h>

enum { BLOCK_FLOATS = 4096 }; /* some of them, being added, stay in the first-level or second-level cache */

/* Values are rows (0 .. n_rows - 1) and sums, one a step of the program; a sum is kept in one of `n_slots` blocks, or
 * goes straight to an output. */
typedef struct {
    int left, right;  /* values */
    int slot, output; /* one of them is -1 */
} Add;

struct TreeSum {
    int n_rows, n_adds, n_outputs, n_slots, threads;
    Add *adds;
    int *output_values; /* the value that is output k */
    Share *outputs;
    float *scratch; /* (threads, n_slots, BLOCK_FLOATS) */
    const float **values;
};

/* A node on the way up: `width` is that of the whole node, also where leaves are missing. */
typedef struct {
    int64_t begin, width;
    int value;
} Node;

/* n rows need at most n - 1 adds and leave at most n outputs. */
static Err take_program(TreeSum **out, int n_rows, int threads) {
    TreeSum *sum = calloc(1, sizeof *sum);
    if (!sum) return RAISE(ERR_MEMORY, "gradient exchange: no memory");
    size_t n = (size_t)n_rows + 1;
    sum->n_rows = n_rows;
    sum->threads = threads;
    sum->adds = calloc(n, sizeof *sum->adds);
    sum->output_values = calloc(n, sizeof *sum->output_values);
    sum->outputs = calloc(n, sizeof *sum->outputs);
    *out = sum;
    if (sum->adds && sum->output_values && sum->outputs) return ERR_NONE;
    treesum_free(out);
    return RAISE(ERR_MEMORY, "gradient exchange: no memory for the order of %d rows", n_rows);
}

/* What follows from the program: sums that are outputs need no block. */
static Err take_scratch(TreeSum **out) {
    TreeSum *sum = *out;
    for (int i = 0; i < sum->n_adds; i++) sum->adds[i].output = -1;
    for (int k = 0; k < sum->n_outputs; k++)
        if (sum->output_values[k] >= sum->n_rows) sum->adds[sum->output_values[k] - sum->n_rows].output = k;
    for (int i = 0; i < sum->n_adds; i++)
        if (sum->adds[i].output >= 0) sum->adds[i].slot = -1;
    size_t values = (size_t)(sum->n_rows + sum->n_adds + 1) * (size_t)sum->threads;
    sum->values = calloc(values, sizeof *sum->values);
    size_t floats = (size_t)sum->threads * (size_t)sum->n_slots * BLOCK_FLOATS;
    sum->scratch = calloc(floats + 1, sizeof *sum->scratch);
    if (sum->values && sum->scratch) return ERR_NONE;
    treesum_free(out);
    return RAISE(ERR_MEMORY, "gradient exchange: no memory for sums");
}

/* One more add; its sum's value. */
static int add_values(TreeSum *sum, int left, int right, int slot) {
    sum->adds[sum->n_adds] = (Add){.left = left, .right = right, .slot = slot};
    if (slot >= sum->n_slots) sum->n_slots = slot + 1;
    return sum->n_rows + sum->n_adds++;
}

/* Nodes of width w begin at multiples of w: at even ones they are left halves. */
static bool is_left_half(const Node *node) {
    return node->begin % (2 * node->width) == 0;
}

/* x + nothing = x: a left half whose right half has no leaves is its parent. */
static void rise(Node *node, int64_t n_leaves) {
    while (node->width < n_leaves && is_left_half(node) && node->begin + node->width >= n_leaves) node->width *= 2;
}

/* The stack holds nodes that cannot be added yet, from wide to narrow. `depth - 2` is the slot of the lower of the two
 * that are added: its parent will lie there. */
CHECKED Err treesum_new(TreeSum **out, const Share *rows, int n_rows, int64_t n_leaves, int threads) {
    Node *stack = calloc((size_t)n_rows + 1, sizeof *stack);
    if (!stack) return RAISE(ERR_MEMORY, "gradient exchange: no memory for the order of %d rows", n_rows);
    Err err = take_program(out, n_rows, threads);
    int depth = 0;
    for (int i = 0; !err && i < n_rows; i++) {
        Node *top = &stack[depth++];
        *top = (Node){.begin = rows[i].begin, .width = 1, .value = i};
        while (top->width < rows[i].end - rows[i].begin) top->width *= 2;
        ASSERT(top->begin % top->width == 0);
        rise(top, n_leaves);
        for (; depth > 1; top--, depth--) {
            Node *below = top - 1;
            if (below->width != top->width || !is_left_half(below) || below->begin + below->width != top->begin) break;
            below->value = add_values(*out, below->value, top->value, depth - 2);
            below->width *= 2;
            rise(below, n_leaves);
        }
    }
    for (int k = 0; !err && k < depth; k++) {
        int64_t end = stack[k].begin + stack[k].width;
        (*out)->output_values[k] = stack[k].value;
        (*out)->outputs[k] = (Share){stack[k].begin, end < n_leaves ? end : n_leaves};
    }
    if (!err) (*out)->n_outputs = depth;
    free(stack);
    return err ? err : take_scratch(out);
}

/* Sums of left values keep the slot of their row, so that no value is overwritten that is still to be added. */
CHECKED Err treesum_new_ranks(TreeSum **out, int n_rows, int threads) {
    int *values = calloc((size_t)n_rows, sizeof *values);
    if (!values) return RAISE(ERR_MEMORY, "gradient exchange: no memory for the order of %d ranks", n_rows);
    Err err = take_program(out, n_rows, threads);
    int power = 1;
    while (2 * power <= n_rows) power *= 2;
    /* pass 1: ranks beyond the power of two, each into a neighbor */
    int beyond = n_rows - power, first = n_rows == 3 ? 1 : 0; /* ranks before the first have no neighbor added */
    for (int i = 0, row = 0; !err && i < power; i++) {
        values[i] = row;
        bool two = i >= first && i < first + beyond;
        if (two) values[i] = add_values(*out, row, row + 1, i);
        row += two ? 2 : 1;
    }
    /* pass 2: halves onto each other, until one value is left */
    for (int half = power / 2; !err && half > 0; half /= 2)
        for (int i = 0; i < half; i++) values[i] = add_values(*out, values[i], values[i + half], i);
    if (!err) {
        (*out)->n_outputs = 1;
        (*out)->output_values[0] = values[0];
        (*out)->outputs[0] = (Share){0, n_rows};
    }
    free(values);
    return err ? err : take_scratch(out);
}

void treesum_free(TreeSum **sum) {
    if (!*sum) return;
    free((*sum)->adds);
    free((*sum)->output_values);
    free((*sum)->outputs);
    free((*sum)->scratch);
    free((void *)(*sum)->values);
    free(*sum);
    *sum = NULL;
}

int treesum_n_outputs(const TreeSum *sum) {
    return sum->n_outputs;
}
const Share *treesum_outputs(const TreeSum *sum) {
    return sum->outputs;
}

static void add(float *sum, const float *left, const float *right, int64_t count) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) sum[i] = left[i] + right[i]; /* sum may be left or right */
}

/* Values are addresses: a row's own, an output's, or a slot of this thread. Adds that are outputs write to their place
 * at once; an output that is a row without any add is copied, unless it lies there already. */
static void run_block(const TreeSum *sum, int thread, const float *const *rows, float *const *outputs, int64_t at,
                      int64_t count) {
    float *scratch = sum->scratch + (size_t)thread * (size_t)sum->n_slots * BLOCK_FLOATS;
    const float **values = sum->values + (size_t)thread * (size_t)(sum->n_rows + sum->n_adds + 1);
    for (int i = 0; i < sum->n_rows; i++) values[i] = rows[i] + at;
    for (int i = 0; i < sum->n_adds; i++) {
        const Add *a = &sum->adds[i];
        float *into = a->output >= 0 ? outputs[a->output] + at : scratch + (size_t)a->slot * BLOCK_FLOATS;
        add(into, values[a->left], values[a->right], count);
        values[sum->n_rows + i] = into;
    }
    for (int k = 0; k < sum->n_outputs; k++) {
        int value = sum->output_values[k];
        if (value < sum->n_rows && values[value] != outputs[k] + at)
            memcpy(outputs[k] + at, values[value], (size_t)count * sizeof(float));
    }
}

typedef struct {
    const TreeSum *sum;
    const float *const *rows;
    float *const *outputs;
} Blocks;

static void run_blocks(void *context, int member, int64_t begin, int64_t end) {
    const Blocks *b = context;
    for (int64_t at = begin; at < end; at += BLOCK_FLOATS)
        run_block(b->sum, member, b->rows, b->outputs, at, min_int64(end - at, BLOCK_FLOATS));
}

void treesum_run(const TreeSum *sum, const float *const *rows, float *const *outputs, int64_t count) {
    Blocks blocks = {sum, rows, outputs};
#pragma omp parallel for num_threads(sum->threads) schedule(static)
    for (int64_t at = 0; at < count; at += BLOCK_FLOATS)
        run_blocks(&blocks, omp_get_thread_num(), at, min_int64(at + BLOCK_FLOATS, count));
}

void treesum_run_team(const TreeSum *sum, const float *const *rows, float *const *outputs, int64_t count, Team *team) {
    ASSERT(team_size(team) <= sum->threads);
    team_for(team, count, BLOCK_FLOATS, (double)count * sum->n_rows, run_blocks, &(Blocks){sum, rows, outputs});
}
