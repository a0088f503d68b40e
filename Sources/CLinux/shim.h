#include <fcntl.h>
#include <malloc.h>
#include <sys/syscall.h>
#include <unistd.h>

// Lets two names change places in one step (renameat2(2), RENAME_EXCHANGE), which glibc's module does not show.
static inline int exchange_names(const char *one, const char *other) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, 2);
}

// sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0): Swift calls no function of C that takes any number of arguments.
extern int sqlite3_config(int option, ...);
static inline int sqlite_count_no_memory(void) { return sqlite3_config(9, 0); }
