// A session whose events are the kernel's: its programs run there, this process reads what they send and runs the
// handlers of the user's side over their maps.
#include <linux/if_packet.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "runtime/hooks/launch.h"
#include "runtime/hooks/words.h"
#include "runtime/kernel/close_behind.h"
#include "runtime/kernel/kernel_map.h"
#include "runtime/kernel/printk_tap.h"
#include "runtime/kernel/record_reader.h"
#include "runtime/session/kernel_recording.h"
#include "runtime/session/records.h"
#include "runtime/session/session_state.h"

namespace spile::session {

namespace {

using std::chrono::milliseconds;

// A glance at the signals' flags now and then: one may come just before the wait.
constexpr milliseconds kGlance{50};
// For tasks that end together with the command; and for those that are asked to end.
constexpr milliseconds kSettling{100}, kGrace{300};
// As much as BPF_PROG_TEST_RUN gives a program of type syscall.
constexpr size_t kOnceContext = 65528;

// Which types only the kernel's own memory gives a meaning to.
bool is_for_programs_alone(const maps::Definition &definition) {
  const auto &special = definition.special;
  return definition.type == BPF_MAP_TYPE_ARRAY_OF_MAPS || definition.type == BPF_MAP_TYPE_HASH_OF_MAPS ||
         definition.type == BPF_MAP_TYPE_USER_RINGBUF || definition.type == maps::kArenaType ||
         std::ranges::any_of(
             special, [](const maps::SpecialField &field) { return field.kind != maps::SpecialField::SpinLock; });
}

// What /proc says of a thread: "Tgid", "Name". Empty when it is gone.
std::string status_of(uint32_t tid, std::string_view field) {
  std::ifstream file(fmt::format("/proc/{}/status", tid));
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(field) && line.size() > field.size() + 2) return line.substr(field.size() + 2);
  return {};
}

}  // namespace

class Session::State::KernelRun {
 public:
  KernelRun(State &session, Control &control) : session_(session), control_(control), side_(*session.options.kernel) {}

  Result<void> run() {
    for (const auto step : {&KernelRun::open_records, &KernelRun::run_once, &KernelRun::attach, &KernelRun::start})
      if (auto done = (this->*step)(); !done) return done;
    wait();
    return finish();
  }

  ~KernelRun() {
    if (!is_detached_) detach();
  }

 private:
  Result<void> open_records();
  Result<void> run_once();
  Result<void> attach();
  Result<void> start();
  void wait();
  void pause(Clock::duration longest);
  void drain();
  Result<void> end_recording();
  Result<void> read_iterators(kernel::Attachments::Moment moment);
  void read_packets();
  bool has_child_ended();
  void end_tasks();
  void detach();
  Result<void> finish();

  State &session_;
  Control &control_;
  KernelSide &side_;
  kernel::RecordReader records_;
  std::optional<kernel::PrintkTap> printk_;
  std::optional<KernelRecording> recording_;  // with Options::record
  std::optional<kernel::Attachments> attachments_;
  std::optional<hooks::Launch> child_;
  Fd child_fd_;
  Fd counting_;          // the runs of programs, with Options::stats
  std::string waiting_;  // text that is not written yet
  uint64_t packets_ = 0;
  bool is_detached_ = false;
};

Result<void> Session::State::KernelRun::open_records() {
  const std::vector<object::Map> &maps_of_object = session_.object->maps;
  for (size_t i = 0; i < maps_of_object.size(); i++) {
    const object::Map &map = maps_of_object[i];
    const int fd = side_.object().map_fd(map.name);
    if (!has_records(map.type) || fd < 0) continue;
    const bool is_output = session_.output_ring != nullptr && map.name == OutputRing::kMap;
    if (session_.handled[i] && !is_output) continue;
    const kernel::RecordReader::Take take = [this, &map, is_output](std::span<const std::byte> record) {
      // exit() ends the run: what comes behind it is no event any more.
      if (session_.outcome.exit_status) return;
      session_.outcome.events++;
      if (is_output)
        waiting_ += session_.options.format->printed(session_.text_of(record));
      else
        waiting_ += session_.options.format->record(*session_.object, map, record);
    };
    auto added = map.type == BPF_MAP_TYPE_RINGBUF ? records_.add_ring(fd, take) : records_.add_perf(fd, take);
    if (!added) return added;
  }
  if (session_.recorder) {
    recording_.emplace(side_.tapped(), *session_.recorder);
    auto added = records_.add_ring(side_.object().map_fd(kernel::EventTap::kRing),
                                   [this](std::span<const std::byte> run) { recording_->take(run); });
    if (!added) return added;
  }
  if (!kernel::PrintkTap::is_needed(*session_.object)) return {};
  auto tap = kernel::PrintkTap::open(side_.tasks());
  if (!tap) return std::unexpected(tap.error());
  printk_ = std::move(*tap);
  return records_.add_ring(printk_->ring_fd(), [this](std::span<const std::byte> record) {
    if (session_.outcome.exit_status) return;
    session_.outcome.events++;
    std::string line(kernel::PrintkTap::line_of(record));
    if (!line.ends_with('\n')) line += '\n';
    waiting_ += session_.options.format->printed(line);
  });
}

