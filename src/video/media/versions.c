#include "video/media/versions.h"

#include "base/system/versions.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>

static void add(Builder *out, const char *name, unsigned version) {
    versions_add(out, name, "%u.%u.%u", version >> 16, version >> 8 & 0xff, version & 0xff);
}

void video_versions(Builder *out) {
    versions_add(out, "FFmpeg", "%s (%s)", av_version_info(), avcodec_license());
    add(out, "avformat", avformat_version());
    add(out, "avcodec", avcodec_version());
    add(out, "swscale", swscale_version());
}
