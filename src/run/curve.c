/* curves.jsonl is the truth; the table and the TensorBoard file are made from it. A run that resumes cuts the points
 * after its checkpoint, since they will be made again, and writes the event file anew with the points that stay. */
#include "run/curve.h"

#include "base/config/json.h"
#include "base/config/record.h"
#include "base/system/file.h"
#include "base/text/text.h"

#include <errno.h>
#include <math.h>
#include <time.h>

enum { COLUMNS_MAX = 64 };
static const size_t file_max = (size_t)1 << 30;

struct Curve {
    char folder[PATH_SIZE], jsonl[PATH_SIZE];
    Tfevents *events;
};

/* ---- reading: a walk over the points ---- */

/* Returns an Err to end the walk. */
typedef Err (*PointVisitor)(void *context, int64_t step, const cJSON *point);

/* The step of a point, or -1 when the line is none of ours. */
static int64_t step_of(const cJSON *point) {
    double step = record_number_or(point, "step", -1);
    return step >= 0 ? (int64_t)step : -1;
}

static Err visit_line(PointVisitor visit, void *context, const char *line, size_t length, const char *path,
                      int number) {
    cJSON *point = cJSON_ParseWithLength(line, length);
    int64_t step = step_of(point);
    Err err = step < 0 ? RAISE(ERR_INPUT, "%s: line %d is not a point {\"step\": ...}", path, number)
                       : visit(context, step, point);
    cJSON_Delete(point);
    return err;
}

/* A last line without an end was cut by a crash and is left out. */
static Err walk_points(const char *path, PointVisitor visit, void *context) {
    char *text;
    size_t length;
    TRY(file_read(&text, &length, path, file_max));
    Err err = ERR_NONE;
    int number = 1;
    for (char *line = text, *end; !err && (end = strchr(line, '\n')); line = end + 1)
        err = visit_line(visit, context, line, (size_t)(end - line), path, number++);
    free(text);
    return err;
}

/* ---- writing ---- */

/* One form for a point, so that a curve that was cut and one that was not are equal bytes. */
static Err print_line(Builder *line, int64_t step, const CurveValue *values, int n_values) {
    char digits[32];
    builder_add(line, "{\"step\": %lld", (long long)step);
    for (int i = 0; i < n_values; i++) {
        bool finite = isfinite(values[i].value);
        builder_add(line, ", \"%s\": %s", values[i].name,
                    finite ? json_number(digits, sizeof digits, values[i].value) : "null");
    }
    builder_add(line, "}");
    return builder_check(line, "a point of a curve");
}

/* All scalars of a point with one wall time; null has no place in a TensorBoard file. */
static Err send_events(Tfevents *events, int64_t step, const cJSON *point) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    double wall_time_s = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    const cJSON *member;
    cJSON_ArrayForEach(member, point) {
        if (!cJSON_IsNumber(member) || text_equal(member->string, "step")) continue;
        TRY(tfevents_scalar(events, wall_time_s, step, member->string, (float)member->valuedouble));
    }
    return ERR_NONE;
}

typedef struct {
    Builder kept;
    Tfevents *events;
    int64_t last_step;
} Cut;

static Err keep_point(void *cut_, int64_t step, const cJSON *point) {
    Cut *cut = cut_;
    /* made after the checkpoint: it will be made again */
    if (step > cut->last_step) return ERR_NONE;
    CurveValue values[COLUMNS_MAX];
    int n_values = 0;
    const cJSON *member;
    cJSON_ArrayForEach(member, point) {
        if (text_equal(member->string, "step") || n_values == COLUMNS_MAX) continue;
        values[n_values++] = (CurveValue){member->string, cJSON_IsNumber(member) ? member->valuedouble : NAN};
    }
    TRY(print_line(&cut->kept, step, values, n_values));
    builder_add(&cut->kept, "\n");
    return send_events(cut->events, step, point);
}

/* Rewrites curves.jsonl with the points up to the step that the run goes on from. */
static Err cut_points(const Curve *curve, int64_t resume_step) {
    Cut cut = {.events = curve->events, .last_step = resume_step};
    /* a run that begins anew keeps nothing */
    Err err = file_exists(curve->jsonl) && resume_step > 0 ? walk_points(curve->jsonl, keep_point, &cut) : ERR_NONE;
    if (!err) err = builder_check(&cut.kept, curve->jsonl);
    if (!err) err = file_write_whole(curve->jsonl, cut.kept.length ? cut.kept.data : "", cut.kept.length);
    builder_free(&cut.kept);
    return err;
}

static Err open_files(Curve *curve, const char *folder, int64_t resume_step) {
    char tensorboard[PATH_SIZE], events[PATH_SIZE];
    TRY(text_copy(curve->folder, sizeof curve->folder, folder));
    TRY(path_join(curve->jsonl, sizeof curve->jsonl, folder, "curves.jsonl"));
    TRY(path_join(tensorboard, sizeof tensorboard, folder, "tb"));
    TRY(folder_make(tensorboard));
    TRY(path_join(events, sizeof events, tensorboard, "events.out.tfevents.0000000000.synvid"));
    TRY(tfevents_open(&curve->events, events));
    return cut_points(curve, resume_step);
}

