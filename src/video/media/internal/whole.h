/* video/media/whole - is a picture file all there, where FFmpeg's decoder does not ask?
 *
 * Most decoders report a file that ends too early. Those of GIF, JPEG-LS, QOI, OpenEXR, Sun raster and run-length BMP
 * leave what is missing black, or as it was, without a word. Sources: GIF89a, ITU-T T.87, the QOI and OpenEXR file
 * layouts, rasterfile(5), BITMAPINFOHEADER. For files of this folder only. */
#pragma once

#include <libavcodec/avcodec.h>
#include <stdbool.h>

/* `packet` holds the file, or for GIF all before the second picture. True for all other formats. */
bool whole_picture(const AVPacket *packet, enum AVCodecID codec);
