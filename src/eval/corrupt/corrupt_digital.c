/* eval/corrupt/corrupt_digital - lossy compression: libjpeg frame by frame, FFmpeg's encoders for whole videos. */
#include "eval/corrupt/corrupt.h"
#include "eval/corrupt/internal/corrupt_kinds.h"
#include "video/media/encode.h"
#include "video/media/image.h"

Err corrupt_jpeg(CorruptFrame *frame) {
    static const int qualities[] = {25, 18, 15, 10, 7};
    return jpeg_recode(frame->rgb, frame->height, frame->width, qualities[frame->severity - 1]);
}

/* The names are those of the generator's comments; the encoders it runs are MPEG-2 in VOB and MPEG-4 part 2 in AVI, at
 * fixed quantizers of which the encoders know 1..31. */
static Err recode(uint8_t **bytes, size_t *length, const Frames *video, const Corruption *corruption) {
    enum { COARSEST = 31 };
    bool first = corruption->kind == CORRUPT_MPEG1;
    ASSERT(first || corruption->kind == CORRUPT_MPEG2);
    int quantizer = (first ? 20 : 15) * corruption->severity;
    EncodeSettings settings = {.codec = first ? "mpeg2video" : "mpeg4",
                               .container = first ? "vob" : "avi",
                               .frame_rate = 25,
                               .intra_every = 12,
                               .quantizer = quantizer < COARSEST ? quantizer : COARSEST};
    return encode_memory(bytes, length, video, &settings);
}

Err corrupt_video(uint8_t **bytes, size_t *length, Frames *frames, const Corruption *corruption, int64_t video) {
    if (corruption->kind == CORRUPT_MPEG1 || corruption->kind == CORRUPT_MPEG2)
        return recode(bytes, length, frames, corruption);
    ASSERT(corruption->generator == CORRUPT_STORED);
    TRY(corrupt_frames_stored(frames, corruption, video));
    const EncodeSettings settings = encode_paper(frames->height, frames->width);
    return encode_memory(bytes, length, frames, &settings);
}