static void curve_free(Curve **curve) {
    free(*curve);
    *curve = NULL;
}

Err curve_open(Curve **curve, const char *folder, int64_t resume_step) {
    *curve = calloc(1, sizeof **curve);
    if (!*curve) return RAISE(ERR_MEMORY, "%s: no memory for a curve", folder);
    Err err = open_files(*curve, folder, resume_step);
    if (err) {
        if (tfevents_close(&(*curve)->events)) err_adopt(err, err_message());
        curve_free(curve);
    }
    return err;
}

Err curve_point(Curve *curve, int64_t step, const CurveValue *values, int n_values) {
    Builder line = {0};
    Err err = n_values <= COLUMNS_MAX ? print_line(&line, step, values, n_values)
                                      : RAISE(ERR_INTERNAL, "a point of %d values, at most %d", n_values, COLUMNS_MAX);
    if (!err) err = file_append_line(curve->jsonl, line.data);
    /* from the line that was written, so that both files hold the same numbers */
    cJSON *point = err ? NULL : cJSON_Parse(line.data);
    if (!err) err = point ? send_events(curve->events, step, point) : RAISE(ERR_MEMORY, "no memory for a point");
    cJSON_Delete(point);
    builder_free(&line);
    return err;
}

/* ---- curves.csv: one column a name, in the order of first appearance ---- */

typedef struct {
    char names[COLUMNS_MAX][NAME_SIZE];
    int n_names;
    Builder rows;
} Table;

static Err collect_names(void *table_, int64_t step, const cJSON *point) {
    (void)step;
    Table *table = table_;
    const cJSON *member;
    cJSON_ArrayForEach(member, point) {
        int known = 0;
        while (known < table->n_names && !text_equal(table->names[known], member->string)) known++;
        if (known < table->n_names || table->n_names == COLUMNS_MAX || text_equal(member->string, "step")) continue;
        TRY(text_copy(table->names[table->n_names], NAME_SIZE, member->string));
        table->n_names++;
    }
    return ERR_NONE;
}

static Err add_row(void *table_, int64_t step, const cJSON *point) {
    Table *table = table_;
    char digits[32];
    builder_add(&table->rows, "%lld", (long long)step);
    for (int c = 0; c < table->n_names; c++) {
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(point, table->names[c]);
        bool number = cJSON_IsNumber(member);
        builder_add(&table->rows, ",%s", number ? json_number(digits, sizeof digits, member->valuedouble) : "");
    }
    builder_add(&table->rows, "\n");
    return ERR_NONE;
}

/* Two walks: columns are known only when all points have been seen. */
static Err write_csv(const Curve *curve) {
    char path[PATH_SIZE];
    TRY(path_join(path, sizeof path, curve->folder, "curves.csv"));
    Table *table = calloc(1, sizeof *table);
    if (!table) return RAISE(ERR_MEMORY, "%s: no memory", path);
    Err err = walk_points(curve->jsonl, collect_names, table);
    builder_add(&table->rows, "step");
    for (int c = 0; c < table->n_names; c++) builder_add(&table->rows, ",%s", table->names[c]);
    builder_add(&table->rows, "\n");
    if (!err) err = walk_points(curve->jsonl, add_row, table);
    if (!err) err = builder_check(&table->rows, path);
    if (!err) err = file_write_whole(path, table->rows.data, table->rows.length);
    builder_free(&table->rows);
    free(table);
    return err;
}

Err curve_close(Curve **curve) {
    if (!*curve) return ERR_NONE;
    Err err = write_csv(*curve);
    Err closed = tfevents_close(&(*curve)->events);
    curve_free(curve);
    return err ? err : closed;
}

/* ---- one series ---- */

typedef struct {
    const char *name;
    double *steps, *values;
    int64_t count, capacity;
} Series;

static Err series_grow(Series *series) {
    if (series->count < series->capacity) return ERR_NONE;
    int64_t capacity = 2 * series->capacity + 64;
    double *steps = realloc(series->steps, (size_t)capacity * sizeof *steps);
    if (steps) series->steps = steps;
    /* each array is kept as soon as it has grown: a failure of the second loses neither */
    double *values = realloc(series->values, (size_t)capacity * sizeof *values);
    if (values) series->values = values;
    if (!steps || !values) return RAISE(ERR_MEMORY, "no memory for a curve of %lld points", (long long)capacity);
    series->capacity = capacity;
    return ERR_NONE;
}

static Err add_point(void *series_, int64_t step, const cJSON *point) {
    Series *series = series_;
    if (!cJSON_HasObjectItem(point, series->name)) return ERR_NONE;
    TRY(series_grow(series));
    series->steps[series->count] = (double)step;
    series->values[series->count++] = record_number_or(point, series->name, NAN);
    return ERR_NONE;
}

Err curve_read(double **steps, double **values, int64_t *count, const char *folder, const char *name) {
    char path[PATH_SIZE];
    Series series = {.name = name};
    TRY(path_join(path, sizeof path, folder, "curves.jsonl"));
    Err err = series_grow(&series);
    if (!err) err = walk_points(path, add_point, &series);
    if (err) {
        free(series.steps);
        free(series.values);
        series = (Series){0};
    }
    *steps = series.steps;
    *values = series.values;
    *count = series.count;
    return err;
}
