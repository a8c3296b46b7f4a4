/* Which video track of a file is its video: the one with most frames, then the largest, then the one marked as default.
 * Several tracks are counted by reading packets, since what a container says of lengths is often wrong. */
#include "video/media/internal/libav.h"

#include <libavcodec/avcodec.h>
#include <stdlib.h>

/* Covers and thumbnails are video tracks of one frame to FFmpeg. */
static bool is_picture_aside(const AVStream *stream) {
    return stream->disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS);
}

static bool is_candidate(const AVStream *stream) {
    return stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !is_picture_aside(stream) &&
           avcodec_find_decoder(stream->codecpar->codec_id);
}

static int64_t area(const AVStream *stream) {
    return (int64_t)stream->codecpar->width * stream->codecpar->height;
}

static bool is_better(const AVStream *a, int64_t a_frames, const AVStream *b, int64_t b_frames) {
    if (a_frames != b_frames) return a_frames > b_frames;
    if (area(a) != area(b)) return area(a) > area(b);
    return (a->disposition & AV_DISPOSITION_DEFAULT) && !(b->disposition & AV_DISPOSITION_DEFAULT);
}

/* Reads the file to its end: who comes after must open it anew. */
static Err count_packets(int64_t *frames, int n_streams, AVFormatContext *format, const char *name) {
    AVPacket *packet = av_packet_alloc();
    if (!packet) return RAISE(ERR_MEMORY, "%s: no memory for a packet", name);
    for (unsigned i = 0; i < format->nb_streams; i++)
        if (!is_candidate(format->streams[i])) format->streams[i]->discard = AVDISCARD_ALL;
    while (av_read_frame(format, packet) >= 0) {
        if (packet->stream_index < n_streams && !(packet->flags & AV_PKT_FLAG_DISCARD)) frames[packet->stream_index]++;
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    return ERR_NONE;
}

Err tracks_choose(int *track, bool *counted, AVFormatContext *format, const char *name) {
    int n_candidates = 0, n_videos = 0;
    *track = TRACKS_NONE;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *stream = format->streams[i];
        n_videos += stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !is_picture_aside(stream);
        if (is_candidate(stream) && n_candidates++ == 0) *track = (int)i;
    }
    *counted = n_candidates > 1;
    /* a video that this FFmpeg cannot decode is told apart from a file without one */
    if (n_candidates == 0 && n_videos > 0) *track = TRACKS_NO_DECODER;
    if (!*counted) return ERR_NONE;
    const int n_streams = (int)format->nb_streams; /* more may turn up in reading: they are not looked at */
    int64_t *frames = calloc((size_t)n_streams, sizeof *frames);
    if (!frames) return RAISE(ERR_MEMORY, "%s: no memory for its tracks", name);
    Err err = count_packets(frames, n_streams, format, name);
    for (int i = *track + 1; i < n_streams && !err; i++)
        if (is_candidate(format->streams[i]) &&
            is_better(format->streams[i], frames[i], format->streams[*track], frames[*track]))
            *track = i;
    free(frames);
    return err;
}
