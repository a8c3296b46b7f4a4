/* Of several threads that fail, the failure of the first item is told: the message does not depend on who was faster.
 */
#include "base/failure/shared_err.h"

void shared_err_note(SharedErr *shared, Err err, int64_t item) {
    if (!err) return;
    pthread_mutex_lock(&shared->lock);
    if (!shared->err || item < shared->item) {
        shared->err = err;
        shared->item = item;
        (void)snprintf(shared->message, sizeof(shared->message), "%s", err_message());
    }
    pthread_mutex_unlock(&shared->lock);
}

bool shared_err_failed(SharedErr *shared) {
    pthread_mutex_lock(&shared->lock);
    bool failed = shared->err != ERR_NONE;
    pthread_mutex_unlock(&shared->lock);
    return failed;
}

CHECKED Err shared_err_adopt(SharedErr *shared) {
    if (shared->err) err_adopt(shared->err, shared->message);
    return shared->err;
}
