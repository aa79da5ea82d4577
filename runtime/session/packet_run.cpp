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

}  // namespace

hooks::Verdict verdict_of(std::string_view program, uint32_t type, const Disposal &disposal) {
  using Kind = hooks::Verdict::Kind;
  const auto result = static_cast<uint32_t>(disposal.result);
  const auto action = static_cast<int32_t>(result);
  const Kind kind = type == BPF_PROG_TYPE_XDP ? Kind::Xdp : is_tc(type) ? Kind::Tc : Kind::Other;
  std::string_view name;
  if (kind != Kind::Other) name = tables::constant_name(kind == Kind::Xdp ? "XDP_" : "TC_ACT_", action);
  const std::string said = name.empty() ? fmt::format("{}", result) : std::string(name);
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
    disposal.kept = goes_on(type, result) ? UINT32_MAX : 0;
  if (!xdp && event.ctx.size() >= sizeof skb) std::memcpy(event.ctx.data(), &skb, sizeof skb);
  return disposal;
}

}  // namespace spile::session
