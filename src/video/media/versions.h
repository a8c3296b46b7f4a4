/* video/media/versions - FFmpeg's libraries; see base/system/versions.h. */
#pragma once

#include "base/text/text.h"

void video_versions(Builder *out);
