#include "runtime/session/packet_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "lang-spec/tables/constants.h"
#include "runtime/helpers/packet.h"

namespace spile::session {

namespace {

bool is_tc(uint32_t type) { return type == BPF_PROG_TYPE_SCHED_CLS || type == BPF_PROG_TYPE_SCHED_ACT; }
bool is_lwt(uint32_t type) {
  return type == BPF_PROG_TYPE_LWT_IN || type == BPF_PROG_TYPE_LWT_OUT || type == BPF_PROG_TYPE_LWT_XMIT;
}

// Whether a packet with this result goes on: XDP_PASS, TX, REDIRECT; TC_ACT_UNSPEC, OK, RECLASSIFY, PIPE, REDIRECT;
// bit 0 of a control group's programs; BPF_OK, BPF_REDIRECT of tunnels.
bool goes_on(uint32_t type, uint32_t result) {
  if (type == BPF_PROG_TYPE_XDP) return result == XDP_PASS || result == XDP_TX || result == XDP_REDIRECT;
  if (is_tc(type)) return result == UINT32_MAX || result == 0 || result == 1 || result == 3 || result == 7;
  if (is_lwt(type)) return result == BPF_OK || result == BPF_REDIRECT;
  return (result & 1) != 0;
}

// Whether it goes where bpf_redirect() and its kin have said.
bool is_redirected(uint32_t type, uint32_t result) {
  constexpr uint32_t kTcRedirect = 7;
  if (type == BPF_PROG_TYPE_XDP) return result == XDP_REDIRECT;
  return (is_tc(type) && result == kTcRedirect) || (is_lwt(type) && result == BPF_REDIRECT);
}

std::string way_to(const vm::Env::Target &target) {
  using Kind = vm::Env::Target::Kind;
  switch (target.kind) {
    case Kind::Interface:
      return fmt::format("interface {}{}", target.number, target.is_incoming ? ", incoming" : "");
    case Kind::Peer:
      return fmt::format("peer of interface {}", target.number);
    case Kind::Neighbour:
      return fmt::format("interface {}, to a neighbour", target.number);
    case Kind::Cpu:
      return fmt::format("CPU {}", target.number);
    case Kind::Socket:
      return fmt::format("socket of queue {}", target.number);
  }
  return {};
}

}  // namespace

void add_sent(uint32_t type, const Disposal &disposal, const vm::Env &env, const vm::Packet &packet,
              std::vector<hooks::SentPacket> &sent) {
  if (type != BPF_PROG_TYPE_XDP && !is_tc(type)) return;
  for (const vm::Env::Clone &clone : env.clones) sent.push_back({way_to(clone.to), clone.bytes});
  const auto send = [&](std::string way) {
    sent.push_back({std::move(way), {packet.data.begin(), packet.data.end()}});
  };
  const auto result = static_cast<uint32_t>(disposal.result);
  if (is_redirected(type, result))
    for (const vm::Env::Target &target : env.targets) send(way_to(target));
  if (type == BPF_PROG_TYPE_XDP && result == XDP_TX) send("back");
}

hooks::Verdict verdict_of(std::string_view program, uint32_t type, const Disposal &disposal, const vm::Env &env) {
  using Kind = hooks::Verdict::Kind;
  const auto result = static_cast<uint32_t>(disposal.result);
  const auto action = static_cast<int32_t>(result);
  const Kind kind = type == BPF_PROG_TYPE_XDP ? Kind::Xdp : is_tc(type) ? Kind::Tc : Kind::Other;
  std::string_view name;
  if (kind != Kind::Other) name = tables::constant_name(kind == Kind::Xdp ? "XDP_" : "TC_ACT_", action);
  std::string said = name.empty() ? fmt::format("{}", result) : std::string(name);
  if (is_redirected(type, result)) {
    if (env.targets.empty()) said += ", to nowhere";
    for (const vm::Env::Target &target : env.targets) said += ", to " + way_to(target);
  }
  for (const vm::Env::Clone &clone : env.clones) said += ", a copy to " + way_to(clone.to);
  return {kind, action, fmt::format("{}: {}", program, said)};
}

Disposal run_on_packet(const vm::Loaded &program, uint32_t type, const vm::Event &event, vm::Env &env) {
  vm::Packet &packet = *event.packet;
  vm::Event shown = event;
  xdp_md md{};
  __sk_buff skb{};
  if (event.ctx.size() >= sizeof skb) std::memcpy(&skb, event.ctx.data(), sizeof skb);
  const bool xdp = type == BPF_PROG_TYPE_XDP;
  if (xdp) {
    md.ingress_ifindex = skb.ingress_ifindex;
    shown.ctx = std::as_writable_bytes(std::span(&md, 1));
  } else {
    shown.ctx = std::as_writable_bytes(std::span(&skb, 1));
  }
  // These see the packet from its network header on.
  const bool network = type == BPF_PROG_TYPE_CGROUP_SKB || is_lwt(type);
  const auto header = network ? std::min<size_t>(packet.network_offset, packet.data.size()) : 0;
  const uint32_t network_offset = packet.network_offset;
  if (network) {
    packet.data = packet.data.subspan(header);
    packet.network_offset = 0;
  }
  env.begin(&shown, type);
  // A capture may hold less than was on the wire, which a socket filter is told.
  const uint32_t length = skb.len;
  helpers::show_packet(&env);
  if (type == BPF_PROG_TYPE_SOCKET_FILTER) skb.len = length;
  Disposal disposal;
  disposal.result = program.run(shown.ctx.data(), shown.ctx.size(), env);
  env.event = nullptr;
  if (network) {
    packet.data = {packet.data.data() - header, packet.data.size() + header};
    packet.network_offset = network_offset;
  }
  const auto result = static_cast<uint32_t>(disposal.result);
  if (type == BPF_PROG_TYPE_SOCKET_FILTER)
    disposal.kept = result;
  else
    // Kernel: xdp_do_redirect() and skb_do_redirect() drop what nobody has said a target for.
    disposal.kept = goes_on(type, result) && !(is_redirected(type, result) && env.targets.empty()) ? UINT32_MAX : 0;
  if (!xdp && event.ctx.size() >= sizeof skb) std::memcpy(event.ctx.data(), &skb, sizeof skb);
  return disposal;
}

}  // namespace spile::session
