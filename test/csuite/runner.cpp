// csuite_runner NATIVE.so JIT|- KERNEL|- INPUTS OBJECT...: every program case_* of each object, on the interpreter,
// in the JIT (with the path of its plugin) and in the kernel (with the word `kernel`, as root), must do what the native
// function of that name does, on INPUTS rows of inputs: the same result, return value and packet.
//
// The programs are safe by construction. So our verifier must take each, as the kernel does, and the kernel must take
// ours where it takes clang's of the same case: the first object is clang's when its name says so.
//
// A line for each difference: `case_7 OBJECT ENGINE input N: native 0x.. got 0x..`, `case_7 OBJECT verdict: ..`. The
// last line counts cases, runs and verdicts. A crash or an endless loop names its case as well. Exit status 1 on a
// difference.
#include <dlfcn.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "backend/object/object.h"
#include "runtime/session/map_set.h"
#include "runtime/vm/interpreter.h"
#include "runtime/vm/jit_host.h"
#include "test/csuite/kernel.h"
#include "verifier/verifier.h"

namespace {

using namespace spile;

constexpr unsigned kSecondsPerCase = 10;
constexpr size_t kPacketRoom = 4096, kHeadroom = 256;

// As HEADER in program.py declares it.
struct Io {
  std::array<uint64_t, 8> in;
  uint64_t out;
};

// What a case is given, and what it leaves.
struct Machine {
  Io io{};
  std::vector<std::byte> packet;
  int64_t result = 0;
};

// What the signal handler says: which run ended the process.
std::array<char, 256> current;

void on_fault(int signal) {
  const char *what = signal == SIGALRM ? ": does not end\n" : ": crashed\n";
  // Nothing to be done when stdout is gone.
  if (write(STDOUT_FILENO, current.data(), std::strlen(current.data())) < 0) _exit(3);
  if (write(STDOUT_FILENO, what, std::strlen(what)) < 0) _exit(3);
  _exit(1);
}

// Row [row] of the inputs of a case: the edges of every width, and noise; the same on every machine.
Machine inputs_of(std::string_view name, unsigned row) {
  constexpr auto kEdges = std::to_array<uint64_t>({0,
                                                   1,
                                                   2,
                                                   5,
                                                   0x7f,
                                                   0x80,
                                                   0xff,
                                                   0x7fff,
                                                   0x8000,
                                                   0xffff,
                                                   0x7fffffff,
                                                   0x80000000,
                                                   0xffffffff,
                                                   0x100000000,
                                                   0x7fffffffffffffff,
                                                   0x8000000000000000,
                                                   0xffffffffffffff80,
                                                   0xffffffff80000000,
                                                   ~0ull,
                                                   ~1ull});
  uint64_t state = 0x9e3779b97f4a7c15ull * (row + 1);
  for (const char c : name) state = (state ^ static_cast<uint8_t>(c)) * 0x100000001b3ull;
  const auto next = [&] {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  };
  Machine machine;
  for (uint64_t &value : machine.io.in) {
    const uint64_t roll = next() >> 40;
    if (row == 0)
      value = 0;
    else if (roll % 4 == 0)
      value = kEdges[(roll >> 2) % kEdges.size()];
    else
      value = roll % 4 == 1   ? state >> 56
              : roll % 4 == 2 ? static_cast<uint64_t>(static_cast<int64_t>(state) >> 56)
                              : state;
  }
  // The kernel wants an Ethernet header at least.
  machine.packet.resize(14 + next() % 70);
  for (std::byte &b : machine.packet) b = static_cast<std::byte>(next() >> 50);
  return machine;
}

struct NamedEngine {
  const char *name;
  std::unique_ptr<vm::Engine> engine;
};

struct Totals {
  size_t cases = 0, runs = 0, verdicts = 0, gave_up = 0, differences = 0;
};

int fail(const Error &error) {
  std::printf("error: %s\n", error.message.c_str());
  return 2;
}

class Runner {
 public:
  Runner(void *native, std::vector<NamedEngine> engines, bool with_kernel, unsigned rows)
      : native_(native), engines_(std::move(engines)), with_kernel_(with_kernel), rows_(rows) {
    io_ = static_cast<Io *>(dlsym(native, "csuite_io"));
    room_ = static_cast<std::byte *>(
        mmap(nullptr, kPacketRoom, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0));
  }

  bool is_ready() const { return io_ != nullptr && room_ != MAP_FAILED; }
  const Totals &totals() const { return totals_; }

