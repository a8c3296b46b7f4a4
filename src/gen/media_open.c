#include "gen/media.h"

#include "base/file.h"
#include "base/text.h"
#include "par/agree.h"
#include "store/dataset.h"

#include <stdlib.h>
#include <string.h>

/* The next path of a comma-separated list into `path`; *list moves on, NULL at the end. */
static Err next_path(char path[PATH_SIZE], const char **list) {
    const char *comma = strchr(*list, ',');
    size_t length = comma ? (size_t)(comma - *list) : strlen(*list);
    if (length == 0) return RAISE(ERR_USAGE, "pool: empty name in the list \"%s\"", *list);
    TRY(text_format(path, PATH_SIZE, "%.*s", (int)length, *list));
    *list = comma ? comma + 1 : NULL;
    return ERR_NONE;
}

static Err add_videos(Media *media, const char *folder) {
    if (media->n_videos == MEDIA_VIDEOS_MAX)
        return RAISE(ERR_USAGE, "pool: more than %d folders of videos", MEDIA_VIDEOS_MAX);
    TRY(shard_source_open(&media->videos[media->n_videos], folder));
    media->n_videos++;
    return ERR_NONE;
}

static Err add_pool_all(Media *media, const char *path, const Par *par) {
    if (media->n_pools == MEDIA_POOLS_MAX) return RAISE(ERR_USAGE, "pool: more than %d pools", MEDIA_POOLS_MAX);
    TRY(pool_read_all(&media->pools[media->n_pools], path, par));
    media->n_pools++;
    return ERR_NONE;
}

/* Rank 0 looks which kind a path is; all ranks follow. */
static Err add_part_all(Media *media, const char *path, const Par *par) {
    bool is_folder = agree_rank0_all(file_is_directory(path), par, "looking at the pool") != 0;
    if (is_folder)
        return err_agree_all(err_within(add_videos(media, path), "pool %s: ", path), par, "opening the pool");
    return add_pool_all(media, path, par);
}

Err media_absolute_paths(char *out, size_t size, const char *paths) {
    size_t used = 0;
    for (const char *rest = paths; rest;) {
        char path[PATH_SIZE];
        TRY(next_path(path, &rest));
        char *absolute = realpath(path, NULL);
        if (!absolute) return RAISE(ERR_INPUT, "pool: %s: not found", path);
        Err err = text_format(out + used, size - used, "%s%s", used ? "," : "", absolute);
        free(absolute);
        TRY(err);
        used += strlen(out + used);
    }
    return ERR_NONE;
}

static Err digest_parts(Media *media) {
    Digest *digest;
    TRY(digest_new(&digest));
    for (int p = 0; p < media->n_pools; p++) digest_add_text(digest, media->pools[p].digest);
    for (int v = 0; v < media->n_videos; v++) digest_add_text(digest, media->videos[v]->digest);
    digest_hex(digest, media->digest);
    digest_free(&digest);
    return ERR_NONE;
}

Err media_open_all(Media *media, const char *paths, const Par *par) {
    *media = (Media){0};
    if (!paths || !*paths) return ERR_NONE;
    Err err = ERR_NONE;
    for (const char *rest = paths; rest && !err;) {
        char path[PATH_SIZE];
        err = next_path(path, &rest);
        if (!err) err = add_part_all(media, path, par);
    }
    if (!err) err = err_agree_all(digest_parts(media), par, "opening the pool");
    if (err) media_close(media);
    return err;
}

void media_close(Media *media) {
    for (int p = 0; p < media->n_pools; p++) pool_free(&media->pools[p]);
    for (int v = 0; v < media->n_videos; v++) clip_source_close(&media->videos[v]);
    *media = (Media){0};
}
