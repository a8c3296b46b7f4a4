/* FFmpeg's encoders, in memory: what is written to disk appears whole. Bit-exact flags and one thread, since stored
 * shards are compared by their bytes. */
#include "video/media/encode.h"

#include "base/system/file.h"
#include "video/media/internal/libav.h"

typedef struct {
    AVFormatContext *format;
    AVCodecContext *codec;
    AVStream *stream; /* owned by format */
    AVFrame *frame;
    AVPacket *packet;
    struct SwsContext *from_rgb;
    LibavOutput output;
    uint8_t *bgr; /* a frame, when colors are converted as OpenCV does */
} Encoder;

/* OpenCV's writer asks for a bit a pixel, adds a half twice, tolerates as much, and allows no quantizer below 3
 * (opencv, modules/videoio/src: cap_ffmpeg_impl.hpp). */
EncodeSettings encode_paper(int height, int width) {
    return (EncodeSettings){.codec = "mpeg4",
                            .container = "mp4",
                            .frame_rate = 25,
                            .intra_every = 12,
                            .bit_rate = (int64_t)2 * 25 * height * width,
                            .finest = 3,
                            .as_opencv = true};
}

EncodeSettings encode_preview(void) {
    return (EncodeSettings){.codec = "mpeg4", .container = "mp4", .frame_rate = 25, .intra_every = 25, .quantizer = 3};
}

static void encoder_free(Encoder *encoder) {
    pixels_free(&encoder->from_rgb);
    free(encoder->bgr);
    av_packet_free(&encoder->packet);
    av_frame_free(&encoder->frame);
    avcodec_free_context(&encoder->codec);
    avformat_free_context(encoder->format);
    libav_output_close(&encoder->output);
}

static void apply_settings(AVCodecContext *codec, const EncodeSettings *settings, const Frames *frames) {
    codec->width = frames->width;
    codec->height = frames->height;
    codec->time_base = (AVRational){1, settings->frame_rate};
    codec->framerate = (AVRational){settings->frame_rate, 1};
    codec->gop_size = settings->intra_every;
    codec->max_b_frames = 0; /* as in the released files */
    codec->thread_count = 1;
    codec->flags |= AV_CODEC_FLAG_BITEXACT;
    /* FFV1 keeps RGB without loss; the others take 4:2:0 */
    codec->pix_fmt = codec->codec_id == AV_CODEC_ID_FFV1 ? AV_PIX_FMT_0RGB32 : AV_PIX_FMT_YUV420P;
    if (settings->bit_rate > 0) {
        codec->bit_rate = settings->bit_rate;
        if (!settings->finest) return;
        /* frames that are easy get no better than this, however many bits are left */
        codec->qmin = settings->finest;
        codec->bit_rate_tolerance = (int)settings->bit_rate;
        return;
    }
    codec->flags |= AV_CODEC_FLAG_QSCALE;
    codec->global_quality = settings->quantizer * FF_QP2LAMBDA;
}

static Err open_codec(Encoder *encoder, const Frames *frames, const EncodeSettings *settings) {
    const AVCodec *codec = avcodec_find_encoder_by_name(settings->codec);
    if (!codec) return RAISE(ERR_IO, "this FFmpeg has no %s encoder", settings->codec);
    encoder->codec = avcodec_alloc_context3(codec);
    encoder->frame = av_frame_alloc();
    encoder->packet = av_packet_alloc();
    if (!encoder->codec || !encoder->frame || !encoder->packet)
        return RAISE(ERR_MEMORY, "no memory for a video encoder");
    apply_settings(encoder->codec, settings, frames);
    if (encoder->format->oformat->flags & AVFMT_GLOBALHEADER) encoder->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    int status = avcodec_open2(encoder->codec, codec, NULL);
    if (status < 0)
        return libav_raise(ERR_IO, status, "%s cannot encode frames of %d x %d pixels", settings->codec, frames->width,
                           frames->height);
    encoder->frame->format = encoder->codec->pix_fmt;
    encoder->frame->width = frames->width;
    encoder->frame->height = frames->height;
    status = av_frame_get_buffer(encoder->frame, 0);
    return status < 0 ? libav_raise(ERR_MEMORY, status, "no memory for a video encoder") : ERR_NONE;
}

