// engines_bench OBJECT.o NATIVE.so ... [--benchmark_...]: each program on every engine and as native code.
//
// In: pairs of one source compiled twice, as ../../shared/bench/bench.h has it: an object with an XDP program that
// works on its globals, and a shared object with the function `bench_native(memory, length)`. Out: Google Benchmark's
// report, with rows `program/engine`; run.py makes ratios of it. Results are compared before anything is timed: an
// engine that computes something else is an error.
//
// A row's `insns` is what a run executes. Programs whose name begins with `op_` do one thing kOperations times.
#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>

#include "runtime/maps/ring_map.h"
#include "runtime/session/map_set.h"
#include "runtime/vm/checked.h"
#include "runtime/vm/interpreter.h"
#include "runtime/vm/jit_checked.h"
#include "verifier/verifier.h"

// What natively compiled programs call: the same maps, at two fixed places.
struct xmap {
  std::unique_ptr<spile::maps::Map> map;
  void make_anew(uint32_t type, uint32_t entries) {
    auto made = spile::maps::create({"native", type, 4, 8, entries, 0, 0, {}});
    if (!made) std::abort();
    map = std::move(*made);
  }
};
namespace {
const std::byte *bytes(const void *p) { return static_cast<const std::byte *>(p); }
}  // namespace
extern "C" {
[[gnu::visibility("default")]] xmap amap, hmap;
[[gnu::visibility("default")]] void *xmap_lookup(xmap *m, const void *key) { return m->map->lookup(bytes(key)); }
[[gnu::visibility("default")]] long xmap_update(xmap *m, const void *key, const void *value, uint64_t flags) {
  return m->map->update(bytes(key), bytes(value), flags);
}
[[gnu::visibility("default")]] long xmap_delete(xmap *m, const void *key) { return m->map->erase(bytes(key)); }
}

namespace spile::bench {
namespace {

constexpr size_t kMemory = 4096;  // MEM_SIZE of bench.h
using Native = uint64_t (*)(uint8_t *memory, uint64_t length);

// struct bench_io of bench.h: the program's globals.
struct Globals {
  uint64_t result, pad;
  uint8_t memory[kMemory];
};

// A TCP packet, for the program that parses one, and noise behind it; the same for everyone.
void fill(uint8_t *memory) {
  uint64_t state = 0x9e3779b97f4a7c15;
  for (size_t i = 0; i < kMemory; i++) {
    state = state * 6364136223846793005 + 1442695040888963407;
    memory[i] = static_cast<uint8_t>(state >> 56);
  }
  static constexpr uint8_t kHeaders[] = {2,  0, 0, 0,  0, 1,  2, 0, 0, 0,  0, 2, 8,    0,    0x45, 0,   0,
                                         60, 1, 2, 0,  0, 64, 6, 0, 0, 10, 0, 0, 1,    10,   0,    0,   2,
                                         4,  0, 0, 80, 0, 0,  0, 1, 0, 0,  0, 0, 0x50, 0x10, 0xff, 0xff};
  std::memcpy(memory, kHeaders, sizeof kHeaders);
}

[[noreturn]] void die(const std::string &why) {
  fmt::print(stderr, "engines_bench: {}\n", why);
  std::exit(1);
}
template <class T>
T must(Result<T> result) {
  if (!result) die(result.error().message);
  return std::move(*result);
}

// A program, loaded into one engine with maps of its own.
class OnEngine {
 public:
  OnEngine(const object::Object &object, const object::Program &program, std::unique_ptr<vm::Engine> engine)
      : maps_(must(session::MapSet::create(object))), engine_(std::move(engine)) {
    loaded_ = must(engine_->load(program, maps_.pointers()));
    for (size_t i = 0; i < object.maps.size(); i++)
      if (object.maps[i].is_global_data && object.maps[i].value_size >= sizeof(Globals))
        globals_ = reinterpret_cast<Globals *>(maps_.pointers()[i]->direct_values());
    for (maps::Map *map : maps_.pointers())
      if (map->definition().type == BPF_MAP_TYPE_RINGBUF) {
        auto &ring = static_cast<maps::RingMap &>(*map);
        ring.when_full([&ring] { ring.consume([](std::span<std::byte>) { return true; }); });
      }
    if (globals_ == nullptr) die(object.path + " has no `struct bench_io`");
    prepare(env_);
  }
  static void prepare(vm::Env &env) {
    env.now_ns = {[](void *) { return uint64_t{0}; }};
  }
  void reset() { fill(globals_->memory); }
  uint64_t run() { return run(env_); }
  // On several threads each brings its own, and an event that says on which CPU it is.
  uint64_t run(vm::Env &env, const vm::Event *event = nullptr) {
    env.begin(event, BPF_PROG_TYPE_XDP);
    loaded_->run(ctx_, sizeof ctx_, env);
    return globals_->result;
  }

