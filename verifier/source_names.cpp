#include "verifier/source_names.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/object/place.h"
#include "verifier/source_text.h"

namespace spile::verifier {
namespace {

// Structures inside structures, at most this many deep: a name longer than that helps nobody.
constexpr int kMaxMemberDepth = 4;

std::string member_at(const object::Btf &btf, object::BtfId type, uint64_t offset, int depth) {
  const object::BtfId resolved = btf.resolve(type);
  const object::BtfType t = btf.type(resolved);
  if (depth == 0) return {};
  if (t.kind == object::BtfKind::Array) {
    const uint64_t element = btf.size_of(t.type);
    if (element == 0) return {};
    std::string inner = member_at(btf, t.type, offset % element, depth - 1);
    return fmt::format("[{}]{}{}", offset / element, inner.empty() ? "" : ".", inner);
  }
  if (t.kind != object::BtfKind::Struct && t.kind != object::BtfKind::Union) return {};
  for (const object::BtfMember &member : btf.members(resolved)) {
    const uint64_t start = member.bit_offset / 8, size = btf.size_of(member.type);
    if (offset < start || offset >= start + std::max<uint64_t>(size, 1)) continue;
    std::string inner = member_at(btf, member.type, offset - start, depth - 1);
    if (member.name.empty()) return inner;
    if (inner.empty()) return std::string(member.name);
    return fmt::format("{}{}{}", member.name, inner.front() == '[' ? "" : ".", inner);
  }
  return {};
}

}  // namespace

ForeignPlace place_of(const Env &env, uint32_t insn) { return object::place_of(env.program, insn); }

std::string function_name(const Env &env, uint32_t insn) {
  const uint32_t start = env.structure.subprograms[env.structure.subprogram_of(insn)].start;
  const auto sub = std::ranges::find(env.program.subprograms, start, &object::Program::Subprogram::start);
  return sub != env.program.subprograms.end() ? sub->name : env.program.name;
}

std::string name_of(const Env &env, const RegState &value, int reg) {
  if (value.type == RegType::Ctx) return "the context";
  if (value.origin != kNoInsn) {
    const isa::Insn &maker = env.insn(value.origin);
    const object::Program::Line *line = env.program.line_of(value.origin);
    const bool named_by_line = maker.is_call() || maker.insn_class() == isa::LDX || maker.is_alu();
    if (line != nullptr && named_by_line)
      if (const std::string_view name = assigned_name(statement_at(line->text, line->column)); !name.empty())
        return fmt::format("`{}`", name);
    if (const tables::Helper *helper = helper_of(maker)) return fmt::format("the result of `{}`", c_name(*helper));
  }
  if (value.type == RegType::MapPtr) return fmt::format("the map `{}`", env.map(value.target).name);
  if (value.type == RegType::MapValue) return fmt::format("the pointer into `{}`", env.map(value.target).name);
  if (value.type == RegType::Stack) return "the address of a local variable";
  return reg >= 0 ? fmt::format("r{}", reg) : "the value";
}

std::string kind_of(const Env &env, const RegState &value) {
  const char *maybe = value.or_null ? "NULL or " : "";
  switch (value.type) {
    case RegType::NotInit:
      return "a register without a value";
    case RegType::Scalar:
      return value.value.is_zero()    ? "NULL"
             : value.value.is_const() ? fmt::format("the number {}", static_cast<int64_t>(value.value.const_value()))
                                      : "a number";
    case RegType::Ctx:
      return "the context";
    case RegType::MapPtr:
      return fmt::format("the address of the map `{}`", env.map(value.target).name);
    case RegType::MapValue:
      return fmt::format("{}a pointer into a value of `{}`", maybe, env.map(value.target).name);
    case RegType::MapKey:
      return fmt::format("a pointer into a key of `{}`", env.map(value.target).name);
    case RegType::Stack:
      return "the address of a local variable";
    case RegType::Packet:
    case RegType::PacketMeta:
      return "a pointer into the packet";
    case RegType::PacketEnd:
      return "the end of the packet";
    case RegType::FlowKeys:
      return "the flow keys";
    case RegType::Socket:
    case RegType::SockCommon:
    case RegType::TcpSock:
    case RegType::XdpSock:
      return fmt::format("{}a socket", maybe);
    case RegType::TpBuffer:
      return "the buffer of the tracepoint";
    case RegType::Mem:
      if (value.has(kRingbufRecord)) return fmt::format("{}a record of a ring buffer", maybe);
      return fmt::format("{}{}memory of {} bytes", maybe, value.has(kReadOnly) ? "read-only " : "", value.mem_size);
    case RegType::Buffer:
      return fmt::format("{}a {}buffer", maybe, value.has(kReadOnly) ? "read-only " : "");
    case RegType::BtfObject:
      return fmt::format("{}a pointer to a `struct {}`", maybe,
                         env.types.name_of({value.has(kKernelBtf), object::BtfId{value.target}}));
    case RegType::Dynptr:
      return "a dynptr";
    case RegType::Iterator:
      return "an iterator";
    case RegType::Arena:
      return "an address in the arena";
    case RegType::Func:
      return "the address of a function";
    case RegType::Poisoned:
      return "a value that was reported before";
  }
  return {};
}

std::string range_of(const Scalar &v) {
  if (v.is_const()) return fmt::format("{}", static_cast<int64_t>(v.const_value()));
  // What is left of a range that has no end is not told to the last byte.
  constexpr int64_t kFar = INT64_MAX / 2;
  const Range64 &r = v.r64;
  if (r.smin < -kFar && r.smax > kFar && r.umin < kFar) return "[-2^63, 2^63)";
  if (r.smin < 0) {
    const std::string low = r.smin < -kFar ? "-2^63" : fmt::format("{}", r.smin);
    return r.smax > kFar ? fmt::format("[{}, 2^63)", low) : fmt::format("[{}, {}]", low, r.smax);
  }
  return r.umax >= static_cast<uint64_t>(kFar) ? fmt::format("[{}, 2^64)", r.umin)
                                               : fmt::format("[{}, {}]", r.umin, r.umax);
}

std::string member_at(const object::Btf &btf, object::BtfId type, uint64_t offset) {
  return btf.empty() || !type ? std::string() : member_at(btf, type, offset, kMaxMemberDepth);
}

}  // namespace spile::verifier
