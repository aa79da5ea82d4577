#include "verifier/domain/reg_state.h"

#include <fmt/format.h>

namespace spile::verifier {

std::string type_name(const RegState &r) {
  const char *name = "?";
  switch (r.type) {
    case RegType::NotInit:
      name = "?";
      break;
    case RegType::Scalar:
      name = "scalar";
      break;
    case RegType::Ctx:
      name = "ctx";
      break;
    case RegType::MapPtr:
      name = "map_ptr";
      break;
    case RegType::MapValue:
      name = "map_value";
      break;
    case RegType::MapKey:
      name = "map_key";
      break;
    case RegType::Stack:
      name = "fp";
      break;
    case RegType::Packet:
      name = "pkt";
      break;
    case RegType::PacketMeta:
      name = "pkt_meta";
      break;
    case RegType::PacketEnd:
      name = "pkt_end";
      break;
    case RegType::FlowKeys:
      name = "flow_keys";
      break;
    case RegType::Socket:
      name = "sock";
      break;
    case RegType::SockCommon:
      name = "sock_common";
      break;
    case RegType::TcpSock:
      name = "tcp_sock";
      break;
    case RegType::XdpSock:
      name = "xdp_sock";
      break;
    case RegType::TpBuffer:
      name = "tp_buffer";
      break;
    case RegType::Mem:
      name = r.has(kRingbufRecord) ? "ringbuf_mem" : r.has(kReadOnly) ? "rdonly_mem" : "mem";
      break;
    case RegType::Buffer:
      name = r.has(kReadOnly) ? "rdonly_buf" : "buf";
      break;
    case RegType::BtfObject:
      name = r.has(kTrusted)     ? "trusted_ptr_"
             : r.has(kRcu)       ? "rcu_ptr_"
             : r.has(kUntrusted) ? "untrusted_ptr_"
             : r.has(kPerCpu)    ? "percpu_ptr_"
                                 : "ptr_";
      break;
    case RegType::Dynptr:
      name = "dynptr_ptr";
      break;
    case RegType::Iterator:
      name = "iter";
      break;
    case RegType::Arena:
      name = "arena";
      break;
    case RegType::Func:
      name = "func";
      break;
    case RegType::Poisoned:
      name = "poisoned";
      break;
  }
  return r.or_null ? fmt::format("{}_or_null", name) : name;
}

std::string number_text(int64_t v) {
  if (v >= INT16_MIN && v <= INT16_MAX) return fmt::format("{}", v);
  return fmt::format("{:#x}", static_cast<uint64_t>(v));
}

std::string ranges_text(const Scalar &s, std::string separator) {
  struct Bound {
    const char *name;
    int64_t value;
    bool omit;
  } bounds[] = {
      {"smin", s.r64.smin, s.r64.smin == INT64_MIN},
      {"smax", s.r64.smax, s.r64.smax == INT64_MAX},
      {"umin", static_cast<int64_t>(s.r64.umin), s.r64.umin == 0},
      {"umax", static_cast<int64_t>(s.r64.umax), s.r64.umax == UINT64_MAX},
      {"smin32", s.r32.smin, s.r32.smin == INT32_MIN},
      {"smax32", s.r32.smax, s.r32.smax == INT32_MAX},
      {"umin32", s.r32.umin, s.r32.umin == 0},
      {"umax32", s.r32.umax, s.r32.umax == UINT32_MAX},
  };
  std::string text;
  constexpr size_t kCount = std::size(bounds);
  for (size_t i = 0; i < kCount; i++) {
    if (bounds[i].omit) continue;
    const bool is_signed = bounds[i].name[0] == 's';
    text += fmt::format("{}{}=", separator, bounds[i].name);
    separator = ",";
    // Bounds of the same side with the same number share it: "smax=umax=255".
    for (size_t j = i + 2; j < kCount; j += 2) {
      const bool other_signed = bounds[j].name[0] == 's';
      if (bounds[j].omit || bounds[j].value != bounds[i].value) continue;
      if ((is_signed && bounds[i].value < 0) != (other_signed && bounds[j].value < 0)) continue;
      bounds[j].omit = true;
      text += fmt::format("{}=", bounds[j].name);
    }
    const auto bits = static_cast<uint64_t>(bounds[i].value);
    const bool narrow = i >= 4;
    if (is_signed) {
      text += bounds[i].value >= INT16_MIN && bounds[i].value <= INT16_MAX
                  ? fmt::format("{}", bounds[i].value)
                  : fmt::format("{:#x}", narrow ? static_cast<uint32_t>(bits) : bits);
    } else {
      text += bits <= 0xffff ? fmt::format("{}", bits) : fmt::format("{:#x}", bits);
    }
  }
  if (!s.bits.is_unknown()) text += fmt::format("{}var_off={}", separator, to_string(s.bits));
  return text;
}

std::string to_string(const RegState &r, uint32_t frame, const object::Object *object) {
  std::string text;
  if (r.is_scalar() && r.precise) text += 'P';
  if (r.is_scalar() && r.value.is_const()) return text + number_text(static_cast<int64_t>(r.value.const_value()));
  text += type_name(r);
  if (r.type == RegType::Stack) {
    if (r.frame != frame) text += fmt::format("[{}]", r.frame);
    if (r.value.is_const()) return text + number_text(r.constant_offset());
  }
  text += '(';
  std::string sep;
  const auto item = [&](const std::string &s) {
    text += sep + s;
    sep = ",";
  };
  if (r.id != 0) item(fmt::format("id={}", r.id));
  if (r.plus_const) text += fmt::format("{:+}", r.off);
  if (r.has_map() && object != nullptr && r.target < object->maps.size()) {
    const object::Map &map = object->maps[r.target];
    item(fmt::format("map={},ks={},vs={}", map.name, map.key_size, map.value_size));
  }
  if (!r.is_scalar() && r.off != 0) item("off=" + number_text(r.off));
  if (r.is_packet()) item(fmt::format("r={}", r.range));
  if (r.ref_id != 0) item(fmt::format("ref_obj_id={}", r.ref_id));
  if (r.type == RegType::Mem) item(fmt::format("sz={}", r.mem_size));
  if (r.value.is_const()) {
    if (r.value.const_value() != 0) item("imm=" + number_text(static_cast<int64_t>(r.value.const_value())));
  } else {
    text += ranges_text(r.value, sep);
  }
  return text + ")";
}

}  // namespace spile::verifier
