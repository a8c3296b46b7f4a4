/* base/config/config - where named configurations are. */
#include "base/config/config.h"
#include "base/system/file.h"
#include "base/text/text.h"

#include <dlfcn.h>
#include <unistd.h>

enum { ROOTS = 4 };

static const char config_find_anchor[] = "an address of ours";

/* The file this code was loaded from: the program, or the shared library, whose path the loader knows (and may know
 * through a link: /lib of Debian is one). */
static bool own_file(char *out, size_t size) {
    Dl_info info;
    if (dladdr(config_find_anchor, &info) && info.dli_fname && strstr(info.dli_fname, ".so")) {
        char *real = realpath(info.dli_fname, NULL);
        bool found = real && !text_copy(out, size, real);
        free(real);
        return found;
    }
    ssize_t length = readlink("/proc/self/exe", out, size - 1);
    if (length >= 0) out[length] = 0;
    return length >= 0;
}

/* $prefix/share/synvid/configs of a program in $prefix/bin or a library in $prefix/lib, so that an installation can be
 * moved. */
static void root_beside_program(char *out, size_t size) {
    char program[PATH_SIZE], folder[PATH_SIZE], prefix[PATH_SIZE];
    out[0] = 0;
    if (!own_file(program, sizeof program)) return;
    if (path_parent(folder, sizeof folder, program) || path_parent(prefix, sizeof prefix, folder)) return;
    if (path_join(out, size, prefix, "share/synvid/configs")) out[0] = 0;
}

/* All places in order; "" where there is none. */
static void list_roots(char roots[ROOTS][PATH_SIZE]) {
    snprintf(roots[0], PATH_SIZE, "configs");
    root_beside_program(roots[1], PATH_SIZE);
    snprintf(roots[2], PATH_SIZE, "%s", SYNVID_SOURCE_CONFIGS);
    snprintf(roots[3], PATH_SIZE, "%s", SYNVID_INSTALL_CONFIGS);
    for (int i = 0; i < ROOTS; i++)
        if (!file_is_directory(roots[i])) roots[i][0] = 0;
}

static bool is_file(const char *path) {
    return file_exists(path) && !file_is_directory(path);
}

/* folder/kind/name, with or without ".json"; folder and kind may be "". Names too long for a path are no file. */
static bool find_below(char *out, size_t size, const char *folder, const char *kind, const char *name) {
    char inner[PATH_SIZE];
    if (path_join(inner, sizeof inner, folder, kind) || path_join(out, size, inner, name)) return false;
    if (is_file(out)) return true;
    return !text_format(inner, sizeof inner, "%s.json", out) && is_file(inner) && !text_copy(out, size, inner);
}

/* The nearest file below root/kind to the name that was not found, as one may give it. */
static bool suggest(char *out, size_t size, const char *root, const char *kind, const char *name) {
    char folder[PATH_SIZE];
    FileList files;
    if (path_join(folder, sizeof folder, root, kind) || !file_is_directory(folder)) return false;
    if (file_list_walk(&files, folder)) return false;
    const char **names = calloc(2 * files.count + 1, sizeof *names);
    for (size_t i = 0; names && i < files.count; i++) {
        if (text_ends(files.paths[i], ".json")) files.paths[i][strlen(files.paths[i]) - 5] = 0;
        names[2 * i] = files.paths[i];
        names[2 * i + 1] = path_base(files.paths[i]);
    }
    const char *nearest = names ? text_nearest(name, names) : NULL;
    for (size_t i = 0; nearest && i < 2 * files.count; i++)
        if (names[i] == nearest) snprintf(out, size, "%s", files.paths[i / 2]);
    free(names);
    file_list_free(&files);
    return nearest != NULL;
}

static Err not_found(char roots[ROOTS][PATH_SIZE], const char *kind, const char *name) {
    char nearest[NAME_SIZE] = "";
    Builder places = {0};
    builder_add_text(&places, "as a file");
    for (int i = 0; i < ROOTS; i++) {
        if (!roots[i][0]) continue;
        builder_add(&places, ", in %s%s%s", roots[i], *kind ? "/" : "", kind);
        if (!nearest[0] && !suggest(nearest, sizeof nearest, roots[i], kind, name)) nearest[0] = 0;
    }
    Err err = RAISE(ERR_USAGE, "no configuration \"%s\" (looked for it %s)%s%s%s", name, places.data ? places.data : "",
                    nearest[0] ? "; did you mean \"" : "", nearest, nearest[0] ? "\"?" : "");
    builder_free(&places);
    return err;
}

Err config_find(char *out, size_t size, const char *kind, const char *name) {
    char roots[ROOTS][PATH_SIZE];
    if (!kind) kind = "";
    if (!*name) return RAISE(ERR_USAGE, "the name of a configuration is empty");
    if (find_below(out, size, "", "", name)) return ERR_NONE;
    list_roots(roots);
    /* the folder of the kind goes before the whole of a root */
    for (int i = 0; i < ROOTS && name[0] != '/'; i++) {
        if (!roots[i][0]) continue;
        if (find_below(out, size, roots[i], kind, name) || find_below(out, size, roots[i], "", name)) return ERR_NONE;
    }
    return not_found(roots, kind, name);
}

Err config_root(char *out, size_t size) {
    char roots[ROOTS][PATH_SIZE];
    list_roots(roots);
    for (int i = 0; i < ROOTS; i++)
        if (roots[i][0]) return text_copy(out, size, roots[i]);
    return RAISE(ERR_INPUT, "no folder of configurations: neither ./configs nor %s is there", SYNVID_INSTALL_CONFIGS);
}
