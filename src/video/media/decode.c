/* One decoder for files and memory, videos and pictures. Three traps shape it: FFmpeg must open nothing but what it
 * was given (no playlists), must not be asked for gigantic frames (sizes are checked before any decoding), and must
 * give the same bits everywhere (one thread, bit-exact). A video may lose frames and is counted as damaged; a picture
 * must be whole. */
#include "video/media/decode.h"

#include "base/text/text.h"
#include "video/media/internal/libav.h"

#include <libavutil/imgutils.h>

struct Decoder {
    char name[PATH_SIZE]; /* for messages */
    LibavInput input;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    struct SwsContext *to_rgb;
    const char *what;          /* if it may be something without a decoder: its name */
    bool picture;              /* no damage is tolerated */
    StillFacts facts;          /* of a picture */
    int stream, height, width; /* as delivered */
    Orientation orientation;
    uint8_t *stored; /* a frame before it is turned */
    int64_t n_frames, n_packets;
    int n_damaged;
    bool drained; /* the end of the file was passed on to the codec */
};

/* Playlists name other files; ours never open them. */
static int refuse_other_files(struct AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                              AVDictionary **options) {
    (void)format, (void)io, (void)url, (void)flags, (void)options;
    return AVERROR(EPERM);
}

static Err refuse_undecodable(const Decoder *decoder) {
    return RAISE(ERR_INPUT, "%s: %s, which FFmpeg %s does not decode; convert it to PNG or JPEG", decoder->name,
                 decoder->what, av_version_info());
}

/* Picture files come through the "_pipe" family of FFmpeg's formats, or were named to it. */
static bool is_picture_format(const char *format) {
    return text_ends(format, "_pipe") || text_equal(format, "image2pipe") || text_equal(format, "ico");
}

/* Lets FFmpeg look at the contents, or names the codec of a picture to it. */
static int try_format(Decoder *decoder, enum AVCodecID picture) {
    const AVInputFormat *pipe = picture == AV_CODEC_ID_NONE ? NULL : av_find_input_format("image2pipe");
    decoder->format = avformat_alloc_context();
    if (!decoder->format) return AVERROR(ENOMEM);
    decoder->format->pb = decoder->input.io;
    decoder->format->io_open = refuse_other_files;
    if (pipe) decoder->format->video_codec_id = picture;
    avio_seek(decoder->input.io, 0, SEEK_SET);
    int status = avformat_open_input(&decoder->format, NULL, pipe, NULL); /* frees the context when it fails */
    if (status >= 0 &&
        is_picture_format(decoder->format->iformat->name)) /* a file is one packet; parsers cut wrongly */
        decoder->format->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
    return status;
}

/* What FFmpeg finds by itself, or by a name that is certain; names that are guesses are tried after it has failed. */
static Err open_format(Decoder *decoder) {
    bool hopeless = false;
    AVIOContext *io = decoder->input.io;
    decoder->what = recognize_undecodable(&hopeless, io);
    if (hopeless) return refuse_undecodable(decoder);
    enum AVCodecID picture = recognize_picture(io, decoder->input.length, true);
    int status = try_format(decoder, picture);
    if (status < 0 && picture == AV_CODEC_ID_NONE) {
        picture = recognize_picture(io, decoder->input.length, false);
        if (picture != AV_CODEC_ID_NONE) status = try_format(decoder, picture);
    }
    if (status < 0 && decoder->what) return refuse_undecodable(decoder);
    if (status < 0) return libav_raise(ERR_INPUT, status, "%s: not a video or image", decoder->name);
    return ERR_NONE;
}

static Err refuse_size(const Decoder *decoder, int height, int width) {
    if (height <= DECODE_MAX_SIDE && width <= DECODE_MAX_SIDE && (int64_t)height * width <= DECODE_MAX_PIXELS)
        return ERR_NONE;
    return RAISE(ERR_INPUT, "%s: claims frames of %d x %d pixels; at most %d x %d and %d pixels in all are read",
                 decoder->name, width, height, DECODE_MAX_SIDE, DECODE_MAX_SIDE, DECODE_MAX_PIXELS);
}

