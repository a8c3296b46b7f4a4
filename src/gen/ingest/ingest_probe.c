/* The first pass. Videos are decoded to count their frames, since containers lie about it; images are decoded, made
 * square if they are to be, and kept. A file that cannot be read is an outcome, not a failure: only what is not the
 * file's fault ends the pass. */
#include "gen/ingest/internal/ingest_probe.h"

#include "base/failure/fault.h"
#include "base/failure/shared_err.h"
#include "base/system/log.h"
#include "base/system/stop.h"
#include "par/agree.h"
#include "par/share.h"
#include "par/spread.h"
#include "video/media/decode.h"
#include "video/media/image.h"
#include "video/transform/resize.h"

#include <omp.h>

enum { WARNINGS_SHOWN = 20 };

/* A probe on its way to all ranks. */
typedef struct {
    int64_t file;
    IngestProbe probe;
} Message;

typedef struct {
    const IngestList *list;
    const IngestConfig *config;
    const Run *run;
    Progress *progress;
    Message *messages; /* this rank's files */
    int64_t n_messages;
    const IngestKeep *keep;
} Pass;

static Err probe_video(IngestProbe *probe, const char *path) {
    DecodeInfo info;
    TRY(decode_probe(&info, path));
    if (info.still) return RAISE(ERR_INPUT, "%s: a still picture (%s), not a video", path, info.codec);
    *probe = (IngestProbe){info.n_frames, info.height, info.width, info.n_damaged, ""};
    return ERR_NONE;
}

/* An image as it goes into the journal. */
typedef struct {
    uint8_t *bytes;
    size_t size;
} Piece;

static Err piece_alloc(Piece *piece, size_t size, const char *path) {
    *piece = (Piece){malloc(size), size};
    return piece->bytes ? ERR_NONE : RAISE(ERR_MEMORY, "%s: no memory for an image of %zu bytes", path, size);
}

/* `image` is used up where it is the pool's as it is. */
static Err fit_image(Frames *fitted, Frames *image, const char *path, const IngestConfig *config) {
    switch ((IngestFit)config->fit) {
    case INGEST_FIT_SQUARE: return square_of(fitted, image, config->size);
    case INGEST_FIT_STRETCH: return resize_nearest(fitted, image, NULL, config->size, config->size);
    case INGEST_FIT_KEEP: break;
    }
    if (!pool_size_is_valid((PoolSize){image->height, image->width}))
        return RAISE(ERR_INPUT, "%s: %d x %d pixels; a pool takes sides of at most %d", path, image->width,
                     image->height, POOL_SIDE_MAX);
    *fitted = *image;
    *image = (Frames){0};
    return ERR_NONE;
}

static Err make_piece(Piece *piece, const char *path, const IngestConfig *config) {
    Frames image = {0}, fitted = {0};
    IngestHead head = {0};
    Err err;
    TRY_OR(done, image_read(&image, path));
    head = (IngestHead){image.height, image.width};
    TRY_OR(done, fit_image(&fitted, &image, path, config));
    TRY_OR(done, piece_alloc(piece, sizeof head + frames_frame_bytes(&fitted), path));
    memcpy(piece->bytes, &head, sizeof head);
    memcpy(piece->bytes + sizeof head, fitted.data, frames_frame_bytes(&fitted));
done:
    frames_free(&fitted);
    frames_free(&image);
    return err;
}

/* *there: an earlier life left this piece, and it is whole. */
static Err find_piece(Piece *piece, bool *there, const Pass *pass, int64_t file, const char *path) {
    int64_t size = pass->keep ? journal_size(pass->keep->earlier, file) : -1;
    IngestHead head;
    *there = false;
    if (size < (int64_t)sizeof head) return ERR_NONE;
    TRY(piece_alloc(piece, (size_t)size, path));
    *there = journal_fetch(pass->keep->earlier, file, piece->bytes, piece->size);
    memcpy(&head, piece->bytes, sizeof head);
    *there = *there &&
             size == (int64_t)sizeof head + pool_size_bytes(ingest_pool_size(pass->config, head.height, head.width));
    return ERR_NONE;
}

