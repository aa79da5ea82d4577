// The tracepoints of Linux and the records that their programs get. Expanded from tracepoints.def; system calls, whose
// tracepoints are made of their names, are in syscalls.h.
#pragma once

#include <functional>
#include <string_view>

namespace spile::tables {

// RECORD of the `struct trace_event_raw_RECORD` that programs on [name], "sched/sched_wakeup", get: that of the event's
// class, "sched_wakeup_template". Of a system call, "syscalls/sys_enter_openat", what all of them have in common:
// "sys_enter". Empty when there is no such tracepoint.
std::string_view tracepoint_record(std::string_view name);
// The same by "sched_wakeup", whose category is not said; not for those of system calls.
std::string_view tracepoint_record_of_event(std::string_view event);

// Each, but for those of system calls, in the order of their names.
void for_each_tracepoint(const std::function<void(std::string_view name, std::string_view record)> &visit);

}  // namespace spile::tables
