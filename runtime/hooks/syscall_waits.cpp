#include "runtime/hooks/syscall_waits.h"

#include <sys/syscall.h>

#include <algorithm>
#include <iterator>

namespace spile::hooks {

namespace {

#if defined(__x86_64__)
constexpr uint32_t kOnOpen[] = {SYS_open, SYS_creat, SYS_openat, SYS_openat2};

// Some may be missing: those stop by ptrace, which only takes longer.
constexpr uint32_t kNever[] = {
    // names of files
    SYS_access, SYS_chdir, SYS_chmod, SYS_chown, SYS_faccessat, SYS_faccessat2, SYS_fchmodat, SYS_fchownat,
    SYS_futimesat, SYS_getcwd, SYS_lchown, SYS_link, SYS_linkat, SYS_lstat, SYS_mkdir, SYS_mkdirat, SYS_mknod,
    SYS_mknodat, SYS_newfstatat, SYS_readlink, SYS_readlinkat, SYS_rename, SYS_renameat, SYS_renameat2, SYS_rmdir,
    SYS_stat, SYS_statfs, SYS_statx, SYS_symlink, SYS_symlinkat, SYS_umask, SYS_unlink, SYS_unlinkat, SYS_utime,
    SYS_utimensat, SYS_utimes,
    // files that are open
    SYS_close, SYS_close_range, SYS_dup, SYS_dup2, SYS_dup3, SYS_epoll_create, SYS_epoll_create1, SYS_epoll_ctl,
    SYS_eventfd, SYS_eventfd2, SYS_fadvise64, SYS_fchdir, SYS_fchmod, SYS_fchown, SYS_fstat, SYS_fstatfs, SYS_getdents,
    SYS_getdents64, SYS_inotify_add_watch, SYS_inotify_init, SYS_inotify_init1, SYS_inotify_rm_watch, SYS_lseek,
    SYS_memfd_create, SYS_pidfd_open, SYS_pipe, SYS_pipe2, SYS_signalfd, SYS_signalfd4, SYS_timerfd_create,
    SYS_timerfd_gettime, SYS_timerfd_settime,
    // sockets
    SYS_bind, SYS_getpeername, SYS_getsockname, SYS_getsockopt, SYS_listen, SYS_setsockopt, SYS_shutdown, SYS_socket,
    SYS_socketpair,
    // memory
    SYS_brk, SYS_madvise, SYS_mincore, SYS_mlock, SYS_mmap, SYS_mprotect, SYS_mremap, SYS_munlock, SYS_munmap,
    // processes
    SYS_arch_prctl, SYS_capget, SYS_capset, SYS_clone, SYS_clone3, SYS_execve, SYS_execveat, SYS_exit, SYS_exit_group,
    SYS_fork, SYS_getegid, SYS_geteuid, SYS_getgid, SYS_getgroups, SYS_getpgid, SYS_getpgrp, SYS_getpid, SYS_getppid,
    SYS_getpriority, SYS_getresgid, SYS_getresuid, SYS_getrlimit, SYS_getrusage, SYS_getsid, SYS_gettid, SYS_getuid,
    SYS_prlimit64, SYS_sched_getaffinity, SYS_sched_getparam, SYS_sched_getscheduler, SYS_sched_setaffinity,
    SYS_sched_yield, SYS_set_robust_list, SYS_set_tid_address, SYS_setpgid, SYS_setpriority, SYS_setrlimit, SYS_setsid,
    SYS_sysinfo, SYS_times, SYS_uname, SYS_unshare, SYS_vfork,
    // signals
    SYS_kill, SYS_rt_sigaction, SYS_rt_sigpending, SYS_rt_sigprocmask, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo,
    SYS_sigaltstack, SYS_tgkill, SYS_tkill,
    // clocks
    SYS_alarm, SYS_clock_getres, SYS_clock_gettime, SYS_getitimer, SYS_gettimeofday, SYS_setitimer, SYS_time,
    SYS_timer_create, SYS_timer_delete, SYS_timer_gettime, SYS_timer_settime,
    // others
    SYS_bpf, SYS_getcpu, SYS_perf_event_open, SYS_ptrace};
#endif

template <size_t n>
bool is_one_of(const uint32_t (&numbers)[n], uint32_t number) {
  return std::ranges::find(numbers, number) != std::end(numbers);
}

}  // namespace

SyscallWaits waits_of(uint32_t number) {
#if defined(__x86_64__)
  if (is_one_of(kOnOpen, number)) return SyscallWaits::OnOpen;
  if (is_one_of(kNever, number)) return SyscallWaits::Never;
#endif
  return SyscallWaits::ForOthers;
}

}  // namespace spile::hooks