 private:
  session::MapSet maps_;
  std::unique_ptr<vm::Engine> engine_;
  std::unique_ptr<vm::Loaded> loaded_;
  Globals *globals_ = nullptr;
  vm::Env env_;
  uint64_t ctx_[16] = {};
};

struct Case {
  object::Object object;
  object::Program program;
  uint64_t insns = 0;
  std::deque<OnEngine> engines;
  alignas(8) uint8_t memory[kMemory] = {};
};

void add_row(const std::string &name, uint64_t insns, const std::function<uint64_t()> &run) {
  benchmark::RegisterBenchmark(name.c_str(), [run, insns](benchmark::State &state) {
    for (auto _ : state) benchmark::DoNotOptimize(run());
    state.counters["insns"] = static_cast<double>(insns);
  });
}

// Both threads on one program and its maps. CPU time of one run: on two cores each does as much as alone when this is
// what one thread takes.
void add_row_of_two_threads(const std::string &name, uint64_t insns, OnEngine &there) {
  const auto run = [&there, insns](benchmark::State &state) {
    vm::Env env;
    OnEngine::prepare(env);
    vm::Event event;
    event.cpu = static_cast<uint32_t>(state.thread_index());
    for (auto _ : state) benchmark::DoNotOptimize(there.run(env, &event));
    state.counters["insns"] = static_cast<double>(insns);
  };
  benchmark::RegisterBenchmark((name + "/jit-2").c_str(), run)->Threads(2);
}

void add(const std::string &path, const std::string &native_path, std::deque<Case> &cases,
         std::deque<vm::Supervision> &supervisions) {
  const std::string name = std::filesystem::path(path).stem();
  Case &one = cases.emplace_back();
  one.object = must(object::read_elf_file(path));
  one.program = must(object::link(one.object, one.object.programs.front()));
  if (verifier::verify(one.program, *tables::find_program_type("xdp"), {}).kind != verifier::Verdict::Accept)
    die(path + ": rejected");

  void *library = dlopen(native_path.c_str(), RTLD_NOW);
  if (library == nullptr) die(dlerror());
  const auto native = reinterpret_cast<Native>(dlsym(library, "bench_native"));
  fill(one.memory);
  amap.make_anew(BPF_MAP_TYPE_ARRAY, 64);
  hmap.make_anew(BPF_MAP_TYPE_HASH, 1024);
  const uint64_t expected = native(one.memory, kMemory);

  vm::Supervision &counted = supervisions.emplace_back();
  vm::Supervision &watched = supervisions.emplace_back(vm::Supervision{.verified = false, .fuel = 1'000'000'000});
  OnEngine counter(one.object, one.program, vm::make_checked_interpreter(counted));
  counter.reset();
  counter.run();
  one.insns = counted.executed;

  add_row(name + "/native", one.insns, [native, &one] { return native(one.memory, kMemory); });
  const auto on = [&](const char *engine_name, std::unique_ptr<vm::Engine> engine) {
    if (engine == nullptr) return;
    OnEngine &there = one.engines.emplace_back(one.object, one.program, std::move(engine));
    there.reset();
    if (const uint64_t result = there.run(); result != expected)
      die(fmt::format("{} on {}: {:#x}, native code says {:#x}", name, engine_name, result, expected));
    add_row(fmt::format("{}/{}", name, engine_name), one.insns, [&there] { return there.run(); });
  };
  on("pinned", vm::make_pinned_interpreter(vm::helper_function));
  on("portable", vm::make_portable_interpreter(vm::helper_function));
  on("checked", vm::make_checked_interpreter(watched));
  on("jit", must(vm::make_jit()));
  if (name.starts_with("op_")) add_row_of_two_threads(name, one.insns, one.engines.back());
  vm::Supervision &compiled = supervisions.emplace_back(vm::Supervision{.verified = false, .fuel = 1'000'000'000});
  on("checked-jit", must(vm::make_checked_jit(compiled)));
}

}  // namespace
}  // namespace spile::bench

int main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  std::deque<spile::bench::Case> cases;
  std::deque<spile::vm::Supervision> supervisions;
  for (int i = 1; i + 1 < argc; i += 2) spile::bench::add(argv[i], argv[i + 1], cases, supervisions);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