/* From an earlier life, or *fresh from the file. */
static Err probe_image(IngestProbe *probe, Piece *piece, bool *fresh, const Pass *pass, int64_t file,
                       const char *path) {
    IngestHead head;
    bool there;
    TRY(find_piece(piece, &there, pass, file, path));
    *fresh = !there;
    if (*fresh) {
        free(piece->bytes);
        *piece = (Piece){0};
        if (fault_hit("ingest.image")) return RAISE(ERR_INTERNAL, "%s: injected fault", path);
        TRY(make_piece(piece, path, pass->config));
    }
    memcpy(&head, piece->bytes, sizeof head);
    *probe = (IngestProbe){1, head.height, head.width, 0, ""};
    return ERR_NONE;
}

/* The message without the file's name in front, which stands beside it wherever it is shown. */
static void keep_reason(IngestProbe *probe, const char *path) {
    const char *message = err_message();
    size_t length = strlen(path);
    if (!strncmp(message, path, length) && !strncmp(message + length, ": ", 2)) message += length + 2;
    snprintf(probe->reason, sizeof probe->reason, "%.*s", (int)sizeof probe->reason - 1, message);
}

/* What is wrong with a file is told of it; anything else, no memory say, is not the file's fault. */
static Err judge(IngestProbe *probe, Err err, const char *path) {
    /* the list of bad files is judged once it is complete */
    if (err != ERR_INPUT && err != ERR_IO) return err;
    keep_reason(probe, path);
    return ERR_NONE;
}

static Err probe_one_image(bool *fresh, const Pass *pass, Message *message, const char *path) {
    Piece piece = {0};
    Err err = judge(&message->probe, probe_image(&message->probe, &piece, fresh, pass, message->file, path), path);
    if (!err && *fresh && pass->keep && !message->probe.reason[0])
        err = journal_append(pass->keep->journal, message->file, piece.bytes, piece.size);
    free(piece.bytes);
    return err;
}

/* *fresh: not known from an earlier life. */
static Err probe_one(bool *fresh, const Pass *pass, Message *message) {
    char path[PATH_SIZE];
    *fresh = true;
    TRY(ingest_list_path(path, sizeof path, pass->list, pass->config, message->file));
    if (pass->config->as == INGEST_IMAGES) return probe_one_image(fresh, pass, message, path);
    return judge(&message->probe, probe_video(&message->probe, path), path);
}

static Err check_stop(const Pass *pass) {
    if (!stop_requested()) return ERR_NONE;
    if (!pass->keep) return RAISE(ERR_STOPPED, "stopped by %s before anything was written", stop_reason());
    return RAISE(ERR_STOPPED, "stopped by %s: the images read so far are kept; run the same command again to go on",
                 stop_reason());
}

/* Stop requests are looked at by one thread, after a file, so that every life brings something. */
static Err probe_mine(Pass *pass) {
    SharedErr failure = SHARED_ERR_INIT;
#pragma omp parallel for schedule(dynamic, 1) num_threads(pass->run->par.threads)
    for (int64_t i = 0; i < pass->n_messages; i++) {
        if (shared_err_failed(&failure)) continue;
        bool fresh;
        Err err = probe_one(&fresh, pass, &pass->messages[i]);
        if (!err && fresh && omp_get_thread_num() == 0 && i + 1 < pass->n_messages) err = check_stop(pass);
        shared_err_note(&failure, err, i);
        progress_add(pass->progress, 1);
    }
    return shared_err_adopt(&failure);
}

static Err deal_files(Pass *pass) {
    const Par *par = &pass->run->par;
    pass->messages = calloc((size_t)(pass->list->count / par->n_ranks + 1), sizeof *pass->messages);
    if (!pass->messages) return RAISE(ERR_MEMORY, "no memory to look at %lld files", (long long)pass->list->count);
    for (int64_t i = 0; i < pass->list->count; i++)
        if (share_owns(i, par->rank, par->n_ranks)) pass->messages[pass->n_messages++].file = i;
    return ERR_NONE;
}

