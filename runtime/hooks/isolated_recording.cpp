#include "runtime/hooks/isolated_recording.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "runtime/hooks/event_file.h"

namespace spile::hooks {

namespace {

// What goes through the pipe at once, and what the pipe holds: as much as it may without privileges.
constexpr size_t kChunk = size_t{256} << 10;
constexpr int kPipe = 1 << 20;
// Seconds of processor time without a chunk, after which a library reads in circles.
constexpr rlim_t kPatience = 20;

// The child's side.
class Giver {
 public:
  explicit Giver(Fd pipe) : pipe_(std::move(pipe)) { more_time(); }

  // Everything up to the end or the first error.
  void give(Result<std::unique_ptr<Recording>> opened) {
    EventFileWriter writer([this](const std::string &bytes) {
      waiting_ += bytes;
      if (waiting_.size() >= kChunk) flush();
    });
    if (!opened) {
      writer.begin(0);
      writer.trouble(opened.error());
      return flush();
    }
    // Closing a damaged file is one more thing that a library may not survive: it stays open.
    Recording &recording = *opened->release();
    writer.begin(recording.clock_ns());
    std::vector<uint16_t> numbers;
    const MemoryPieces no_memory;
    vm::Event event;
    for (uint32_t hook = 0;;) {
      const auto more = recording.next(hook, event);
      if (!more) writer.trouble(more.error());
      if (!more || !*more) break;
      while (numbers.size() <= hook) numbers.push_back(writer.hook_of(recording.hooks()[numbers.size()]));
      writer.write(numbers[hook], event, no_memory);
    }
    for (const std::string &notice : recording.notices()) writer.notice(notice);
    flush();
  }

 private:
  void flush() {
    if (!write_all(pipe_, std::as_bytes(std::span(waiting_)), "a pipe")) ::_exit(0);  // nobody reads any more
    waiting_.clear();
    more_time();
  }
  static void more_time() {
    rusage used{};
    rlimit limit{};
    ::getrusage(RUSAGE_SELF, &used);
    ::getrlimit(RLIMIT_CPU, &limit);
    limit.rlim_cur =
        std::min<rlim_t>(static_cast<rlim_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + kPatience, limit.rlim_max);
    ::setrlimit(RLIMIT_CPU, &limit);
  }

  Fd pipe_;
  std::string waiting_;
};

// What it dies of is told by its parent: no core, no handler of whoever we are part of, no words of the C library.
void prepare_to_crash(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU}) ::signal(signal, SIG_DFL);
  // These are for the process that runs programs, which ends this one.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) ::signal(signal, SIG_IGN);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  if (const Fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC)); nowhere.valid())
    for (const int output : {STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere.get(), output);
}

class IsolatedRecording final : public Recording {
 public:
  IsolatedRecording(std::string path, std::string library, pid_t child, Fd pipe)
      : path_(std::move(path)), library_(std::move(library)), child_(child), pipe_(std::move(pipe)) {}
  ~IsolatedRecording() override {
    if (child_ == 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  IsolatedRecording(const IsolatedRecording &) = delete;
  IsolatedRecording &operator=(const IsolatedRecording &) = delete;

  // With the first event, so that a file which cannot be read is refused before anything runs.
  Result<void> open() {
    auto events = read_event_file(ByteStream(path_, std::move(pipe_)));
    if (!events) return std::unexpected(crash().value_or(events.error()));
    events_ = std::move(*events);
    const auto more = read(first_hook_, first_);
    if (!more) return std::unexpected(more.error());
    has_first_ = true;
    is_empty_ = !*more;
    return {};
  }

  Result<bool> next(uint32_t &hook, vm::Event &event) override {
    if (!std::exchange(has_first_, false)) return read(hook, event);
    hook = first_hook_;
    event = first_;
    return !is_empty_;
  }
  const std::vector<Tracepoint> &hooks() const override { return events_->hooks(); }
  uint64_t clock_ns() const override { return events_->clock_ns(); }
  std::vector<std::string> notices() const override { return events_->notices(); }

 private:
  Result<bool> read(uint32_t &hook, vm::Event &event) {
    const auto more = events_->next(hook, event);
    if (more && *more) {
      count_++;
      return more;
    }
    // Where the events end, the child does.
    if (auto crashed = crash()) return std::unexpected(std::move(*crashed));
    return more;
  }

  std::optional<Error> crash() {
    int status = 0;
    if (child_ == 0) return std::nullopt;
    // One that has lost its way may still want to write.
    constexpr int kTries = 200;
    constexpr useconds_t kBetweenTries = 5'000;
    for (int i = 0; ::waitpid(child_, &status, WNOHANG) == 0; i++) {
      if (i == kTries) {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, &status, 0);
        break;
      }
      ::usleep(i == 0 ? 100 : kBetweenTries);
    }
    child_ = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
    const bool turns = WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU;
    const char *const how = WIFSIGNALED(status) ? ::strsignal(WTERMSIG(status)) : "it gave up";
    return Error{
        Error::Kind::Input,
        turns ? fmt::format("`{}` is damaged: behind {} events {} comes to no end in it", path_, count_, library_)
              : fmt::format("`{}` is damaged: behind {} events {} crashes on it ({})", path_, count_, library_, how),
        {},
        0};
  }

  std::string path_, library_;
  pid_t child_;  // 0: it has been waited for
  Fd pipe_;      // until open()
  std::unique_ptr<Recording> events_;
  vm::Event first_;
  uint32_t first_hook_ = 0;
  bool has_first_ = false, is_empty_ = false;
  uint64_t count_ = 0;
};

}  // namespace

Result<std::unique_ptr<Recording>> read_isolated(const std::string &path, const std::string &library,
                                                 const std::function<Result<std::unique_ptr<Recording>>()> &open) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return os_error(errno, "a pipe");
  Fd from(ends[0]), to(ends[1]);
  ::fcntl(to.get(), F_SETPIPE_SZ, kPipe);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return os_error(errno, fmt::format("a process that reads `{}`", path));
  if (child == 0) {
    prepare_to_crash(parent);
    from = Fd();
    Giver(std::move(to)).give(open());
    ::_exit(0);
  }
  to = Fd();
  auto recording = std::make_unique<IsolatedRecording>(path, library, child, std::move(from));
  if (auto opened = recording->open(); !opened) return std::unexpected(opened.error());
  return recording;
}

}  // namespace spile::hooks
