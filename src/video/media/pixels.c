/* Conversion by swscale with every flag that makes it exact. The matrix is the frame's own, BT.601 where it says
 * none. */
#include "video/media/internal/libav.h"

#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

static const int exact_flags = SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT;

/* The formats that carry the range in their name are deprecated: the plain one and whether the range is full. */
static enum AVPixelFormat plain_format(enum AVPixelFormat format, bool *full_range) {
    static const struct {
        enum AVPixelFormat named, plain;
    } full[] = {{AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P},
                {AV_PIX_FMT_YUVJ411P, AV_PIX_FMT_YUV411P},
                {AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P},
                {AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUV440P},
                {AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P}};
    for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++)
        if (full[i].named == format) {
            *full_range = true;
            return full[i].plain;
        }
    return format;
}

static bool is_rgb_or_gray(enum AVPixelFormat format) {
    const AVPixFmtDescriptor *descriptor = av_pix_fmt_desc_get(format);
    return descriptor->nb_components < 3 || (descriptor->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL));
}

/* FFmpeg's palettes have four channels. */
static bool has_alpha(enum AVPixelFormat format) {
    return format == AV_PIX_FMT_PAL8 || (av_pix_fmt_desc_get(format)->flags & AV_PIX_FMT_FLAG_ALPHA);
}

/* BT.601 for whoever does not say, which is swscale's default, too. */
static int matrix_of(const AVFrame *frame) {
    switch (frame->colorspace) {
    case AVCOL_SPC_BT709: return SWS_CS_ITU709;
    case AVCOL_SPC_FCC: return SWS_CS_FCC;
    case AVCOL_SPC_SMPTE240M: return SWS_CS_SMPTE240M;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL: return SWS_CS_BT2020;
    default: return SWS_CS_ITU601;
    }
}

static Err convert(uint8_t *out, int stride, enum AVPixelFormat to, int height, int width, const AVFrame *frame,
                   struct SwsContext **context) {
    bool full_range = frame->color_range == AVCOL_RANGE_JPEG;
    enum AVPixelFormat from = plain_format(frame->format, &full_range);
    full_range = full_range || is_rgb_or_gray(from);
    *context = sws_getCachedContext(*context, frame->width, frame->height, from, width, height, to, exact_flags, NULL,
                                    NULL, NULL);
    if (!*context)
        return libav_raise(ERR_INPUT, AVERROR(EINVAL), "cannot convert %s frames of %d x %d pixels to RGB",
                           av_get_pix_fmt_name(from), frame->width, frame->height);
    /* swscale would otherwise take BT.601 and a limited range for everything */
    const int *matrix = sws_getCoefficients(matrix_of(frame));
    sws_setColorspaceDetails(*context, matrix, full_range, matrix, 1, 0, 1 << 16, 1 << 16);
    uint8_t *planes[4] = {out};
    int strides[4] = {stride}, rows = sws_scale(*context, (const uint8_t *const *)frame->data, frame->linesize, 0,
                                                frame->height, planes, strides);
    if (rows < 0) return libav_raise(ERR_INPUT, rows, "cannot convert a frame to RGB");
    return ERR_NONE;
}

static bool is_zero_everywhere(const uint8_t *rows, int stride, int height, int width) {
    for (int y = 0; y < height; y++, rows += stride)
        for (int x = 0; x < width; x++)
            if (rows[4 * x + 3]) return false;
    return true;
}

static void drop_alpha(uint8_t *rgb, const uint8_t *rgba, int n_pixels) {
    for (int i = 0; i < n_pixels; i++)
        for (int c = 0; c < 3; c++) rgb[3 * i + c] = rgba[4 * i + c];
}

/* Rounded to nearest: alpha 255 leaves a color as it is. */
static void composite_over_black(uint8_t *rgb, const uint8_t *rgba, int n_pixels) {
    for (int i = 0; i < n_pixels; i++)
        for (int c = 0; c < 3; c++) rgb[3 * i + c] = (uint8_t)((rgba[4 * i + c] * rgba[4 * i + 3] + 127) / 255);
}