static Err open_container(Encoder *encoder, const EncodeSettings *settings) {
    TRY(libav_output_open(&encoder->output));
    int status = avformat_alloc_output_context2(&encoder->format, NULL, settings->container, NULL);
    if (status < 0) return libav_raise(ERR_IO, status, "cannot write %s", settings->container);
    encoder->format->pb = encoder->output.io;
    encoder->format->flags |= AVFMT_FLAG_BITEXACT;
    encoder->stream = avformat_new_stream(encoder->format, NULL);
    return encoder->stream ? ERR_NONE : RAISE(ERR_MEMORY, "no memory for a video encoder");
}

static Err begin(Encoder *encoder, const Frames *frames, const EncodeSettings *settings) {
    TRY(open_container(encoder, settings));
    TRY(open_codec(encoder, frames, settings));
    encoder->stream->time_base = encoder->codec->time_base;
    encoder->stream->avg_frame_rate = encoder->codec->framerate;
    int status = avcodec_parameters_from_context(encoder->stream->codecpar, encoder->codec);
    if (status >= 0) status = avformat_write_header(encoder->format, NULL);
    return status < 0 ? libav_raise(ERR_IO, status, "cannot write %s", settings->container) : ERR_NONE;
}

/* Sends a frame (NULL: the end) and writes what comes out. */
static Err pump(Encoder *encoder, const AVFrame *frame) {
    int status = avcodec_send_frame(encoder->codec, frame);
    while (status >= 0) {
        status = avcodec_receive_packet(encoder->codec, encoder->packet);
        if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return ERR_NONE;
        if (status < 0) break;
        encoder->packet->stream_index = encoder->stream->index;
        /* some encoders leave it open; a frame is one tick of their clock */
        if (encoder->packet->duration == 0) encoder->packet->duration = 1;
        av_packet_rescale_ts(encoder->packet, encoder->codec->time_base, encoder->stream->time_base);
        status = av_interleaved_write_frame(encoder->format, encoder->packet);
    }
    return libav_raise(ERR_IO, status, "cannot encode a frame");
}

static Err encode_frames(Encoder *encoder, const Frames *frames) {
    for (int i = 0; i < frames->n_frames; i++) {
        /* the encoder may still refer to the pixels of the frame before */
        int status = av_frame_make_writable(encoder->frame);
        if (status < 0) return libav_raise(ERR_MEMORY, status, "no memory for a video encoder");
        const uint8_t *rgb = frames_at(frames, i);
        TRY(encoder->bgr ? pixels_from_rgb_as_opencv(encoder->frame, rgb, encoder->bgr, &encoder->from_rgb)
                         : pixels_from_rgb(encoder->frame, rgb, &encoder->from_rgb));
        encoder->frame->pts = i;
        encoder->frame->quality = encoder->codec->global_quality;
        TRY(pump(encoder, encoder->frame));
    }
    /* what the encoder holds back */
    TRY(pump(encoder, NULL));
    int status = av_write_trailer(encoder->format);
    return status < 0 ? libav_raise(ERR_IO, status, "cannot finish a video") : ERR_NONE;
}

/* The muxer may fail without a word when memory ran out in a callback: its end tells. */
static Err take_bytes(Encoder *encoder, uint8_t **bytes, size_t *length, const char *container) {
    avio_flush(encoder->output.io);
    if (encoder->output.io->error < 0) return libav_raise(ERR_MEMORY, encoder->output.io->error, "cannot keep a video");
    if (!whole_by_end(container, encoder->output.bytes, encoder->output.length))
        return RAISE(ERR_IO, "FFmpeg left a video of %zu bytes that is not whole", encoder->output.length);
    *bytes = encoder->output.bytes;
    *length = encoder->output.length;
    encoder->output.bytes = NULL;
    return ERR_NONE;
}

Err encode_memory(uint8_t **bytes, size_t *length, const Frames *frames, const EncodeSettings *settings) {
    ASSERT(frames->n_frames > 0 && frames->height > 0 && frames->width > 0);
    Encoder encoder = {0};
    Err err = begin(&encoder, frames, settings);
    if (!err && settings->as_opencv && !(encoder.bgr = malloc(frames_frame_bytes(frames))))
        err = RAISE(ERR_MEMORY, "no memory for a video encoder");
    if (!err) err = encode_frames(&encoder, frames);
    if (!err) err = take_bytes(&encoder, bytes, length, settings->container);
    encoder_free(&encoder);
    return err;
}

Err encode_file(const char *path, const Frames *frames, const EncodeSettings *settings) {
    uint8_t *bytes = NULL;
    size_t length = 0;
    Err err = encode_memory(&bytes, &length, frames, settings);
    if (!err) err = file_write_whole(path, bytes, length);
    free(bytes);
    return err_within(err, "%s: ", path);
}
