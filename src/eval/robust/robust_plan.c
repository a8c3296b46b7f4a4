#include "eval/robust/robust.h"

const Field robust_fields[] = {
    FIELD_TEXT(RobustConfig, name, "readable part of the run folder's name; empty: robust, dataset, pre-training", "",
               .flags = FIELD_COSMETIC),
    FIELD_PATH(RobustConfig, checkpoint, "fine-tuned run folder (its digest may be left out)", ""),
    FIELD_PATH(RobustConfig, test, "folder of labelled shards to test on; empty: that of fine-tuning", ""),
    FIELD_TEXT(RobustConfig, corruptions, "names with commas between, or a preset: paper14 | readme14 | ucf101p | all",
               "paper14", .flags = FIELD_COMMAS),
    FIELD_ENUM(RobustConfig, generator,
               "which of the authors' programs is followed: on-the-fly: on the model's crop, as the paper's release; "
               "stored: on whole videos, encoded again",
               CORRUPT_ON_THE_FLY, CORRUPT_GENERATORS),
    FIELD_TEXT(RobustConfig, severities, "1 (mild) to 5, as 1-5 or 1,3,5", "1-5", .flags = FIELD_COMMAS),
    FIELD_INT(RobustConfig, test_clips, "clips spread over a video; 0: as in fine-tuning", 0, 0, CORRUPT_MAX_CLIPS),
    FIELD_INT(RobustConfig, test_crops, "crops along the longer side; 0: as in fine-tuning", 0, 0, CORRUPT_MAX_CROPS),
    FIELD_PATH(RobustConfig, sheet, "write a contact sheet of corruptions x severities there (PNG) and stop", ""),
    FIELD_INT(RobustConfig, sheet_video, "the video on the contact sheet", 0, 0, 1e9, .flags = FIELD_COSMETIC),
    FIELD_END,
};

static Err raise_severities(const char *text) {
    return RAISE(ERR_USAGE,
                 "severities: \"%s\": expected whole numbers from 1 to %d in rising order, such as 1-5 or 1,3,5", text,
                 CORRUPT_SEVERITIES);
}

static int digit_at(const char *at) {
    return *at >= '1' && *at <= '0' + CORRUPT_SEVERITIES ? *at - '0' : 0;
}

/* One number or a range; moves *at behind it. */
static Err read_part(RobustPlan *plan, const char **at, const char *text) {
    int first = digit_at(*at), last = first;
    if (first) ++*at;
    if (first && **at == '-') {
        last = digit_at(++*at);
        if (last) ++*at;
    }
    int before = plan->n_severities ? plan->severities[plan->n_severities - 1] : 0;
    if (!first || last < first || first <= before) return raise_severities(text);
    for (int severity = first; severity <= last; severity++) plan->severities[plan->n_severities++] = severity;
    return ERR_NONE;
}

static Err read_severities(RobustPlan *plan, const char *text) {
    for (const char *at = text;; at++) {
        TRY(read_part(plan, &at, text));
        if (!*at) return ERR_NONE;
        if (*at != ',') return raise_severities(text);
    }
}

CHECKED Err robust_plan_parse(RobustPlan *plan, const RobustConfig *config) {
    *plan = (RobustPlan){0};
    TRY(corrupt_list_parse(&plan->list, config->corruptions));
    return read_severities(plan, config->severities);
}
