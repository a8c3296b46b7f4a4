/* Opening the list of a --pool option: pools (files) and datasets of videos (folders), each with words behind its name.
 * What a path is rank 0 finds out, since nodes may disagree for a moment on a network file system; then all open it. */
#include "gen/variant/media.h"

#include "base/system/file.h"
#include "base/text/text.h"
#include "par/agree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char path[PATH_SIZE], words[64]; /* words: what follows the path, with its colons */
    double share;                    /* 0: not named */
    bool resident;
} ListEntry;

/* Takes the last word off the path if it is one of ours; a path may hold colons of its own. */
static bool take_word(ListEntry *entry) {
    char *colon = strrchr(entry->path, ':'), *end;
    if (!colon || colon == entry->path) return false;
    double number = strtod(colon + 1, &end);
    bool is_number = end != colon + 1 && !*end, is_resident = text_equal(colon + 1, "resident");
    if (!is_number && !is_resident) return false;
    if (is_number) entry->share = number;
    if (is_resident) entry->resident = true;
    *colon = '\0';
    return true;
}

/* The next entry of a comma-separated list; *list moves on, NULL at the end. */
static Err next_entry(ListEntry *entry, const char **list) {
    const char *comma = strchr(*list, ',');
    size_t length = comma ? (size_t)(comma - *list) : strlen(*list);
    *entry = (ListEntry){0};
    if (length == 0) return RAISE(ERR_USAGE, "pool: empty name in the list \"%s\"", *list);
    TRY(text_format(entry->path, PATH_SIZE, "%.*s", (int)length, *list));
    while (take_word(entry)) continue;
    TRY(text_format(entry->words, sizeof entry->words, "%.*s", (int)(length - strlen(entry->path)),
                    *list + strlen(entry->path)));
    *list = comma ? comma + 1 : NULL;
    return ERR_NONE;
}

static Err add_videos(Media *media, const ListEntry *entry, DatasetOpen *open) {
    if (media->n_videos == MEDIA_VIDEOS_MAX)
        return RAISE(ERR_USAGE, "pool: more than %d folders of videos", MEDIA_VIDEOS_MAX);
    if (entry->words[0])
        return RAISE(ERR_USAGE, "pool: \"%s\" belongs to pools of images, %s is a folder", entry->words, entry->path);
    TRY(open(&media->videos[media->n_videos], entry->path));
    media->n_videos++;
    return ERR_NONE;
}

static Err add_pool_all(Media *media, const ListEntry *entry, const Par *par) {
    if (media->n_pools == MEDIA_POOLS_MAX) return RAISE(ERR_USAGE, "pool: more than %d pools", MEDIA_POOLS_MAX);
    Pool *pool = &media->pools[media->n_pools];
    TRY(pool_read_all(pool, entry->path, par));
    media->shares[media->n_pools++] = entry->share;
    if (!entry->resident) return ERR_NONE;
    /* one rank of a node does it for all: the page cache is shared */
    return err_agree_all(par->node_rank == 0 ? pool_hold(pool, entry->path) : ERR_NONE, par, "holding the pool");
}

static Err check_shares(const Media *media, const char *paths) {
    double sum = 0;
    int named = 0;
    for (int p = 0; p < media->n_pools; p++) {
        sum += media->shares[p];
        named += media->shares[p] > 0;
    }
    if (sum == 0 && named == 0) return ERR_NONE;
    if (named == media->n_pools && fabs(sum - 1) < 1e-6) return ERR_NONE;
    return RAISE(ERR_USAGE, "pool: \"%s\": shares sum to %g and %d of %d pools have one; expected 1, all or none",
                 paths, sum, named, media->n_pools);
}

/* Rank 0 looks which kind a path is; all ranks follow. */
static Err add_part_all(Media *media, const ListEntry *entry, DatasetOpen *open, const Par *par) {
    const char *path = entry->path;
    bool is_folder = agree_rank0_all(file_is_directory(path), par, "looking at the pool") != 0;
    if (is_folder)
        return err_agree_all(err_within(add_videos(media, entry, open), "pool %s: ", path), par, "opening the pool");
    return add_pool_all(media, entry, par);
}

Err media_absolute_paths(char *out, size_t size, const char *paths) {
    size_t used = 0;
    for (const char *rest = paths; rest;) {
        ListEntry entry;
        TRY(next_entry(&entry, &rest));
        char absolute[PATH_SIZE];
        TRY(err_within(file_absolute(absolute, sizeof absolute, entry.path), "pool: "));
        TRY(text_format(out + used, size - used, "%s%s%s", used ? "," : "", absolute, entry.words));
        used += strlen(out + used);
    }
    return ERR_NONE;
}

/* In the order of the list: numbers of images count through it, so another order is another dataset. */
static Err digest_parts(Media *media) {
    Digest *digest;
    TRY(digest_new(&digest));
    for (int p = 0; p < media->n_pools; p++) {
        digest_add_text(digest, media->pools[p].digest);
        if (media->shares[p] > 0) digest_add(digest, &media->shares[p], sizeof media->shares[p]);
    }
    for (int v = 0; v < media->n_videos; v++) digest_add_text(digest, media->videos[v]->digest);
    digest_hex(digest, media->digest);
    digest_free(&digest);
    return ERR_NONE;
}

Err media_open_all(Media *media, const char *paths, DatasetOpen *open, const Par *par) {
    *media = (Media){0};
    if (!paths || !*paths) return ERR_NONE;
    Err err = ERR_NONE;
    for (const char *rest = paths; rest && !err;) {
        ListEntry entry;
        err = next_entry(&entry, &rest);
        if (!err) err = add_part_all(media, &entry, open, par);
    }
    if (!err) err = check_shares(media, paths);
    if (!err) err = err_agree_all(digest_parts(media), par, "opening the pool");
    if (err) media_close(media);
    return err;
}

void media_close(Media *media) {
    for (int p = 0; p < media->n_pools; p++) pool_free(&media->pools[p]);
    for (int v = 0; v < media->n_videos; v++) clip_source_close(&media->videos[v]);
    *media = (Media){0};
}