/* Finding out about streams decodes a little, so sizes are checked before and the limit goes along. */
static Err find_streams(Decoder *decoder) {
    AVFormatContext *format = decoder->format;
    AVDictionary *limits[64] = {0};
    unsigned n_streams = format->nb_streams, n_limits = n_streams < 64 ? n_streams : 64;
    for (unsigned i = 0; i < n_streams; i++)
        TRY(refuse_size(decoder, format->streams[i]->codecpar->height, format->streams[i]->codecpar->width));
    if (n_streams > 64)
        return RAISE(ERR_INPUT, "%s: has %u streams, at most 64 are looked at", decoder->name, n_streams);
    for (unsigned i = 0; i < n_limits; i++) {
        av_dict_set_int(&limits[i], "max_pixels", DECODE_MAX_PIXELS, 0);
        av_dict_set_int(&limits[i], "threads", 1, 0);
    }
    int status = avformat_find_stream_info(format, n_limits > 0 ? limits : NULL);
    for (unsigned i = 0; i < n_limits; i++) av_dict_free(&limits[i]);
    if (status < 0) return libav_raise(ERR_INPUT, status, "%s: cannot find out what it holds", decoder->name);
    return ERR_NONE;
}

static Err open_streams(Decoder *decoder) {
    TRY(open_format(decoder));
    return find_streams(decoder);
}

static Err choose_stream(Decoder *decoder) {
    int track;
    bool counted;
    TRY(tracks_choose(&track, &counted, decoder->format, decoder->name));
    if (track < 0 && decoder->what) return refuse_undecodable(decoder);
    if (track == TRACKS_NO_DECODER)
        return RAISE(ERR_INPUT, "%s: no decoder for its video stream (%s)", decoder->name,
                     decoder->format->iformat->name);
    if (track < 0)
        return RAISE(ERR_INPUT, "%s: no video stream (%s with %u streams)", decoder->name,
                     decoder->format->iformat->name, decoder->format->nb_streams);
    /* counting frames of several tracks has read the file to its end */
    if (counted) { /* back to the beginning */
        avformat_close_input(&decoder->format);
        TRY(open_streams(decoder));
        if (track >= (int)decoder->format->nb_streams)
            return RAISE(ERR_INPUT, "%s: its tracks differ from one reading to the next", decoder->name);
    }
    decoder->stream = track;
    for (unsigned i = 0; i < decoder->format->nb_streams; i++)
        if ((int)i != track) decoder->format->streams[i]->discard = AVDISCARD_ALL;
    return ERR_NONE;
}

static Err open_codec(Decoder *decoder) {
    const AVCodecParameters *parameters = decoder->format->streams[decoder->stream]->codecpar;
    const AVCodec *codec = avcodec_find_decoder(parameters->codec_id);
    if (!codec) return RAISE(ERR_INPUT, "%s: no decoder for its video stream", decoder->name);
    TRY(refuse_size(decoder, parameters->height, parameters->width));
    decoder->codec = avcodec_alloc_context3(codec);
    decoder->packet = av_packet_alloc();
    decoder->frame = av_frame_alloc();
    if (!decoder->codec || !decoder->packet || !decoder->frame)
        return RAISE(ERR_MEMORY, "%s: no memory for a decoder", decoder->name);
    int status = avcodec_parameters_to_context(decoder->codec, parameters);
    decoder->codec->thread_count = 1; /* frames in the same order, and the same damage, everywhere */
    decoder->codec->max_pixels = DECODE_MAX_PIXELS;
    decoder->codec->flags |= AV_CODEC_FLAG_BITEXACT;
    decoder->picture = decoder->picture || is_picture_format(decoder->format->iformat->name);
    if (decoder->picture) /* half a photograph and gray below is no photograph */
        decoder->codec->err_recognition |= AV_EF_EXPLODE | AV_EF_CRCCHECK;
    if (status >= 0) status = avcodec_open2(decoder->codec, codec, NULL);
    if (status < 0) return libav_raise(ERR_INPUT, status, "%s: cannot decode %s", decoder->name, codec->name);
    return ERR_NONE;
}

static Err open_input(Decoder *decoder) {
    TRY(open_streams(decoder));
    TRY(choose_stream(decoder));
    return open_codec(decoder);
}

static Err new_decoder(Decoder **decoder, const char *name) {
    *decoder = calloc(1, sizeof(**decoder));
    if (!*decoder) return RAISE(ERR_MEMORY, "%s: no memory for a decoder", name);
    Err err = text_copy((*decoder)->name, sizeof((*decoder)->name), name);
    if (err) decode_close(decoder);
    return err;
}

