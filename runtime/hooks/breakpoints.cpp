#include "runtime/hooks/breakpoints.h"

#include <linux/kcmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <ranges>
#include <thread>

#include "backend/object/executable.h"
#include "runtime/hooks/process_maps.h"
#include "runtime/hooks/remote_call.h"

namespace spile::hooks {

namespace {

constexpr std::byte kInt3{0xcc};
constexpr uint64_t kRoomSize = 0x10000;
// How far slots lie from the code: what the code refers to lies within 2 GiB of it, and is to be within 2 GiB of a
// slot.
constexpr uint64_t kReach = uint64_t{1} << 30;
// Calls of a thread whose return is awaited. A program that throws itself out of them for ever ends up here.
constexpr size_t kMaxCalls = 65536;
// Frames that were left without a return are forgotten when one further out returns on the same stack: no farther away.
constexpr uint64_t kMaxStack = uint64_t{8} << 20;
constexpr size_t kMaxNotices = 8;
// For breakpoints of others to be taken out, in all, and between two looks.
constexpr std::chrono::milliseconds kPatience{3000}, kWait{10};

void set_ip(pid_t tid, uint64_t address) { ::ptrace(PTRACE_POKEUSER, tid, offsetof(user, regs.rip), address); }

}  // namespace

Breakpoints::Breakpoints(std::vector<UserProbe> probes, Sink sink, Ended ended, Displacer displacer)
    : probes_(std::move(probes)), sink_(std::move(sink)), ended_(std::move(ended)), displacer_(std::move(displacer)) {}
Breakpoints::~Breakpoints() = default;

Result<std::unique_ptr<Breakpoints>> Breakpoints::make(std::vector<UserProbe> probes, Sink sink, Ended ended) {
  auto displacer = Displacer::open();
  if (!displacer) return std::unexpected(displacer.error());
  return std::unique_ptr<Breakpoints>(
      new Breakpoints(std::move(probes), std::move(sink), std::move(ended), std::move(*displacer)));
}

// ---------------------------------------------------------------- where code is

std::vector<uint32_t> Breakpoints::probes_of(const std::string &path) const {
  std::vector<uint32_t> found;
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return found;
  for (uint32_t i = 0; i < probes_.size(); i++)
    if (probes_[i].inode == status.st_ino && probes_[i].device == status.st_dev) found.push_back(i);
  return found;
}

void Breakpoints::program_changed(pid_t tid) {
  Thread &thread = threads_[tid] = {};
  thread.space = std::make_shared<AddressSpace>();
  look_through(tid);
}

void Breakpoints::look_through(pid_t tid) {
  AddressSpace &space = *threads_[tid].space;
  for (const MappedRange &range : mapped_ranges(tid))
    if (range.is_code && range.path.starts_with('/'))
      insert_all(tid, space, probes_of(fmt::format("/proc/{}/root{}", tid, range.path)), range.start,
                 range.end - range.start, range.file_offset);
}

void Breakpoints::watch_loader(pid_t tid) {
  // What debuggers stop at: r_brk of struct r_debug (<link.h>).
  constexpr std::string_view kChanged = "_dl_debug_state";
  const auto ranges = mapped_ranges(tid);
  const auto loader = std::ranges::find_if(ranges, [](const MappedRange &range) {
    return range.is_code && std::string_view(range.path).substr(range.path.rfind('/') + 1).starts_with("ld-");
  });
  if (loader == ranges.end()) return;  // linked statically: it opens none
  const auto file = object::Executable::open(fmt::format("/proc/{}/root{}", tid, loader->path));
  const auto changed = file ? file->find(kChanged) : std::unexpected(file.error());
  Site *const site =
      changed ? insert(tid, *threads_[tid].space, loader->start + (changed->file_offset - loader->file_offset), false)
              : nullptr;
  if (site != nullptr)
    site->is_loader = true;
  else
    notices_.push_back(fmt::format("process {}: libraries that it opens from now on are not seen", tid));
}

// What has been unmapped has taken its breakpoints along.
void Breakpoints::look_again(pid_t tid, AddressSpace &space) {
  std::erase_if(space.sites, [tid](const auto &site) {
    std::byte byte{};
    return !read_remote(tid, site.first, &byte, 1) || byte != kInt3;
  });
  look_through(tid);
}

bool Breakpoints::mapping(pid_t tid, uint64_t length, uint64_t protection, uint64_t flags, int fd, uint64_t offset) {
  const auto thread = threads_.find(tid);
  if (thread == threads_.end() || (protection & PROT_EXEC) == 0 || (flags & MAP_ANONYMOUS) != 0) return false;
  thread->second.mapping = {length, offset, probes_of(fmt::format("/proc/{}/fd/{}", tid, fd))};
  return true;
}

void Breakpoints::mapped(pid_t tid, int64_t result) {
  const auto thread = threads_.find(tid);
  if (thread == threads_.end() || !thread->second.mapping) return;
  const Mapping mapping = *std::exchange(thread->second.mapping, std::nullopt);
  if (result < 0) return;
  AddressSpace &space = *thread->second.space;
  const auto start = static_cast<uint64_t>(result);
  std::erase_if(space.sites, [&](const auto &site) { return site.first - start < mapping.length; });
  insert_all(tid, space, mapping.probes, start, mapping.length, mapping.offset);
}

void Breakpoints::insert_all(pid_t tid, AddressSpace &space, std::span<const uint32_t> probes, uint64_t start,
                             uint64_t length, uint64_t offset) {
  for (const uint32_t probe : probes)
    for (uint32_t i = 0; i < probes_[probe].places.size(); i++) {
      const UserPlace &place = probes_[probe].places[i];
      if (place.file_offset < offset || place.file_offset - offset >= length) continue;
      const uint64_t address = start + (place.file_offset - offset);
      Site *const site = insert(tid, space, address, false);
      if (site == nullptr) continue;
      const bool is_known = std::ranges::any_of(
          site->wanted, [&](const Wanted &wanted) { return wanted.probe == probe && wanted.place == i; });
      if (is_known) continue;
      site->wanted.push_back({probe, i});
      site->is_function_start |= place.is_function_start;
      // All of a file is moved by as much.
      if (place.semaphore != 0) count_semaphore(tid, space, {probe, i}, address - place.address + place.semaphore);
    }
}

Breakpoints::Site *Breakpoints::insert(pid_t tid, AddressSpace &space, uint64_t address, bool is_return) {
  const auto [found, is_new] = space.sites.try_emplace(address);
  Site &site = found->second;
  if (!is_new) return &site;
  std::array<std::byte, 8> word{};
  bool is_read = read_remote(tid, address, word.data(), word.size());
  // Of a kernel's uprobe, perhaps one of a run that has just ended: the kernel takes it out in its own time.
  // Behind a call, it is where no one is to return to.
  for (; !is_return && is_read && word[0] == kInt3 && waited_ < kPatience; waited_ += kWait) {
    std::this_thread::sleep_for(kWait);
    is_read = read_remote(tid, address, word.data(), word.size());
  }
  const bool is_foreign = is_read && word[0] == kInt3;
  const bool is_told = !(is_foreign && is_return);
  if (is_read && !is_foreign) {
    site.original = word;
    word[0] = kInt3;
    if (write_word(tid, address, std::bit_cast<uint64_t>(word))) {
      inserted_++;
      return &site;
    }
  }
  space.sites.erase(found);
  if (is_told && notices_.size() < kMaxNotices)
    notices_.push_back(fmt::format("process {}: no breakpoint could be set at 0x{:x}{}", tid, address,
                                   is_foreign ? ": another tracer has one there" : ""));
  return nullptr;
}

// The program asks it whether somebody listens. One is counted up for each process and place.
void Breakpoints::count_semaphore(pid_t tid, AddressSpace &space, Wanted wanted, uint64_t address) {
  uint64_t word = 0;
  if (!space.semaphores.try_emplace({wanted.probe, wanted.place}, address).second ||
      !read_remote(tid, address, &word, sizeof word))
    return;
  const auto count = static_cast<uint16_t>(word + 1);
  write_word(tid, address, (word & ~uint64_t{0xffff}) | count);
}

// ---------------------------------------------------------------- threads

// A process that shares its memory with its parent (vfork) shares the breakpoints.
void Breakpoints::inherited(pid_t parent, pid_t child, bool is_thread) {
  const auto from = threads_.find(parent);
  if (from == threads_.end()) return;
  const long compared = ::syscall(SYS_kcmp, parent, child, KCMP_VM, 0, 0);
  const bool shares = compared >= 0 ? compared == 0 : is_thread;
  Thread thread;
  thread.space = shares ? from->second.space : std::make_shared<AddressSpace>(*from->second.space);
  if (!is_thread) thread.calls = from->second.calls;  // on its copy of the stack
  threads_[child] = std::move(thread);
}

void Breakpoints::orphaned(pid_t child) {
  if (last_gone_.space == nullptr) return;
  threads_[child] = {std::make_shared<AddressSpace>(*last_gone_.space), last_gone_.calls, {}};
}

void Breakpoints::gone(pid_t tid) {
  const auto thread = threads_.find(tid);
  if (thread == threads_.end()) return;
  last_gone_ = std::move(thread->second);
  threads_.erase(thread);
}

// ---------------------------------------------------------------- hits

bool Breakpoints::trapped(pid_t tid) {
  const auto known = threads_.find(tid);
  if (known == threads_.end()) return false;
  Thread &thread = known->second;
  const std::shared_ptr<AddressSpace> space = thread.space;
  user_regs_struct regs;
  if (::ptrace(PTRACE_GETREGS, tid, nullptr, &regs) != 0) return false;
  const uint64_t address = regs.rip - 1;
  const auto found = space->sites.find(address);
  siginfo_t cause;
  if (found == space->sites.end() || ::ptrace(PTRACE_GETSIGINFO, tid, nullptr, &cause) != 0 ||
      cause.si_code != SI_KERNEL)
    return false;
  Site &site = found->second;
  stops_++;
  regs.rip = address;
  if (site.is_loader) look_again(tid, *space);  // the site itself stays
  if (site.is_return) calls_return(tid, thread, regs);
  for (const Wanted &wanted : site.wanted) {
    const UserProbe &probe = probes_[wanted.probe];
    if (probe.kind == UserProbe::Kind::Return)
      call_begins(tid, thread, wanted, regs);
    else
      sink_({tid, wanted.probe, wanted.place, address, stops_, site.is_function_start, &regs});
  }
  const auto slot = slot_of(tid, *space, address, site, regs);
  // Without a slot the breakpoint is taken out, and the instruction runs where it stands.
  set_ip(tid, slot != nullptr ? slot->address : address);
  return true;
}

void Breakpoints::call_begins(pid_t tid, Thread &thread, const Wanted &wanted, const user_regs_struct &regs) {
  Call call{regs.rsp + 8, 0, regs.rip, wanted.probe, wanted.place};
  if (!read_remote(tid, regs.rsp, &call.returns_to, sizeof call.returns_to)) return;
  Site *const site = insert(tid, *thread.space, call.returns_to, true);
  if (site == nullptr) return;
  site->is_return = true;
  forget_below(thread, 0, call.stack);
  // Made again from the same place at the same depth: the former has been left by a jump.
  std::erase_if(thread.calls, [&](const Call &former) {
    return former.stack == call.stack &&
           (former.returns_to != call.returns_to || (former.function == call.function && former.probe == call.probe));
  });
  if (thread.calls.size() == kMaxCalls) {
    thread.calls.erase(thread.calls.begin(), thread.calls.begin() + kMaxCalls / 2);
    notices_.push_back(
        fmt::format("thread {}: {} calls had not returned; no return of the older half is seen", tid, kMaxCalls));
  }
  thread.calls.push_back(call);
}

// Where a function returns to, others may come by too: only with the stack pointer of a call it is its return. One that
// ended in a jump to another function has the same.
void Breakpoints::calls_return(pid_t tid, Thread &thread, const user_regs_struct &regs) {
  const auto returns = [&](const Call &call) { return call.stack == regs.rsp && call.returns_to == regs.rip; };
  const auto first = std::ranges::find_if(thread.calls, returns);
  if (first == thread.calls.end()) return;
  std::vector<Call> returned;
  std::copy_if(first, thread.calls.end(), std::back_inserter(returned), returns);
  forget_below(thread, static_cast<size_t>(first - thread.calls.begin()), regs.rsp);
  std::erase_if(thread.calls, returns);
  // The innermost call first; the probes that wait for the same one in their order, as at its entry.
  for (auto end = returned.end(); end != returned.begin();) {
    auto begin = end - 1;
    while (begin != returned.begin() && begin[-1].function == begin->function && begin[-1].probe < begin->probe)
      begin--;
    for (auto call = begin; call != end; call++)
      sink_({tid, call->probe, call->place, call->function, stops_, false, &regs});
    end = begin;
  }
}

// Of the calls from the [first] on, those that were made deeper on this stack, which has been left for [stack].
void Breakpoints::forget_below(Thread &thread, size_t first, uint64_t stack) {
  const auto begin = thread.calls.begin() + static_cast<ptrdiff_t>(first);
  const auto is_left = [&](const Call &call) { return call.stack < stack && stack - call.stack < kMaxStack; };
  thread.calls.erase(std::remove_if(begin, thread.calls.end(), is_left), thread.calls.end());
}

void Breakpoints::interrupted(pid_t tid, int signal) {
  const auto known = threads_.find(tid);
  if (known == threads_.end() || known->second.space->slots.empty()) return;
  user_regs_struct regs;
  if (::ptrace(PTRACE_GETREGS, tid, nullptr, &regs) != 0) return;
  const AddressSpace &space = *known->second.space;
  auto slot = space.slots.upper_bound(regs.rip);
  if (slot == space.slots.begin() || regs.rip - (--slot)->first >= kSlotSize) return;
  const auto site = space.sites.find(slot->second);
  if (site == space.sites.end() || site->second.slot == nullptr) return;
  const uint64_t offset = regs.rip - slot->first;
  const Displaced &code = site->second.slot->code;
  for (size_t i = 0; i < code.mark_count; i++)
    if (code.marks[i].offset == offset) return set_ip(tid, code.marks[i].address);
  siginfo_t cause;
  const bool is_fault = (signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL) &&
                        ::ptrace(PTRACE_GETSIGINFO, tid, nullptr, &cause) == 0 && cause.si_code > 0;
  if (is_fault) set_ip(tid, slot->second);
}

// ---------------------------------------------------------------- slots

std::shared_ptr<const Breakpoints::Slot> Breakpoints::slot_of(pid_t tid, AddressSpace &space, uint64_t address,
                                                              Site &site, const user_regs_struct &regs) {
  if (site.slot != nullptr) return site.slot;
  std::array<std::byte, kMaxInsn> code{};
  const size_t on_page = std::min<uint64_t>(kMaxInsn, 4096 - address % 4096);
  size_t size = kMaxInsn;
  if (!read_remote(tid, address, code.data(), size))
    size = read_remote(tid, address, code.data(), on_page) ? on_page : 0;
  // Other breakpoints may stand in what was read.
  for (size_t i = 0; i < size; i++)
    if (const auto other = space.sites.find(address + i); other != space.sites.end())
      code[i] = other->second.original[0];
  const uint64_t place = room_near(tid, space, address, regs);
  if (place == 0) {
    give_up(tid, space, address, "no memory could be mapped near it");
    return nullptr;
  }
  auto displaced = displacer_.displace(std::span(code).first(size), address, place);
  if (!displaced) {
    give_up(tid, space, address, displaced.error().message);
    return nullptr;
  }
  for (size_t i = 0; i < kSlotSize; i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, displaced->bytes.data() + i, sizeof word);
    write_word(tid, place + i, word);
  }
  space.slots[place] = address;
  site.slot = std::make_shared<const Slot>(place, *displaced);
  return site.slot;
}

