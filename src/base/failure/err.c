/* An Err is a code; its message stands beside it, one a thread. Raising overwrites it, passing on leaves it, err_within
 * puts words in front. What is said to a user is the message that was raised last. */
#include "base/failure/err.h"

#include "base/system/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

enum { MESSAGE_SIZE = 2048, PLACE_SIZE = 160 };

static _Thread_local char message_text[MESSAGE_SIZE];
static _Thread_local char place_text[PLACE_SIZE];
static _Thread_local bool agreed;

void (*err_abort_hook)(int exit_code) = NULL;

static const struct {
    int exit_code;
    const char *text;
} codes[ERR_COUNT] = {
#define X(name, exit_code_, text_) [name] = {exit_code_, text_},
    ERR_LIST(X)
#undef X
};

static const char *base_of(const char *file) {
    const char *slash = strrchr(file, '/');
    return slash ? slash + 1 : file;
}

/* What goes wrong for want of memory is called so, wherever it comes to light: a system call that says ENOMEM, and all
 * that follows from a text or a tree that is not complete. */
static Err cause_of(Err code, int reason) {
    bool starved = (code == ERR_IO && reason == ENOMEM) || memory_ran_out();
    return starved ? ERR_MEMORY : code;
}

Err err_raise(Err code, const char *file, int line, const char *format, ...) {
    Err cause = cause_of(code, errno);
    char text[MESSAGE_SIZE]; /* the arguments may hold the old message */
    size_t begun = cause == code ? 0 : (size_t)snprintf(text, sizeof text, "out of memory, and so: ");
    va_list args;
    va_start(args, format);
    vsnprintf(text + begun, sizeof text - begun, format, args);
    va_end(args);
    memcpy(message_text, text, sizeof message_text);
    snprintf(place_text, sizeof place_text, "%s:%d", base_of(file), line);
    agreed = false;
    return cause;
}

Err err_within(Err code, const char *format, ...) {
    if (code == ERR_NONE) return code;
    char joined[MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(joined, sizeof joined, format, args);
    va_end(args);
    /* the message itself is worth more than the words in front */
    if (length < 0 || (size_t)length >= sizeof joined) return code;
    snprintf(joined + length, sizeof joined - (size_t)length, "%s", message_text);
    memcpy(message_text, joined, sizeof message_text);
    return code;
}

Err err_out_of_memory(const char *purpose) {
    return memory_ran_out() ? RAISE(ERR_MEMORY, "%s: out of memory", purpose) : ERR_NONE;
}

const char *err_message(void) {
    return message_text;
}

const char *err_place(void) {
    return place_text;
}

void err_adopt(Err code, const char *message) {
    if (code == ERR_NONE) return;
    snprintf(message_text, sizeof message_text, "%s", message);
    place_text[0] = 0;
    agreed = false;
}

void err_adopt_agreed(Err code, const char *message) {
    err_adopt(code, message);
    agreed = code != ERR_NONE;
}

bool err_is_agreed(void) {
    return agreed;
}

int err_exit_code(Err code) {
    return (unsigned)code < ERR_COUNT ? codes[code].exit_code : codes[ERR_INTERNAL].exit_code;
}

const char *err_text(Err code) {
    return (unsigned)code < ERR_COUNT ? codes[code].text : codes[ERR_INTERNAL].text;
}

void err_assert_failed(const char *condition, const char *file, int line) {
    fprintf(stderr, "synvid: bug: %s does not hold [%s:%d]; please report this with the command line\n", condition,
            base_of(file), line);
    fflush(stderr);
    if (err_abort_hook) err_abort_hook(err_exit_code(ERR_INTERNAL));
    abort();
}