/* From a file, or from memory where there are bytes. */
static Err open_any(Decoder **decoder, const char *name, const void *bytes, size_t length, bool picture) {
    TRY(new_decoder(decoder, name));
    (*decoder)->picture = picture;
    LibavInput *input = &(*decoder)->input;
    Err err = bytes ? libav_input_memory(input, bytes, length, name) : libav_input_file(input, name);
    if (!err) err = open_input(*decoder);
    if (err) decode_close(decoder);
    return err;
}

Err decode_open(Decoder **decoder, const char *path) {
    return open_any(decoder, path, NULL, 0, false);
}

Err decode_open_memory(Decoder **decoder, const void *bytes, size_t length, const char *name) {
    return open_any(decoder, name, bytes, length, false);
}

Err decode_open_picture(Decoder **decoder, const char *path) {
    return open_any(decoder, path, NULL, 0, true);
}

void decode_close(Decoder **decoder) {
    if (!*decoder) return;
    pixels_free(&(*decoder)->to_rgb);
    free((*decoder)->stored);
    av_frame_free(&(*decoder)->frame);
    av_packet_free(&(*decoder)->packet);
    avcodec_free_context(&(*decoder)->codec);
    avformat_close_input(&(*decoder)->format);
    libav_input_close(&(*decoder)->input);
    free(*decoder);
    *decoder = NULL;
}

/* A picture file is one packet, or its first packet is the picture. Icons hold bitmaps without their own heads. */
static Err prepare_packet(Decoder *decoder) {
    bool first = decoder->picture && decoder->n_packets++ == 0;
    if (!first || text_equal(decoder->format->iformat->name, "ico")) return ERR_NONE;
    return still_prepare(&decoder->facts, decoder->packet, decoder->codec->codec_id, decoder->name);
}

/* One packet of our stream into the codec, or, at the end of the file, the request to give out what it still holds. */
static Err feed(Decoder *decoder) {
    Err err = ERR_NONE;
    int status = av_read_frame(decoder->format, decoder->packet);
    if (status < 0) {
        decoder->drained = true;
        if (status != AVERROR_EOF) decoder->n_damaged++;
        avcodec_send_packet(decoder->codec, NULL);
        return ERR_NONE;
    }
    /* a codec that refuses one packet may take the next: damage is counted */
    if (decoder->packet->stream_index == decoder->stream) {
        err = prepare_packet(decoder);
        if (!err && avcodec_send_packet(decoder->codec, decoder->packet) < 0) decoder->n_damaged++;
    }
    av_packet_unref(decoder->packet);
    return err;
}

/* A file of which nothing came out is no video, however it began. */
static Err at_the_end(const Decoder *decoder, bool *got) {
    *got = false;
    if (decoder->n_frames > 0) return ERR_NONE;
    if (decoder->what) return refuse_undecodable(decoder);
    return libav_raise(ERR_INPUT, AVERROR_INVALIDDATA, "%s: not one frame of its %s stream can be decoded",
                       decoder->name, decoder->codec->codec->name);
}

/* What follows a broken picture in its file, a thumbnail say, is not the picture. */
static Err refuse_damage(const Decoder *decoder) {
    if (decoder->what) return refuse_undecodable(decoder);
    return libav_raise(ERR_INPUT, AVERROR_INVALIDDATA, "%s: the picture (%s) has errors", decoder->name,
                       decoder->codec->codec->name);
}

Err decode_next(Decoder *decoder, bool *got) {
    for (;;) {
        int status = avcodec_receive_frame(decoder->codec, decoder->frame);
        if (status == AVERROR_EOF || (status < 0 && decoder->drained)) return at_the_end(decoder, got);
        if (status == 0 && decoder->frame->width > 0 && decoder->frame->height > 0) break;
        if (status < 0 && status != AVERROR(EAGAIN)) decoder->n_damaged++;
        if (status < 0) TRY(feed(decoder));
        if (decoder->picture && decoder->n_damaged > 0 && decoder->n_frames == 0) return refuse_damage(decoder);
    }
    if (decoder->frame->decode_error_flags || (decoder->frame->flags & AV_FRAME_FLAG_CORRUPT)) decoder->n_damaged++;
    if (decoder->picture && decoder->n_damaged > 0 && decoder->n_frames == 0) return refuse_damage(decoder);
    if (decoder->facts.full_range) decoder->frame->color_range = AVCOL_RANGE_JPEG;
    if (decoder->n_frames == INT32_MAX) return RAISE(ERR_INPUT, "%s: has more than 2^31 frames", decoder->name);
    /* the first frame decides size and orientation; later ones are brought to it */
    if (decoder->n_frames++ == 0) {
        decoder->orientation =
            orient_of(decoder->format->streams[decoder->stream], decoder->frame, decoder->facts.orientation);
        bool swap = decoder->orientation.swap;
        decoder->height = swap ? decoder->frame->width : decoder->frame->height;
        decoder->width = swap ? decoder->frame->height : decoder->frame->width;
    }
    *got = true;
    return ERR_NONE;
}

