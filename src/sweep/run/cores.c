#include "sweep/run/internal/cores.h"

CorePool core_pool(int limit) {
    CorePool pool = {0};
    CPU_ZERO(&pool.usable);
    CPU_ZERO(&pool.lent);
    if (sched_getaffinity(0, sizeof pool.usable, &pool.usable)) CPU_SET(0, &pool.usable);
    for (int core = 0; core < CPU_SETSIZE; core++) {
        if (!CPU_ISSET(core, &pool.usable)) continue;
        if (limit > 0 && pool.count == limit)
            CPU_CLR(core, &pool.usable);
        else
            pool.count++;
    }
    return pool;
}

bool cores_lend(CorePool *pool, cpu_set_t *lent, int n) {
    if (n > pool->count) n = pool->count;
    CPU_ZERO(lent);
    if (pool->count - CPU_COUNT(&pool->lent) < n) return false;
    for (int core = 0; core < CPU_SETSIZE && n > 0; core++) {
        if (!CPU_ISSET(core, &pool->usable) || CPU_ISSET(core, &pool->lent)) continue;
        CPU_SET(core, lent);
        CPU_SET(core, &pool->lent);
        n--;
    }
    return true;
}

void cores_return(CorePool *pool, const cpu_set_t *lent) {
    for (int core = 0; core < CPU_SETSIZE; core++)
        if (CPU_ISSET(core, lent)) CPU_CLR(core, &pool->lent);
}