void Session::State::KernelRun::drain() {
  records_.consume();
  if (recording_) recording_->settle();
  session_.write(std::exchange(waiting_, {}));
}

Result<void> Session::State::KernelRun::end_recording() {
  if (!recording_) return {};
  recording_->finish();
  const auto losses =
      kernel::EventTap::losses(side_.object().map_fd(kernel::EventTap::kSlots), kernel::possible_cpus());
  if (!losses) return std::unexpected(losses.error());
  session_.outcome.lost_records += losses->runs;
  const auto tell = [this](const std::string &notice) {
    session_.options.record->notice(notice);
    if (session_.options.status) session_.options.status(notice);
  };
  if (losses->runs != 0)
    tell(fmt::format("{} event{} not in the recording: they came faster than they were written", losses->runs,
                     losses->runs == 1 ? " is" : "s are"));
  if (losses->reads != 0)
    tell(fmt::format(
        "{} times memory was read that is not recorded: of one event in the kernel, no more than {} KiB are",
        losses->reads, kernel::EventTap::kMostMemory >> 10));
  return {};
}

Result<void> Session::State::KernelRun::run_once() {
  const std::vector<std::byte> ctx(kOnceContext);
  for (const KernelSide::Program &program : side_.programs()) {
    if (program.type->hook != tables::HookKind::Once || session_.outcome.exit_status) continue;
    const auto result = side_.object().test_run(program.name, {.packet = {}, .ctx = ctx});
    if (!result) return std::unexpected(result.error());
    drain();
    if (session_.options.status)
      session_.options.status(fmt::format("{} returned {}", program.name, static_cast<int32_t>(result->r0)));
  }
  return {};
}

Result<void> Session::State::KernelRun::attach() {
  if (session_.options.stats) {
    auto counting = kernel::count_runs();
    if (!counting) return std::unexpected(counting.error());
    counting_ = std::move(*counting);
  }
  if (const auto missing = side_.passed_over(); !missing.empty() && session_.options.status)
    session_.options.status(fmt::format("this kernel has no tracepoint `{}`{}: the programs on {} are passed over",
                                        missing[0],
                                        missing.size() == 1 ? "" : fmt::format(", nor {} others", missing.size() - 1),
                                        missing.size() == 1 ? "it" : "them"));
  for (const bool is_first : {true, false})
    for (const KernelSide::Program &program : side_.programs()) {
      if (program.type->hook == tables::HookKind::Once || MapSet::is_tail_called(*session_.object, program.name) ||
          kernel::Attachments::comes_first(*program.type) != is_first)
        continue;
      if (!attachments_) attachments_.emplace(side_.object(), side_.places());
      if (auto done = attachments_->attach(program.name, program.section, *program.type); !done) return done;
    }
  if (!attachments_) return {};
  auto registered = attachments_->register_struct_ops([this](const std::string &table) {
    const object::Object &declared = *session_.object;
    const auto map = std::ranges::find(declared.maps, table, &object::Map::name);
    if (session_.options.status && map != declared.maps.end())
      session_.options.status(fmt::format("{} `{}` is registered", declared.btf.type(map->value_type).name, table));
  });
  if (!registered) return registered;
  return read_iterators(kernel::Attachments::Moment::Begin);
}

Result<void> Session::State::KernelRun::read_iterators(kernel::Attachments::Moment moment) {
  return attachments_->read_iterators(moment, [&](std::string_view text) {
    if (!text.empty()) session_.write(session_.options.format->printed(text));
    // What is read in the end is not cut off by the signal that ends the run.
    if (moment == kernel::Attachments::Moment::End) return !session_.reader_gone;
    return !session_.ended(control_) && Clock::now() < session_.deadline;
  });
}

Result<void> Session::State::KernelRun::start() {
  kernel::TaskSet *const tasks = side_.tasks();
  if (tasks != nullptr)
    if (auto followed = tasks->follow(); !followed) return followed;
  if (side_.pid())
    if (auto added = tasks->add_process(*side_.pid()); !added) return added;
  if (!session_.options.command) {
    if (session_.options.status && attachments_ && attachments_->has_events())
      session_.options.status("attached; Ctrl-C ends the run");
    return {};
  }
  const auto argv = hooks::split_words(*session_.options.command);
  if (!argv) return std::unexpected(argv.error());
  if (argv->empty()) return usage_error("the command to run is empty");
  const auto failed = [&](Error error) {
    session_.outcome.child_status = hooks::exit_status_of(error);
    return std::unexpected(std::move(error));
  };
  const auto path = hooks::find_program((*argv)[0]);
  if (!path) return failed(path.error());
  auto launched = hooks::Launch::fork_plain(*path, *argv);
  if (!launched) return failed(launched.error());
  child_.emplace(std::move(*launched));
  child_fd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, child_->pid(), 0)));
  if (!child_fd_.valid()) return os_error(errno, "the command's process");
  if (const auto gone = child_->go((*argv)[0], [&] { return tasks->add(static_cast<uint32_t>(child_->pid())); });
      !gone) {
    ::waitpid(child_->pid(), nullptr, 0);
    child_.reset();
    return failed(gone.error());
  }
  return {};
}

