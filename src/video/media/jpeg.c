#include "video/media/jpeg.h"

#include <turbojpeg.h>

static const int exact = TJFLAG_ACCURATEDCT;

Err jpeg_recode(uint8_t *rgb, int height, int width, int quality) {
    ASSERT(quality >= 1 && quality <= 100);
    tjhandle compress = tjInitCompress(), decompress = tjInitDecompress();
    unsigned char *bytes = NULL;
    unsigned long length = 0;
    Err err = ERR_NONE;
    if (!compress || !decompress)
        err = RAISE(ERR_MEMORY, "no memory for JPEG");
    else if (tjCompress2(compress, rgb, width, 0, height, TJPF_RGB, &bytes, &length, TJSAMP_420, quality, exact))
        err = RAISE(ERR_IO, "cannot compress a frame of %d x %d pixels as JPEG: %s", width, height,
                    tjGetErrorStr2(compress));
    else if (tjDecompress2(decompress, bytes, length, rgb, width, 0, height, TJPF_RGB, exact))
        err = RAISE(ERR_IO, "cannot decompress a frame of %d x %d pixels from JPEG: %s", width, height,
                    tjGetErrorStr2(decompress));
    tjFree(bytes);
    if (compress) tjDestroy(compress);
    if (decompress) tjDestroy(decompress);
    return err;
}
