// engines_compile [--repetitions N] OBJECT.o ...: how long the JIT takes to make code of each program, from its
// bytecode to code that can be called: the least of --repetitions, by the thread's CPU time. The plugin is open before.
//
// In: objects of any kind; programs that do not link or that the JIT refuses are left out, and counted. Out: JSON, a
// line for each program: {"program":..., "insns":..., "us":...}, and one for opening the plugin.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "backend/object/object.h"
#include "runtime/session/map_set.h"
#include "runtime/vm/code_source.h"
#include "runtime/vm/resolve.h"

namespace spile::bench {
namespace {

double microseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// Least of some; negative: it cannot be compiled.
double time_of(vm::CodeSource &source, const vm::JitInput &input, int repetitions) {
  double least = -1;
  for (int i = 0; i < repetitions; i++) {
    const double begin = microseconds();
    const auto code = source.compile(input);
    const double taken = microseconds() - begin;
    if (!code) return -1;
    least = least < 0 ? taken : std::min(least, taken);
  }
  return least;
}

int measure(const std::string &path, vm::CodeSource &source, int repetitions) {
  int left_out = 0;
  auto object = object::read_elf_file(path);
  if (!object) return 1;
  const auto maps = session::MapSet::create(*object);
  if (!maps) return 1;
  for (const object::ProgramEntry &one : object->programs) {
    const auto program = object::link(*object, one);
    const auto resolved = program
                              ? vm::resolve_program(*program, vm::addresses_of(maps->pointers()), vm::helper_function)
                              : std::unexpected(program.error());
    double us = -1;
    if (resolved) {
      const vm::JitInput input(program->name, *resolved, maps->pointers(), vm::helper_function);
      us = time_of(source, input, repetitions);
      if (us >= 0)
        fmt::print("{{\"program\":\"{}/{}\",\"insns\":{},\"us\":{:.0f}}}\n",
                   std::filesystem::path(path).stem().string(), program->name, resolved->insns.size(), us);
    }
    left_out += us < 0 ? 1 : 0;
  }
  return left_out;
}

}  // namespace
}  // namespace spile::bench

int main(int argc, char **argv) {
  using namespace spile;
  const int repetitions = argc > 2 && std::strcmp(argv[1], "--repetitions") == 0 ? std::atoi(argv[2]) : 0;
  auto source = vm::CodeSource::find({});
  if (!source) return fmt::print(stderr, "engines_compile: {}\n", source.error().message), 1;
  const double begin = bench::microseconds();
  if (const auto opened = (*source)->plugin(); !opened)
    return fmt::print(stderr, "engines_compile: {}\n", opened.error().message), 1;
  fmt::print("{{\"opened\":{:.0f}}}\n", bench::microseconds() - begin);
  int left_out = 0;
  for (int i = repetitions > 0 ? 3 : 1; i < argc; i++)
    left_out += bench::measure(argv[i], **source, std::max(repetitions, 1));
  if (left_out > 0) fmt::print("{{\"left_out\":{}}}\n", left_out);
  return 0;
}