bool Session::State::KernelRun::has_child_ended() {
  int status = 0;
  if (!child_ || ::waitpid(child_->pid(), &status, WNOHANG) != child_->pid()) return false;
  session_.outcome.child_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  child_.reset();
  return true;
}

// Until the command or the process has ended, a signal, exit(), -T; or until nothing is left to wait for.
void Session::State::KernelRun::wait() {
  const bool is_about_tasks = side_.tasks() != nullptr;
  const bool can_happen = attachments_ && attachments_->has_events();
  while (!session_.ended(control_)) {
    const Clock::time_point next = session_.run_due_intervals();
    session_.answer(control_);
    const Clock::time_point now = Clock::now();
    if (now >= session_.deadline) break;
    if (!can_happen && !is_about_tasks && next == Clock::time_point::max()) break;
    pause(std::min<Clock::duration>(next - now, kGlance));
    if (has_child_ended()) {
      const Clock::time_point settled = Clock::now() + kSettling;
      while (!side_.tasks()->tids().empty() && Clock::now() < settled && !session_.ended(control_))
        pause(milliseconds(1));
      break;
    }
    if (side_.pid() && side_.tasks()->tids().empty()) break;
  }
}

// Until something comes, and takes it.
void Session::State::KernelRun::pause(Clock::duration longest) {
  std::vector<pollfd> polled;
  for (const int fd : records_.poll_fds()) polled.push_back({fd, POLLIN, 0});
  if (child_) polled.push_back({child_fd_.get(), POLLIN, 0});
  if (attachments_)
    for (const Fd &socket : attachments_->sockets()) polled.push_back({socket.get(), POLLIN, 0});
  const auto left = std::chrono::ceil<milliseconds>(longest);
  ::poll(polled.data(), polled.size(), static_cast<int>(std::max<int64_t>(left.count(), 0)));
  drain();
  read_packets();
}

void Session::State::KernelRun::read_packets() {
  if (!attachments_) return;
  std::byte packet[1];
  for (const Fd &socket : attachments_->sockets())
    while (::recv(socket.get(), packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC) >= 0) packets_++;
}

// The command, which we started, and what it started.
void Session::State::KernelRun::end_tasks() {
  if (!child_) return;
  for (const int signal : {SIGTERM, SIGKILL}) {
    for (const uint32_t tid : side_.tasks()->tids()) ::kill(static_cast<pid_t>(tid), signal);
    const Clock::time_point given_up = Clock::now() + kGrace;
    while ((child_ || !side_.tasks()->tids().empty()) && Clock::now() < given_up) {
      pause(milliseconds(1));
      has_child_ended();
    }
  }
}

// The slow part of it is left to a process that nobody waits for.
void Session::State::KernelRun::detach() {
  is_detached_ = true;
  if (!attachments_ && side_.tasks() == nullptr) return;
  kernel::close_behind_us();
  attachments_.reset();
}

Result<void> Session::State::KernelRun::finish() {
  end_tasks();
  if (recording_)
    if (auto ended = kernel::EventTap::end(side_.object().map_fd(kernel::EventTap::kEnded),
                                           side_.object().map_fd(kernel::EventTap::kSlots), kernel::possible_cpus());
        !ended)
      return ended;
  if (counting_.valid())
    for (const KernelSide::Program &program : side_.programs()) {
      const kernel::RunCount runs = side_.object().runs_of(program.name);
      session_.outcome.programs.push_back({program.name, program.section, runs.times, runs.ns});
    }
  const bool has_sockets = attachments_ && !attachments_->sockets().empty();
  auto read = attachments_ ? read_iterators(kernel::Attachments::Moment::End) : Result<void>();
  detach();
  drain();
  if (auto ended = end_recording(); !ended) return ended;
  side_.failures().for_each([this](uint32_t helper, int64_t error, uint64_t count) {
    session_.env.failures.push_back({helper, error, count});
  });
  session_.outcome.lost_records += records_.lost();
  if (!session_.options.status) return read;
  if (side_.tasks() != nullptr && !side_.pid())
    for (const uint32_t tid : side_.tasks()->tids())
      if (status_of(tid, "Tgid") == std::to_string(tid))
        session_.options.status(fmt::format("process {} ({}) is still running; nothing of it is seen any more", tid,
                                            status_of(tid, "Name")));
  if (has_sockets) session_.options.status(fmt::format("{} packets passed", packets_));
  return read;
}

// Handlers run in this process.
Result<void> Session::State::check_handlers() const {
  for (size_t i = 0; i < object->maps.size(); i++)
    if (handled[i] && is_for_programs_alone(maps.pointers()[i]->definition()))
      return unsupported_error("{}: a handler of the user's side cannot use map `{}` while it lies in the kernel",
                               object->path, object->maps[i].name);
  return {};
}

Result<void> Session::State::run_in_kernel(Control &control) { return KernelRun(*this, control).run(); }

}  // namespace spile::session
