/* A VideoMAE in a file of another program: find the group of tensors by one that every model has, name every tensor
 * in our (the official) way, join what is split (query, key, value) and split what is joined. A tensor that has no
 * place is an error: a model that is nearly a VideoMAE would give features that are nearly right. */
#include "store/foreign/foreign.h"

#include "base/text/text.h"
#include "math/finite.h"
#include "store/foreign/internal/weightfile_formats.h"

#include <limits.h>

enum { NAMES_SHOWN = 8 };

/* One tensor of the file, or a third of its rows, and where it goes. */
typedef struct {
    char official[TENSOR_NAME_SIZE];
    int part;  /* of the official tensor */
    int third; /* of the file's tensor, NAME_WHOLE: all of it */
    int entry; /* in the file */
} Piece;

typedef struct {
    WeightFile *file;
    const char *path;
    bool hf, classifier;
    Piece *pieces;
    int n_pieces;
} Reading;

/* ---- the group ---- */

/* Every model has one of these; the first that fits tells how the others are called. */
static const struct {
    const char *name;
    bool hf, classifier;
} anchors[] = {
    {"videomae.embeddings.patch_embeddings.projection.weight", true, false},
    {"embeddings.patch_embeddings.projection.weight", true, false},
    {"encoder.patch_embed.proj.weight", false, false},
    {"patch_embed.proj.weight", false, true},
};

/* Whether `name` is "<group><an anchor>". */
static bool is_anchor(Reading *reading, char group[WEIGHT_NAME_SIZE], const char *name) {
    for (size_t i = 0; i < sizeof anchors / sizeof *anchors; i++) {
        size_t length = strlen(name), tail = strlen(anchors[i].name);
        if (!text_ends(name, anchors[i].name) || (length > tail && name[length - tail - 1] != '.')) continue;
        snprintf(group, WEIGHT_NAME_SIZE, "%.*s", (int)(length - tail), name);
        reading->hf = anchors[i].hf;
        reading->classifier = anchors[i].classifier;
        return true;
    }
    return false;
}

bool foreign_has_model(WeightFile *file) {
    char group[WEIGHT_NAME_SIZE];
    Reading reading = {.file = file};
    for (int i = 0; i < weightfile_count(file); i++)
        if (is_anchor(&reading, group, weightfile_entry(file, i)->name)) return true;
    return false;
}

/* A file may hold several models (an exponential mean beside the weights): then the caller must say which. */
static Err find_group(Reading *reading, ForeignFacts *facts, const char *asked) {
    char group[WEIGHT_NAME_SIZE];
    int n_groups = 0;
    Reading found = *reading;
    for (int i = 0; i < weightfile_count(reading->file); i++) {
        /* is_anchor writes what it finds: only the chosen group may leave its mark */
        Reading candidate = *reading;
        if (!is_anchor(&candidate, group, weightfile_entry(reading->file, i)->name)) continue;
        if (asked && !text_equal(asked, group)) continue;
        if (n_groups++)
            return RAISE(ERR_INPUT,
                         "%s: holds several models, in the groups \"%.80s\" and \"%.80s\"; choose one with "
                         "--group",
                         reading->path, facts->group, group);
        found = candidate;
        TRY(text_copy(facts->group, sizeof facts->group, group));
    }
    if (!n_groups)
        return RAISE(ERR_INPUT, "%s: %s%.80s%s no patch embedding, so no VideoMAE (`synvid inspect` lists the tensors)",
                     reading->path, asked ? "the group \"" : "the file has", asked ? asked : "", asked ? "\" has" : "");
    *reading = found;
    facts->naming = reading->hf ? "transformers" : "official";
    return ERR_NONE;
}

static const char *name_in_group(const Reading *reading, int entry, const char *group) {
    const char *name = weightfile_entry(reading->file, entry)->name;
    return text_starts(name, group) ? name + strlen(group) : NULL;
}

