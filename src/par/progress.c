/* Ranks send their count to rank 0 on a communicator of their own, when some time has passed and the last message is
 * through; rank 0 takes what has arrived and shows the sum. Nobody waits for anybody before the end. */
#include "par/progress.h"

#include "base/system/clock.h"
#include "base/system/log.h"
#include "base/text/text.h"
#include "par/agree.h"
#include "par/internal/wait.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

static const double lines_every_s = 5, bar_every_s = 0.25, send_every_s = 0.25;
enum { BAR_WIDTH = 20, NOTE_SIZE = 100, TAG_COUNT = 1, TAG_LAST = 2 };

struct Progress {
    Par par; /* comm is our own duplicate */
    ProgressMode mode;
    const char *what, *unit;
    double units_per_item, start_s, next_s;
    int64_t total;
    _Atomic int64_t mine; /* any thread adds; only `owner` talks to MPI and the terminal */
    pthread_t owner;
    char note[NOTE_SIZE];
    bool bar_shown;

    int64_t *counts; /* rank 0: what each rank reported */
    int n_last;      /* rank 0: ranks that sent their last count */
    int64_t sent;    /* others: the count under way */
    MPI_Request request;
};

/* A bar only where somebody watches: under a launcher stderr is a log. */
static ProgressMode choose_mode(ProgressMode asked, const Par *par) {
    if (log_level() == LOG_QUIET) return PROGRESS_NONE;
    if (asked != PROGRESS_AUTO) return asked;
    return !par->mpi_started && isatty(STDERR_FILENO) ? PROGRESS_BAR : PROGRESS_LINES;
}

/* NULL: no memory. */
static Progress *progress_new(const Par *par) {
    Progress *progress = calloc(1, sizeof *progress);
    if (!progress) return NULL;
    progress->counts = calloc((size_t)par->n_ranks, sizeof *progress->counts);
    if (progress->counts) return progress;
    free(progress);
    return NULL;
}

static void progress_delete(Progress **progress) {
    if (*progress) free((*progress)->counts);
    free(*progress);
    *progress = NULL;
}

Err progress_begin_all(Progress **progress, const Par *par, ProgressMode mode, const char *what, int64_t total,
                       const char *unit, double units_per_item) {
    *progress = progress_new(par);
    Err mine = *progress ? ERR_NONE : RAISE(ERR_MEMORY, "no memory to count %s", what);
    Err err = err_agree_all(mine, par, "progress");
    if (err) {
        progress_delete(progress);
        return err;
    }
    Progress *p = *progress;
    p->par = *par;
    p->mode = choose_mode(mode, par);
    p->what = what;
    p->unit = unit;
    p->total = total;
    p->units_per_item = units_per_item;
    p->owner = pthread_self();
    p->start_s = clock_wall_s();
    p->request = MPI_REQUEST_NULL;
    if (par->n_ranks > 1) MPI_Comm_dup(par->comm, &p->par.comm);
    return ERR_NONE;
}

/* Three digits, but never an exponent: "0.412", "41.2", "8,241". */
static void add_rate(Builder *line, double rate, const char *what) {
    char count[32];
    if (rate >= 100)
        builder_add(line, ", %s %s/s", text_count(count, sizeof count, (int64_t)(rate + 0.5)), what);
    else
        builder_add(line, ", %.3g %s/s", rate, what);
}

/* "123/500 videos (24.6 %), 41.2 videos/s, 820 frames/s, 9 s left, loss 0.812" */
static void describe(char *out, size_t size, const Progress *progress, int64_t done, double elapsed) {
    char count[32], total[32], left[32];
    double rate = elapsed > 0 ? (double)done / elapsed : 0;
    Builder line = {0};
    builder_add(&line, "%s/%s %s", text_count(count, sizeof count, done),
                text_count(total, sizeof total, progress->total), progress->what);
    if (progress->total > 0) builder_add(&line, " (%.1f %%)", 100.0 * (double)done / (double)progress->total);
    add_rate(&line, rate, progress->what);
    if (progress->units_per_item > 0) add_rate(&line, rate * progress->units_per_item, progress->unit);
    if (done >= progress->total)
        builder_add(&line, ", in %s", text_duration(left, sizeof left, elapsed));
    else if (rate > 0)
        builder_add(&line, ", %s left", text_duration(left, sizeof left, (double)(progress->total - done) / rate));
    if (progress->note[0]) builder_add(&line, ", %s", progress->note);
    snprintf(out, size, "%s", line.failed ? progress->what : line.data);
    builder_free(&line);
}

