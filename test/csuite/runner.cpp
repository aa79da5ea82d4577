// csuite_runner NATIVE.so JIT|- INPUTS OBJECT...: every function case_* of each object, on the interpreter and (with
// the path of the JIT's plugin) in the JIT, must give what the native function of that name gives, on INPUTS rows of
// inputs.
//
// A line for each difference: `case_7 OBJECT ENGINE input N: native 0x.. got 0x..`. The last line counts cases and
// runs. The bytecode is not verified first: a crash or an endless loop names its case as well. Exit status 1 on a
// difference.
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "backend/object/object.h"
#include "runtime/session/map_set.h"
#include "runtime/vm/interpreter.h"
#include "runtime/vm/jit_host.h"

namespace {

using namespace spile;

constexpr unsigned kSecondsPerCase = 10;

// As HEADER in program.py declares it.
struct Io {
  std::array<uint64_t, 8> in;
  uint64_t out;
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
Io inputs_of(std::string_view name, unsigned row) {
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
  Io io{};
  for (uint64_t &value : io.in) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    const uint64_t roll = state >> 40;
    if (row == 0)
      value = 0;
    else if (roll % 4 == 0)
      value = kEdges[(roll >> 2) % kEdges.size()];
    else
      value = roll % 4 == 1   ? state >> 56
              : roll % 4 == 2 ? static_cast<uint64_t>(static_cast<int64_t>(state) >> 56)
                              : state;
  }
  return io;
}

struct NamedEngine {
  const char *name;
  std::unique_ptr<vm::Engine> engine;
};

struct Totals {
  size_t cases = 0, runs = 0, differences = 0;
};

int fail(const Error &error) {
  std::printf("error: %s\n", error.message.c_str());
  return 2;
}

// Runs one program of [object] with fresh maps for each row, as the native function is given fresh inputs only.
Result<void> run_case(const object::Object &object, const object::ProgramEntry &entry, void *native,
                      const NamedEngine &engine, unsigned rows, Totals &totals) {
  auto program = object::link(object, entry);
  if (!program) return std::unexpected(program.error());
  auto maps = session::MapSet::create(object);
  if (!maps) return std::unexpected(maps.error());
  auto loaded = engine.engine->load(*program, maps->pointers());
  if (!loaded) return std::unexpected(loaded.error());
  const auto call = reinterpret_cast<int (*)(Io *)>(native);
  for (unsigned row = 0; row < rows; row++) {
    Io expected = inputs_of(entry.name, row), got = expected;
    std::snprintf(current.data(), current.size(), "%s %s %s input %u", entry.name.c_str(), object.path.c_str(),
                  engine.name, row);
    call(&expected);
    alarm(kSecondsPerCase);
    vm::Env env;
    (*loaded)->run(&got, sizeof got, env);
    alarm(0);
    totals.runs++;
    if (std::memcmp(&expected, &got, sizeof got) == 0) continue;
    totals.differences++;
    std::printf("%s: native 0x%llx got 0x%llx\n", current.data(), static_cast<unsigned long long>(expected.out),
                static_cast<unsigned long long>(got.out));
    break;
  }
  return {};
}

}  // namespace

int main(int argc, char **argv) {
  if (argc < 5) {
    std::fputs("usage: csuite_runner NATIVE.so JIT.so|- INPUTS OBJECT...\n", stderr);
    return 2;
  }
  void *native = dlopen(argv[1], RTLD_NOW);
  if (native == nullptr) {
    std::printf("error: %s\n", dlerror());
    return 2;
  }
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM}) std::signal(signal, on_fault);
  std::vector<NamedEngine> engines;
  engines.push_back({"interp", vm::make_interpreter()});
  if (std::strcmp(argv[2], "-") != 0) {
    auto jit = vm::open_jit(argv[2], vm::helper_function);
    if (!jit) return fail(jit.error());
    engines.push_back({"jit", std::move(*jit)});
  }
  const auto rows = static_cast<unsigned>(std::strtoul(argv[3], nullptr, 10));
  Totals totals;
  for (int i = 4; i < argc; i++) {
    auto object = object::read_elf_file(argv[i]);
    if (!object) return fail(object.error());
    for (const object::ProgramEntry &entry : object->programs) {
      void *function = dlsym(native, entry.name.c_str());
      if (function == nullptr) continue;
      totals.cases++;
      for (const NamedEngine &engine : engines)
        if (auto done = run_case(*object, entry, function, engine, rows, totals); !done) {
          totals.differences++;
          std::printf("%s %s %s: %s\n", entry.name.c_str(), argv[i], engine.name, done.error().message.c_str());
        }
    }
  }
  std::printf("%zu cases, %zu runs, %zu differences\n", totals.cases, totals.runs, totals.differences);
  return totals.differences == 0 ? 0 : 1;
}
