#include "runtime/vm/jit_host.h"

#include <dlfcn.h>
#include <linux/bpf.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "lang-spec/tables/tables.h"
#include "runtime/maps/array_map.h"
#include "runtime/maps/hash_map.h"
#include "runtime/vm/jit_abi.h"
#include "runtime/vm/jit_checked.h"
#include "runtime/vm/memory.h"
#include "runtime/vm/resolve.h"
#include "support/check.h"

namespace spile::vm {
namespace {

constexpr std::string_view kPluginName = "spile-jit.so";

void *helper_of_register(const Env *env, uint64_t number);

constexpr JitHost kHost{
    .packet_load = [](const Env *env, int64_t offset, uint32_t bytes,
                      uint64_t *value) { return packet_load(*env, offset, bytes, *value); },
    .helper_of_register = helper_of_register,
    .leaves_after_tail_call = [](Env *env) { return std::exchange(env->tail_called, false); },
    .step = jit_step,
    .enter = jit_enter,
    .leave = jit_leave,
};

class JitLoaded final : public Loaded {
 public:
  JitLoaded(const JitApi &api, JitCode code, HelperResolver resolve) : api_(api), code_(code), resolve_(resolve) {}
  ~JitLoaded() override { api_.release(code_.handle); }
  JitLoaded(const JitLoaded &) = delete;
  JitLoaded &operator=(const JitLoaded &) = delete;

  // Compiled code does not have the type word that -fsanitize=function looks for before a function.
  uint64_t run(void *ctx, uint64_t ctx_size, Env &env) const override {
    return run_from(code_.entry, reinterpret_cast<uint64_t>(ctx), ctx_size, 0, env);
  }
  uint64_t call(uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3, Env &env) const override {
    return run_from(reinterpret_cast<JitEntry>(callback), r1, r2, r3, env);
  }

  HelperResolver resolver() const { return resolve_; }

 private:
  [[clang::no_sanitize("function")]] uint64_t run_from(JitEntry entry, uint64_t r1, uint64_t r2, uint64_t r3,
                                                       Env &env) const {
    // Stays when the run is over: the same for all programs of this engine, and only they run on this Env.
    env.call_back = call_back;
    const Loaded *const outer_running = std::exchange(env.running, this);
    const uint64_t result = entry(r1, r2, r3, 0, 0, &env);
    env.running = outer_running;
    return result;
  }

  [[clang::no_sanitize("function")]] static uint64_t call_back(Env *env, uint64_t callback, uint64_t r1, uint64_t r2,
                                                               uint64_t r3, uint64_t r4, uint64_t r5) {
    return reinterpret_cast<JitEntry>(callback)(r1, r2, r3, r4, r5, env);
  }

  const JitApi &api_;
  JitCode code_;
  HelperResolver resolve_;
};

void *helper_of_register(const Env *env, uint64_t number) {
  const HelperFn helper = static_cast<const JitLoaded *>(env->running)->resolver()(static_cast<uint32_t>(number));
  SPILE_CHECK(helper != nullptr, "a verified program calls a helper that does not exist");
  return reinterpret_cast<void *>(helper);
}

// perf's map of code that no file holds: `ADDRESS SIZE NAME`, in hexadecimal.
class PerfMap {
 public:
  Result<void> open() {
    const std::string path = fmt::format("/tmp/perf-{}.map", getpid());
    file_.reset(fopen(path.c_str(), "ae"));
    if (file_ == nullptr) return os_error(errno, "cannot open " + path);
    return {};
  }
  // Names subprograms as the kernel names its own.
  void add(const object::Program &program, const Resolved &resolved, size_t subprogram, uint64_t address,
           uint64_t size) {
    const auto named =
        std::ranges::find(program.subprograms, resolved.subprograms[subprogram], &object::Program::Subprogram::start);
    const bool is_entry = subprogram == 0 || named == program.subprograms.end();
    fmt::print(file_.get(), "{:x} {:x} bpf_prog_{}{}{}\n", address, size, program.name,
               is_entry ? "" : "::", is_entry ? "" : named->name);
    fflush(file_.get());
  }

 private:
  struct Close {
    void operator()(FILE *file) const { fclose(file); }
  };
  std::unique_ptr<FILE, Close> file_;
};

class JitEngine final : public Engine {
 public:
  JitEngine(const JitApi &api, HelperResolver resolve) : api_(api), resolve_(resolve) {}
  Result<void> keep_perf_map() { return perf_map_.emplace().open(); }

  Result<std::unique_ptr<Loaded>> load(const object::Program &program, std::span<maps::Map *const> maps) override {
    const auto resolved = resolve_program(program, addresses_of(maps), resolve_);
    if (!resolved) return std::unexpected(resolved.error());
    const std::vector<JitMap> plain_ones = plain_maps(maps);
    struct Placing {
      PerfMap &map;
      const object::Program &program;
      const Resolved &resolved;
    };
    std::optional<Placing> placing;
    if (perf_map_) placing.emplace(*perf_map_, program, *resolved);
    const auto placed = [](void *context, size_t subprogram, uint64_t address, uint64_t size) {
      const auto &to = *static_cast<const Placing *>(context);
      to.map.add(to.program, to.resolved, subprogram, address, size);
    };
    JitProgram plain = plain_program(program, *resolved, plain_ones, resolve_);
    plain.placed = placing ? +placed : nullptr;
    plain.context = placing ? &*placing : nullptr;
    const auto code = compile_program(api_, plain);
    if (!code) return std::unexpected(code.error());
    return std::make_unique<JitLoaded>(api_, *code, resolve_);
  }

