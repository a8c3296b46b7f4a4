/* UTF-8 as the Unicode standard, section 3.9 (table 3-7) has it: no sequence longer than needed, no surrogates, nothing
 * above U+10FFFF. */
#include "base/text/text.h"

#include "base/failure/banned.h"

#include <stdint.h>

/* The code of a sequence of `length` bytes whose first byte carries `bits`; 0 when a later byte is not one of it. */
static uint32_t code_of(const unsigned char *bytes, size_t length, uint32_t bits) {
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) return 0; /* also the terminating zero */
        bits = bits << 6 | (bytes[i] & 0x3f);
    }
    return bits;
}

size_t utf8_character(const char *text) {
    const unsigned char *bytes = (const unsigned char *)text;
    if (bytes[0] < 0x80) return bytes[0] != 0;
    if (bytes[0] >= 0xc2 && bytes[0] < 0xe0)
        return code_of(bytes, 2, bytes[0] & 0x1f) ? 2 : 0; /* c0, c1: longer than needed */
    if (bytes[0] >= 0xe0 && bytes[0] < 0xf0) {
        uint32_t code = code_of(bytes, 3, bytes[0] & 0x0f);
        return code >= 0x800 && (code < 0xd800 || code > 0xdfff) ? 3 : 0; /* surrogates */
    }
    if (bytes[0] >= 0xf0 && bytes[0] < 0xf5) {
        uint32_t code = code_of(bytes, 4, bytes[0] & 0x07);
        return code >= 0x10000 && code <= 0x10ffff ? 4 : 0;
    }
    return 0;
}

bool utf8_is_printable(const char *text, size_t length) {
    const unsigned char *bytes = (const unsigned char *)text;
    if (length == 1) return bytes[0] >= 0x20 && bytes[0] != 0x7f;
    if (length == 2) return bytes[0] != 0xc2 || bytes[1] >= 0xa0;                  /* U+0080 to U+009F: controls */
    return length != 3 || bytes[0] != 0xef || bytes[1] != 0xbf || bytes[2] < 0xbe; /* U+FFFE, U+FFFF */
}

bool utf8_is_valid(const char *text) {
    size_t length;
    while ((length = utf8_character(text)) > 0) text += length;
    return !*text;
}

bool utf8_is_line(const char *text) {
    size_t length;
    while ((length = utf8_character(text)) > 0 && utf8_is_printable(text, length)) text += length;
    return !*text;
}

size_t utf8_cut(const char *text, size_t bytes) {
    size_t at = 0;
    while (text[at]) {
        size_t length = utf8_character(text + at);
        if (at + (length ? length : 1) > bytes) break;
        at += length ? length : 1;
    }
    return at;
}
