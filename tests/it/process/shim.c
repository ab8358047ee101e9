/* Stands between a process and the system: files that are there or not say what goes wrong. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int is_told(const char *name)
{
    const char *path = getenv(name);
    return path != NULL && access(path, F_OK) == 0;
}

/* A disk that does not keep what it was given. The system then drops it and says so once: see fsync(2). */
static int sync_with(const char *name, int fd)
{
    if (is_told("SHIM_FAIL_SYNC")) {
        errno = EIO;
        return -1;
    }
    return ((int (*)(int)) dlsym(RTLD_NEXT, name))(fd);
}

int fsync(int fd)
{
    return sync_with("fsync", fd);
}

int fdatasync(int fd)
{
    return sync_with("fdatasync", fd);
}

/* A machine whose clock is wrong by SHIM_SKEW_SECONDS; what measures time only is left alone. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL)
        real = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(clock, now);
    const char *skew = getenv("SHIM_SKEW_SECONDS");
    if (done == 0 && clock == CLOCK_REALTIME && skew != NULL)
        now->tv_sec += atol(skew);
    return done;
}
