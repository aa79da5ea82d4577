// Attachments of programs on packets and sockets: interfaces, control groups, this network namespace, netfilter, maps
// of sockets.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>

#include "runtime/kernel/attachments.h"
#include "runtime/kernel/link_create.h"
#include "runtime/kernel/netfilter_place.h"
#include "runtime/kernel/shared_port.h"

namespace spile::kernel {

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

// `tc` and `classifier` do not say which way: as packets come.
Result<void> Attachments::attach_tc(bpf_program *program, std::string_view section) {
  const auto interface = interface_of(section);
  if (!interface) return std::unexpected(interface.error());
  constexpr auto kIngress = static_cast<bpf_attach_type>(tables::AttachType::TCX_INGRESS);
  const bpf_attach_type said = ::bpf_program__expected_attach_type(program);
  const auto where = said == 0 ? kIngress : said;
  Fd link(::bpf_link_create(::bpf_program__fd(program), *interface, where, nullptr));
  // Before Linux 6.6 such programs are filters of a queueing discipline.
  if (!link.valid() && errno == EINVAL && !section.starts_with("netkit"))
    return attach_clsact(program, *interface, where != kIngress, section);
  return keep(std::move(link), section);
}

Result<void> Attachments::attach_clsact(bpf_program *program, int interface, bool is_egress, std::string_view section) {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = interface;
  hook.attach_point = is_egress ? BPF_TC_EGRESS : BPF_TC_INGRESS;
  const int made = ::bpf_tc_hook_create(&hook);
  if (made != 0 && made != -EEXIST) return cannot_attach(-made, section);
  const auto remove_hook = [hook, made] {
    if (made != 0) return;  // somebody else's
    bpf_tc_hook whole = hook;
    whole.attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS);
    ::bpf_tc_hook_destroy(&whole);
  };
  bpf_tc_opts filter{};
  filter.sz = sizeof filter;
  filter.prog_fd = ::bpf_program__fd(program);
  if (const int failed = ::bpf_tc_attach(&hook, &filter); failed != 0) {
    remove_hook();
    return cannot_attach(-failed, section);
  }
  undone_.push_back([hook, filter, remove_hook]() mutable {
    filter.flags = 0;
    filter.prog_fd = 0;
    filter.prog_id = 0;
    ::bpf_tc_detach(&hook, &filter);
    remove_hook();
  });
  return {};
}

Result<Fd> Attachments::control_group(std::string_view section) const {
  if (places_.cgroup.empty()) return needs(section, "which control group it is about", "--cgroup FOLDER");
  Fd group(::open(places_.cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!group.valid()) return os_error(errno, fmt::format("control group {}", places_.cgroup));
  return group;
}

Result<void> Attachments::attach_cgroup(bpf_program *program, std::string_view section) {
  const auto group = control_group(section);
  if (!group) return std::unexpected(group.error());
  return keep(::bpf_program__attach_cgroup(program, group->get()), section);
}

// SEC("cgroup/skb") does not say which way the packets go.
Result<void> Attachments::attach_cgroup_both_ways(bpf_program *program, std::string_view section) {
  const auto group = control_group(section);
  if (!group) return std::unexpected(group.error());
  for (const bpf_attach_type way : {BPF_CGROUP_INET_INGRESS, BPF_CGROUP_INET_EGRESS})
    if (auto kept = keep(Fd(::bpf_link_create(::bpf_program__fd(program), group->get(), way, nullptr)), section); !kept)
      return kept;
  return {};
}

Result<void> Attachments::attach_netns(bpf_program *program, std::string_view section) {
  const Fd own(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!own.valid()) return os_error(errno, "this process's network namespace");
  return keep(::bpf_program__attach_netns(program, own.get()), section);
}

Result<void> Attachments::attach_netfilter(bpf_program *program, std::string_view section) {
  const std::string_view said = behind_slash(section);
  if (said.empty() && places_.netfilter.empty())
    return needs(section, "which packets it is to see, and when",
                 "--netfilter FAMILY/HOOK, for example --netfilter inet/input, or in the section's name: "
                 "SEC(\"netfilter/inet/input\")");
  const auto place = parse_netfilter_place(said.empty() ? places_.netfilter : said);
  if (!place) return std::unexpected(place.error());
  for (const uint32_t family : place->families)
    if (auto kept = keep(
            link_netfilter(::bpf_program__fd(program), family, place->hook, place->priority, place->defrag), section);
        !kept)
      return kept;
  return {};
}

Result<void> Attachments::attach_reuseport(bpf_program *program, std::string_view section) {
  if (!places_.port) return needs(section, "which sockets it chooses from", "--port NUMBER, one that sockets share");
  if (auto attached = attach_to_shared_port(*places_.port, ::bpf_program__fd(program)); !attached) return attached;
  undone_.push_back([port = *places_.port] { detach_from_shared_port(port); });
  return {};
}

Result<void> Attachments::attach_sockmap(bpf_program *program, std::string_view section) {
  if (section == "sk_skb")
    return needs(section, "whether it finds messages in a stream or judges them",
                 "the section's name: sk_skb/stream_parser, sk_skb/stream_verdict, or sk_skb/verdict");
  constexpr uint32_t kTypes[] = {BPF_MAP_TYPE_SOCKMAP, BPF_MAP_TYPE_SOCKHASH};
  auto chosen = choose_map(section, kTypes);
  if (!chosen) return std::unexpected(chosen.error());
  const int fd = ::bpf_program__fd(program);
  const bpf_attach_type type = ::bpf_program__expected_attach_type(program);
  Fd link(::bpf_link_create(fd, chosen->fd, type, nullptr));
  if (link.valid() || errno != EINVAL) return keep(std::move(link), section);
  // Before Linux 6.10.
  if (const int failed = ::bpf_prog_attach(fd, chosen->fd, type, 0); failed != 0)
    return cannot_attach(-failed, section);
  auto map = std::make_shared<Fd>(::fcntl(chosen->fd, F_DUPFD_CLOEXEC, 0));
  undone_.push_back([fd, map, type] { ::bpf_prog_detach2(fd, map->get(), type); });
  return {};
}

}  // namespace spile::kernel