 private:
  const JitApi &api_;
  HelperResolver resolve_;
  std::optional<PerfMap> perf_map_;
};

std::unexpected<Error> missing(std::string message) {
  return std::unexpected(Error{Error::Kind::Environment, std::move(message),
                               "run with --engine=interpreter, or build the target spile_jit", 0});
}

// The folder of the running executable, with a slash; empty when /proc does not say.
std::string executable_folder() {
  std::array<char, 4096> path{};
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0) return {};
  const std::string_view text(path.data(), static_cast<size_t>(length));
  return std::string(text.substr(0, text.rfind('/') + 1));
}

}  // namespace

std::vector<JitMap> plain_maps(std::span<maps::Map *const> maps) {
  std::vector<JitMap> plain;
  for (maps::Map *map : maps) {
    const maps::Definition &made = map->definition();
    const tables::MapType *const type = tables::find_map_type(made.type);
    const bool holds_maps = type != nullptr && (type->flags & tables::kMapOfMaps) != 0;
    JitMap &one = plain.emplace_back(JitMap{.map = reinterpret_cast<uint64_t>(map),
                                            .kind = JitMap::Other,
                                            .key_size = made.key_size,
                                            .value_size = holds_maps ? 0 : made.value_size,
                                            .writable = (made.map_flags & BPF_F_RDONLY_PROG) == 0});
    // A map of the kernel has the type, but is none of these.
    if (auto *const array = dynamic_cast<maps::ArrayMap *>(map); array != nullptr) {
      one.kind = JitMap::Array;
      one.values = reinterpret_cast<uint64_t>(array->direct_values());
      one.stride = maps::round_up_8(made.value_size);
      one.count = made.max_entries;
    } else if (maps::with_key_size(made.key_size, [&](auto size) {
                 return dynamic_cast<maps::HashMap<decltype(size)::value> *>(map) != nullptr;
               })) {
      one.kind = JitMap::Hash;
    }
  }
  return plain;
}

JitProgram plain_program(const object::Program &program, const Resolved &resolved, std::span<const JitMap> maps,
                         HelperResolver resolve) {
  return {.name = program.name.c_str(),
          .insns = resolved.insns.data(),
          .values = resolved.values.data(),
          .insn_count = resolved.insns.size(),
          .subprograms = resolved.subprograms.data(),
          .stack_bytes = resolved.stack_bytes.data(),
          .subprogram_count = resolved.subprograms.size(),
          .maps = maps.data(),
          .map_count = maps.size(),
          .hot_helpers = resolve == helper_function,
          .unverified = nullptr,
          .placed = nullptr,
          .context = nullptr};
}

Result<JitCode> compile_program(const JitApi &api, const JitProgram &program) {
  JitCode code{};
  std::array<char, 512> error{};
  if (api.compile(&program, &code, error.data(), error.size())) return code;
  return unsupported_error("{}: the JIT failed: {}", program.name, error.data());
}

Result<const JitApi *> jit_api(const std::string &path) {
  // Never closed: code that it made may run until the process ends, and LLVM does not like being unloaded.
  void *plugin = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) return missing(fmt::format("cannot open the JIT: {}", dlerror()));
  const auto open = reinterpret_cast<JitOpen>(dlsym(plugin, kJitOpenSymbol));
  if (open == nullptr) return missing(fmt::format("{}: not a JIT plugin of Spile", path));
  const JitApi *api = open(kJitAbiVersion, &kHost);
  if (api == nullptr) return missing(fmt::format("{}: built for another version of Spile", path));
  return api;
}

Result<const JitApi *> jit_api() {
  const std::string folder = executable_folder();
  for (const std::string &path :
       {fmt::format("{}{}", folder, kPluginName), fmt::format("{}../lib/spile/{}", folder, kPluginName)})
    if (access(path.c_str(), R_OK) == 0) return jit_api(path);
  return missing(fmt::format("{} is neither in {} nor in {}../lib/spile", kPluginName, folder, folder));
}

Result<std::unique_ptr<Engine>> open_jit(const std::string &path, HelperResolver resolve) {
  const auto api = jit_api(path);
  if (!api) return std::unexpected(api.error());
  return std::make_unique<JitEngine>(**api, resolve);
}

Result<std::unique_ptr<Engine>> make_jit(HelperResolver resolve) {
  const auto api = jit_api();
  if (!api) return std::unexpected(api.error());
  return std::make_unique<JitEngine>(**api, resolve);
}

Result<std::unique_ptr<Engine>> make_profiled_jit(HelperResolver resolve) {
  auto engine = make_jit(resolve);
  if (!engine) return engine;
  if (auto opened = static_cast<JitEngine &>(**engine).keep_perf_map(); !opened) return std::unexpected(opened.error());
  return engine;
}

}  // namespace spile::vm