static Err share_results_all(IngestProbe **probes, const Pass *pass) {
    void *gathered = NULL;
    size_t bytes = 0;
    const Par *par = &pass->run->par;
    TRY(gather_bytes_all(&gathered, &bytes, pass->messages, (size_t)pass->n_messages * sizeof(Message), par));
    const Message *messages = gathered;
    *probes = calloc((size_t)pass->list->count, sizeof **probes);
    Err err = *probes ? ERR_NONE : RAISE(ERR_MEMORY, "no memory for %lld files", (long long)pass->list->count);
    for (size_t i = 0; i < bytes / sizeof *messages && !err; i++) (*probes)[messages[i].file] = messages[i].probe;
    free(gathered);
    return err_agree_all(err, par, "the first pass over the files");
}

Err ingest_probe_all(IngestProbe **probes, const IngestKeep *keep, const IngestList *list, const IngestConfig *config,
                     const Run *run) {
    const Par *par = &run->par;
    Pass pass = {.list = list, .config = config, .run = run, .keep = keep};
    TRY(progress_begin_all(&pass.progress, par, run->progress, "files", list->count, "", 0));
    Err err = deal_files(&pass);
    if (!err) err = probe_mine(&pass);
    progress_end_all(&pass.progress);
    err = err_agree_all(err, par, "the first pass over the files");
    if (!err) err = share_results_all(probes, &pass);
    free(pass.messages);
    return err;
}

int64_t ingest_count_bad(const IngestProbe *probes, int64_t count) {
    int64_t n_bad = 0;
    for (int64_t i = 0; i < count; i++) n_bad += probes[i].reason[0] != '\0';
    return n_bad;
}

int64_t ingest_count_damaged(const IngestProbe *probes, int64_t count) {
    int64_t n_damaged = 0;
    for (int64_t i = 0; i < count; i++) n_damaged += probes[i].n_damaged > 0;
    return n_damaged;
}

/* What is lost stands before what cannot be read. Returns how many there are of both. */
static int64_t warn_of_bad_files(const char **name, const char **reason, const IngestProbe *probes,
                                 const IngestList *list, bool speak) {
    int64_t n_bad = 0;
    for (int64_t i = 0; i < list->n_passed + list->count; i++) {
        const Passed *passed = i < list->n_passed ? &list->passed[i] : NULL;
        int64_t file = i - list->n_passed;
        if (passed ? passed->kind != PASSED_LOST : !probes[file].reason[0]) continue;
        const char *this_name = passed ? passed->name : list->names[file];
        const char *this_reason = passed ? passed->reason : probes[file].reason;
        if (n_bad++ == 0) {
            *name = this_name;
            *reason = this_reason;
        }
        if (speak && n_bad <= WARNINGS_SHOWN) log_warn("skipped %s: %s", this_name, this_reason);
    }
    if (speak && n_bad > WARNINGS_SHOWN) log_warn("and %lld more", (long long)n_bad - WARNINGS_SHOWN);
    return n_bad;
}

/* Of a subset of the files, as many are lost as there are in that share of all. */
static double bad_share(int64_t n_unreadable, const IngestList *list) {
    double lost = (double)list->n_lost * (double)list->count / (double)list->n_found;
    return ((double)n_unreadable + lost) / ((double)list->count + lost);
}

Err ingest_judge(const IngestProbe *probes, const IngestList *list, const IngestConfig *config, const Par *par) {
    const char *name = "", *reason = "";
    int64_t n_bad = warn_of_bad_files(&name, &reason, probes, list, par->rank == 0);
    int64_t n_unreadable = n_bad - list->n_lost;
    double share = bad_share(n_unreadable, list);
    if (n_bad == 0 || (share <= config->max_bad && n_unreadable < list->count)) return ERR_NONE;
    return RAISE(
        ERR_INPUT, "input: %lld of %lld files in %s cannot be read (max_bad allows %g of them); the first: %s: %s",
        (long long)n_bad, (long long)(list->count + list->n_lost), config->input, config->max_bad, name, reason);
}
