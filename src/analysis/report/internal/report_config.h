/* analysis/report/internal/report_config - the settings of the command `report`. */
#pragma once

#include "base/config/field.h"
#include "base/text/text.h"

typedef struct {
    char runs[PATH_SIZE], data[PATH_SIZE], media[PATH_SIZE];
    char title[NAME_SIZE];
    char primary[NAME_SIZE]; /* "finetune:standin-motion"; "": none (grid_make) */
} ReportConfig;

extern const Field report_fields[];
