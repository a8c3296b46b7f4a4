/* Only what FFmpeg's own probing gets wrong is looked at here: pictures without a mark in front, and formats it does
 * not decode, which deserve a better message than "invalid data". */
#include "video/media/internal/libav.h"

#include <libavutil/intreadwrite.h>
#include <stdbool.h>
#include <string.h>

enum { LOOK = 256, TGA_HEAD = 18, TGA_END = 26 };

/* Reads the beginning, zeros behind it. */
static void look(uint8_t bytes[LOOK], AVIOContext *io) {
    memset(bytes, 0, LOOK);
    avio_seek(io, 0, SEEK_SET);
    (void)avio_read(io, bytes, LOOK);
    avio_seek(io, 0, SEEK_SET);
}

/* TGA 2.0: no mark in front, but hardly a byte of its header is free. Bytes: 0 length of the comment, 1 kind of color
 * map, 2 kind of image (1 mapped, 2 colors, 3 gray; 8 more: run lengths), 5 and 7 length and depth of the map, 12
 * width, 14 height, 16 bits a pixel, 17 alpha bits and directions. */
static bool is_tga(int64_t *least, const uint8_t *head, int64_t length) {
    int kind = head[2] & ~8, bits = head[16], depth = head[7];
    bool mapped = kind == 1, run_lengths = head[2] & 8;
    int64_t width = AV_RL16(head + 12), height = AV_RL16(head + 14), entries = AV_RL16(head + 5);
    if (kind < 1 || kind > 3 || head[2] > 11 || head[1] > 1 || width == 0 || height == 0 || head[17] & 0xc0)
        return false;
    if (mapped && (head[1] != 1 || bits != 8 || entries == 0)) return false;
    if (head[1] == 1 && depth != 15 && depth != 16 && depth != 24 && depth != 32) return false;
    if (kind == 2 && bits != 15 && bits != 16 && bits != 24 && bits != 32) return false;
    if (kind == 3 && bits != 8 && bits != 16) return false;
    if ((head[17] & 15) > 8) return false;
    int64_t front = TGA_HEAD + head[0] + (head[1] ? entries * ((depth + 7) / 8) : 0);
    *least = run_lengths ? INT64_MAX : front + width * height * ((bits + 7) / 8);
    return length > front;
}

static bool ends_as_tga(AVIOContext *io, int64_t length) {
    uint8_t end[TGA_END] = {0};
    if (length < TGA_HEAD + TGA_END || avio_seek(io, length - TGA_END, SEEK_SET) < 0) return false;
    (void)avio_read(io, end, TGA_END);
    avio_seek(io, 0, SEEK_SET);
    return !memcmp(end + 8, "TRUEVISION-XFILE", 16);
}

enum AVCodecID recognize_picture(AVIOContext *io, int64_t length, bool certain) {
    uint8_t head[LOOK + 1] = {0}; /* ends with a zero byte */
    int64_t least = 0;
    look(head, io);
    if (!memcmp(head, "P7\n", 3) && strstr((const char *)head, "WIDTH ")) return AV_CODEC_ID_PAM;
    bool is = is_tga(&least, head, length);
    if (is && certain) is = ends_as_tga(io, length) || (length >= least && length <= least + TGA_END);
    return is ? AV_CODEC_ID_TARGA : AV_CODEC_ID_NONE;
}

/* "ftyp" names the brands of an ISO file. A file that holds a film, too, is FFmpeg's. */
static const char *iso_picture(const uint8_t *head) {
    static const char *const heic[] = {"heic", "heix", "heim", "heis", "mif2"};
    if (memcmp(head + 4, "ftyp", 4) != 0) return NULL;
    if (!memcmp(head + 8, "crx ", 4)) return "a Canon raw picture (CR3)";
    size_t end = AV_RB32(head);
    for (size_t brand = 8; brand + 4 <= end && brand + 4 <= LOOK; brand += brand == 8 ? 8 : 4)
        for (size_t i = 0; i < sizeof heic / sizeof *heic; i++)
            if (!memcmp(head + brand, heic[i], 4)) return "a HEIC picture";
    return NULL;
}

static bool is_animated_webp(const uint8_t *head) {
    enum { FLAGS = 20, ANIMATION = 2 };
    return !memcmp(head, "RIFF", 4) && !memcmp(head + 8, "WEBPVP8X", 8) && head[FLAGS] & ANIMATION;
}

const char *recognize_undecodable(bool *hopeless, AVIOContext *io) {
    static const struct {
        int at;
        const char *mark, *what;
    } marks[] = {{0, "#?RADIANCE", "a Radiance picture (HDR)"},
                 {0, "#?RGBE", "a Radiance picture (HDR)"},
                 {0, "gimp xcf", "a GIMP picture (XCF)"},
                 {0, "FUJIFILMCCD-RAW", "a Fujifilm raw picture (RAF)"},
                 {0, "IIRO", "an Olympus raw picture (ORF)"},
                 {0, "IIU", "a Panasonic raw picture (RW2)"},
                 {0, "FLIF", "a FLIF picture"},
                 {0, "BPG\xfb", "a BPG picture"},
                 {0, "icns", "an Apple icon (ICNS)"},
                 {0, "\x8aMNG", "a MNG animation"},
                 {0, "\x8bJNG", "a JNG picture"},
                 {0, "AT&TFORM", "a DjVu document"},
                 {0, "%PDF", "a PDF document"},
                 {0, "%!PS", "a PostScript document"},
                 {0, "II\xbc", "a JPEG XR picture"},
                 {0, "\xabKTX", "a KTX texture"},
                 {128, "DICM", "a DICOM picture"}};
    uint8_t head[LOOK];
    *hopeless = false;
    look(head, io);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (!memcmp(head + marks[i].at, marks[i].mark, strlen(marks[i].mark))) return marks[i].what;
    const char *iso = iso_picture(head);
    *hopeless = iso != NULL;
    return is_animated_webp(head) ? "an animated WebP picture" : iso;
}
