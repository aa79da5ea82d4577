#include "runtime/kernel/attachments.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "backend/object/libbpf_listener.h"
#include "runtime/kernel/kernel_map.h"
#include "runtime/kernel/link_create.h"
#include "runtime/kernel/struct_ops.h"

namespace spile::kernel {

namespace {

// SEC("perf_event") says no rate; an odd one does not beat with what happens every so often.
constexpr uint64_t kSamplesPerSecond = 99;

}  // namespace

std::string_view behind_slash(std::string_view section) {
  const size_t slash = section.find('/');
  return slash == std::string_view::npos ? std::string_view{} : section.substr(slash + 1);
}

std::unexpected<Error> cannot_attach(int error, std::string_view section) {
  const std::string said = object::LibbpfListener::text();
  // libbpf ends with the system's words, mostly.
  auto failed = os_error(error, fmt::format("the kernel does not attach SEC(\"{}\")", section));
  if (!said.empty()) failed.error().message = fmt::format("the kernel does not attach SEC(\"{}\"): {}", section, said);
  if (error == EPERM || error == EACCES) failed.error().hint = "this kernel, or this process's rights, do not allow it";
  if (error == ENOENT && section.starts_with("usdt"))
    failed.error().hint = "`spile list 'usdt:FILE:*'` shows the probes that a file declares";
  else if (error == ENOENT || error == EOPNOTSUPP || error == ENODEV)
    failed.error().hint = "this kernel has no such place, or was built without this kind of probe";
  return failed;
}

std::unexpected<Error> needs(std::string_view section, std::string_view what, std::string_view option) {
  return std::unexpected(Error{Error::Kind::Usage, fmt::format("SEC(\"{}\") does not say {}", section, what),
                               fmt::format("say it with {}", option), 0});
}

namespace {

// What hangs on something that a run does not make.
struct Elsewhere {
  uint32_t type;
  std::string_view section, where, hint;
};
constexpr Elsewhere kElsewhere[] = {
    {BPF_PROG_TYPE_XDP, "xdp/devmap", "is run by an entry of a device map, which its owner fills",
     "SEC(\"xdp\") sees the packets of an interface as they come"},
    {BPF_PROG_TYPE_XDP, "xdp.frags/devmap", "is run by an entry of a device map, which its owner fills",
     "SEC(\"xdp.frags\") sees the packets of an interface as they come"},
    {BPF_PROG_TYPE_XDP, "xdp/cpumap", "is run by an entry of a CPU map, which its owner fills",
     "SEC(\"xdp\") sees the packets of an interface as they come"},
    {BPF_PROG_TYPE_XDP, "xdp.frags/cpumap", "is run by an entry of a CPU map, which its owner fills",
     "SEC(\"xdp.frags\") sees the packets of an interface as they come"},
    {BPF_PROG_TYPE_SCHED_ACT, "", "is run by a filter of tc",
     "SEC(\"tc\") is a filter and an action in one; or `spile build FILE -o FILE.o` and `tc filter add dev DEV ingress "
     "matchall action bpf obj FILE.o section action`"},
    {BPF_PROG_TYPE_LWT_IN, "", "hangs on a route",
     "`spile build FILE -o FILE.o`, then `ip route add PREFIX encap bpf in obj FILE.o section lwt_in dev DEV`"},
    {BPF_PROG_TYPE_LWT_OUT, "", "hangs on a route",
     "`spile build FILE -o FILE.o`, then `ip route add PREFIX encap bpf out obj FILE.o section lwt_out dev DEV`"},
    {BPF_PROG_TYPE_LWT_XMIT, "", "hangs on a route",
     "`spile build FILE -o FILE.o`, then `ip route add PREFIX encap bpf xmit obj FILE.o section lwt_xmit dev DEV`"},
    {BPF_PROG_TYPE_LWT_SEG6LOCAL, "", "hangs on a route",
     "`spile build FILE -o FILE.o`, then `ip -6 route add PREFIX encap seg6local action End.BPF endpoint obj FILE.o "
     "section lwt_seg6local dev DEV`"},
    {BPF_PROG_TYPE_LIRC_MODE2, "", "hangs on a receiver of infrared remote controls",
     "`spile build FILE -o /etc/rc_keymaps/protocols/NAME.o`, then `ir-keytable -p NAME`"},
    {BPF_PROG_TYPE_EXT, "", "replaces a function of a program that is loaded",
     "the loader of that program attaches it, for example libxdp"},
    {BPF_PROG_TYPE_KPROBE, "kprobe.session", "needs a libbpf of 1.5 or later, and this one is older",
     "SEC(\"kprobe.multi/PATTERN\") and SEC(\"kretprobe.multi/PATTERN\") see both ends of the same functions"},
};

// Maps whose elements iterators show, by what they are called.
constexpr uint32_t kElementMaps[] = {BPF_MAP_TYPE_HASH,        BPF_MAP_TYPE_LRU_HASH,        BPF_MAP_TYPE_ARRAY,
                                     BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY};
constexpr uint32_t kSocketStorage[] = {BPF_MAP_TYPE_SK_STORAGE};
constexpr uint32_t kSocketMaps[] = {BPF_MAP_TYPE_SOCKMAP, BPF_MAP_TYPE_SOCKHASH};
struct MapIterator {
  std::string_view kind;
  std::span<const uint32_t> types;
};
constexpr MapIterator kMapIterators[] = {
    {"bpf_map_elem", kElementMaps}, {"bpf_sk_storage_map", kSocketStorage}, {"sockmap", kSocketMaps}};

// What the linked libbpf can.
bool is_libbpf(uint32_t major, uint32_t minor) {
  return std::pair(::libbpf_major_version(), ::libbpf_minor_version()) >= std::pair(major, minor);
}

// A program that returns 1 is given the same object again, and again.
constexpr int kAttempts = 1000;

}  // namespace

Result<void> check_attachable(std::string_view section, const tables::ProgramType &type) {
  if (section.starts_with('?')) section.remove_prefix(1);
  const auto row = std::ranges::find_if(kElsewhere, [&](const Elsewhere &elsewhere) {
    return elsewhere.type == type.number && section.starts_with(elsewhere.section);
  });
  if (row == std::end(kElsewhere) || (type.number == BPF_PROG_TYPE_KPROBE && is_libbpf(1, 5))) return {};
  auto failed =
      unsupported_error("SEC(\"{}\"): `spile run` does not attach it: such a program {}", section, row->where);
  failed.error().hint = row->hint;
  return failed;
}

namespace {
constexpr uint32_t kNetfilter = 32;  // BPF_PROG_TYPE_NETFILTER, since Linux 6.4
}

// By type; the row whose section fits best, an empty one fits every.
struct Attachments::Way {
  uint32_t type;
  std::string_view section;
  Result<void> (Attachments::*attach)(bpf_program *program, std::string_view section);
};
constexpr Attachments::Way Attachments::kWays[] = {
    {BPF_PROG_TYPE_TRACEPOINT, "", &Attachments::attach_tracepoint},
    {BPF_PROG_TYPE_PERF_EVENT, "", &Attachments::attach_samples},
    {BPF_PROG_TYPE_SOCKET_FILTER, "", &Attachments::attach_socket},
    {BPF_PROG_TYPE_XDP, "", &Attachments::attach_xdp},
    {BPF_PROG_TYPE_SCHED_CLS, "", &Attachments::attach_tc},
    {BPF_PROG_TYPE_CGROUP_SKB, "cgroup/skb", &Attachments::attach_cgroup_both_ways},
    {BPF_PROG_TYPE_CGROUP_SKB, "", &Attachments::attach_cgroup},
    {BPF_PROG_TYPE_CGROUP_SOCK, "", &Attachments::attach_cgroup},
    {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "", &Attachments::attach_cgroup},
    {BPF_PROG_TYPE_CGROUP_SOCKOPT, "", &Attachments::attach_cgroup},
    {BPF_PROG_TYPE_CGROUP_SYSCTL, "", &Attachments::attach_cgroup},
    {BPF_PROG_TYPE_CGROUP_DEVICE, "", &Attachments::attach_cgroup},
    {BPF_PROG_TYPE_SOCK_OPS, "", &Attachments::attach_cgroup},
    {BPF_PROG_TYPE_LSM, "lsm_cgroup", &Attachments::attach_cgroup},
    {BPF_PROG_TYPE_SK_LOOKUP, "", &Attachments::attach_netns},
    {BPF_PROG_TYPE_FLOW_DISSECTOR, "", &Attachments::attach_netns},
    {kNetfilter, "", &Attachments::attach_netfilter},
    {BPF_PROG_TYPE_SK_REUSEPORT, "", &Attachments::attach_reuseport},
    {BPF_PROG_TYPE_SK_SKB, "", &Attachments::attach_sockmap},
    {BPF_PROG_TYPE_SK_MSG, "", &Attachments::attach_sockmap},
    {BPF_PROG_TYPE_STRUCT_OPS, "", &Attachments::attach_struct_ops},
    {BPF_PROG_TYPE_TRACING, "iter", &Attachments::attach_iterator},
    {BPF_PROG_TYPE_TRACING, "", &Attachments::attach_by_name},
    {BPF_PROG_TYPE_KPROBE, "uprobe.multi", &Attachments::attach_user_functions},
    {BPF_PROG_TYPE_KPROBE, "uretprobe.multi", &Attachments::attach_user_functions},
    {BPF_PROG_TYPE_KPROBE, "uprobe.session", &Attachments::attach_user_functions},
    {BPF_PROG_TYPE_KPROBE, "usdt.s", &Attachments::attach_usdt},
    {BPF_PROG_TYPE_KPROBE, "", &Attachments::attach_by_name},
    {BPF_PROG_TYPE_RAW_TRACEPOINT, "", &Attachments::attach_raw_tracepoint},
    {BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, "", &Attachments::attach_raw_tracepoint},
    {BPF_PROG_TYPE_LSM, "", &Attachments::attach_by_name},
};

Attachments::~Attachments() {
  for (bpf_link *link : links_) {
    // Closing the descriptor may be left to others (close_behind_us()): what changes the way of packets ends here and
    // now.
    ::bpf_link__detach(link);
    ::bpf_link__destroy(link);
  }
  for (const Fd &link : raw_links_) ::bpf_link_detach(link.get());
  for (const auto &undo : undone_) undo();
}

bool Attachments::has_events() const {
  return links_.size() + raw_links_.size() + sockets_.size() + undone_.size() > iterators_.size();
}

bool Attachments::comes_first(const tables::ProgramType &type) {
  return type.number == BPF_PROG_TYPE_SK_SKB || type.number == BPF_PROG_TYPE_SK_MSG;
}

Result<void> Attachments::attach(std::string_view name, std::string_view section, const tables::ProgramType &type) {
  if (section.starts_with('?')) section.remove_prefix(1);
  const object::LibbpfListener listener;
  const auto way = std::ranges::find_if(
      kWays, [&](const Way &row) { return row.type == type.number && section.starts_with(row.section); });
  bpf_program *const program = object_->program(name);
  if (auto attachable = check_attachable(section, type); !attachable) return attachable;
  if (way == std::end(kWays) || program == nullptr)
    return unsupported_error("SEC(\"{}\"): `spile run` attaches no programs of this type", section);
  return (this->*way->attach)(program, section);
}

Result<void> Attachments::keep(bpf_link *link, std::string_view section) {
  if (link == nullptr) return cannot_attach(errno, section);
  links_.push_back(link);
  return {};
}

Result<void> Attachments::keep(Fd link, std::string_view section) {
  if (!link.valid()) return cannot_attach(errno, section);
  raw_links_.push_back(std::move(link));
  return {};
}

Result<void> Attachments::keep_on(bpf_program *program, Fd event, std::string_view section) {
  bpf_link *const link = ::bpf_program__attach_perf_event(program, event.get());
  if (link != nullptr) event.release();  // the link closes it
  return keep(link, section);
}

// A section that says what such a program is attached to.
static std::string example_of(std::string_view section) {
  if (section.starts_with('?')) section.remove_prefix(1);
  for (const std::string_view of_file : {"uprobe", "uretprobe"})
    if (section.starts_with(of_file)) return fmt::format("{}//bin/sh:main", section);
  if (section.contains("syscall")) return fmt::format("{}/openat", section);
  if (section.starts_with("tp_btf")) return fmt::format("{}/sched_switch", section);
  if (section.starts_with("tp") || section.starts_with("tracepoint"))
    return fmt::format("{}/sched/sched_switch", section);
  return fmt::format("{}/{}", section, section.starts_with("lsm") ? "file_open" : "vfs_read");
}

Result<void> Attachments::attach_by_name(bpf_program *program, std::string_view section) {
  bpf_link *const link = ::bpf_program__attach(program);
  // libbpf has no link, and EOPNOTSUPP, for a section that says too little.
  if (link == nullptr && errno == EOPNOTSUPP && !section.contains('/'))
    return needs(section, "what to attach to", fmt::format("the section's name: SEC(\"{}\")", example_of(section)));
  return keep(link, section);
}

// Sleepable ones are unknown to older libbpfs by name.
Result<void> Attachments::attach_raw_tracepoint(bpf_program *program, std::string_view section) {
  const std::string name(behind_slash(section));
  if (name.empty()) return needs(section, "which tracepoint", "its name: SEC(\"raw_tp/sched_switch\")");
  return keep(::bpf_program__attach_raw_tracepoint(program, name.c_str()), section);
}

Result<void> Attachments::attach_usdt(bpf_program *program, std::string_view section) {
  const std::string_view name = behind_slash(section);
  const size_t first = name.find(':'), second = name.find(':', first + 1);
  if (second == std::string_view::npos)
    return needs(section, "what to attach to", "the section's name: SEC(\"usdt.s/libc.so.6:libc:setjmp\")");
  const std::string file(name.substr(0, first)), provider(name.substr(first + 1, second - first - 1)),
      probe(name.substr(second + 1));
  return keep(::bpf_program__attach_usdt(program, -1, file.c_str(), provider.c_str(), probe.c_str(), nullptr), section);
}

// Several functions behind one link.
Result<void> Attachments::attach_user_functions(bpf_program *program, std::string_view section) {
  const auto functions = places_.functions(section);
  if (!functions) return std::unexpected(functions.error());
  const auto type = section.starts_with("uprobe.session") ? tables::AttachType::TRACE_UPROBE_SESSION
                                                          : tables::AttachType::TRACE_UPROBE_MULTI;
  return keep(link_user_functions(::bpf_program__fd(program), type, functions->path, functions->offsets,
                                  section.starts_with("uretprobe")),
              section);
}

Result<void> Attachments::attach_tracepoint(bpf_program *program, std::string_view section) {
  if (!tracefs_) {
    auto opened = Tracefs::open();
    if (!opened) return std::unexpected(opened.error());
    tracefs_ = std::move(*opened);
  }
  const std::string_view tracepoint = behind_slash(section);
  if (tracepoint.empty()) return needs(section, "which tracepoint", "its name: SEC(\"tracepoint/sched/sched_switch\")");
  auto event = open_tracepoint(*tracefs_, tracepoint);
  if (!event) return std::unexpected(event.error());
  return keep_on(program, std::move(*event), section);
}

Result<void> Attachments::attach_samples(bpf_program *program, std::string_view section) {
  uint64_t rate = kSamplesPerSecond;
  if (const std::string_view said = behind_slash(section); !said.empty()) {
    const auto [end, error] = std::from_chars(said.data(), said.data() + said.size(), rate);
    if (error != std::errc() || rate == 0 || std::string_view(end, said.data() + said.size()) != "hz")
      return usage_error("SEC(\"{}\"): a rate is written as in `profile/99hz`", section);
  }
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_CPU_CLOCK;
  attr.freq = 1;
  attr.sample_freq = rate;
  for (unsigned cpu = 0; cpu < possible_cpus(); cpu++) {
    Fd event = open_perf_event(attr, static_cast<int>(cpu));
    if (!event.valid() && errno == ENODEV) continue;  // a CPU that is not there
    if (!event.valid()) return cannot_attach(errno, section);
    if (auto kept = keep_on(program, std::move(event), section); !kept) return kept;
  }
  return {};
}

// Its table is registered with all of its programs.
Result<void> Attachments::attach_struct_ops(bpf_program *program, std::string_view section) {
  (void)program;
  const auto is_table = [](bpf_map *map) {
    return ::bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS && ::bpf_map__fd(map) >= 0;
  };
  bpf_map *map = nullptr;
  bpf_object__for_each_map(map, object_->handle()) if (is_table(map)) return {};
  return std::unexpected(
      Error{Error::Kind::Usage,
            fmt::format("SEC(\"{}\") is called through a table of functions, and none is there whole", section),
            "a table, SEC(\".struct_ops.link\"), is registered with all of its programs, without --prog", 0});
}

Result<void> Attachments::register_struct_ops(const std::function<void(const std::string &)> &tell) {
  const object::LibbpfListener listener;
  bpf_map *map = nullptr;
  bpf_object__for_each_map(map, object_->handle()) {
    if (::bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS || ::bpf_map__fd(map) < 0) continue;
    const std::string name = ::bpf_map__name(map);
    const auto failed = [&name]() -> Result<void> {
      auto error = os_error(errno, fmt::format("the kernel does not register the table `{}`", name));
      if (errno == EEXIST) error.error().hint = "one of that name is registered already: `bpftool struct_ops list`";
      return error;
    };
    // Gives the kernel the table, and registers it, but for a link of which an older libbpf does not know.
    bpf_link *const given = ::bpf_map__attach_struct_ops(map);
    if (given == nullptr) return failed();
    if ((::bpf_map__map_flags(map) & kStructOpsLink) && !is_libbpf(1, 2)) {
      ::bpf_link__disconnect(given);
      ::bpf_link__destroy(given);
      constexpr auto kType = static_cast<bpf_attach_type>(tables::AttachType::STRUCT_OPS);
      Fd link(::bpf_link_create(::bpf_map__fd(map), 0, kType, nullptr));
      if (!link.valid()) return failed();
      raw_links_.push_back(std::move(link));
    } else {
      links_.push_back(given);
    }
    tell(name);
  }
  return {};
}

Result<Attachments::ChosenMap> Attachments::choose_map(std::string_view section,
                                                       std::span<const uint32_t> types) const {
  ChosenMap chosen;
  if (places_.map.contains('/')) {
    chosen.opened = Fd(::bpf_obj_get(places_.map.c_str()));
    if (!chosen.opened.valid()) return os_error(errno, fmt::format("no map can be opened at {}", places_.map));
    chosen.fd = chosen.opened.get();
    return chosen;
  }
  std::string fitting;
  chosen.is_own = true;
  size_t found = 0;
  for (const KernelObject::DeclaredMap &map : object_->maps()) {
    if (std::ranges::find(types, map.type) == types.end()) continue;
    fitting += (fitting.empty() ? "" : ", ") + map.name;
    if (!places_.map.empty() && map.name != places_.map) continue;
    chosen.fd = map.fd;
    found++;
  }
  if (found == 1) return chosen;
  if (fitting.empty()) {
    return std::unexpected(
        Error{Error::Kind::Usage,
              fmt::format("SEC(\"{}\") is about a map, and the object has none of a type that fits", section),
              "--map FILE names a map in bpffs", 0});
  }
  if (places_.map.empty())
    return needs(section, "which map it is about", fmt::format("--map NAME, one of {}", fitting));
  return std::unexpected(Error{Error::Kind::Usage,
                               fmt::format("SEC(\"{}\") cannot be about map `{}`", section, places_.map),
                               fmt::format("those that fit: {}; a map in bpffs is named with its folder", fitting), 0});
}

Result<void> Attachments::attach_iterator(bpf_program *program, std::string_view section) {
  const std::string_view kind = behind_slash(section);
  bpf_iter_link_info what{};
  ChosenMap map;
  Fd group;
  if (const auto row = std::ranges::find(kMapIterators, kind, &MapIterator::kind); row != std::end(kMapIterators)) {
    auto chosen = choose_map(section, row->types);
    if (!chosen) return std::unexpected(chosen.error());
    map = std::move(*chosen);
    what.map.map_fd = static_cast<uint32_t>(map.fd);
  } else if (kind == "cgroup") {
    // The one of --cgroup and those below it, or all.
    what.cgroup.order = BPF_CGROUP_ITER_DESCENDANTS_PRE;
    if (!places_.cgroup.empty()) {
      auto opened = control_group(section);
      if (!opened) return std::unexpected(opened.error());
      group = std::move(*opened);
      what.cgroup.cgroup_fd = static_cast<uint32_t>(group.get());
    }
  } else if (kind.starts_with("task") && places_.pid) {
    what.task.pid = *places_.pid;
  }
  bpf_iter_attach_opts options{};
  options.sz = sizeof options;
  options.link_info = &what;
  options.link_info_len = sizeof what;
  if (auto kept = keep(::bpf_program__attach_iter(program, &options), section); !kept) return kept;
  iterators_.push_back({links_.back(), map.is_own ? Moment::End : Moment::Begin});
  return {};
}

Result<void> Attachments::read_iterators(Moment moment, const std::function<bool(std::string_view)> &take) const {
  for (const auto &[link, when] : iterators_) {
    if (when != moment) continue;
    const Fd iterator(::bpf_iter_create(::bpf_link__fd(link)));
    if (!iterator.valid()) return os_error(errno, "an iterator of the kernel cannot be opened");
    std::string text(size_t{1} << 16, '\0');
    int attempts = 0;
    for (ssize_t size; (size = ::read(iterator.get(), text.data(), text.size())) != 0;) {
      if (size < 0 && errno != EINTR && errno != EAGAIN) return os_error(errno, "an iterator of the kernel");
      if (size < 0 && errno == EAGAIN && ++attempts == kAttempts)
        return input_error(
            "an iterator returned 1 for the same object {} times: that asks for it once more; 0 goes on to the next",
            kAttempts);
      if (size > 0) attempts = 0;
      if (!take(std::string_view(text).substr(0, static_cast<size_t>(std::max<ssize_t>(size, 0))))) return {};
    }
  }
  return {};
}

}  // namespace spile::kernel
