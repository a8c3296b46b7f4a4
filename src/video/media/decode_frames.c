/* Whole files, and chosen frames of them. */
#include "video/media/decode.h"

#include "video/transform/resize.h"

#include <string.h>

Err decode_probe(DecodeInfo *info, const char *path) {
    Decoder *decoder = NULL;
    TRY(decode_open(&decoder, path));
    bool got = true;
    Err err = ERR_NONE;
    while (got && !err) err = decode_next(decoder, &got);
    if (!err) decode_info(info, decoder);
    decode_close(&decoder);
    return err;
}

/* What becomes of the frames that are asked for. */
typedef struct {
    const char *name; /* of the file */
    Frames *out;
    Frames whole, square; /* squares: one frame on its way */
    int size;             /* of squares; 0: frames as they are */
} Target;

static Err place_square(Target *target, Decoder *decoder, uint8_t *place) {
    TRY(frames_shape(&target->whole, 1, decode_height(decoder), decode_width(decoder)));
    TRY(decode_rgb(decoder, target->whole.data));
    TRY(square_of(&target->square, &target->whole, target->size));
    memcpy(place, target->square.data, frames_frame_bytes(target->out));
    return ERR_NONE;
}

/* Fills every place of the target that asks for the decoder's current frame. */
static Err place_frame(Target *target, Decoder *decoder, int current, const int *numbers) {
    const uint8_t *converted = NULL;
    for (int i = 0; i < target->out->n_frames; i++) {
        /* the same frame may be wanted in several places: converted once, then copied */
        if (numbers[i] != current) continue;
        uint8_t *place = frames_at(target->out, i);
        if (converted)
            memcpy(place, converted, frames_frame_bytes(target->out));
        else
            TRY(target->size ? place_square(target, decoder, place) : decode_rgb(decoder, place));
        converted = place;
    }
    return ERR_NONE;
}

static Err read_frames(Target *target, Decoder *decoder, const int *numbers, int n_frames) {
    int last = 0, size = target->size;
    /* up to the last that is wanted, and no further */
    for (int i = 0; i < n_frames; i++) last = numbers[i] > last ? numbers[i] : last;
    for (int current = 0; current <= last; current++) {
        bool got = false;
        TRY(decode_next(decoder, &got));
        if (!got) return RAISE(ERR_INPUT, "%s: has %d frames, frame %d was asked for", target->name, current, last);
        if (current == 0)
            TRY(frames_shape(target->out, n_frames, size ? size : decode_height(decoder),
                             size ? size : decode_width(decoder)));
        TRY(place_frame(target, decoder, current, numbers));
    }
    return ERR_NONE;
}

Err decode_frames(Frames *out, const char *path, const int *numbers, int n_frames) {
    Decoder *decoder = NULL;
    Target target = {.name = path, .out = out};
    TRY(decode_open(&decoder, path));
    Err err = read_frames(&target, decoder, numbers, n_frames);
    decode_close(&decoder);
    return err;
}

Err decode_squares_memory(Frames *out, const void *bytes, size_t length, const char *name, const int *numbers,
                          int n_frames, int size) {
    Decoder *decoder = NULL;
    Target target = {.name = name, .out = out, .size = size};
    TRY(decode_open_memory(&decoder, bytes, length, name));
    Err err = read_frames(&target, decoder, numbers, n_frames);
    frames_free(&target.whole);
    frames_free(&target.square);
    decode_close(&decoder);
    return err;
}

Err decode_frames_memory(Frames *out, const void *bytes, size_t length, const char *name, const int *numbers,
                         int n_frames) {
    return decode_squares_memory(out, bytes, length, name, numbers, n_frames, 0);
}