  Result<void> run(const std::string &path) {
    // The JIT takes milliseconds a function: it sees the code that people run, and clang's.
    const bool compiles = is_clangs(path) || path.find("O2-v3") != std::string::npos;
    auto object = object::read_elf_file(path);
    if (!object) return std::unexpected(object.error());
    std::optional<csuite::KernelObject> kernel;
    if (with_kernel_) kernel.emplace(path);
    for (const object::ProgramEntry &entry : object->programs) {
      const auto call = reinterpret_cast<int (*)(xdp_md *)>(dlsym(native_, entry.name.c_str()));
      if (call == nullptr) continue;
      totals_.cases++;
      std::snprintf(current.data(), current.size(), "%s %s", entry.name.c_str(), path.c_str());
      auto program = object::link(*object, entry);
      if (!program) {
        differs("%s", program.error().message.c_str());
        continue;
      }
      const csuite::KernelVerdict *verdict = kernel ? kernel->verdict(entry.name) : nullptr;
      judge(*program, path, verdict);
      for (const NamedEngine &engine : std::span(engines_).first(compiles ? engines_.size() : 1))
        if (auto done = run_engine(*object, *program, call, engine); !done)
          differs("%s: %s", engine.name, done.error().message.c_str());
      if (verdict != nullptr && verdict->accepted) run_kernel(*kernel, entry.name, call);
    }
    return {};
  }

 private:
  template <class... Args>
  void differs(const char *format, Args... args) {
    totals_.differences++;
    std::printf("%s ", current.data());
    std::printf(format, args...);  // NOLINT(clang-diagnostic-format-security): literals below
    std::printf("\n");
  }

  static bool is_clangs(const std::string &path) { return path.find("clang") != std::string::npos; }

  // Our verdict against the kernel's, and the kernel's of our code against that of clang's.
  void judge(const object::Program &program, const std::string &path, const csuite::KernelVerdict *kernel) {
    totals_.verdicts++;
    const bool clangs = is_clangs(path);
    // Variables that stay in memory cost the verifier what they cost.
    const bool is_optimized = path.find("O0-") == std::string::npos;
    const verifier::Verdict ours = verifier::verify(program, *tables::find_program_type("xdp"));
    const bool accepted = ours.kind == verifier::Verdict::Accept;
    const bool too_complex =
        !accepted && ours.rejections.front().diagnostic.info->name == std::string_view("TooComplex");
    const char *why = accepted ? "" : ours.rejections.front().kernel_message.c_str();
    if (kernel == nullptr) {
      if (clangs && accepted) taken_.insert(program.name);
      if (!clangs && is_optimized && !accepted && !too_complex && taken_.contains(program.name))
        differs("verdict: clang's object is accepted, ours rejected: %s", why);
      return;
    }
    totals_.gave_up += kernel->gave_up;
    // clang may write types that the kernel does not take; then it judged a program without types, which we did not.
    if (!kernel->has_types && !clangs) differs("verdict: %s", "the kernel does not take its BTF");
    if (kernel->gave_up || too_complex || !kernel->has_types) return;
    if (accepted && !kernel->accepted) differs("verdict: we accept, the kernel rejects: %s", kernel->reason.c_str());
    if (!accepted && kernel->accepted) differs("verdict: the kernel accepts, we reject: %s", why);
    if (clangs && kernel->accepted) taken_.insert(program.name);
    if (!clangs && is_optimized && !kernel->accepted && taken_.contains(program.name))
      differs("verdict: the kernel accepts clang's object, not ours: %s", kernel->reason.c_str());
  }

  // The packet in memory below 4 GiB, and the context that names it.
  xdp_md place(const std::vector<std::byte> &packet) {
    std::memcpy(room_ + kHeadroom, packet.data(), packet.size());
    const auto data = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(room_ + kHeadroom));
    xdp_md context{};
    context.data = context.data_meta = data;
    context.data_end = data + static_cast<uint32_t>(packet.size());
    return context;
  }
  void take_packet(std::vector<std::byte> &packet) { std::copy_n(room_ + kHeadroom, packet.size(), packet.begin()); }

  Machine run_native(const std::string &name, unsigned row, int (*call)(xdp_md *)) {
    Machine machine = inputs_of(name, row);
    xdp_md context = place(machine.packet);
    *io_ = machine.io;
    machine.result = static_cast<uint32_t>(call(&context));
    machine.io = *io_;
    take_packet(machine.packet);
    return machine;
  }