Err pixels_to_rgb(uint8_t *rgb, int height, int width, const AVFrame *frame, AlphaUse use,
                  struct SwsContext **context) {
    /* swscale may write a little past a row that is not a multiple of its vectors: rows get room, then are packed. */
    int channels = has_alpha(frame->format) ? 4 : 3;
    int stride = (width * channels + 63) / 64 * 64 + 64;
    uint8_t *rows = av_malloc((size_t)stride * (size_t)height + 64);
    if (!rows) return RAISE(ERR_MEMORY, "no memory for a frame of %d x %d pixels", width, height);
    Err err = convert(rows, stride, channels == 4 ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24, height, width, frame, context);
    bool opaque = use == ALPHA_NONE || (!err && channels == 4 && use == ALPHA_IF_NOT_ZERO &&
                                        is_zero_everywhere(rows, stride, height, width));
    for (int y = 0; y < height && !err; y++) {
        uint8_t *out = rgb + (size_t)y * (size_t)width * 3;
        const uint8_t *row = rows + (size_t)y * (size_t)stride;
        if (channels == 3)
            memcpy(out, row, (size_t)width * 3);
        else if (opaque)
            drop_alpha(out, row, width);
        else
            composite_over_black(out, row, width);
    }
    av_free(rows);
    return err;
}

Err pixels_from_rgb(AVFrame *frame, const uint8_t *rgb, struct SwsContext **context) {
    bool full_range = frame->color_range == AVCOL_RANGE_JPEG;
    enum AVPixelFormat to = plain_format(frame->format, &full_range);
    full_range = full_range || is_rgb_or_gray(to);
    *context = sws_getCachedContext(*context, frame->width, frame->height, AV_PIX_FMT_RGB24, frame->width,
                                    frame->height, to, exact_flags, NULL, NULL, NULL);
    if (!*context)
        return libav_raise(ERR_INTERNAL, AVERROR(EINVAL), "cannot convert RGB to %s", av_get_pix_fmt_name(to));
    const int *matrix = sws_getCoefficients(SWS_CS_ITU601);
    sws_setColorspaceDetails(*context, matrix, 1, matrix, full_range, 0, 1 << 16, 1 << 16);
    const uint8_t *planes[4] = {rgb};
    int strides[4] = {frame->width * 3};
    int rows = sws_scale(*context, planes, strides, 0, frame->height, frame->data, frame->linesize);
    if (rows < 0) return libav_raise(ERR_INTERNAL, rows, "cannot convert a frame from RGB");
    return ERR_NONE;
}

/* swscale takes a path of its own from BGR to planes of half size, which no other flag or order of channels takes. */
Err pixels_from_rgb_as_opencv(AVFrame *frame, const uint8_t *rgb, uint8_t *bgr, struct SwsContext **context) {
    size_t n_pixels = (size_t)frame->width * (size_t)frame->height;
    for (size_t i = 0; i < n_pixels; i++)
        for (size_t c = 0; c < 3; c++) bgr[3 * i + c] = rgb[3 * i + 2 - c];
    *context = sws_getCachedContext(*context, frame->width, frame->height, AV_PIX_FMT_BGR24, frame->width,
                                    frame->height, frame->format, SWS_BICUBIC, NULL, NULL, NULL);
    if (!*context) return libav_raise(ERR_INTERNAL, AVERROR(EINVAL), "cannot convert BGR for an encoder");
    const uint8_t *planes[4] = {bgr};
    int strides[4] = {frame->width * 3};
    int rows = sws_scale(*context, planes, strides, 0, frame->height, frame->data, frame->linesize);
    return rows < 0 ? libav_raise(ERR_INTERNAL, rows, "cannot convert a frame from RGB") : ERR_NONE;
}

void pixels_free(struct SwsContext **context) {
    sws_freeContext(*context);
    *context = NULL;
}
