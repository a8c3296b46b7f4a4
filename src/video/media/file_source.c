/* Files are decoded when they are read, and their lengths found out when they are first asked for: opening a folder
 * of thousands of videos costs nothing. */
#include "video/media/decode.h"

#include "base/system/digest.h"
#include "base/system/file.h"
#include "base/text/text.h"

#include <pthread.h>

typedef struct {
    char *path;
    VideoInfo info; /* n_frames 0: not decoded yet */
} SourceFile;

typedef struct {
    ClipSource source;
    SourceFile *files;
    pthread_mutex_t lock; /* of the infos; never held while decoding */
} FileSource;

static FileSource *state_of(const ClipSource *source) {
    return source->state;
}

static VideoInfo known_info(FileSource *files, int64_t index) {
    pthread_mutex_lock(&files->lock);
    VideoInfo info = files->files[index].info;
    pthread_mutex_unlock(&files->lock);
    return info;
}

/* Two threads may find out the same at once, which costs time but is not wrong. */
static Err file_source_info(const ClipSource *source, int64_t epoch, int64_t index, VideoInfo *info) {
    (void)epoch;
    ASSERT(index >= 0 && index < source->count);
    FileSource *files = state_of(source);
    *info = known_info(files, index);
    if (info->n_frames > 0) return ERR_NONE;
    DecodeInfo found;
    TRY(decode_probe(&found, files->files[index].path));
    info->n_frames = found.n_frames;
    info->height = found.height;
    info->width = found.width;
    pthread_mutex_lock(&files->lock);
    files->files[index].info = *info;
    pthread_mutex_unlock(&files->lock);
    return ERR_NONE;
}

static Err file_source_read(const ClipSource *source, int64_t epoch, int64_t index, const int *frame_numbers,
                            int n_frames, Frames *out) {
    (void)epoch;
    ASSERT(index >= 0 && index < source->count);
    return decode_frames(out, state_of(source)->files[index].path, frame_numbers, n_frames);
}

static void file_source_close(ClipSource *source) {
    FileSource *files = state_of(source);
    for (int64_t i = 0; i < source->count && files->files; i++) free(files->files[i].path);
    free(files->files);
    pthread_mutex_destroy(&files->lock);
    free(files);
}

static const ClipSourceOps file_ops = {"files", file_source_info, file_source_read, file_source_close};

static Err take_files(FileSource *files, const FileSourceSettings *settings) {
    for (int64_t i = 0; i < settings->count; i++) {
        /* missing files are told when the folder is opened, not hours later */
        if (file_size(settings->paths[i]) < 0)
            return RAISE(ERR_INPUT, "%s: %s does not exist", settings->name, settings->paths[i]);
        files->files[i].info.label = settings->labels ? settings->labels[i] : -1;
        files->files[i].path = strdup(settings->paths[i]);
        if (!files->files[i].path) return RAISE(ERR_MEMORY, "%s: no memory for its list of files", settings->name);
    }
    return ERR_NONE;
}

/* Of paths and sizes: reading every file to the end would take longer than what it is wanted for. */
static Err digest_files(char out[DIGEST_SIZE], const FileSourceSettings *settings) {
    Digest *digest = NULL;
    TRY(digest_new(&digest));
    for (int64_t i = 0; i < settings->count; i++) {
        int64_t bytes = file_size(settings->paths[i]);
        digest_add_text(digest, settings->paths[i]);
        digest_add(digest, &bytes, sizeof bytes);
    }
    digest_hex(digest, out);
    digest_free(&digest);
    return ERR_NONE;
}

Err file_source_open(ClipSource **source, const FileSourceSettings *settings) {
    ASSERT(settings->count > 0);
    *source = NULL;
    FileSource *files = calloc(1, sizeof *files);
    SourceFile *list = calloc((size_t)settings->count, sizeof *list);
    if (!files || !list) {
        free(files);
        free(list);
        return RAISE(ERR_MEMORY, "%s: no memory for its list of files", settings->name);
    }
    files->files = list;
    pthread_mutex_init(&files->lock, NULL);
    files->source = (ClipSource){.ops = &file_ops,
                                 .count = settings->count,
                                 .n_classes = settings->n_classes,
                                 .class_names = settings->class_names,
                                 .state = files};
    *source = &files->source;
    Err err = text_copy(files->source.name, sizeof files->source.name, settings->name);
    if (!err) err = take_files(files, settings);
    if (!err) err = digest_files(files->source.digest, settings);
    if (err) clip_source_close(source);
    return err;
}
