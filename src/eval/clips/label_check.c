/* Looks at every video's label and length before anything is trained, because what is wrong with a dataset would
 * otherwise come out after hours, or in the test. */

#include "base/system/log.h"
#include "base/text/text.h"
#include "eval/clips/views.h"
#include "par/agree.h"

/* ---- classes ---- */

/* The same classes in the same order: a label is a number, and its meaning is the place in the list. */
static Err check_classes(const ClipSource *train, const ClipSource *test) {
    if (train->n_classes < 2) return RAISE(ERR_INPUT, "data.train: %s has no labels to learn", train->name);
    if (train->n_classes != test->n_classes)
        return RAISE(ERR_INPUT, "data.test: %s has %d classes, but data.train %s has %d", test->name, test->n_classes,
                     train->name, train->n_classes);
    for (int k = 0; train->class_names && test->class_names && k < train->n_classes; k++)
        if (!text_equal(train->class_names[k], test->class_names[k]))
            return RAISE(ERR_INPUT, "data.test: class %d is %s in %s, but %s in %s", k, test->class_names[k],
                         test->name, train->class_names[k], train->name);
    return ERR_NONE;
}

/* ---- videos ---- */

typedef struct {
    int64_t *per_class;
    int64_t n_short;
} Census;

static Err count(Census *census, const ClipSource *source, int span) {
    if (source->count < 1) return RAISE(ERR_INPUT, "%s: holds no videos", source->name);
    for (int64_t video = 0; video < source->count; video++) {
        VideoInfo info;
        int label;
        TRY(view_label(&label, source, 0, video));
        TRY(clip_source_info(source, 0, video, &info));
        census->per_class[label]++;
        census->n_short += info.n_frames < span;
    }
    return ERR_NONE;
}

static void warn_of_empty_classes(const Census *census, const ClipSource *source) {
    int n_empty = 0, first = -1;
    for (int k = 0; k < source->n_classes; k++) {
        if (census->per_class[k]) continue;
        if (n_empty++ == 0) first = k;
    }
    if (!n_empty) return;
    char number[16];
    (void)snprintf(number, sizeof number, "%d", first);
    log_warn("data.train: %s: %d of %d classes have no video to learn from (the first: %s)", source->name, n_empty,
             source->n_classes, source->class_names ? source->class_names[first] : number);
}

/* One source. Only a source that is learned from is warned about classes without videos. */
static Err look(const ClipSource *source, const char *key, int span, bool learns) {
    Census census = {.per_class = calloc((size_t)source->n_classes, sizeof *census.per_class)};
    if (!census.per_class) return RAISE(ERR_MEMORY, "%s: no memory for %d classes", key, source->n_classes);
    Err err = err_within(count(&census, source, span), "%s: ", key);
    if (!err && learns) warn_of_empty_classes(&census, source);
    if (!err && census.n_short)
        log_info("%s: %lld of %lld videos of %s are shorter than the %d frames of a clip; their last frame is repeated",
                 key, (long long)census.n_short, (long long)source->count, source->name, span);
    free(census.per_class);
    return err;
}

CHECKED Err label_check_all(const ClipSource *train, const ClipSource *test, int span, const Par *par) {
    TRY(check_classes(train, test));
    Err err = par->rank == 0 ? look(train, "data.train", span, true) : ERR_NONE;
    if (!err && par->rank == 0) err = look(test, "data.test", span, false);
    return err_agree_all(err, par, "looking at the labels");
}
