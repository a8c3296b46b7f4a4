/* base/config/field - the JSON schema of a table, for editors that check and complete while one types. */
#include "base/config/field.h"

#include <cjson/cJSON.h>

static void add_limits(cJSON *schema, const Field *field) {
    if (field->min >= field->max) return;
    cJSON_AddNumberToObject(schema, "minimum", field->min);
    cJSON_AddNumberToObject(schema, "maximum", field->max);
}

static void add_number(cJSON *schema, const Field *field, const char *type) {
    cJSON_AddStringToObject(schema, "type", type);
    add_limits(schema, field);
    cJSON_AddNumberToObject(schema, "default", field->fallback);
}

static void add_enum(cJSON *schema, const Field *field) {
    char name[128];
    cJSON *names = cJSON_AddArrayToObject(schema, "enum");
    for (int i = 0; names && field_enum_name(name, sizeof name, field, i); i++)
        cJSON_AddItemToArray(names, cJSON_CreateString(name));
    cJSON_AddStringToObject(schema, "default", field_default_text(name, sizeof name, field));
}

static void add_list(cJSON *schema, cJSON *item, int least, int most) {
    cJSON_AddStringToObject(schema, "type", "array");
    cJSON_AddNumberToObject(schema, "minItems", least);
    cJSON_AddNumberToObject(schema, "maxItems", most);
    cJSON_AddItemToObject(schema, "items", item);
}

static cJSON *typed(const char *type) {
    cJSON *schema = cJSON_CreateObject();
    cJSON_AddStringToObject(schema, "type", type);
    return schema;
}

static void add_range(cJSON *schema, const Field *field) {
    cJSON *item = typed("number");
    add_limits(item, field);
    add_list(schema, item, 2, 2);
    double ends[] = {field->fallback, field->fallback_high};
    cJSON_AddItemToObject(schema, "default", cJSON_CreateDoubleArray(ends, 2));
}

static void add_text(cJSON *schema, const Field *field) {
    cJSON_AddStringToObject(schema, "type", "string");
    cJSON_AddNumberToObject(schema, "maxLength", (double)field->size - 1);
    cJSON_AddStringToObject(schema, "default", field->text ? field->text : "");
}

/* A group may stand as an object or as the name of a file that holds it. */
static void add_group(cJSON *schema, const Field *field) {
    cJSON *forms = cJSON_AddArrayToObject(schema, "anyOf");
    cJSON_AddItemToArray(forms, fields_schema(field->fields));
    cJSON_AddItemToArray(forms, typed("string"));
}

static cJSON *schema_one(const Field *field) {
    cJSON *schema = cJSON_CreateObject();
    cJSON_AddStringToObject(schema, "description", field->help);
    switch (field->type) {
    case FIELD_TYPE_BOOL:
        cJSON_AddStringToObject(schema, "type", "boolean");
        cJSON_AddBoolToObject(schema, "default", field->fallback != 0);
        break;
    case FIELD_TYPE_INT:
    case FIELD_TYPE_INT64: add_number(schema, field, "integer"); break;
    case FIELD_TYPE_FLOAT:
    case FIELD_TYPE_DOUBLE: add_number(schema, field, "number"); break;
    case FIELD_TYPE_TEXT: add_text(schema, field); break;
    case FIELD_TYPE_ENUM: add_enum(schema, field); break;
    case FIELD_TYPE_RANGE: add_range(schema, field); break;
    case FIELD_TYPE_GROUP: add_group(schema, field); break;
    case FIELD_TYPE_TEXTS: add_list(schema, typed("string"), 0, TEXT_LIST_MAX); break;
    case FIELD_TYPE_END: break;
    }
    return schema;
}

cJSON *fields_schema(const Field *fields) {
    cJSON *schema = typed("object");
    cJSON_AddBoolToObject(schema, "additionalProperties", false);
    cJSON *properties = cJSON_AddObjectToObject(schema, "properties");
    /* no field: config.c takes it out before fields are read */
    cJSON_AddItemToObject(properties, "extends", typed("string"));
    cJSON *required = cJSON_CreateArray();
    for (const Field *field = fields; field->type != FIELD_TYPE_END; field++) {
        cJSON_AddItemToObject(properties, field->key, schema_one(field));
        if (field->flags & FIELD_REQUIRED) cJSON_AddItemToArray(required, cJSON_CreateString(field->key));
    }
    /* validators of draft 4 refuse an empty list */
    if (cJSON_GetArraySize(required))
        cJSON_AddItemToObject(schema, "required", required);
    else
        cJSON_Delete(required);
    return schema;
}