uint64_t Breakpoints::room_near(pid_t tid, AddressSpace &space, uint64_t address, const user_regs_struct &regs) {
  const auto is_near = [&](const Room &room) {
    return (room.start > address ? room.start - address : address - room.start) <= kReach &&
           (room.used + 1) * kSlotSize <= kRoomSize;
  };
  auto room = std::ranges::find_if(space.rooms, is_near);
  if (room == space.rooms.end()) {
    const uint64_t start = map_room(tid, space, address, regs);
    if (start == 0) return 0;
    space.rooms.push_back({start, 0});
    room = space.rooms.end() - 1;
  }
  return room->start + kSlotSize * room->used++;
}

uint64_t Breakpoints::map_room(pid_t tid, AddressSpace &space, uint64_t address, const user_regs_struct &regs) {
  constexpr size_t kTries = 8;  // other threads map memory too
  if (space.syscall_insn == 0) space.syscall_insn = find_syscall_instruction(tid);
  if (space.syscall_insn == 0) return 0;
  const auto places = free_places(mapped_ranges(tid), address, kRoomSize, kReach);
  for (size_t i = 0; i < std::min(places.size(), kTries); i++) {
    const auto mapped = call_system(
        tid, regs, space.syscall_insn, SYS_mmap,
        {places[i], kRoomSize, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, ~0ull, 0},
        ended_);
    if (!mapped) return 0;
    if (*mapped == static_cast<int64_t>(places[i])) return places[i];
  }
  return 0;
}

