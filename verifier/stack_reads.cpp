#include "verifier/stack_reads.h"

namespace spile::verifier {

std::optional<uint64_t> bytes_behind(const Env &env, const State &state, const tables::Helper &helper, unsigned arg) {
  const tables::Arg &a = arguments_of(env, helper)[arg];
  switch (a.kind) {
    case tables::ArgKind::FixedMem:
      return a.size;
    case tables::ArgKind::Mem:
      return state.reg(arg + 2).is_scalar() ? std::optional(state.reg(arg + 2).value.r64.umax) : std::nullopt;
    case tables::ArgKind::MapKey:
    case tables::ArgKind::MapValue: {
      const int at = map_argument(helper, arg);
      if (at < 0 || state.reg(static_cast<unsigned>(at) + 1).type != RegType::MapPtr) return {};
      const object::Map &map = env.map(state.reg(static_cast<unsigned>(at) + 1).target);
      return a.kind == tables::ArgKind::MapKey ? map.key_size : map.value_size;
    }
    default:
      return {};
  }
}

std::optional<int64_t> first_unwritten(const Stack &stack, const Span &span) {
  for (int64_t off = span.low; off < span.high; off++)
    if (stack.kind(off) == ByteKind::Untouched) return off;
  return {};
}

}  // namespace spile::verifier
