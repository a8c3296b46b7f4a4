/* Tasks of one stage with equal dependencies and sizes become one job array. The trick is the index: a task takes
 * over the index of the need that it alone has, so that chains (generate, pre-train, fine-tune) have one index and
 * SLURM's aftercorr lets each go on as soon as its own predecessor is done. Other needs become afterok, on whole
 * arrays or on single elements. */
#include "sweep/slurm/internal/batch.h"

typedef struct {
    const SweepPlan *plan;
    const TaskRecord *records;
    const bool *wanted; /* (n_tasks), or NULL: all */
    Batch *batch;
    int *array_of; /* (n_tasks) number of the array a task is in, -1: none */
    int *model;    /* (n_tasks) the need that a task has its index from, -1: none */
    int n_chains;  /* indices given out */
    bool *placed;  /* (n_tasks) has its place in the order */
    bool *next;    /* (n_tasks) of the stage at hand, and all its needs are placed */
} Planner;

static bool is_pending(const Planner *p, int task) {
    TaskState state = p->records[task].state;
    /* what is in the queue already is named by its job, not submitted again */
    bool pending = state != TASK_FINISHED && state != TASK_RUNNING && state != TASK_QUEUED;
    return pending && (!p->wanted || p->wanted[task]);
}

static bool same_stage(const SweepPlan *plan, int a, int b) {
    return text_equal(plan->tasks[a].stage, plan->tasks[b].stage);
}

/* ---- indices ---- */

/* Whether another task of the same stage needs `need`, too. */
static bool is_shared(const SweepPlan *plan, int task, int need) {
    for (int other = 0; other < plan->n_tasks; other++) {
        if (other == task || !same_stage(plan, other, task)) continue;
        for (int k = 0; k < plan->tasks[other].n_needs; k++)
            if (plan->tasks[other].needs[k] == need) return true;
    }
    return false;
}

static bool index_is_taken(const Planner *p, int task, int index) {
    for (int t = 0; t < p->plan->n_tasks; t++)
        if (t != task && same_stage(p->plan, t, task) && p->batch->index[t] == index) return true;
    return false;
}

/* The need that only this task of its stage has, the nearest in the chain; -1: none. */
static int find_model(const Planner *p, int task) {
    const SweepTask *t = &p->plan->tasks[task];
    for (int k = t->n_needs - 1; k >= 0; k--) {
        bool fits = !is_shared(p->plan, task, t->needs[k]) && !index_is_taken(p, task, p->batch->index[t->needs[k]]);
        if (fits) return t->needs[k];
    }
    return -1;
}

static bool is_alone(const SweepPlan *plan, int task) {
    for (int t = 0; t < plan->n_tasks; t++)
        if (t != task && same_stage(plan, t, task)) return false;
    return true;
}

/* A task without a model begins a chain. So does one that is alone in its stage, such as a report, which waits for
 * whole arrays and corresponds to nobody. */
static void number_next(Planner *p) {
    for (int t = 0; t < p->plan->n_tasks; t++) {
        if (!p->next[t]) continue;
        p->model[t] = is_alone(p->plan, t) ? -1 : find_model(p, t);
        p->batch->index[t] = p->model[t] >= 0 ? p->batch->index[p->model[t]] : p->n_chains++;
    }
}

/* ---- dependencies ---- */

/* What is finished or in the queue is in no array, so its tasks are those still to be done. */
static int pending_of_array(const Planner *p, int array) {
    return p->batch->arrays[array].n_tasks;
}

static int needs_of_array(const Planner *p, int task, int array) {
    int count = 0;
    for (int k = 0; k < p->plan->tasks[task].n_needs; k++) count += p->array_of[p->plan->tasks[task].needs[k]] == array;
    return count;
}

/* index < 0: the whole array. */
static void add_term(Builder *list, const char *kind, int array, int index) {
    if (!list->length) builder_add_text(list, kind);
    if (index < 0)
        builder_add(list, ":$job_%d", array + 1);
    else
        builder_add(list, ":${job_%d}_%d", array + 1, index);
}

/* corr: what corresponds; ok: whole arrays and single elements. */
static void add_need(const Planner *p, int task, int need, Builder *corr, Builder *ok) {
    const TaskRecord *record = &p->records[need];
    int array = p->array_of[need];
    if (record->state == TASK_FINISHED) return;
    if (array < 0) { /* in the queue already, or running by hand: then the task itself will look */
        if (record->job[0] && !ok->length) builder_add_text(ok, "afterok");
        if (record->job[0]) builder_add(ok, ":%s", record->job);
        return;
    }
    int count = needs_of_array(p, task, array);
    if (p->model[task] == need) {
        add_term(corr, "aftercorr", array, -1);
        return;
    }
    /* single elements, so that a task does not wait for others of that array */
    if (count < pending_of_array(p, array)) {
        add_term(ok, "afterok", array, p->batch->index[need]);
        return;
    }
    for (int t = 0; t < need; t++) /* the whole array once */
        if (p->array_of[t] == array && needs_of_array(p, task, array)) return;
    add_term(ok, "afterok", array, -1);
}

static Err dependency_of(char *out, size_t size, const Planner *p, int task) {
    Builder corr = {0}, ok = {0};
    for (int k = 0; k < p->plan->tasks[task].n_needs; k++) add_need(p, task, p->plan->tasks[task].needs[k], &corr, &ok);
    Err err = corr.failed || ok.failed ? RAISE(ERR_MEMORY, "no memory for dependencies") : ERR_NONE;
    if (!err)
        err = text_format(out, size, "%s%s%s", corr.length ? corr.data : "", corr.length && ok.length ? "," : "",
                          ok.length ? ok.data : "");
    builder_free(&corr);
    builder_free(&ok);
    return err;
}

