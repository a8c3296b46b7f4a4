/* video/media/recognize - what a file is by its first bytes, where FFmpeg's own look at them does not help.
 *
 * Some formats of pictures that FFmpeg decodes carry no mark it looks for, and are known to it by their names only:
 * TGA, some PAM. Others it has no decoder for, or reads one tile of (HEIC): they are to be called by their names rather
 * than "invalid data". For files of this folder only. */
#pragma once

#include <libavcodec/avcodec.h>
#include <libavformat/avio.h>
#include <stdbool.h>

/* The codec of a picture that must be named to FFmpeg; AV_CODEC_ID_NONE: let it look. A TGA is certain when its length
 * or its end says so, too; without `certain` the header is enough, for files that FFmpeg does not know. Leaves `io` at
 * its beginning. */
enum AVCodecID recognize_picture(AVIOContext *io, int64_t length, bool certain);
/* What a file is that may have no decoder ("an XCF picture"), or NULL; *hopeless: FFmpeg would show a part of it.
 * Leaves `io` at its beginning. */
const char *recognize_undecodable(bool *hopeless, AVIOContext *io);
