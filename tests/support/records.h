/* support/records - reads the golden files that tests/oracle/golden_records.py writes: named arrays of bytes. */
#pragma once

#include "support/unit.h"
#include "video/frames/clip.h"

typedef struct {
    char *bytes;
    size_t length;
} Records;

static inline Records records_open(const char *name) {
    Records records = {0};
    char path[PATH_SIZE];
    assert_ok(path_join(path, sizeof path, SYNVID_TEST_DATA, name));
    assert_ok(file_read(&records.bytes, &records.length, path, (size_t)1 << 26));
    return records;
}

static inline void records_close(Records *records) {
    free(records->bytes);
    *records = (Records){0};
}

/* Copies the record `name` of shape (height, width, 3) or (frames, height, width, 3) into `out`. */
static inline void records_frames(Frames *out, const Records *records, const char *name) {
    const char *at = records->bytes, *end = at + records->length;
    size_t name_length = strlen(name);
    while (at < end) {
        long dims[4] = {0};
        int n_dims = 0;
        size_t count = 1;
        const char *rest = strchr(at, ' '); /* const, since the newest C libraries give back what they were given */
        bool wanted = (size_t)(rest - at) == name_length && memcmp(at, name, name_length) == 0;
        for (; *rest == ' ' && n_dims < 4; n_dims++) {
            char *next;
            dims[n_dims] = strtol(rest, &next, 10);
            rest = next;
            count *= (size_t)dims[n_dims];
        }
        at = rest + 1;
        if (wanted) {
            bool many = n_dims == 4;
            assert_ok(frames_shape(out, many ? (int)dims[0] : 1, (int)dims[many], (int)dims[many + 1]));
            assert_int_equal(dims[many + 2], 3);
            memcpy(out->data, at, count);
            return;
        }
        at += count;
    }
    fail_msg("the golden file has no record %s", name);
}

/* The largest difference of two clips of one shape. */
static inline int frames_difference(const Frames *a, const Frames *b) {
    assert_int_equal(a->n_frames, b->n_frames);
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->width, b->width);
    int most = 0;
    for (size_t i = 0; i < frames_frame_bytes(a) * (size_t)a->n_frames; i++) {
        int difference = abs(a->data[i] - b->data[i]);
        if (difference > most) most = difference;
    }
    return most;
}