/* ---- arrays ---- */

/* An array has one size for all its elements. */
static bool same_resources(const SweepTask *a, const SweepTask *b) {
    return a->ranks == b->ranks && a->threads == b->threads && a->nodes == b->nodes && a->hours == b->hours &&
           a->memory_gb == b->memory_gb;
}

/* An array of this stage, from number `from` on, that `task` fits into; a new one otherwise. */
static Err find_array(int *number, const Planner *p, int task, const char *dependency, int from) {
    Batch *batch = p->batch;
    for (*number = from; *number < batch->n_arrays; (*number)++) {
        const BatchArray *array = &batch->arrays[*number];
        if (text_equal(array->dependency, dependency) &&
            same_resources(&p->plan->tasks[array->tasks[0]], &p->plan->tasks[task]))
            return ERR_NONE;
    }
    BatchArray *grown = realloc(batch->arrays, (size_t)(batch->n_arrays + 1) * sizeof *grown);
    if (!grown) return RAISE(ERR_MEMORY, "no memory for job arrays");
    batch->arrays = grown;
    BatchArray *array = &batch->arrays[batch->n_arrays++];
    *array = (BatchArray){0};
    TRY(text_copy(array->stage, sizeof array->stage, p->plan->tasks[task].stage));
    return text_copy(array->dependency, sizeof array->dependency, dependency);
}

static Err add_to_array(BatchArray *array, int task) {
    int *grown = realloc(array->tasks, (size_t)(array->n_tasks + 1) * sizeof *grown);
    if (!grown) return RAISE(ERR_MEMORY, "no memory for job arrays");
    array->tasks = grown;
    array->tasks[array->n_tasks++] = task;
    return ERR_NONE;
}

static Err fill_arrays(const Planner *p) {
    int from = p->batch->n_arrays, number;
    char *dependency = malloc(sizeof p->batch->arrays->dependency);
    Err err = dependency ? ERR_NONE : RAISE(ERR_MEMORY, "no memory for dependencies");
    for (int t = 0; t < p->plan->n_tasks && !err; t++) {
        if (!p->next[t] || !is_pending(p, t)) continue;
        err = dependency_of(dependency, sizeof p->batch->arrays->dependency, p, t);
        if (!err) err = find_array(&number, p, t, dependency, from);
        if (!err) err = add_to_array(&p->batch->arrays[number], t);
    }
    for (int a = from; a < p->batch->n_arrays; a++) /* only now: an array must be whole before others look at it */
        for (int i = 0; i < p->batch->arrays[a].n_tasks; i++) p->array_of[p->batch->arrays[a].tasks[i]] = a;
    free(dependency);
    return err;
}

/* ---- the order of stages ---- */

static bool is_ready(const Planner *p, int task) {
    if (p->placed[task]) return false;
    for (int k = 0; k < p->plan->tasks[task].n_needs; k++)
        if (!p->placed[p->plan->tasks[task].needs[k]]) return false;
    return true;
}

/* Marks what is ready of the stage of `first`; true when that is all that is left of it. */
static bool mark_ready(Planner *p, int first) {
    bool whole = true;
    for (int t = 0; t < p->plan->n_tasks; t++) {
        bool here = same_stage(p->plan, t, first);
        p->next[t] = here && is_ready(p, t);
        whole = whole && (!here || p->placed[t] || p->next[t]);
    }
    return whole;
}

/* The first stage in file order that is ready as a whole; where stages need each other in turn, what is ready of the
 * first. False when everything is placed. */
static bool choose_next(Planner *p) {
    int partly = -1;
    for (int t = 0; t < p->plan->n_tasks; t++) {
        if (!is_ready(p, t)) continue;
        if (mark_ready(p, t)) return true;
        if (partly < 0) partly = t;
    }
    if (partly >= 0) (void)mark_ready(p, partly);
    return partly >= 0;
}

Err batch_plan(Batch *batch, const SweepPlan *plan, const TaskRecord *records, const bool *wanted) {
    size_t n = (size_t)plan->n_tasks + 1;
    *batch = (Batch){.index = calloc(n, sizeof *batch->index)};
    Planner p = {.plan = plan,
                 .records = records,
                 .wanted = wanted,
                 .batch = batch,
                 .array_of = calloc(n, sizeof *p.array_of),
                 .model = calloc(n, sizeof *p.model),
                 .placed = calloc(n, sizeof *p.placed),
                 .next = calloc(n, sizeof *p.next)};
    bool ready = batch->index && p.array_of && p.model && p.placed && p.next;
    Err err = ready ? ERR_NONE : RAISE(ERR_MEMORY, "no memory for %zu tasks", n - 1);
    for (int t = 0; t < plan->n_tasks && !err; t++) batch->index[t] = p.array_of[t] = -1;
    while (!err && choose_next(&p)) {
        number_next(&p);
        err = fill_arrays(&p);
        for (int t = 0; t < plan->n_tasks; t++) p.placed[t] |= p.next[t];
    }
    free(p.array_of);
    free(p.model);
    free(p.placed);
    free(p.next);
    if (err) batch_free(batch);
    return err;
}

void batch_free(Batch *batch) {
    for (int a = 0; a < batch->n_arrays; a++) free(batch->arrays[a].tasks);
    free(batch->arrays);
    free(batch->index);
    *batch = (Batch){0};
}
