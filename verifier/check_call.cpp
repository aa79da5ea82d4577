// Are the arguments of a helper of the kinds that its row asks for (check_func_arg, check_reg_type)?
#include <fmt/format.h>

#include "support/check.h"
#include "verifier/check.h"

namespace spile::verifier {
namespace {

using Outcome = std::optional<Failure>;
using tables::ArgKind;

bool is_memory(const RegState &r) {
  return r.type == RegType::Stack || r.is_packet() || r.type == RegType::MapKey || r.type == RegType::MapValue;
}

struct Expected {
  const char *kernel;  // "expected=..."
  const char *words;
};
constexpr const char *kMemoryTypes = "fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_";

class Argument {
 public:
  Argument(const Env &env, const State &state, uint32_t insn, unsigned arg)
      : env_(env),
        state_(state),
        insn_(insn),
        arg_(arg),
        helper_(*helper_of(env.insn(insn))),
        reg_(arg + 1),
        value_(state.reg(arg + 1)) {}

  Outcome check() const {
    if (value_.type == RegType::Poisoned) return {};
    const tables::Arg &argument = arguments_of(env_, helper_)[arg_];
    const ArgKind kind = argument.kind;
    if (kind != ArgKind::Anything && value_.is_packet() && !may_use_packet())
      return failure(Cause::PacketAccess, "helper access to the packet is not allowed", "give a helper");
    switch (kind) {
      case ArgKind::None:
      case ArgKind::Anything:
        return {};
      case ArgKind::ConstMapPtr:
        if (value_.type != RegType::MapPtr) return wrong({"map_ptr", "the address of a map"});
        return check_unmoved(value_, reg_, insn_);
      case ArgKind::MapKey:
        return map_memory(true);
      case ArgKind::MapValue:
        return map_memory(false);
      case ArgKind::Mem:
        if (argument.or_null)
          return value_.is_null() || is_memory(value_) ? Outcome{} : wrong({kMemoryTypes, "memory, or NULL"});
        return is_memory(value_) && !value_.or_null ? Outcome{} : wrong({kMemoryTypes, "memory"});
      case ArgKind::ConstSize:
        return size(false);
      case ArgKind::ConstSizeOrZero:
        return size(true);
      case ArgKind::Ctx:
        if (value_.type != RegType::Ctx) return wrong({"ctx", "the context of the program"});
        return check_unmoved(value_, reg_, insn_);
      case ArgKind::Callback:
        return callback();
      case ArgKind::Stack:
        return value_.is_null() || value_.type == RegType::Stack
                   ? Outcome{}
                   : wrong({"fp", "the address of a local variable, or NULL"});
      case ArgKind::Number:
      case ArgKind::FixedMem:
      case ArgKind::AllocSize:
      case ArgKind::ConstString:
      case ArgKind::SpinLock:
      case ArgKind::Timer:
      case ArgKind::Socket:
      case ArgKind::SockCommon:
      case ArgKind::BtfSockCommon:
      case ArgKind::BtfId:
      case ArgKind::PerCpuObject:
      case ArgKind::KptrSlot:
      case ArgKind::KptrValue:
      case ArgKind::RingbufRecord:
      case ArgKind::RingbufDynptr:
      case ArgKind::Dynptr:
        return failure(Cause::NotModelled, "", fmt::format("`bpf_{}`", helper_.name));
    }
    SPILE_UNREACHABLE("an argument of no kind");
  }

 private:
  bool may_use_packet() const { return false; }  // no program type with direct packet access is in programs.def yet

  Failure failure(Cause cause, std::string kernel, std::string detail = "") const {
    return {.cause = cause,
            .insn = insn_,
            .kernel = std::move(kernel),
            .reg = static_cast<int>(reg_),
            .state = value_,
            .arg = arg_ + 1,
            .helper = helper_.number,
            .detail = std::move(detail)};
  }
  Outcome wrong(Expected expected) const {
    const bool null_only = value_.or_null && is_memory(value_);
    return failure(null_only ? Cause::NullArgument : Cause::ArgumentType,
                   fmt::format("R{} type={} expected={}", reg_, type_name(value_), expected.kernel), expected.words);
  }
  Outcome with_argument(Outcome f) const {
    if (f) {
      f->arg = arg_ + 1;
      f->helper = helper_.number;
      if (f->cause == Cause::ArgumentType) f->detail = "memory";
    }
    return f;
  }

  Outcome map_memory(bool key) const {
    if (!is_memory(value_) || value_.or_null)
      return wrong({kMemoryTypes, key ? "the address of a key" : "the address of a value"});
    const int map_arg = map_argument(helper_, arg_);
    SPILE_CHECK(map_arg >= 0, "helpers.def: a key or value without a map before it");
    const RegState &map = state_.reg(static_cast<unsigned>(map_arg) + 1);
    if (map.type != RegType::MapPtr) return {};  // reported at that argument
    const object::Map &m = env_.map(map.target);
    return with_argument(check_helper_memory(env_, state_, insn_, reg_, key ? m.key_size : m.value_size, false, false));
  }

  Outcome size(bool may_be_zero) const {
    if (!value_.is_scalar()) return wrong({"scalar", "a number"});
    const Range64 &r = value_.value.r64;
    if (r.smin < 0)
      return failure(Cause::SizeNegative,
                     fmt::format("R{} min value is negative, either use unsigned or 'var &= const'", reg_));
    if (r.umin == 0 && !may_be_zero)
      return failure(Cause::SizeZero, fmt::format("R{} invalid zero-sized read: u64=[{},{}]", reg_, r.umin, r.umax));
    if (r.umax >= kMaxHelperSize)
      return failure(Cause::SizeUnbounded,
                     fmt::format("R{} unbounded memory access, use 'var &= const' or 'if (var < const)'", reg_));
    const bool write = arguments_of(env_, helper_)[arg_ - 1].writes;
    const RegState &memory = state_.reg(reg_ - 1);
    if (memory.or_null) {
      if (may_be_zero && r.umax == 0) return {};
      Failure f = failure(Cause::NullArgument, fmt::format("R{} type={} expected=fp", reg_ - 1, type_name(memory)));
      f.reg = static_cast<int>(reg_) - 1;
      f.state = memory;
      f.arg = arg_;
      return f;
    }
    Outcome f = check_helper_memory(env_, state_, insn_, reg_ - 1, r.umax, write, may_be_zero);
    if (f) {
      f->arg = arg_;
      f->helper = helper_.number;
      if (f->cause == Cause::ArgumentType) f->detail = "memory";
      f->count = static_cast<int64_t>(reg_);  // the register of the size
    }
    return f;
  }

  Outcome callback() const {
    if (value_.type != RegType::Func) return wrong({"func", "a function"});
    const int map_arg = map_argument(helper_, arg_);
    if (map_arg < 0) return {};
    const RegState &map = state_.reg(static_cast<unsigned>(map_arg) + 1);
    if (map.type != RegType::MapPtr) return {};
    const tables::MapType *type = tables::find_map_type(env_.map(map.target).type);
    if (type != nullptr && (type->flags & tables::kMapValuePointer) != 0) return {};
    Failure f = failure(Cause::CallbackMap, "callback function not allowed for map");
    f.map = map.target;
    return f;
  }

  const Env &env_;
  const State &state_;
  uint32_t insn_;
  unsigned arg_;
  const tables::Helper &helper_;
  unsigned reg_;
  const RegState &value_;
};

}  // namespace

Outcome check_argument(const Env &env, const State &state, uint32_t insn, unsigned arg) {
  return Argument(env, state, insn, arg).check();
}

}  // namespace spile::verifier