/* A classifier of transformers is called as a pre-training model is, but for its head. */
static void look_for_head(Reading *reading, const char *group) {
    for (int i = 0; reading->hf && i < weightfile_count(reading->file); i++) {
        const char *name = name_in_group(reading, i, group);
        if (name && text_starts(name, "classifier.")) reading->classifier = true;
    }
}

/* ---- names ---- */

/* Names of transformers, with or without the "videomae." that its bare encoder lacks. */
static bool official_of_hf(Piece *piece, const Reading *reading, const char *name) {
    char whole[WEIGHT_NAME_SIZE + 16];
    if (hf_official(piece->official, sizeof piece->official, &piece->part, name, reading->classifier)) return true;
    snprintf(whole, sizeof whole, "videomae.%s", name); /* the bare encoder class */
    return hf_official(piece->official, sizeof piece->official, &piece->part, whole, reading->classifier);
}

/* Official names stand for themselves; hf_name knows all of them, so it tells which are none. */
static bool is_official(Piece *piece, const Reading *reading, const char *name) {
    char ignored[WEIGHT_NAME_SIZE + 64];
    bool beginning = text_starts(name, "blocks.") || text_starts(name, "patch_embed.") ||
                     text_starts(name, "fc_norm.") || text_starts(name, "head.");
    piece->part = NAME_WHOLE;
    return beginning == reading->classifier && !text_copy(piece->official, sizeof piece->official, name) &&
           !hf_name(ignored, sizeof ignored, name, 0);
}

static void add_piece(Reading *reading, const Piece *piece, int third) {
    reading->pieces[reading->n_pieces] = *piece;
    reading->pieces[reading->n_pieces++].third = third;
}

/* "...attn.qkv.bias" as q_bias and v_bias. */
static bool add_joined_bias(Reading *reading, ForeignFacts *facts, const char *name, int entry) {
    static const char tail[] = "attn.qkv.bias";
    char bias[WEIGHT_NAME_SIZE + 16];
    if (reading->hf || !text_ends(name, tail)) return false;
    /* thirds by rows: query, key, value; the key's is left out */
    int before = (int)(strlen(name) - strlen(tail)), first = reading->n_pieces;
    for (int third = NAME_QUERY; third <= NAME_VALUE; third += NAME_VALUE - NAME_QUERY) {
        Piece piece = {.entry = entry};
        snprintf(bias, sizeof bias, "%.*sattn.%c_bias", before, name, third == NAME_QUERY ? 'q' : 'v');
        if (!is_official(&piece, reading, bias)) break;
        add_piece(reading, &piece, third);
    }
    facts->n_key_biases += reading->n_pieces > first;
    return reading->n_pieces > first;
}

static bool add_named(Reading *reading, ForeignFacts *facts, const char *name, int entry) {
    Piece piece = {.entry = entry};
    if (add_joined_bias(reading, facts, name, entry)) return true;
    if (!(reading->hf ? official_of_hf(&piece, reading, name) : is_official(&piece, reading, name))) return false;
    if (text_ends(piece.official, ".attn.k_bias"))
        facts->n_key_biases++;
    else
        add_piece(reading, &piece, NAME_WHOLE);
    return true;
}

static Err refuse_unknown(const Builder *names, int count, const char *path) {
    TRY(builder_check(names, "a list of tensors"));
    return RAISE(ERR_INPUT, "%s: %d tensor%s no part of a VideoMAE: %s%s", path, count, count == 1 ? " is" : "s are",
                 names->data, count > NAMES_SHOWN ? ", ..." : "");
}

/* First every tensor gets a place, then shapes are compared, then values are read: nothing is read for a file that is
 * refused. */
static Err name_all(Reading *reading, ForeignFacts *facts) {
    int count = weightfile_count(reading->file), n_unknown = 0;
    Builder unknown = {0};
    reading->pieces = calloc(2 * (size_t)count + 1, sizeof *reading->pieces);
    if (!reading->pieces) return RAISE(ERR_MEMORY, "%s: no memory for %d tensors", reading->path, count);
    for (int i = 0; i < count; i++) {
        const char *name = name_in_group(reading, i, facts->group);
        if (!name)
            facts->n_passed_over++;
        else if (!add_named(reading, facts, name, i) && n_unknown++ < NAMES_SHOWN)
            builder_add(&unknown, "%s%.120s", n_unknown > 1 ? ", " : "", name);
    }
    Err err = n_unknown ? refuse_unknown(&unknown, n_unknown, reading->path) : ERR_NONE;
    builder_free(&unknown);
    return err;
}