  // False: they differ; said so.
  bool compare(const char *engine, unsigned row, const Machine &expected, const Machine &got) {
    totals_.runs++;
    if (expected.io.out != got.io.out)
      differs("%s input %u: native 0x%llx got 0x%llx", engine, row, static_cast<unsigned long long>(expected.io.out),
              static_cast<unsigned long long>(got.io.out));
    else if (expected.result != got.result)
      differs("%s input %u: native returns 0x%llx, this 0x%llx", engine, row,
              static_cast<unsigned long long>(expected.result), static_cast<unsigned long long>(got.result));
    else if (expected.packet != got.packet || expected.io.in != got.io.in)
      differs("%s input %u: the %s differs", engine, row, expected.packet != got.packet ? "packet" : "input");
    else
      return true;
    return false;
  }

  Result<void> run_engine(const object::Object &object, const object::Program &program, int (*call)(xdp_md *),
                          const NamedEngine &engine) {
    auto maps = session::MapSet::create(object);
    if (!maps) return std::unexpected(maps.error());
    auto loaded = engine.engine->load(program, maps->pointers());
    if (!loaded) return std::unexpected(loaded.error());
    const auto io =
        std::ranges::find_if(object.maps, [](const object::Map &m) { return m.name.ends_with(".data.io"); });
    if (io == object.maps.end()) return input_error("the object has no .data.io");
    std::byte *values = maps->pointers()[static_cast<size_t>(io - object.maps.begin())]->direct_values();
    for (unsigned row = 0; row < rows_; row++) {
      const Machine expected = run_native(program.name, row, call);
      Machine got = inputs_of(program.name, row);
      xdp_md context = place(got.packet);
      std::memcpy(values, &got.io, sizeof got.io);
      std::string before = current.data();
      std::snprintf(current.data(), current.size(), "%s %s input %u", before.c_str(), engine.name, row);
      alarm(kSecondsPerCase);
      vm::Env env;
      got.result = static_cast<uint32_t>((*loaded)->run(&context, sizeof context, env));
      alarm(0);
      std::copy_n(before.c_str(), before.size() + 1, current.data());
      std::memcpy(&got.io, values, sizeof got.io);
      take_packet(got.packet);
      if (!compare(engine.name, row, expected, got)) break;
    }
    return {};
  }

  void run_kernel(const csuite::KernelObject &kernel, const std::string &name, int (*call)(xdp_md *)) {
    for (unsigned row = 0; row < rows_; row++) {
      const Machine expected = run_native(name, row, call);
      Machine got = inputs_of(name, row);
      got.result = kernel.run(name, std::as_writable_bytes(std::span(&got.io, 1)), got.packet);
      if (got.result < 0) return differs("kernel input %u: does not run", row);
      if (!compare("kernel", row, expected, got)) return;
    }
  }

  void *native_;
  std::vector<NamedEngine> engines_;
  bool with_kernel_;
  unsigned rows_;
  Io *io_ = nullptr;
  std::byte *room_ = nullptr;
  std::set<std::string> taken_;  // cases whose object by clang is accepted
  Totals totals_;
};

}  // namespace

int main(int argc, char **argv) {
  if (argc < 6) {
    std::fputs("usage: csuite_runner NATIVE.so JIT.so|- kernel|- INPUTS OBJECT...\n", stderr);
    return 2;
  }
  void *native = dlopen(argv[1], RTLD_NOW);
  if (native == nullptr) {
    std::printf("error: %s\n", dlerror());
    return 2;
  }
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM}) std::signal(signal, on_fault);
  std::vector<NamedEngine> engines;
  engines.push_back({"interp", vm::make_interpreter(vm::helper_function)});
  if (std::strcmp(argv[2], "-") != 0) {
    auto jit = vm::open_jit(argv[2], vm::helper_function);
    if (!jit) return fail(jit.error());
    engines.push_back({"jit", std::move(*jit)});
  }
  const bool with_kernel = std::strcmp(argv[3], "-") != 0 && csuite::KernelObject::is_available();
  Runner runner(native, std::move(engines), with_kernel, static_cast<unsigned>(std::strtoul(argv[4], nullptr, 10)));
  if (!runner.is_ready()) return fail(Error{.message = "no csuite_io in the library, or no memory below 4 GiB"});
  for (int i = 5; i < argc; i++)
    if (auto done = runner.run(argv[i]); !done) return fail(done.error());
  const Totals &totals = runner.totals();
  std::printf("%zu cases, %zu runs, %zu verdicts", totals.cases, totals.runs, totals.verdicts);
  if (with_kernel) std::printf(" beside the kernel's (it gave up on %zu)", totals.gave_up);
  std::printf(", %zu differences\n", totals.differences);
  return totals.differences == 0 ? 0 : 1;
}
