/* video/media/tracks - which of the video tracks of a file is the video.
 *
 * The one with the most frames that is no attached picture: cover art, chapter marks and thumbnails have one or a few.
 * Frames are counted as packets by reading the file once, since containers need not tell their number or may be wrong;
 * only files with several candidates are read. Of equal ones the larger picture wins, then the one marked as default,
 * then the first. For files of this folder only. */
#pragma once

#include "base/failure/err.h"

#include <libavformat/avformat.h>
#include <stdbool.h>

enum { TRACKS_NONE = -1, TRACKS_NO_DECODER = -2 };

/* *track: its number, or one of these. *counted: the file was read and must be opened anew.
 */
CHECKED Err tracks_choose(int *track, bool *counted, AVFormatContext *format, const char *name);
