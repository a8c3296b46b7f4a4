/* base/system/whole - whether what another program or library wrote is complete, by the end of its format.
 *
 * A writer that meets a full disk, is killed, or has a bug leaves a file that begins well; not all of them say so. Each
 * format ends in something that is written last, and that is looked for: </svg>, %%EOF (PDF), IEND (PNG), the end
 * marker (JPEG), boxes that fill an MP4 to its last byte and a moov among them. */
#pragma once

#include "base/failure/err.h"

#include <stdbool.h>

/* `format` is how the file's name ends: "svg", "pdf", "png", "jpg", "mp4". Of other formats only that there is
 * something. */
bool whole_by_end(const char *format, const void *bytes, size_t length);
/* The same of a file, which may have any name. ERR_IO that says what is missing. */
CHECKED Err whole_check_file(const char *path, const char *format);