static void show_bar(Progress *progress, const char *line, int64_t done) {
    char bar[BAR_WIDTH + 1];
    int64_t filled = progress->total > 0 ? done * BAR_WIDTH / progress->total : BAR_WIDTH;
    for (int i = 0; i < BAR_WIDTH; i++) bar[i] = i < filled ? '#' : '.';
    bar[BAR_WIDTH] = 0;
    fprintf(stderr, "\r[%s] %.90s\033[K", bar, line); /* clears the rest of a longer line before */
    fflush(stderr);
    progress->bar_shown = true;
}

/* Own items are counted as they come, those of other ranks as of their last message. */
static void show(Progress *progress) {
    char line[300];
    int64_t done = progress->mine;
    for (int rank = 1; rank < progress->par.n_ranks; rank++) done += progress->counts[rank];
    describe(line, sizeof line, progress, done, clock_wall_s() - progress->start_s);
    if (progress->mode == PROGRESS_BAR)
        show_bar(progress, line, done);
    else
        log_info("%s", line);
}

/* `sent` belongs to the message under way, so a new one waits until that is through; nothing is lost, a count
 * is of all items so far. */
static void send_count(Progress *progress) {
    int sent = 1;
    if (progress->request != MPI_REQUEST_NULL) MPI_Test(&progress->request, &sent, MPI_STATUS_IGNORE);
    if (!sent || progress->sent == progress->mine) return;
    progress->sent = progress->mine;
    MPI_Isend(&progress->sent, 1, MPI_INT64_T, 0, TAG_COUNT, progress->par.comm, &progress->request);
}

/* Takes what has arrived at rank 0, without waiting. */
static void receive_counts(Progress *progress) {
    for (;;) {
        int arrived;
        MPI_Status status;
        MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, progress->par.comm, &arrived, &status);
        if (!arrived) return;
        MPI_Recv(&progress->counts[status.MPI_SOURCE], 1, MPI_INT64_T, status.MPI_SOURCE, status.MPI_TAG,
                 progress->par.comm, MPI_STATUS_IGNORE);
        progress->n_last += status.MPI_TAG == TAG_LAST;
    }
}

static void show_when_due(Progress *progress) {
    double now = clock_wall_s();
    if (now < progress->next_s) return;
    bool first_line = progress->next_s == 0 && progress->mode == PROGRESS_LINES;
    progress->next_s = now + (progress->mode == PROGRESS_BAR ? bar_every_s : lines_every_s);
    if (!first_line) show(progress); /* a line after a few milliseconds would tell nothing */
}

/* Any thread may add; MPI was asked for funneled calls only, so messages are the owner's. */
void progress_add(Progress *progress, int64_t items) {
    progress->mine += items;
    if (progress->mode == PROGRESS_NONE || !pthread_equal(progress->owner, pthread_self())) return;
    if (progress->par.rank == 0) {
        if (progress->par.n_ranks > 1) receive_counts(progress);
        show_when_due(progress);
    } else if (clock_wall_s() >= progress->next_s) {
        progress->next_s = clock_wall_s() + send_every_s;
        send_count(progress);
    }
}

void progress_note(Progress *progress, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(progress->note, sizeof progress->note, format, arguments);
    va_end(arguments);
}

/* Rank 0 goes on showing until everybody has sent a last count; then no message is under way any more. */
static void collect_last_counts(Progress *progress) {
    Patience patience = {0};
    while (receive_counts(progress), progress->n_last < progress->par.n_ranks - 1) {
        if (progress->mode != PROGRESS_NONE) show_when_due(progress);
        par_patience(&patience, &progress->par, progress->what);
    }
}

/* In order of sending: the last count cannot overtake the one before. */
static void send_last_count(Progress *progress) {
    par_wait(&progress->request, &progress->par, "progress");
    progress->sent = progress->mine;
    MPI_Isend(&progress->sent, 1, MPI_INT64_T, 0, TAG_LAST, progress->par.comm, &progress->request);
    par_wait(&progress->request, &progress->par, "progress");
}

void progress_end_all(Progress **progress) {
    Progress *p = *progress;
    if (!p) return;
    if (p->par.rank == 0) {
        if (p->par.n_ranks > 1) collect_last_counts(p);
        if (p->mode != PROGRESS_NONE) show(p);
        if (p->bar_shown) fputc('\n', stderr);
    } else {
        send_last_count(p);
    }
    if (p->par.n_ranks > 1) MPI_Comm_free(&p->par.comm);
    progress_delete(progress);
}