/* ---- joining ---- */

static int by_name_and_part(const void *a, const void *b) {
    const Piece *x = a, *y = b;
    /* so that pieces of one tensor stand together, query before key before value */
    int order = strcmp(x->official, y->official);
    return order ? order : x->part - y->part;
}

/* Shape of the official tensor that a piece belongs to. */
static Err shape_of(Tensor *tensor, const Piece *piece, const Reading *reading) {
    const WeightEntry *entry = weightfile_entry(reading->file, piece->entry);
    bool possible = entry->n_dims <= TENSOR_DIMS;
    memcpy(tensor->name, piece->official, sizeof tensor->name);
    tensor->n_dims = entry->n_dims;
    for (int d = 0; possible && d < entry->n_dims; d++) {
        possible = entry->dims[d] > 0 && entry->dims[d] <= INT_MAX / NAME_PARTS;
        tensor->dims[d] = (int)entry->dims[d];
    }
    bool thirds = possible && (piece->part != NAME_WHOLE || piece->third != NAME_WHOLE);
    if (thirds && (entry->n_dims == 0 || (piece->third != NAME_WHOLE && entry->dims[0] % NAME_PARTS))) possible = false;
    if (!possible)
        return RAISE(ERR_INPUT, "%s: %s: an impossible shape for %s", reading->path, entry->name, piece->official);
    if (piece->part != NAME_WHOLE) tensor->dims[0] *= NAME_PARTS;
    if (piece->third != NAME_WHOLE) tensor->dims[0] /= NAME_PARTS;
    return ERR_NONE;
}

/* The pieces of one official tensor, beginning at `first`; *n of them. */
static Err add_tensor(WeightSet *weights, int *n, int first, const Reading *reading) {
    const Piece *pieces = reading->pieces + first;
    Tensor *tensor = &weights->tensors[weights->n_tensors], other;
    int wanted = pieces->part == NAME_WHOLE ? 1 : NAME_PARTS;
    TRY(shape_of(tensor, pieces, reading));
    for (*n = 0; first + *n < reading->n_pieces && text_equal(pieces[*n].official, pieces->official); ++*n) {
        if (*n > 0 && (wanted == 1 || pieces[*n].part == pieces[*n - 1].part))
            return RAISE(ERR_INPUT, "%s: %s stands in it twice: as %s too", reading->path, pieces->official,
                         weightfile_entry(reading->file, pieces[*n].entry)->name);
        TRY(shape_of(&other, &pieces[*n], reading));
        if (other.n_dims != tensor->n_dims || memcmp(other.dims, tensor->dims, (size_t)other.n_dims * sizeof(int)))
            return RAISE(ERR_INPUT, "%s: %s: query, key and value differ in shape", reading->path, pieces->official);
    }
    if (*n < wanted) return RAISE(ERR_INPUT, "%s: %s: query, key or value is missing", reading->path, pieces->official);
    weights->n_tensors++;
    return ERR_NONE;
}

static Err add_tensors(WeightSet *weights, const Reading *reading) {
    qsort(reading->pieces, (size_t)reading->n_pieces, sizeof *reading->pieces, by_name_and_part);
    weights->tensors = calloc((size_t)reading->n_pieces + 1, sizeof *weights->tensors);
    if (!weights->tensors) return RAISE(ERR_MEMORY, "%s: no memory for the list of tensors", reading->path);
    for (int i = 0, n; i < reading->n_pieces; i += n) TRY(add_tensor(weights, &n, i, reading));
    return ERR_NONE;
}