void Breakpoints::give_up(pid_t tid, AddressSpace &space, uint64_t address, const std::string &why) {
  const auto site = space.sites.find(address);
  uint64_t word = 0;
  if (site == space.sites.end() || !read_remote(tid, address, &word, sizeof word)) return;
  write_word(tid, address, (word & ~uint64_t{0xff}) | static_cast<uint64_t>(site->second.original[0]));
  space.sites.erase(site);
  if (notices_.size() < kMaxNotices)
    notices_.push_back(fmt::format("process {}: the probe at 0x{:x} was taken out: {}", tid, address, why));
}

// Where a file of a probe is still mapped: what was mapped there since is not touched.
void Breakpoints::remove(pid_t tid) {
  const auto known = threads_.find(tid);
  if (known == threads_.end()) return;
  AddressSpace &space = *known->second.space;
  for (const auto &[address, site] : space.sites) {
    uint64_t word = 0;
    if (read_remote(tid, address, &word, sizeof word) && static_cast<std::byte>(word) == kInt3)
      write_word(tid, address, (word & ~uint64_t{0xff}) | static_cast<uint64_t>(site.original[0]));
  }
  for (const auto &[wanted, address] : space.semaphores) {
    uint64_t word = 0;
    if (!read_remote(tid, address, &word, sizeof word)) continue;
    const auto count = static_cast<uint16_t>(word - 1);
    write_word(tid, address, (word & ~uint64_t{0xffff}) | count);
  }
  space.sites.clear();
  space.semaphores.clear();
}

}  // namespace spile::hooks
