#include "base/system/arena.h"

#include "support/unit.h"

#include <sys/wait.h>

typedef struct {
    float *a, *b;
    char *c;
} Layout;

static void lay_out(Layout *layout, Arena *arena) {
    layout->a = arena_floats(arena, 3);
    layout->b = arena_floats(arena, 1000);
    layout->c = arena_take(arena, 1);
}

static void measuring_and_using_agree(void **state) {
    (void)state;
    Arena measure = {0}, arena;
    Layout layout;
    lay_out(&layout, &measure);
    assert_null(layout.a);
    assert_null(layout.c);
    assert_ok(arena_alloc(&arena, measure.used, "a test"));
    lay_out(&layout, &arena);
    assert_int_equal(arena.used, measure.used);
    assert_ptr_equal(layout.a, arena.base);
    arena_free(&arena);
    assert_null(arena.base);
}

static void pieces_are_aligned_zeroed_and_apart(void **state) {
    (void)state;
    Arena arena;
    Layout layout;
    assert_ok(arena_alloc(&arena, 8192, "a test"));
    lay_out(&layout, &arena);
    assert_int_equal((uintptr_t)layout.a % 64, 0);
    assert_int_equal((uintptr_t)layout.b % 64, 0);
    assert_int_equal((uintptr_t)layout.c % 64, 0);
    for (int i = 0; i < 1000; i++) assert_true(layout.b[i] == 0);
    assert_true(layout.b >= layout.a + 3 && layout.c >= (char *)(layout.b + 1000));
    arena_free(&arena);
}

static void a_mark_gives_scratch_back(void **state) {
    (void)state;
    Arena arena;
    assert_ok(arena_alloc(&arena, 4096, "a test"));
    (void)arena_take(&arena, 100);
    size_t mark = arena_mark(&arena);
    void *first = arena_take(&arena, 1000);
    arena_reset(&arena, mark);
    assert_ptr_equal(arena_take(&arena, 1000), first);
    arena_free(&arena);
}

static void more_than_the_machine_has_is_an_error_that_names_the_purpose(void **state) {
    (void)state;
    Arena arena;
    assert_fails(arena_alloc(&arena, (size_t)1 << 62, "activations"), ERR_MEMORY, "activations needs 4612 PB");
    assert_null(arena.base);
    arena_free(&arena);
}

static void nothing_can_be_allocated_too(void **state) {
    (void)state;
    Arena arena;
    assert_ok(arena_alloc(&arena, 0, "nothing"));
    assert_non_null(arena.base);
    arena_free(&arena);
}

static void overrun_is_a_bug(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        Arena arena;
        if (!freopen("/dev/null", "w", stderr) || arena_alloc(&arena, 64, "a test")) _exit(1);
        err_abort_hook = _exit;
        (void)arena_take(&arena, 65);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 70);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measuring_and_using_agree),
        cmocka_unit_test(pieces_are_aligned_zeroed_and_apart),
        cmocka_unit_test(a_mark_gives_scratch_back),
        cmocka_unit_test(more_than_the_machine_has_is_an_error_that_names_the_purpose),
        cmocka_unit_test(nothing_can_be_allocated_too),
        cmocka_unit_test(overrun_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
