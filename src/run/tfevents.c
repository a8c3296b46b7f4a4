/* TensorBoard's event files, written by hand: TFRecord framing (length, its checksum, data, its checksum) around Event
 * messages of protocol buffers, of which scalars need five fields (tensorflow/core/util/event.proto, summary.proto). */
#include "run/curve.h"

#include "base/text/text.h"

#include <errno.h>

struct Tfevents {
    FILE *file;
    char path[PATH_SIZE];
};

enum { EVENT_MAX = 512, TAG_MAX = 200 };

/* Bit by bit, reflected polynomial 0x82f63b78: a curve has a few thousand short records. */
uint32_t crc32c(const void *data, size_t length) {
    const uint8_t *bytes = data;
    uint32_t crc = ~0u;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82f63b78u & (0u - (crc & 1u)));
    }
    return ~crc;
}

/* TFRecord rotates and adds, so that a checksum of data with checksums inside is not trivial. */
uint32_t crc32c_masked(const void *data, size_t length) {
    uint32_t crc = crc32c(data, length);
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

/* A message under construction; sizes are bounded by TAG_MAX, so it cannot overflow. */
typedef struct {
    uint8_t bytes[EVENT_MAX];
    size_t length;
} Message;

static void put_bytes(Message *message, const void *data, size_t length) {
    ASSERT(message->length + length <= sizeof message->bytes);
    memcpy(message->bytes + message->length, data, length);
    message->length += length;
}

/* Seven bits a byte, the lowest first; the top bit says that more follow. */
static void put_varint(Message *message, uint64_t value) {
    do {
        uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        put_bytes(message, &byte, 1);
        value >>= 7;
    } while (value);
}

/* Wire types of protocol buffers. */
enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

static void put_key(Message *message, unsigned field, unsigned wire) {
    put_varint(message, field << 3 | wire);
}

static void put_field(Message *message, unsigned field, const void *data, size_t length) {
    put_key(message, field, WIRE_BYTES);
    put_varint(message, length);
    put_bytes(message, data, length);
}

static Err write_record(Tfevents *events, const Message *message) {
    const uint64_t length = message->length;
    const uint32_t length_crc = crc32c_masked(&length, sizeof length);
    const uint32_t data_crc = crc32c_masked(message->bytes, message->length);
    bool wrote = fwrite(&length, sizeof length, 1, events->file) == 1 &&
                 fwrite(&length_crc, sizeof length_crc, 1, events->file) == 1 &&
                 fwrite(message->bytes, message->length, 1, events->file) == 1 &&
                 fwrite(&data_crc, sizeof data_crc, 1, events->file) == 1 && fflush(events->file) == 0;
    return wrote ? ERR_NONE : RAISE(ERR_IO, "%s: cannot write: %s", events->path, strerror(errno));
}

static Err write_version(Tfevents *events) {
    static const char version[] = "brain.Event:2";
    /* of no moment: the file must not differ from run to run before its first point */
    const double wall_time_s = 0;
    Message event = {0};
    put_key(&event, 1, WIRE_FIXED64);
    put_bytes(&event, &wall_time_s, sizeof wall_time_s);
    put_field(&event, 3, version, sizeof version - 1);
    return write_record(events, &event);
}

Err tfevents_open(Tfevents **events, const char *path) {
    *events = calloc(1, sizeof **events);
    if (!*events) return RAISE(ERR_MEMORY, "%s: no memory", path);
    Err err = text_copy((*events)->path, sizeof(*events)->path, path);
    if (!err) (*events)->file = fopen(path, "wb");
    if (!err && !(*events)->file) err = RAISE(ERR_IO, "%s: cannot create: %s", path, strerror(errno));
    if (!err) err = write_version(*events);
    if (err && tfevents_close(events)) err_adopt(err, err_message());
    return err;
}

Err tfevents_scalar(Tfevents *events, double wall_time_s, int64_t step, const char *tag, float value) {
    size_t tag_length = strlen(tag);
    if (tag_length > TAG_MAX) return RAISE(ERR_INTERNAL, "%s: tag \"%s\" is too long", events->path, tag);
    Message point = {0}, summary = {0}, event = {0};
    /* Summary.Value: tag 1, simple_value 2 */
    put_field(&point, 1, tag, tag_length);
    put_key(&point, 2, WIRE_FIXED32);
    put_bytes(&point, &value, sizeof value);
    /* Summary: value 1, repeated; one is enough */
    put_field(&summary, 1, point.bytes, point.length);
    put_key(&event, 1, WIRE_FIXED64);
    put_bytes(&event, &wall_time_s, sizeof wall_time_s);
    /* Event: wall_time 1, step 2, summary 5 */
    put_key(&event, 2, WIRE_VARINT);
    put_varint(&event, (uint64_t)step);
    put_field(&event, 5, summary.bytes, summary.length);
    return write_record(events, &event);
}

Err tfevents_close(Tfevents **events) {
    if (!*events) return ERR_NONE;
    Err err = ERR_NONE;
    if ((*events)->file && fclose((*events)->file))
        err = RAISE(ERR_IO, "%s: cannot close: %s", (*events)->path, strerror(errno));
    free(*events);
    *events = NULL;
    return err;
}
