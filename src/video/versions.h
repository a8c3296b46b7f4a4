/* video/versions - FFmpeg's libraries; see base/versions.h. */
#pragma once

#include "base/text.h"

void video_versions(Builder *out);
