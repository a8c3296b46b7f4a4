/* Pictures in and out. PNG through FFmpeg's encoder, JPEG in memory through libjpeg-turbo, whose accurate integer
 * transform gives the same bytes on every machine. */
#include "video/media/image.h"

#include "base/system/file.h"
#include "video/media/decode.h"
#include "video/media/internal/libav.h"

#include <libavutil/opt.h>
#include <turbojpeg.h>

static const int exact = TJFLAG_ACCURATEDCT;

Err jpeg_recode(uint8_t *rgb, int height, int width, int quality) {
    ASSERT(quality >= 1 && quality <= 100);
    tjhandle compress = tjInitCompress(), decompress = tjInitDecompress();
    unsigned char *bytes = NULL;
    unsigned long length = 0;
    Err err = ERR_NONE;
    if (!compress || !decompress)
        err = RAISE(ERR_MEMORY, "no memory for JPEG");
    else if (tjCompress2(compress, rgb, width, 0, height, TJPF_RGB, &bytes, &length, TJSAMP_420, quality, exact))
        err = RAISE(ERR_IO, "cannot compress a frame of %d x %d pixels as JPEG: %s", width, height,
                    tjGetErrorStr2(compress));
    else if (tjDecompress2(decompress, bytes, length, rgb, width, 0, height, TJPF_RGB, exact))
        err = RAISE(ERR_IO, "cannot decompress a frame of %d x %d pixels from JPEG: %s", width, height,
                    tjGetErrorStr2(decompress));
    tjFree(bytes);
    if (compress) tjDestroy(compress);
    if (decompress) tjDestroy(decompress);
    return err;
}

static Err first_frame(Frames *out, Decoder *decoder) {
    bool got = false;
    TRY(decode_next(decoder, &got));
    TRY(frames_shape(out, 1, decode_height(decoder), decode_width(decoder)));
    return decode_rgb(decoder, out->data);
}

Err image_read(Frames *out, const char *path) {
    Decoder *decoder = NULL;
    TRY(decode_open_picture(&decoder, path));
    Err err = first_frame(out, decoder);
    decode_close(&decoder);
    return err;
}

/* An encoder for one picture, with everything it takes. */
typedef struct {
    AVCodecContext *codec;
    AVFrame *frame;
    AVPacket *packet;
    struct SwsContext *from_rgb;
} StillEncoder;

static void encoder_free(StillEncoder *still) {
    pixels_free(&still->from_rgb);
    av_packet_free(&still->packet);
    av_frame_free(&still->frame);
    avcodec_free_context(&still->codec);
}

static Err encoder_prepare(StillEncoder *still, const Frames *frames) {
    libav_begin();
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
    if (!codec) return RAISE(ERR_IO, "this FFmpeg has no PNG encoder");
    still->codec = avcodec_alloc_context3(codec);
    still->frame = av_frame_alloc();
    still->packet = av_packet_alloc();
    if (!still->codec || !still->frame || !still->packet) return RAISE(ERR_MEMORY, "no memory for an image encoder");
    still->codec->width = still->frame->width = frames->width;
    still->codec->height = still->frame->height = frames->height;
    still->codec->pix_fmt = still->frame->format = AV_PIX_FMT_RGB24;
    still->codec->time_base = (AVRational){1, 25};
    still->codec->thread_count = 1; /* threads of FFmpeg would compete with ours */
    still->codec->flags |= AV_CODEC_FLAG_BITEXACT;
    return ERR_NONE;
}

static Err encoder_run(StillEncoder *still, uint8_t **bytes, size_t *length, const uint8_t *rgb) {
    int status = avcodec_open2(still->codec, NULL, NULL);
    if (status >= 0) status = av_frame_get_buffer(still->frame, 0);
    if (status < 0) return libav_raise(ERR_IO, status, "cannot encode an image");
    TRY(pixels_from_rgb(still->frame, rgb, &still->from_rgb));
    status = avcodec_send_frame(still->codec, still->frame);
    /* the end: the encoder gives what it holds back */
    if (status >= 0) status = avcodec_send_frame(still->codec, NULL);
    if (status >= 0) status = avcodec_receive_packet(still->codec, still->packet);
    if (status < 0) return libav_raise(ERR_IO, status, "cannot encode an image");
    *length = (size_t)still->packet->size;
    if (!whole_by_end("png", still->packet->data, *length))
        return RAISE(ERR_IO, "FFmpeg left an image of %zu bytes that is not whole", *length);
    *bytes = malloc(*length);
    if (!*bytes) return RAISE(ERR_MEMORY, "no memory for an encoded image");
    memcpy(*bytes, still->packet->data, *length);
    return ERR_NONE;
}

Err image_encode_png(uint8_t **bytes, size_t *length, const Frames *frames, int frame) {
    StillEncoder still = {0};
    Err err = encoder_prepare(&still, frames);
    if (!err) {
        still.codec->compression_level = 6;
        av_opt_set(still.codec->priv_data, "pred", "mixed", 0);
        err = encoder_run(&still, bytes, length, frames_at(frames, frame));
    }
    encoder_free(&still);
    return err;
}

Err image_write_png(const char *path, const Frames *frames, int frame) {
    uint8_t *bytes = NULL;
    size_t length = 0;
    Err err = image_encode_png(&bytes, &length, frames, frame);
    if (!err) err = file_write_whole(path, bytes, length);
    free(bytes);
    return err_within(err, "%s: ", path);
}