int decode_height(const Decoder *decoder) {
    return decoder->height;
}
int decode_width(const Decoder *decoder) {
    return decoder->width;
}

/* Formats in which alpha is a decision of whoever made the picture. */
static bool alpha_is_meant(enum AVCodecID codec) {
    static const enum AVCodecID codecs[] = {AV_CODEC_ID_PNG, AV_CODEC_ID_APNG, AV_CODEC_ID_WEBP,
                                            AV_CODEC_ID_GIF, AV_CODEC_ID_TIFF, AV_CODEC_ID_JPEG2000,
                                            AV_CODEC_ID_QOI, AV_CODEC_ID_EXR,  AV_CODEC_ID_JPEGXL};
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (codecs[i] == codec) return true;
    return false;
}

/* Uncompressed frames of AVI and its kin (BI_RGB) have a fourth byte that is not used; programs leave in it whatever
 * was there. Videos that were made of such ones, and other videos whose alpha nobody set, have zeros everywhere. */
static AlphaUse alpha_use(const Decoder *decoder) {
    enum AVCodecID codec = decoder->codec->codec_id;
    unsigned tag = decoder->codec->codec_tag;
    bool unnamed = tag == 0 || tag == MKTAG('D', 'I', 'B', ' ') || tag == MKTAG('R', 'G', 'B', ' ');
    if (decoder->facts.no_alpha || (codec == AV_CODEC_ID_RAWVIDEO && unnamed)) return ALPHA_NONE;
    bool mapped = decoder->frame->format == AV_PIX_FMT_PAL8;
    if (mapped && !decoder->picture && !alpha_is_meant(codec)) return ALPHA_NONE; /* palettes of videos have three */
    bool still = decoder->picture || codec == AV_CODEC_ID_GIF || codec == AV_CODEC_ID_APNG;
    return still && alpha_is_meant(codec) ? ALPHA_TRUSTED : ALPHA_IF_NOT_ZERO;
}

/* Converted as stored, then turned: swscale knows no rotations. */
static Err turned_rgb(Decoder *decoder, uint8_t *rgb) {
    int height = decoder->orientation.swap ? decoder->width : decoder->height; /* as stored */
    int width = decoder->orientation.swap ? decoder->height : decoder->width;
    if (!decoder->stored) decoder->stored = malloc((size_t)height * (size_t)width * 3);
    if (!decoder->stored) return RAISE(ERR_MEMORY, "no memory for a frame of %d x %d pixels", width, height);
    TRY(pixels_to_rgb(decoder->stored, height, width, decoder->frame, alpha_use(decoder), &decoder->to_rgb));
    orient_apply(rgb, decoder->stored, height, width, decoder->orientation);
    return ERR_NONE;
}

Err decode_rgb(Decoder *decoder, uint8_t *rgb) {
    Err err =
        orient_is_plain(decoder->orientation)
            ? pixels_to_rgb(rgb, decoder->height, decoder->width, decoder->frame, alpha_use(decoder), &decoder->to_rgb)
            : turned_rgb(decoder, rgb);
    return err_within(err, "%s: frame %lld: ", decoder->name, (long long)decoder->n_frames - 1);
}

void decode_info(DecodeInfo *info, const Decoder *decoder) {
    *info = (DecodeInfo){.n_frames = (int)decoder->n_frames,
                         .height = decoder->height,
                         .width = decoder->width,
                         .n_damaged = decoder->n_damaged,
                         .still = is_picture_format(decoder->format->iformat->name)};
    snprintf(info->format, sizeof(info->format), "%s", decoder->format->iformat->name);
    snprintf(info->codec, sizeof(info->codec), "%s", decoder->codec->codec->name);
}
