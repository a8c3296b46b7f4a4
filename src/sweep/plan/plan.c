#include "sweep/plan/plan.h"

#include <stdlib.h>

void sweep_task_free(SweepTask *task) {
    for (int k = 0; k < task->n_arguments; k++) free(task->arguments[k]);
    free(task->arguments);
    free(task->needs);
    free(task->soft);
    *task = (SweepTask){0};
}

void sweep_plan_free(SweepPlan *plan) {
    for (int i = 0; i < plan->n_tasks; i++) sweep_task_free(&plan->tasks[i]);
    for (int i = 0; i < plan->n_vars; i++) free(plan->vars[i]);
    free(plan->vars);
    free(plan->tasks);
    free(plan->help);
    *plan = (SweepPlan){0};
}

int sweep_plan_find(const SweepPlan *plan, const char *name) {
    for (int i = 0; i < plan->n_tasks; i++)
        if (text_equal(plan->tasks[i].name, name)) return i;
    return -1;
}
