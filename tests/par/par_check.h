/* The harness of the tests in this folder: CHECK goes on after a failure, all ranks leave with the same exit code.
 *
 *     int main(void) { Par par; par_check_start_all(&par); test_x_all(&par); return par_check_finish_all(&par); }  */
#pragma once

#include "par/agree.h"
#include "par/par.h"
#include "par/spread.h"

#include <stdio.h>

static int par_check_failures;
static int par_check_rank;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "[rank %d] %s:%d: %s: does not hold: %s\n", par_check_rank, __FILE__, __LINE__, __func__,  \
                    #condition);                                                                                       \
            par_check_failures++;                                                                                      \
        }                                                                                                              \
    } while (0)

/* Shows the message when an Err is not the expected one. */
#define CHECK_ERR(expected, expression)                                                                                \
    do {                                                                                                               \
        Err check_err_ = (expression);                                                                                 \
        if (check_err_ != (expected)) {                                                                                \
            fprintf(stderr, "[rank %d] %s:%d: %s: %s gave \"%s\" (%s)\n", par_check_rank, __FILE__, __LINE__,          \
                    __func__, #expression, err_text(check_err_), err_message());                                       \
            par_check_failures++;                                                                                      \
        }                                                                                                              \
    } while (0)
#define CHECK_OK(expression) CHECK_ERR(ERR_NONE, expression)

static inline void par_check_start_all(Par *par) {
    CHECK_OK(par_start_all(par, 1));
    par_check_rank = par->rank;
}

static inline int par_check_finish_all(Par *par) {
    int64_t failures = agree_sum_all(par_check_failures, par, "test results");
    par_finish_all(par);
    return failures ? 1 : 0;
}
