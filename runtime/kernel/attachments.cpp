#include "runtime/kernel/attachments.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "backend/object/libbpf_listener.h"

namespace spile::kernel {

namespace {

// SEC("perf_event") says no rate; an odd one does not beat with what happens every so often.
constexpr uint64_t kSamplesPerSecond = 99;

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
  if (error == ENOENT || error == EOPNOTSUPP || error == ENODEV)
    failed.error().hint = "this kernel has no such place, or was built without this kind of probe";
  return failed;
}

std::unexpected<Error> needs(std::string_view section, std::string_view what, std::string_view option) {
  return std::unexpected(Error{Error::Kind::Usage, fmt::format("SEC(\"{}\") does not say {}", section, what),
                               fmt::format("say it with {}", option), 0});
}

}  // namespace

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
    {BPF_PROG_TYPE_CGROUP_SKB, "", &Attachments::attach_cgroup},
    {BPF_PROG_TYPE_CGROUP_SOCK, "", &Attachments::attach_cgroup},
    {BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "", &Attachments::attach_cgroup},
    {BPF_PROG_TYPE_CGROUP_SOCKOPT, "", &Attachments::attach_cgroup},
    {BPF_PROG_TYPE_CGROUP_SYSCTL, "", &Attachments::attach_cgroup},
    {BPF_PROG_TYPE_CGROUP_DEVICE, "", &Attachments::attach_cgroup},
    {BPF_PROG_TYPE_SOCK_OPS, "", &Attachments::attach_cgroup},
    {BPF_PROG_TYPE_SK_LOOKUP, "", &Attachments::attach_netns},
    {BPF_PROG_TYPE_FLOW_DISSECTOR, "", &Attachments::attach_netns},
    {BPF_PROG_TYPE_TRACING, "iter", &Attachments::attach_iterator},
    {BPF_PROG_TYPE_TRACING, "", &Attachments::attach_by_name},
    {BPF_PROG_TYPE_KPROBE, "", &Attachments::attach_by_name},
    {BPF_PROG_TYPE_RAW_TRACEPOINT, "", &Attachments::attach_by_name},
    {BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, "", &Attachments::attach_by_name},
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
}

Result<void> Attachments::attach(std::string_view name, std::string_view section, const tables::ProgramType &type) {
  if (section.starts_with('?')) section.remove_prefix(1);
  const object::LibbpfListener listener;
  const auto way = std::ranges::find_if(
      kWays, [&](const Way &row) { return row.type == type.number && section.starts_with(row.section); });
  bpf_program *const program = object_->program(name);
  if (way == std::end(kWays) || program == nullptr)
    return unsupported_error("SEC(\"{}\"): `spile run` attaches no programs of this type", section);
  return (this->*way->attach)(program, section);
}

Result<void> Attachments::keep(bpf_link *link, std::string_view section) {
  if (link == nullptr) return cannot_attach(errno, section);
  links_.push_back(link);
  return {};
}

Result<void> Attachments::keep_on(bpf_program *program, Fd event, std::string_view section) {
  bpf_link *const link = ::bpf_program__attach_perf_event(program, event.get());
  if (link != nullptr) event.release();  // the link closes it
  return keep(link, section);
}

Result<void> Attachments::attach_by_name(bpf_program *program, std::string_view section) {
  bpf_link *const link = ::bpf_program__attach(program);
  // libbpf has no link, and EOPNOTSUPP, for a section that says too little.
  if (link == nullptr && errno == EOPNOTSUPP && !section.contains('/'))
    return needs(section, "what to attach to", "the section's name: SEC(\"uprobe//bin/sh:main\")");
  return keep(link, section);
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
  for (int cpu = 0; cpu < ::libbpf_num_possible_cpus(); cpu++) {
    Fd event = open_perf_event(attr, cpu);
    if (!event.valid() && errno == ENODEV) continue;  // a CPU that is not there
    if (!event.valid()) return cannot_attach(errno, section);
    if (auto kept = keep_on(program, std::move(event), section); !kept) return kept;
  }
  return {};
}

