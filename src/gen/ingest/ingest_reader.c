/* A lane a thread: it keeps its decoder open, so that the pieces of one long video that a lane gets one after the
 * other are read in one go. Decoding is sequential; what lies before a piece is decoded and dropped. */
#include "gen/ingest/internal/ingest_reader.h"

#include "base/failure/fault.h"
#include "base/failure/shared_err.h"
#include "gen/ingest/internal/ingest_probe.h"
#include "video/media/decode.h"
#include "video/transform/resize.h"

/* One thread's. */
typedef struct {
    Decoder *decoder;
    int64_t file;
    int next; /* the frame that comes next */
    Frames frame, square;
} Lane;

struct IngestReader {
    const IngestList *list;
    const IngestConfig *config;
    int threads;
    Lane *lanes;
    Frames *clips;
};

Err ingest_reader_open(IngestReader **reader, const IngestList *list, const IngestConfig *config, int threads) {
    *reader = calloc(1, sizeof **reader);
    if (*reader) {
        **reader = (IngestReader){list, config, threads, calloc((size_t)threads, sizeof(Lane)),
                                  calloc((size_t)threads, sizeof(Frames))};
        if ((*reader)->lanes && (*reader)->clips) return ERR_NONE;
        (*reader)->threads = 0;
    }
    ingest_reader_close(reader);
    return RAISE(ERR_MEMORY, "no memory for %d decoders", threads);
}

void ingest_reader_close(IngestReader **reader) {
    if (!*reader) return;
    for (int i = 0; i < (*reader)->threads; i++) {
        decode_close(&(*reader)->lanes[i].decoder);
        frames_free(&(*reader)->lanes[i].frame);
        frames_free(&(*reader)->lanes[i].square);
        frames_free(&(*reader)->clips[i]);
    }
    free((*reader)->clips);
    free((*reader)->lanes);
    free(*reader);
    *reader = NULL;
}

static Err go_to_file(Lane *lane, int64_t file, const char *path) {
    decode_close(&lane->decoder);
    lane->file = file;
    lane->next = 0;
    return decode_open(&lane->decoder, path);
}

static Err step(Lane *lane, const char *path) {
    bool got = false;
    TRY(decode_next(lane->decoder, &got));
    if (!got) return RAISE(ERR_INPUT, "%s: ends at frame %d; it had more when it was looked at", path, lane->next);
    lane->next++;
    return ERR_NONE;
}

static Err square_of_frame(Lane *lane, uint8_t *out, const IngestConfig *config) {
    TRY(frames_shape(&lane->frame, 1, decode_height(lane->decoder), decode_width(lane->decoder)));
    TRY(decode_rgb(lane->decoder, lane->frame.data));
    TRY(square_of(&lane->square, &lane->frame, config->size));
    memcpy(out, lane->square.data, frames_frame_bytes(&lane->square));
    return ERR_NONE;
}

static Err read_piece(Frames *clip, Lane *lane, const IngestReader *reader, const IngestPiece *piece) {
    char path[PATH_SIZE];
    int size = reader->config->size;
    TRY(ingest_list_path(path, sizeof path, reader->list, reader->config, piece->file));
    if (fault_hit("ingest.read")) return RAISE(ERR_IO, "%s: injected fault", path);
    bool ahead = lane->decoder && lane->file == piece->file && lane->next <= piece->first;
    if (!ahead) TRY(go_to_file(lane, piece->file, path));
    TRY(frames_shape(clip, piece->n_frames, size, size));
    while (lane->next < piece->first) TRY(step(lane, path));
    for (int i = 0; i < piece->n_frames; i++) {
        TRY(step(lane, path));
        TRY(square_of_frame(lane, frames_at(clip, i), reader->config));
    }
    return ERR_NONE;
}

Err ingest_reader_batch(const Frames **clips, int *count, IngestReader *reader, const IngestPiece *pieces,
                        int64_t n_pieces) {
    *clips = reader->clips;
    *count = n_pieces < reader->threads ? (int)n_pieces : reader->threads;
    SharedErr failure = SHARED_ERR_INIT;
#pragma omp parallel for schedule(static, 1) num_threads(*count)
    for (int i = 0; i < *count; i++)
        shared_err_note(&failure, read_piece(&reader->clips[i], &reader->lanes[i], reader, &pieces[i]), i);
    return shared_err_adopt(&failure);
}
