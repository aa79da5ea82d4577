#include "runtime/vm/code_source.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __x86_64__
#include <cpuid.h>
#else
#include <sys/auxv.h>
#endif

#include <array>

#include "support/executable.h"

namespace spile::vm {
namespace {

constexpr std::string_view kPluginName = "spile-jit.so";

std::unexpected<Error> missing(std::string message) {
  return std::unexpected(Error{Error::Kind::Environment, std::move(message),
                               "run with --engine=interp, or build the target spile_jit", 0});
}

#ifdef __x86_64__
// XCR0: the registers that the system saves, which decides whether AVX and AVX-512 may be used.
uint64_t saved_state() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_OSXSAVE) == 0) return 0;
  unsigned low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}
#endif

// What LLVM would find out about this processor, without LLVM: the words from which it does.
std::vector<uint64_t> processor() {
  std::vector<uint64_t> words;
#ifdef __x86_64__
  constexpr std::array<std::array<unsigned, 2>, 7> kLeaves{
      {{0, 0}, {1, 0}, {7, 0}, {7, 1}, {0xd, 1}, {0x8000'0001, 0}, {0x8000'0008, 0}}};
  for (const auto &[leaf, part] : kLeaves) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid_count(leaf, part, &a, &b, &c, &d) == 0) continue;
    if (leaf == 1) b = 0;            // the number of the core that answers
    if (leaf == 0xd) b = c = d = 0;  // sizes that depend on what is switched on
    words.insert(words.end(), {a, b, c, d});
  }
  words.push_back(saved_state());
#else
  words = {getauxval(AT_HWCAP), getauxval(AT_HWCAP2)};
#endif
  words.push_back(static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)));  // where an image's constants begin
  return words;
}

// A build of the plugin: another file, another one.
std::vector<uint64_t> identity_of(const std::string &plugin) {
  struct stat status{};
  if (::stat(plugin.c_str(), &status) != 0) return {};
  return {status.st_ino, static_cast<uint64_t>(status.st_size), static_cast<uint64_t>(status.st_mtim.tv_sec),
          static_cast<uint64_t>(status.st_mtim.tv_nsec)};
}

Result<const JitApi *> open_plugin(const std::string &path) {
  // Never closed: LLVM does not like being unloaded.
  void *plugin = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) return missing(fmt::format("cannot open the JIT: {}", dlerror()));
  const auto open = reinterpret_cast<JitOpen>(dlsym(plugin, kJitOpenSymbol));
  if (open == nullptr) return missing(fmt::format("{}: not a JIT plugin of Spile", path));
  const JitApi *api = open(kJitAbiVersion, &jit_host());
  if (api == nullptr) return missing(fmt::format("{}: built for another version of Spile", path));
  return api;
}

}  // namespace

Result<std::shared_ptr<CodeSource>> CodeSource::find(const JitSettings &settings) {
  if (!settings.plugin.empty()) return std::make_shared<CodeSource>(settings.plugin, settings);
  auto path = beside_executable(kPluginName);
  if (!path) return missing(std::move(path.error()));
  return std::make_shared<CodeSource>(std::move(*path), settings);
}

CodeSource::CodeSource(std::string plugin, const JitSettings &settings)
    : path_(std::move(plugin)), settings_(settings), cache_(settings.cache) {
  if (!uses_cache()) return;
  std::vector<uint64_t> words{kJitAbiVersion, settings_.told != nullptr};
  for (const auto &part : {identity_of(path_), processor()}) words.insert(words.end(), part.begin(), part.end());
  const auto bytes = std::as_bytes(std::span(words));
  identity_.assign(bytes.begin(), bytes.end());
}

std::vector<std::byte> CodeSource::key_of(const JitInput &input) const {
  std::vector<std::byte> key = identity_;
  const std::vector<std::byte> of_input = input.key();
  key.insert(key.end(), of_input.begin(), of_input.end());
  return key;
}

Result<const JitApi *> CodeSource::plugin() {
  const std::lock_guard lock(mutex_);
  if (api_ == nullptr) {
    const auto opened = open_plugin(path_);
    if (!opened) return opened;
    api_ = *opened;
  }
  return api_;
}

Result<void> CodeSource::open_told() { return settings_.told == nullptr ? Result<void>() : settings_.told->open(); }

Result<std::unique_ptr<GdbCode>> CodeSource::tell(const object::Program &program, const Resolved &resolved,
                                                  const Code &code) {
  if (settings_.told == nullptr) return nullptr;
  return settings_.told->add(program, resolved, code);
}

std::optional<Code> CodeSource::cached(const JitInput &input) const {
  std::optional<Result<Code>> placed;
  if (uses_cache())
    cache_.find(key_of(input), [&](const JitImage &image) { placed.emplace(Code::place(image, input)); });
  // What cannot be placed is as not there: it is made anew.
  if (!placed || !*placed) return std::nullopt;
  return std::move(**placed);
}

Result<void> CodeSource::compile_for(const char *march, uint64_t gap, const JitInput &input,
                                     const std::function<void(const JitImage &)> &use) {
  const auto api = plugin();
  if (!api) return std::unexpected(api.error());
  const JitOptions options{
      .march = march, .blind = settings_.blind_constants, .gap = gap, .lines = settings_.told != nullptr};
  const auto made = [](void *context, const JitImage *image) {
    (*static_cast<const std::function<void(const JitImage &)> *>(context))(*image);
  };
  auto here = use;
  std::array<char, 512> error{};
  if ((*api)->compile(&input.program(), &options, made, &here, error.data(), error.size())) return {};
  return unsupported_error("{}: the JIT failed: {}", input.program().name, error.data());
}

Result<Code> CodeSource::compile(const JitInput &input) {
  std::optional<Result<Code>> placed;
  const auto made = compile_for(nullptr, 0, input, [&](const JitImage &image) {
    placed.emplace(Code::place(image, input));
    if (uses_cache()) cache_.store(key_of(input), image);
  });
  if (!made) return std::unexpected(made.error());
  return std::move(*placed);
}

Result<Code> CodeSource::code_of(const JitInput &input) {
  if (auto found = cached(input)) return std::move(*found);
  return compile(input);
}

}  // namespace spile::vm