/* One block for all values; sizes come from a stranger, so they are added up with care. */
static Err make_room(WeightSet *weights, const char *path) {
    size_t total = 0;
    for (int t = 0; t < weights->n_tensors; t++) {
        size_t count = 1;
        for (int d = 0; d < weights->tensors[t].n_dims; d++)
            if (__builtin_mul_overflow(count, (size_t)weights->tensors[t].dims[d], &count)) count = SIZE_MAX;
        if (__builtin_add_overflow(total, count, &total)) total = SIZE_MAX;
    }
    weights->storage = total < SIZE_MAX / sizeof(float) ? malloc(total * sizeof(float) + 1) : NULL;
    if (!weights->storage) return RAISE(ERR_MEMORY, "%s: no memory for %zu values", path, total);
    float *at = weights->storage;
    for (int t = 0; t < weights->n_tensors; t++) {
        weights->tensors[t].data = at;
        at += tensor_count(&weights->tensors[t]);
    }
    return ERR_NONE;
}

/* ---- values ---- */

/* Named as the file does, where whoever made it will look. */
static Err read_finite(float *out, const Reading *reading, int index) {
    const WeightEntry *entry = weightfile_entry(reading->file, index);
    TRY(weightfile_read(out, reading->file, index));
    return finite_check(out, (size_t)entry->count, 0, reading->path, entry->name);
}

/* One third of the rows of a tensor that the file holds as one. */
static Err read_third(float *out, size_t count, const Piece *piece, const Reading *reading) {
    float *whole = malloc(NAME_PARTS * count * sizeof *whole + 1);
    if (!whole) return RAISE(ERR_MEMORY, "%s: no memory for %s", reading->path, piece->official);
    Err err = read_finite(whole, reading, piece->entry);
    if (!err) memcpy(out, whole + (size_t)piece->third * count, count * sizeof *whole);
    free(whole);
    return err;
}

static Err read_values(WeightSet *weights, const Reading *reading) {
    Tensor *tensor = weights->tensors;
    for (int i = 0; i < reading->n_pieces; i++) {
        const Piece *piece = &reading->pieces[i];
        while (!text_equal(tensor->name, piece->official)) tensor++; /* both are sorted by name */
        size_t count = tensor_count(tensor);
        if (piece->third != NAME_WHOLE)
            TRY(read_third(tensor->data, count, piece, reading));
        else
            TRY(read_finite(tensor->data + (piece->part > 0 ? (size_t)piece->part * (count / NAME_PARTS) : 0), reading,
                            piece->entry));
    }
    return ERR_NONE;
}

/* Biases of keys change nothing, as long as they are numbers. */
static Err check_key_biases(const Reading *reading, const ForeignFacts *facts) {
    for (int i = 0; facts->n_key_biases && i < weightfile_count(reading->file); i++) {
        const char *name = name_in_group(reading, i, facts->group);
        if (!name || !(text_ends(name, ".k_bias") || text_ends(name, ".key.bias"))) continue;
        int64_t count = weightfile_entry(reading->file, i)->count;
        float *values = count < INT_MAX ? malloc((size_t)count * sizeof *values + 1) : NULL;
        if (!values) return RAISE(ERR_MEMORY, "%s: no memory for %s", reading->path, name);
        Err err = read_finite(values, reading, i);
        free(values);
        TRY(err);
    }
    return ERR_NONE;
}

CHECKED Err foreign_read(WeightSet *weights, ForeignFacts *facts, WeightFile *file, const char *path,
                         const char *group) {
    Reading reading = {.file = file, .path = path};
    *weights = (WeightSet){0};
    *facts = (ForeignFacts){0};
    TRY(find_group(&reading, facts, group));
    look_for_head(&reading, facts->group);
    Err err = name_all(&reading, facts);
    if (!err) err = add_tensors(weights, &reading);
    if (!err) err = make_room(weights, path);
    if (!err) err = read_values(weights, &reading);
    if (!err) err = check_key_biases(&reading, facts);
    free(reading.pieces);
    if (err) weights_free(weights);
    return err;
}
