#include "analysis/report/internal/report_config.h"

const Field report_fields[] = {
    FIELD_PATH(ReportConfig, runs, "folder of run folders, searched for result.json", "runs"),
    FIELD_PATH(ReportConfig, data, "folder searched for datasets (contact sheets) and records of ingestion", "data"),
    FIELD_PATH(ReportConfig, media, "folder with the MANIFEST.tsv of fetched photographs and videos", ""),
    FIELD_TEXT(ReportConfig, title, "heading of the page", "Learning video representations without natural videos"),
    FIELD_TEXT(ReportConfig, primary,
               "the read-out that decides, \"TASK:DATASET\" (finetune:standin-motion): first in every table and figure",
               ""),
    FIELD_END,
};
