/* Depth first through a product: an axis binds its name (or the members of an object) in a copy of the bindings, and
 * the rest of the product sees them. Values are texts with {names} of their own. */
#include "sweep/plan/internal/axes.h"

#include "base/text/text.h"

#include <cjson/cJSON.h>

enum { LIST_DEPTH_MAX = 8 };

Err axes_value_text(char **text, const cJSON *value, const char *place) {
    *text = NULL;
    if (cJSON_IsString(value))
        *text = strdup(value->valuestring);
    else if (cJSON_IsNumber(value) || cJSON_IsBool(value))
        *text = cJSON_PrintUnformatted(value);
    else
        return RAISE(ERR_USAGE, "%s: a text, number or boolean was expected", place);
    return *text ? ERR_NONE : RAISE(ERR_MEMORY, "%s: no memory", place);
}

/* The same with the {names} in it filled: variables, and axes before this one. */
static Err value_text(char **text, const cJSON *value, const char *place, const Bindings *bindings) {
    char *plain;
    TRY(axes_value_text(&plain, value, place));
    Err err = template_fill(text, plain, bindings, place);
    free(plain);
    return err;
}

/* A few lists that name each other, or a few axes, can stand for more combinations than there is time. */
static Err count_step(const AxesWalk *walk) {
    if (++*walk->steps <= AXES_STEPS_MAX) return ERR_NONE;
    return RAISE(ERR_USAGE, "%s: for: more than %d combinations", walk->path, AXES_STEPS_MAX);
}

/* Each binds a name, and each is a level of recursion. */
static Err check_members(const AxesWalk *walk, const cJSON *object) {
    if (cJSON_GetArraySize(object) <= BINDINGS_MAX) return ERR_NONE;
    return RAISE(ERR_USAGE, "%s: for: an object of %d names, at most %d are possible", walk->path,
                 cJSON_GetArraySize(object), BINDINGS_MAX);
}

/* What is left of a product: the axes from `axis` on. */
static Err walk_product(const AxesWalk *walk, const cJSON *axis, const Bindings *bindings);

static Err bind_and_go_on(const AxesWalk *walk, const cJSON *axis, const char *name, const cJSON *value,
                          const Bindings *bindings) {
    char *text;
    Bindings inner = *bindings;
    TRY(value_text(&text, value, name, bindings));
    Err err = bindings_set(&inner, name, text);
    if (!err) err = walk_product(walk, axis->next, &inner);
    free(text);
    return err;
}

/* An object binds its members one after the other. */
static Err bind_members(const AxesWalk *walk, const cJSON *axis, const cJSON *member, const Bindings *bindings) {
    if (!member) return walk_product(walk, axis->next, bindings);
    char *text;
    Bindings inner = *bindings;
    TRY(value_text(&text, member, member->string, bindings));
    Err err = bindings_set(&inner, member->string, text);
    if (!err) err = bind_members(walk, axis, member->next, &inner);
    free(text);
    return err;
}

static Err find_list(const cJSON **list, const AxesWalk *walk, const char *name) {
    const char *names[64] = {0};
    int count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, walk->lists) if (count < 63) names[count++] = item->string;
    *list = cJSON_GetObjectItemCaseSensitive(walk->lists, name);
    if (cJSON_IsArray(*list)) return ERR_NONE;
    if (*list) return RAISE(ERR_USAGE, "%s: lists.%s: a list was expected", walk->path, name);
    const char *nearest = text_nearest(name, names);
    return RAISE(ERR_USAGE, "%s: @%s: there is no such list%s%s%s", walk->path, name,
                 nearest ? "; did you mean \"@" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static Err walk_values(const AxesWalk *walk, const cJSON *axis, const cJSON *value, const Bindings *bindings,
                       int depth) {
    if (depth > LIST_DEPTH_MAX) return RAISE(ERR_USAGE, "%s: lists name each other in a circle", walk->path);
    TRY(count_step(walk));
    if (cJSON_IsArray(value)) {
        const cJSON *item;
        cJSON_ArrayForEach(item, value) TRY(walk_values(walk, axis, item, bindings, depth + 1));
        return ERR_NONE;
    }
    if (cJSON_IsString(value) && value->valuestring[0] == '@') {
        const cJSON *list;
        TRY(find_list(&list, walk, value->valuestring + 1));
        return walk_values(walk, axis, list, bindings, depth + 1);
    }
    if (cJSON_IsObject(value)) {
        TRY(check_members(walk, value));
        return bind_members(walk, axis, value->child, bindings);
    }
    return bind_and_go_on(walk, axis, axis->string, value, bindings);
}

static Err walk_product(const AxesWalk *walk, const cJSON *axis, const Bindings *bindings) {
    if (!axis) return walk->visit(walk->context, bindings);
    if (cJSON_IsArray(axis) && cJSON_GetArraySize(axis) == 0)
        return RAISE(ERR_USAGE, "%s: for.%s: a list of values was expected", walk->path, axis->string);
    return walk_values(walk, axis, axis, bindings, 0);
}

Err axes_walk(const AxesWalk *walk, const cJSON *axes, const Bindings *bindings) {
    if (!axes) return walk->visit(walk->context, bindings);
    if (cJSON_IsObject(axes)) {
        TRY(check_members(walk, axes));
        return walk_product(walk, axes->child, bindings);
    }
    if (!cJSON_IsArray(axes))
        return RAISE(ERR_USAGE, "%s: for: an object of axes, or a list of such objects, was expected", walk->path);
    const cJSON *product;
    cJSON_ArrayForEach(product, axes) {
        if (!cJSON_IsObject(product)) return RAISE(ERR_USAGE, "%s: for: a list of objects was expected", walk->path);
        TRY(check_members(walk, product));
        TRY(walk_product(walk, product->child, bindings));
    }
    return ERR_NONE;
}
