/* Bytes from one rank to all, from all to all, and sums of doubles in the order of ranks. All of it in pieces of at
 * most some MB and by calls that can be polled (par/internal/wait.h). */
#include "par/spread.h"

#include "par/agree.h"
#include "par/internal/wait.h"

#include <stdint.h>

/* MPI counts are int, and large messages are slow in one piece. */
static const size_t piece_bytes = (size_t)4 << 20;
/* Most doubles that a rank sums at a time in sum_doubles_all. */
static const size_t slice_doubles = 8192;

/* From `root` to everybody, in place. */
static void send_pieces_all(char *data, size_t bytes, int root, const Par *par, const char *phase) {
    for (size_t at = 0; at < bytes; at += piece_bytes) {
        size_t length = bytes - at < piece_bytes ? bytes - at : piece_bytes;
        MPI_Request request;
        MPI_Ibcast(data + at, (int)length, MPI_BYTE, root, par->comm, &request);
        par_wait(&request, par, phase);
    }
}

Err spread_bytes_all(void *data, size_t bytes, const Par *par) {
    if (par->n_ranks > 1) send_pieces_all(data, bytes, 0, par, "data from rank 0");
    return ERR_NONE;
}

/* First the length, -1 for NULL; then room for it on every rank or on none; then the bytes with their 0. */
Err spread_text_all(char **text, const Par *par) {
    if (par->n_ranks == 1) return ERR_NONE;
    int64_t length = agree_rank0_all(*text ? (int64_t)strlen(*text) : -1, par, "text from rank 0");
    if (par->rank != 0) *text = NULL;
    if (length < 0) return ERR_NONE;

    Err mine = ERR_NONE;
    if (par->rank != 0) {
        *text = malloc((size_t)length + 1);
        if (!*text) mine = RAISE(ERR_MEMORY, "no memory for a text of %lld bytes", (long long)length);
    }
    Err err = err_agree_all(mine, par, "text from rank 0");
    if (err) {
        if (par->rank != 0) {
            free(*text);
            *text = NULL;
        }
        return err;
    }
    send_pieces_all(*text, (size_t)length + 1, 0, par, "text from rank 0");
    return ERR_NONE;
}

static void allgather_int64(int64_t *out, int64_t mine, const Par *par) {
    MPI_Request request;
    MPI_Iallgather(&mine, 1, MPI_INT64_T, out, 1, MPI_INT64_T, par->comm, &request);
    par_wait(&request, par, "record sizes");
}

static Err gather_alone(void **gathered, size_t *total, const void *mine, size_t bytes) {
    *gathered = malloc(bytes ? bytes : 1);
    if (!*gathered) return RAISE(ERR_MEMORY, "no memory for %zu bytes of records", bytes);
    if (bytes) memcpy(*gathered, mine, bytes);
    *total = bytes;
    return ERR_NONE;
}

Err gather_bytes_all(void **gathered, size_t *total, const void *mine, size_t bytes, const Par *par) {
    *gathered = NULL;
    *total = 0;
    if (par->n_ranks == 1) return gather_alone(gathered, total, mine, bytes);

    Err local = ERR_NONE;
    char *all = NULL;
    int64_t *sizes = calloc((size_t)par->n_ranks, sizeof *sizes);
    if (!sizes) local = RAISE(ERR_MEMORY, "no memory for the sizes of %d ranks", par->n_ranks);
    Err err = err_agree_all(local, par, "room for records");
    if (err) goto done;
    allgather_int64(sizes, (int64_t)bytes, par);

    size_t sum = 0;
    for (int rank = 0; rank < par->n_ranks; rank++) sum += (size_t)sizes[rank];
    all = malloc(sum ? sum : 1);
    if (!all) local = RAISE(ERR_MEMORY, "no memory for %zu bytes of records", sum);
    TRY_OR(done, err_agree_all(local, par, "room for records"));

    /* One broadcast a rank: any size, and the order of the result is plain to see. */
    size_t at = 0;
    for (int rank = 0; rank < par->n_ranks; rank++) {
        if (rank == par->rank && bytes) memcpy(all + at, mine, bytes);
        send_pieces_all(all + at, (size_t)sizes[rank], rank, par, "records");
        at += (size_t)sizes[rank];
    }
    *gathered = all;
    *total = sum;
    all = NULL;
done:
    free(all);
    free(sizes);
    return err;
}

/* One round: rank r sums the r-th slice of everybody, in rank order; then all get all slices. Slices beyond `count`
 * are zeros. */
static void sum_round_all(double *values, size_t count, size_t slice, double *sent, double *received, const Par *par) {
    memcpy(sent, values, count * sizeof *values);
    memset(sent + count, 0, (slice * (size_t)par->n_ranks - count) * sizeof *sent);

    MPI_Request request;
    MPI_Ialltoall(sent, (int)slice, MPI_DOUBLE, received, (int)slice, MPI_DOUBLE, par->comm, &request);
    par_wait(&request, par, "a sum");
    for (int rank = 1; rank < par->n_ranks; rank++)
        for (size_t i = 0; i < slice; i++) received[i] += received[(size_t)rank * slice + i];

    MPI_Iallgather(received, (int)slice, MPI_DOUBLE, sent, (int)slice, MPI_DOUBLE, par->comm, &request);
    par_wait(&request, par, "a sum");
    memcpy(values, sent, count * sizeof *values);
}

/* As many rounds as it takes with at most slice_doubles a rank: the buffers are of one size however long the sum is.
 * Element by element the order is that of ranks, so the result is the same each time, but not for other rank counts. */
Err sum_doubles_all(double *values, size_t count, const Par *par) {
    if (par->n_ranks == 1 || count == 0) return ERR_NONE;
    size_t n_ranks = (size_t)par->n_ranks, slice = (count + n_ranks - 1) / n_ranks;
    if (slice > slice_doubles) slice = slice_doubles;
    size_t round = slice * n_ranks;
    double *buffers = malloc(2 * round * sizeof *buffers);
    Err err = err_agree_all(buffers ? ERR_NONE : RAISE(ERR_MEMORY, "no memory for a sum over %d ranks", par->n_ranks),
                            par, "room for a sum");
    for (size_t at = 0; !err && at < count; at += round)
        sum_round_all(values + at, count - at < round ? count - at : round, slice, buffers, buffers + round, par);
    free(buffers);
    return err;
}

void par_barrier_all(const Par *par) {
    if (par->n_ranks == 1) return;
    MPI_Request request;
    MPI_Ibarrier(par->comm, &request);
    par_wait(&request, par, "a barrier");
}