Result<int> Attachments::interface_of(std::string_view section) const {
  if (places_.interface.empty())
    return needs(section, "whose packets it is to see", "--dev INTERFACE, for example --dev lo");
  const unsigned index = ::if_nametoindex(places_.interface.c_str());
  if (index == 0)
    return std::unexpected(Error{Error::Kind::Environment, fmt::format("there is no interface `{}`", places_.interface),
                                 "`ip link` lists them", ENODEV});
  return static_cast<int>(index);
}

// A packet socket sees what the interface sends and receives, frames with their headers.
Result<void> Attachments::attach_socket(bpf_program *program, std::string_view section) {
  const auto interface = interface_of(section);
  if (!interface) return std::unexpected(interface.error());
  // Protocol 0: nothing comes before the filter is there.
  Fd made(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int fd = ::bpf_program__fd(program);
  if (!made.valid() || ::setsockopt(made.get(), SOL_SOCKET, SO_ATTACH_BPF, &fd, sizeof fd) != 0)
    return cannot_attach(errno, section);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = *interface;
  if (::bind(made.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
    return cannot_attach(errno, section);
  sockets_.push_back(std::move(made));
  return {};
}

Result<void> Attachments::attach_xdp(bpf_program *program, std::string_view section) {
  const auto interface = interface_of(section);
  if (!interface) return std::unexpected(interface.error());
  return keep(::bpf_program__attach_xdp(program, *interface), section);
}

Result<void> Attachments::attach_tc(bpf_program *program, std::string_view section) {
  const auto interface = interface_of(section);
  if (!interface) return std::unexpected(interface.error());
  const bool is_egress = behind_slash(section) == "egress";
  const auto where =
      static_cast<bpf_attach_type>(is_egress ? tables::AttachType::TCX_EGRESS : tables::AttachType::TCX_INGRESS);
  Fd link(::bpf_link_create(::bpf_program__fd(program), *interface, where, nullptr));
  if (!link.valid()) return cannot_attach(errno, section);
  raw_links_.push_back(std::move(link));
  return {};
}

Result<void> Attachments::attach_cgroup(bpf_program *program, std::string_view section) {
  if (places_.cgroup.empty()) return needs(section, "which control group it is about", "--cgroup FOLDER");
  const Fd group(::open(places_.cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!group.valid()) return os_error(errno, fmt::format("control group {}", places_.cgroup));
  return keep(::bpf_program__attach_cgroup(program, group.get()), section);
}

Result<void> Attachments::attach_netns(bpf_program *program, std::string_view section) {
  const Fd own(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!own.valid()) return os_error(errno, "this process's network namespace");
  return keep(::bpf_program__attach_netns(program, own.get()), section);
}

Result<void> Attachments::attach_iterator(bpf_program *program, std::string_view section) {
  if (auto kept = keep(::bpf_program__attach_iter(program, nullptr), section); !kept) return kept;
  iterators_.push_back(links_.back());
  return {};
}

Result<void> Attachments::read_iterators(const std::function<bool(std::string_view)> &take) const {
  for (bpf_link *link : iterators_) {
    const Fd iterator(::bpf_iter_create(::bpf_link__fd(link)));
    if (!iterator.valid()) return os_error(errno, "an iterator of the kernel cannot be opened");
    std::string text(size_t{1} << 16, '\0');
    for (ssize_t size; (size = ::read(iterator.get(), text.data(), text.size())) != 0;) {
      if (size < 0 && errno != EINTR && errno != EAGAIN) return os_error(errno, "an iterator of the kernel");
      if (size > 0 && !take(std::string_view(text).substr(0, static_cast<size_t>(size)))) return {};
    }
  }
  return {};
}

}  // namespace spile::kernel
