#include "runtime/kernel/kernel_object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "backend/object/copy.h"
#include "backend/object/insert_code.h"
#include "backend/object/libbpf_listener.h"
#include "runtime/kernel/event_tap.h"
#include "runtime/kernel/failure_counts.h"
#include "runtime/kernel/struct_ops.h"
#include "runtime/kernel/task_set.h"
#include "runtime/maps/map.h"

namespace spile::kernel {

namespace {

// What BPF_PROG_TEST_RUN may make of a packet: adjust_head and adjust_tail move within a page.
constexpr size_t kRoom = 4096;
// Lines of the verifier's log that an error shows.
constexpr size_t kLogLines = 6;
constexpr size_t kLogBytes = 1 << 20;

std::unexpected<Error> not_allowed(int error) {
  auto failed = os_error(error, "the kernel takes no programs from this process");
  failed.error().hint = "run as root, or with CAP_BPF and what the program's type needs (CAP_PERFMON, CAP_NET_ADMIN)";
  return failed;
}

// The end of a log, without the line of numbers that closes it.
std::string end_of(std::string_view log) {
  std::vector<std::string_view> lines;
  for (size_t begin = 0; begin < log.size();) {
    const size_t end = std::min(log.find('\n', begin), log.size());
    const std::string_view line = log.substr(begin, end - begin);
    if (!line.empty() && !line.starts_with("processed ") && !line.starts_with("verification time"))
      lines.push_back(line);
    begin = end + 1;
  }
  std::string text;
  for (size_t i = lines.size() - std::min(lines.size(), kLogLines); i < lines.size(); i++)
    text += "\n  " + std::string(lines[i]);
  return text;
}

// "; *sum += 1; @ probe.bpf.c:17", as the kernel puts source between instructions.
std::string place_in(std::string_view log) {
  const size_t mark = log.rfind("\n; ");
  const std::string_view line =
      mark == std::string_view::npos ? "" : log.substr(mark + 1, log.find('\n', mark + 1) - mark - 1);
  const size_t at = line.rfind(" @ ");
  return at == std::string_view::npos ? "" : std::string(line.substr(at + 3));
}

std::unexpected<Error> refused(bpf_object *object, const object::Object &from, int error, Refusal *refusal) {
  if (error == EPERM)
    if (const auto allowed = check_allowed(); !allowed) return std::unexpected(allowed.error());
  // They are loaded in their order.
  bpf_program *program = ::bpf_object__next_program(object, nullptr);
  while (program != nullptr && (!::bpf_program__autoload(program) || ::bpf_program__fd(program) >= 0))
    program = ::bpf_object__next_program(object, program);
  size_t size = 0;
  const char *log = program == nullptr ? nullptr : ::bpf_program__log_buf(program, &size);
  if (log == nullptr || *log == '\0') {
    // What libbpf guesses about a refusal without words is about locked memory.
    if (error != EPERM || program == nullptr)
      return os_error(error,
                      fmt::format("{}: the kernel takes not all of it: {}", from.path, object::LibbpfListener::text()));
    auto failed = os_error(error, fmt::format("{}: the kernel takes no program SEC(\"{}\")", from.path,
                                              ::bpf_program__section_name(program)));
    failed.error().hint = "this machine's policy keeps programs of this type out";
    return failed;
  }
  const std::string words = end_of(log);
  if (words.empty()) {
    auto failed = os_error(
        error, fmt::format("{}: the kernel refuses SEC(\"{}\")", from.path, ::bpf_program__section_name(program)));
    failed.error().hint = "its verifier says nothing: this kernel may be older than programs of this kind";
    return failed;
  }
  const std::string place = place_in(log);
  if (refusal != nullptr) *refusal = {::bpf_program__name(program), log, place};
  return input_error("{}: the kernel refuses `{}`{}:{}", from.path, ::bpf_program__name(program),
                     place.empty() ? "" : ", at " + place, words);
}

// Programs that run in the context of a task, which is the one that the event is about. An iterator's is its reader.
bool is_about_task(const tables::ProgramType &type) {
  constexpr uint32_t kTypes[] = {BPF_PROG_TYPE_KPROBE,     BPF_PROG_TYPE_TRACEPOINT,
                                 BPF_PROG_TYPE_PERF_EVENT, BPF_PROG_TYPE_RAW_TRACEPOINT,
                                 BPF_PROG_TYPE_TRACING,    BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
                                 BPF_PROG_TYPE_LSM};
  return std::ranges::find(kTypes, type.number) != std::end(kTypes) && type.attach != tables::AttachType::TRACE_ITER;
}

// A section that this libbpf does not know has its type, and what goes with it, from our table.
Result<void> set_type(bpf_program *program, const tables::ProgramType &type) {
  // As a number: bpf_prog_type of older headers ends before the types of newer kernels.
  const uint32_t number = type.number;
  // Of tables of functions libbpf has said more already, and they sleep where their section did (struct_ops.h).
  if (type.flags & tables::kSleepable)
    ::bpf_program__set_flags(program, ::bpf_program__flags(program) | BPF_F_SLEEPABLE);
  if (static_cast<uint32_t>(::bpf_program__type(program)) == number) return {};
  ::bpf_program__set_type(program, static_cast<bpf_prog_type>(number));
  if (type.attach != tables::AttachType::None)
    ::bpf_program__set_expected_attach_type(program, static_cast<bpf_attach_type>(type.attach));
  if (type.flags & tables::kXdpFrags)
    ::bpf_program__set_flags(program, ::bpf_program__flags(program) | BPF_F_XDP_HAS_FRAGS);
  if (!(type.flags & tables::kAttachBtf)) return {};
  const std::string_view section = ::bpf_program__section_name(program);
  const size_t slash = section.find('/');
  if (slash == std::string_view::npos)
    return usage_error("SEC(\"{}\") does not say which function of the kernel it is about", section);
  if (const int failed = ::bpf_program__set_attach_target(program, 0, std::string(section.substr(slash + 1)).c_str());
      failed != 0)
    return os_error(-failed, fmt::format("SEC(\"{}\"): {}", section, object::LibbpfListener::text()));
  return {};
}

struct Image {
  std::vector<std::byte> bytes;
  std::vector<LegacyMap> legacy_maps;
};

// The object as the kernel is to get it.
Result<Image> image_of(const object::Object &object, std::span<const Wanted> programs, const Additions &additions) {
  const EventTap *tap = additions.tap;
  auto made = tap != nullptr ? tap->link(object) : Result<object::Object>();
  if (!made) return std::unexpected(made.error());
  const object::Object &from = tap != nullptr ? *made : object;
  std::vector<object::Insertion> insertions;
  if (additions.failures != nullptr) insertions = additions.failures->insertions(from);
  if (tap != nullptr)
    std::erase_if(insertions, [&](const object::Insertion &insertion) {
      return EventTap::is_inside(from, insertion.section, insertion.offset - sizeof(isa::Insn));
    });
  if (additions.only != nullptr)
    for (const Wanted &wanted : programs) {
      const object::ProgramEntry *entry = from.find_program(wanted.name);
      if (entry == nullptr || !is_about_task(*wanted.type)) continue;
      insertions.push_back({entry->section_id, entry->offset, additions.only->gate()});
    }
  if (tap != nullptr)
    for (object::Insertion &insertion : tap->mark(*made)) insertions.push_back(std::move(insertion));
  std::ranges::stable_sort(insertions, {}, &object::Insertion::offset);
  Image image;
  const auto write = [&image](const object::Object &whole) -> Result<Image> {
    auto bytes = object::write_elf(whole);
    if (!bytes) return std::unexpected(bytes.error());
    image.bytes = std::move(*bytes);
    return std::move(image);
  };
  if (insertions.empty() && !has_legacy_maps(object) && !has_new_struct_ops(object)) return write(object);
  if (tap == nullptr) made = object::copy(object);
  if (!made) return std::unexpected(made.error());
  if (const auto inserted = object::insert_code(*made, insertions); !inserted) return std::unexpected(inserted.error());
  if (tap != nullptr)
    if (const auto resolved = EventTap::resolve(*made); !resolved) return std::unexpected(resolved.error());
  if (const auto old = make_old_struct_ops(*made); !old) return std::unexpected(old.error());
  auto maps = make_legacy_maps(*made);
  if (!maps) return std::unexpected(maps.error());
  image.legacy_maps = std::move(*maps);
  return write(*made);
}

}  // namespace

Result<void> check_allowed() {
  // What needs CAP_BPF alone, wherever kernel.unprivileged_bpf_disabled stands.
  const Fd map(::bpf_map_create(BPF_MAP_TYPE_ARRAY, "spile_allowed", sizeof(uint32_t), sizeof(uint64_t), 1, nullptr));
  if (!map.valid()) return not_allowed(errno);
  return {};
}

KernelObject::KernelObject(KernelObject &&other) noexcept
    : object_(std::exchange(other.object_, nullptr)), legacy_maps_(std::move(other.legacy_maps_)) {}
KernelObject &KernelObject::operator=(KernelObject &&other) noexcept {
  std::swap(object_, other.object_);
  std::swap(legacy_maps_, other.legacy_maps_);
  return *this;
}
KernelObject::~KernelObject() {
  if (object_ != nullptr) ::bpf_object__close(object_);
}

bool is_on_bpffs(const std::string &path) {
  struct statfs status{};
  return ::statfs(path.c_str(), &status) == 0 && status.f_type == BPF_FS_MAGIC;
}

// The folder is made by libbpf, where it is not there yet.
static Result<void> check_pin(const std::string &folder) {
  if (folder.empty()) return {};
  const std::filesystem::path path = std::filesystem::absolute(folder);
  if (is_on_bpffs(path) || is_on_bpffs(path.parent_path())) return {};
  return std::unexpected(Error{Error::Kind::Environment,
                               fmt::format("{}: the kernel keeps maps in bpffs alone, and this is none", folder),
                               "`--pin /sys/fs/bpf/NAME`, or `mount -t bpf bpf FOLDER`", 0});
}

Result<KernelObject> KernelObject::load(const object::Object &object, std::span<const Wanted> programs,
                                        const Additions &additions, Refusal *refusal) {
  if (auto pinnable = check_pin(additions.pin); !pinnable) return std::unexpected(pinnable.error());
  auto image = image_of(object, programs, additions);
  if (!image) return std::unexpected(image.error());
  const object::LibbpfListener listener;
  bpf_object_open_opts open{};
  open.sz = sizeof open;
  open.object_name = "spile";
  bpf_object *opened = ::bpf_object__open_mem(image->bytes.data(), image->bytes.size(), &open);
  if (opened == nullptr) return os_error(errno, fmt::format("{}: {}", object.path, object::LibbpfListener::text()));
  KernelObject loaded(opened);
  loaded.legacy_maps_ = std::move(image->legacy_maps);

  std::vector<std::unique_ptr<char[]>> logs;
  bpf_program *program = nullptr;
  bpf_object__for_each_program(program, opened) {
    const auto wanted = std::ranges::find(programs, std::string_view(::bpf_program__name(program)), &Wanted::name);
    ::bpf_program__set_autoload(program, wanted != programs.end());
    if (wanted == programs.end()) continue;
    logs.push_back(std::make_unique_for_overwrite<char[]>(kLogBytes));
    logs.back()[0] = '\0';
    ::bpf_program__set_log_buf(program, logs.back().get(), kLogBytes);
    if (auto set = set_type(program, *wanted->type); !set) return std::unexpected(set.error());
  }
  bpf_map *map = nullptr;
  bpf_object__for_each_map(map, opened) {
    // What a run leaves behind is what it prints, unless it was asked for more.
    const bool pins =
        !additions.pin.empty() && !::bpf_map__is_internal(map) && ::bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS;
    const std::string path = fmt::format("{}/{}", additions.pin, ::bpf_map__name(map));
    ::bpf_map__set_pin_path(map, pins ? path.c_str() : nullptr);
    // Variables are reached through memory, by handlers of the user's side too.
    if (::bpf_map__is_internal(map)) ::bpf_map__set_map_flags(map, ::bpf_map__map_flags(map) | BPF_F_MMAPABLE);
    // A type that such a map declares is that of its records: it says how to print them, and the map has no such
    // values.
    if (::bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF) ::bpf_map__set_value_size(map, 0);
    if (::bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY) {
      ::bpf_map__set_key_size(map, sizeof(uint32_t));
      ::bpf_map__set_value_size(map, sizeof(uint32_t));
    }
  }
  std::vector<std::string_view> names;
  for (const Wanted &one : programs) names.push_back(one.name);
  prepare_struct_ops(object, opened, names);
  if (const int failed = ::bpf_object__load(opened); failed != 0) return refused(opened, object, -failed, refusal);
  // The logs end here, and libbpf keeps their addresses.
  bpf_object__for_each_program(program, opened)::bpf_program__set_log_buf(program, nullptr, 0);
  return loaded;
}

bpf_program *KernelObject::program(std::string_view name) const {
  return ::bpf_object__find_program_by_name(object_, std::string(name).c_str());
}

Result<TestResult> KernelObject::test_run(std::string_view name, const TestInput &input) const {
  const bpf_program *program = this->program(name);
  const int fd = program == nullptr ? -1 : ::bpf_program__fd(program);
  if (fd < 0) return usage_error("the kernel was given no program `{}`", name);
  TestResult result;
  if (!input.packet.empty()) result.packet.resize(input.packet.size() + kRoom);
  bpf_test_run_opts run{};
  run.sz = sizeof run;
  if (!input.packet.empty()) {
    run.data_in = input.packet.data();
    run.data_size_in = static_cast<uint32_t>(input.packet.size());
    run.data_out = result.packet.data();
    run.data_size_out = static_cast<uint32_t>(result.packet.size());
  }
  if (!input.ctx.empty()) {
    run.ctx_in = input.ctx.data();
    run.ctx_size_in = static_cast<uint32_t>(input.ctx.size());
  }
  // 1 is said by nothing: types that cannot repeat refuse every number.
  if (input.repeat > 1) run.repeat = static_cast<int>(std::min<uint64_t>(input.repeat, INT32_MAX));
  if (const int failed = ::bpf_prog_test_run_opts(fd, &run); failed != 0) {
    if (failed == -maps::kNotSupported || failed == -EOPNOTSUPP)
      return unsupported_error("`{}`: the kernel test-runs no programs of this type", name);
    return os_error(-failed, fmt::format("the kernel's test run of `{}`", name));
  }
  result.r0 = run.retval;
  result.ns_per_run = run.duration;
  result.packet.resize(std::min<size_t>(run.data_size_out, result.packet.size()));
  return result;
}

std::vector<KernelObject::DeclaredMap> KernelObject::maps() const {
  std::vector<DeclaredMap> declared;
  for (const auto &[name, fd] : legacy_maps_) {
    bpf_map_info info{};
    uint32_t size = sizeof info;
    if (::bpf_obj_get_info_by_fd(fd.get(), &info, &size) == 0) declared.push_back({name, info.type, fd.get()});
  }
  const bpf_map *map = nullptr;
  bpf_object__for_each_map(map, object_) if (!::bpf_map__is_internal(map))
      declared.push_back({::bpf_map__name(map), static_cast<uint32_t>(::bpf_map__type(map)), ::bpf_map__fd(map)});
  return declared;
}

Result<Fd> count_runs() {
  const int fd = ::bpf_enable_stats(BPF_STATS_RUN_TIME);
  if (fd < 0) return os_error(-fd, "counting the runs of the kernel's programs");
  return Fd(fd);
}

RunCount KernelObject::runs_of(std::string_view name) const {
  const bpf_program *program = this->program(name);
  bpf_prog_info info{};
  uint32_t size = sizeof info;
  if (program == nullptr || ::bpf_obj_get_info_by_fd(::bpf_program__fd(program), &info, &size) != 0) return {};
  return {info.run_cnt, info.run_time_ns};
}

int KernelObject::map_fd(std::string_view name) const {
  for (const auto &[legacy, fd] : legacy_maps_)
    if (legacy == name) return fd.get();
  const bpf_map *map = ::bpf_object__find_map_by_name(object_, std::string(name).c_str());
  return map == nullptr ? -1 : ::bpf_map__fd(map);
}

}  // namespace spile::kernel
