/* Sweep files: JSON, behind a zero byte the file that it extends, behind another one lines of --var. What is accepted
 * is a plan whose every task can be named, started and ordered, and which is the same when it is read again. */
#include "fuzz/fuzz.h"

#include "base/config/json.h"
#include "base/system/log.h"
#include "sweep/plan/internal/plan_file.h"
#include "sweep/plan/plan.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { VARS_MAX = 8, PARTS = 3 };
static const char folder[] = "/nonexistent/fuzz";

static void refused(Err err) {
    fuzz_promise(err == ERR_USAGE || err == ERR_MEMORY, "a bad sweep file is bad use");
    fuzz_promise(err_message()[0] != 0, "what is refused says why");
}

static Err read_tree(cJSON **root, const char *text, const char *base_text) {
    cJSON *base = NULL;
    TRY(json_parse(root, text, strlen(text), "fuzz", ERR_USAGE));
    TRY(plan_file_check(*root, "fuzz"));
    cJSON_DeleteItemFromObjectCaseSensitive(*root, "extends"); /* reading another file is not what is tested */
    if (!*base_text) return ERR_NONE;
    TRY(json_parse(&base, base_text, strlen(base_text), "base", ERR_USAGE));
    TRY(plan_file_lay_over(root, base, "fuzz", "base"));
    return plan_file_check(*root, "fuzz");
}

static void check_task(const SweepPlan *plan, int number) {
    const SweepTask *task = &plan->tasks[number];
    fuzz_promise(memchr(task->name, 0, sizeof task->name) && !strchr(task->name, '/'), "a name is a file's name");
    fuzz_promise(memchr(task->stage, 0, sizeof task->stage) && task->stage[0], "a stage has a name");
    fuzz_promise(sweep_plan_find(plan, task->name) == number, "a name is a task's identity");
    fuzz_promise(task->n_arguments > 0, "a task has a command");
    for (int i = 0; i < task->n_arguments; i++) fuzz_promise(task->arguments[i] != NULL, "arguments are texts");
    fuzz_promise(task->ranks >= 1 && task->threads >= 1 && task->nodes >= 0, "sizes are sizes");
    for (int i = 0; i < task->n_needs; i++)
        fuzz_promise(task->needs[i] >= (i ? task->needs[i - 1] + 1 : 0) && task->needs[i] < number,
                     "needs are earlier tasks, in order");
}

static void check_same(const SweepPlan *a, const SweepPlan *b) {
    bool same = a->n_tasks == b->n_tasks && text_equal(a->name, b->name) && a->n_vars == b->n_vars;
    for (int i = 0; same && i < a->n_tasks; i++) {
        const SweepTask *x = &a->tasks[i], *y = &b->tasks[i];
        same = text_equal(x->name, y->name) && x->n_arguments == y->n_arguments && x->n_needs == y->n_needs;
        for (int k = 0; same && k < x->n_arguments; k++) same = text_equal(x->arguments[k], y->arguments[k]);
    }
    fuzz_promise(same, "a file read twice is the same plan");
}

static void expand(const cJSON *root, const char *const *vars, int n_vars) {
    enum { CHECKED_MAX = 2000 }; /* looking for a name is linear */
    SweepPlan plan, again;
    Err err = sweep_plan_expand(&plan, root, "fuzz", folder, vars, n_vars);
    if (err) {
        refused(err);
        fuzz_promise(!plan.tasks && !plan.help && !plan.vars, "what is refused leaves nothing");
        return;
    }
    for (int i = 0; i < plan.n_tasks && i < CHECKED_MAX; i++) check_task(&plan, i);
    if (plan.n_tasks <= CHECKED_MAX) {
        fuzz_promise(!sweep_plan_expand(&again, root, "fuzz", folder, vars, n_vars), "what is accepted is accepted");
        check_same(&plan, &again);
        sweep_plan_free(&again);
    }
    sweep_plan_free(&plan);
}

static int split_lines(const char *vars[VARS_MAX], char *lines) {
    int count = 0;
    for (char *at = lines; at && *at && count < VARS_MAX;) {
        vars[count++] = at;
        at = strchr(at, '\n');
        if (at) *at++ = 0;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = calloc(1, size + PARTS); /* every part ends, and there are as many as there may be */
    if (!text) return 0;
    memcpy(text, data, size);
    char *base = text + strlen(text) + 1, *lines = (size_t)(base - text) > size ? base : base + strlen(base) + 1;
    if ((size_t)(lines - text) > size + PARTS - 1) lines = text + size + PARTS - 1;
    const char *vars[VARS_MAX];
    cJSON *root = NULL;
    log_setup(0, 1, LOG_QUIET);
    Err err = read_tree(&root, text, base);
    if (err)
        refused(err);
    else
        expand(root, vars, split_lines(vars, lines));
    cJSON_Delete(root);
    free(text);
    return 0;
}
