// Are the arguments of a helper of the kinds that its row asks for (check_func_arg, check_reg_type)?
#include <fmt/format.h>

#include <algorithm>

#include "lang-spec/tables/map_rules.h"
#include "support/check.h"
#include "verifier/attach_rules.h"
#include "verifier/check_memory.h"
#include "verifier/dynptr.h"
#include "verifier/locks.h"
#include "verifier/objects.h"

namespace spile::verifier {
namespace {

using Outcome = std::optional<Failure>;
using tables::ArgKind;

bool is_memory(const RegState &r) {
  return r.type == RegType::Stack || r.is_packet() || r.type == RegType::MapKey || r.type == RegType::MapValue ||
         r.type == RegType::Mem || r.type == RegType::Buffer || (r.type == RegType::BtfObject && r.has(kTrusted));
}

struct Expected {
  const char *kernel;  // "expected=..."
  const char *words;
};
constexpr const char *kMemoryTypes = "fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_";
constexpr const char *kSocketTypes = "sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_";

class CheckArgument {
 public:
  CheckArgument(const Env &env, const State &state, uint32_t insn, unsigned arg)
      : env_(env),
        state_(state),
        insn_(insn),
        arg_(arg),
        helper_(*helper_of(env.insn(insn))),
        want_(arguments_of(env, helper_)[arg]),
        reg_(arg + 1),
        value_(state.reg(arg + 1)) {}

  Outcome check() const {
    if (value_.type == RegType::Poisoned || want_.kind == ArgKind::Anything) return {};
    if (value_.is_packet() && !may_use_packet())
      return failure(Cause::PacketAccess, "helper access to the packet is not allowed", "give a helper");
    if (want_.or_null && value_.is_null()) return {};
    if (Outcome f = by_kind()) return f;
    return want_.releases ? release() : Outcome{};
  }

 private:
  Outcome by_kind() const {
    switch (want_.kind) {
      case ArgKind::None:
      case ArgKind::Anything:
        return {};
      case ArgKind::Number:
        return value_.is_scalar() ? Outcome{} : wrong({"scalar", "a number"});
      case ArgKind::ConstMapPtr:
        return map();
      case ArgKind::MapKey:
        return map_memory(true);
      case ArgKind::MapValue:
        return map_memory(false);
      case ArgKind::Mem:
        return memory();
      case ArgKind::FixedMem:
        return fixed_memory();
      case ArgKind::ConstSize:
        return size(false);
      case ArgKind::ConstSizeOrZero:
        return size(true);
      case ArgKind::AllocSize:
        return alloc_size();
      case ArgKind::Ctx:
        if (value_.type != RegType::Ctx) return wrong({"ctx", "the context of the program"});
        return check_unmoved(value_, reg_, insn_);
      case ArgKind::Callback:
        return callback();
      case ArgKind::Stack:
        return value_.type == RegType::Stack ? Outcome{} : wrong({"fp", "the address of a local variable, or NULL"});
      case ArgKind::ConstString:
        return string();
      case ArgKind::SpinLock:
        return lock();
      case ArgKind::Timer:
        return timer();
      case ArgKind::Socket:
        if (value_.type != RegType::Socket || !null_fits()) return wrong({"sock", "a full socket"});
        return check_unmoved(value_, reg_, insn_);
      case ArgKind::SockCommon:
        if (!value_.is_socket() || !null_fits()) return wrong({"sock_common, sock, tcp_sock, xdp_sock", "a socket"});
        return check_unmoved(value_, reg_, insn_);
      case ArgKind::BtfSockCommon:
        if (value_.type == RegType::BtfObject) return object("sock_common");
        if (!value_.is_socket() || !null_fits()) return wrong({kSocketTypes, "a socket"});
        return check_unmoved(value_, reg_, insn_);
      case ArgKind::BtfId:
        return object(want_.type);
      case ArgKind::PerCpuObject:
        return value_.type == RegType::BtfObject && value_.has(kPerCpu)
                   ? Outcome{}
                   : wrong({"percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_", "a per-CPU variable of the kernel"});
      case ArgKind::KptrSlot:
        return kptr_slot();
      case ArgKind::KptrValue:
        return value_.type == RegType::BtfObject ? Outcome{} : wrong({"ptr_", "a pointer to an object of the kernel"});
      case ArgKind::RingbufRecord:
        return value_.type == RegType::Mem && value_.has(kRingbufRecord) && !value_.or_null
                   ? Outcome{}
                   : wrong({"ringbuf_mem", "a record that bpf_ringbuf_reserve() gave"});
      case ArgKind::RingbufDynptr:
      case ArgKind::Dynptr:
        return check_dynptr(env_, state_, insn_, reg_,
                            {.uninit = want_.uninit, .only_ringbuf = want_.kind == ArgKind::RingbufDynptr});
    }
    SPILE_UNREACHABLE("an argument of no kind");
  }

  bool null_fits() const { return !value_.or_null || want_.or_null; }

  // may_access_direct_pkt_data() for a helper's argument.
  bool may_use_packet() const {
    const bool helper_may = (helper_.flags & tables::kPacketAccess) != 0;
    switch (env_.type.number) {
      case BPF_PROG_TYPE_CGROUP_SOCKOPT:
        return true;
      case BPF_PROG_TYPE_LWT_IN:
      case BPF_PROG_TYPE_LWT_OUT:
      case BPF_PROG_TYPE_LWT_SEG6LOCAL:
      case BPF_PROG_TYPE_SK_REUSEPORT:
      case BPF_PROG_TYPE_FLOW_DISSECTOR:
      case BPF_PROG_TYPE_CGROUP_SKB:
        return helper_may;
      default:
        return helper_may && may_write_packet(env_.type);
    }
  }

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
    const bool null_only = value_.or_null && (is_memory(value_) || value_.is_socket() ||
                                              value_.type == RegType::MapPtr || value_.type == RegType::BtfObject);
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

  Outcome map() const {
    if (value_.type != RegType::MapPtr || value_.or_null) return wrong({"map_ptr", "the address of a map"});
    if (Outcome moved = check_unmoved(value_, reg_, insn_)) return moved;
    const object::Map &m = env_.map(value_.target);
    if (!tables::accepts_map(helper_.number, m.type, env_.type)) {
      Failure f = failure(Cause::MapTypeUnfit, fmt::format("cannot pass map_type {} into func bpf_{}#{}", m.type,
                                                           helper_.name, helper_.number));
      f.map = value_.target;
      return f;
    }
    return {};
  }

  Outcome map_memory(bool key) const {
    if (!key && (value_.is_socket() || value_.type == RegType::BtfObject))
      if (const int arg = map_argument(helper_, arg_); arg >= 0) {
        // resolve_map_arg_type(): what goes into a map of sockets is a socket.
        const RegState &map = state_.reg(static_cast<unsigned>(arg) + 1);
        const uint32_t type = map.type == RegType::MapPtr ? env_.map(map.target).type : 0;
        if (type == BPF_MAP_TYPE_SOCKMAP || type == BPF_MAP_TYPE_SOCKHASH)
          return value_.is_socket() ? (null_fits() ? Outcome{} : wrong({kSocketTypes, "a socket"}))
                                    : object("sock_common");
      }
    if (!is_memory(value_) || !null_fits())
      return wrong({kMemoryTypes, key ? "the address of a key" : "the address of a value"});
    const int map_arg = map_argument(helper_, arg_);
    SPILE_CHECK(map_arg >= 0, "helpers.def: a key or value without a map before it");
    const RegState &map = state_.reg(static_cast<unsigned>(map_arg) + 1);
    if (map.type != RegType::MapPtr) return {};  // reported at that argument
    const object::Map &m = env_.map(map.target);
    if (!key && (m.type == BPF_MAP_TYPE_SOCKMAP || m.type == BPF_MAP_TYPE_SOCKHASH))
      return wrong({kSocketTypes, "a socket"});
    return with_argument(
        check_helper_memory(env_, state_, insn_, reg_, key ? m.key_size : m.value_size, want_.writes, false));
  }

  Outcome memory() const {
    if (!is_memory(value_) || !null_fits()) return wrong({kMemoryTypes, want_.or_null ? "memory, or NULL" : "memory"});
    if (value_.has(kReadOnly) && want_.writes) return wrong({kMemoryTypes, "memory that can be written"});
    if (value_.type == RegType::BtfObject && want_.writes)
      return failure(
          Cause::ArgumentType,
          fmt::format("bpf_{}() may write into memory pointed by R{} type={}", helper_.name, reg_, type_name(value_)),
          "memory of the program");
    return {};
  }

  Outcome fixed_memory() const {
    if (Outcome f = memory()) return f;
    if (Outcome f = check_helper_memory(env_, state_, insn_, reg_, want_.size, want_.writes, false))
      return with_argument(f);
    const bool aligned = want_.writes && (want_.size == 4 || want_.size == 8);
    if (!aligned) return {};
    const Tnum place = add(value_.value.bits, Tnum::constant(static_cast<uint64_t>(int64_t{value_.off})));
    if (place.is_aligned(want_.size)) return {};
    Failure f = failure(Cause::MisalignedStack, fmt::format("misaligned access off {}+{}+0 size {}",
                                                            to_string(value_.value.bits), value_.off, want_.size));
    f.off = value_.off;
    f.size = want_.size;
    return f;
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
    const tables::Arg &memory_arg = arguments_of(env_, helper_)[arg_ - 1];
    const RegState &memory = state_.reg(reg_ - 1);
    if (memory.or_null && is_memory(memory)) {
      if (may_be_zero && r.umax == 0) return {};
      Failure f = failure(Cause::NullArgument, fmt::format("R{} type={} expected=fp", reg_ - 1, type_name(memory)));
      f.reg = static_cast<int>(reg_) - 1;
      f.state = memory;
      f.arg = arg_;
      return f;
    }
    Outcome f = check_helper_memory(env_, state_, insn_, reg_ - 1, r.umax, memory_arg.writes, may_be_zero);
    if (f) {
      f->arg = arg_;
      f->helper = helper_.number;
      if (f->cause == Cause::ArgumentType) f->detail = "memory";
      f->count = static_cast<int64_t>(reg_);  // the register of the size
    }
    return f;
  }

  Outcome alloc_size() const {
    if (!value_.is_scalar()) return wrong({"scalar", "a number"});
    if (value_.value.is_const()) return {};
    return failure(Cause::ArgumentNotConstant, fmt::format("R{} is not a known constant'", reg_));
  }

  Outcome callback() const {
    if (value_.type != RegType::Func) return wrong({"func", "a function"});
    if (const Outcome moved = check_unmoved(value_, reg_, insn_)) {
      Outcome f = wrong({"func", "the address of a function"});
      f->kernel = moved->kernel;
      return f;
    }
    const int map_arg = map_argument(helper_, arg_);
    if (map_arg < 0 || helper_.number != BPF_FUNC_for_each_map_elem) return {};
    const RegState &map = state_.reg(static_cast<unsigned>(map_arg) + 1);
    if (map.type != RegType::MapPtr) return {};
    const tables::MapType *type = tables::find_map_type(env_.map(map.target).type);
    if (type != nullptr && (type->flags & tables::kMapWalked) != 0) return {};
    Failure f = failure(Cause::CallbackMap, "callback function not allowed for map");
    f.map = map.target;
    return f;
  }

  // A string that is known when the program is loaded (check_reg_const_str).
  Outcome string() const {
    const auto fail = [&](std::string kernel, std::string why) {
      return failure(Cause::StringConstant, std::move(kernel), std::move(why));
    };
    if (value_.type != RegType::MapValue) return wrong({"map_value", "a string constant"});
    const object::Map &m = env_.map(value_.target);
    if (!m.is_readonly) return fail(fmt::format("R{} does not point to a readonly map'", reg_), "it can be written");
    if (!value_.value.is_const()) return fail(fmt::format("R{} is not a constant address'", reg_), "it is computed");
    const auto at = static_cast<uint64_t>(value_.constant_offset());
    const std::vector<std::byte> &bytes = (*env_.program.object)[m.section].bytes;
    if (at < bytes.size() &&
        std::find(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), std::byte{0}) != bytes.end())
      return {};
    return fail("string is not zero-terminated", "it has no 0 at its end");
  }

  Outcome rule(std::string kernel, std::string words) const {
    return failure(Cause::LockRule, std::move(kernel), std::move(words));
  }

  bool is_owned_object() const {
    return value_.type == RegType::BtfObject && value_.has(kOwned) && !value_.has(kNonOwning | kUntrusted | kPerCpu);
  }

  // process_spin_lock()
  Outcome lock() const {
    if (is_probe(env_.type) || env_.type.number == BPF_PROG_TYPE_SOCKET_FILTER)
      return rule(is_probe(env_.type) ? "tracing progs cannot use bpf_spin_lock yet"
                                      : "socket filter progs cannot use bpf_spin_lock yet",
                  "programs of this type cannot use a `bpf_spin_lock`");
    if ((value_.type != RegType::MapValue && !is_owned_object()) || value_.or_null)
      return wrong({"map_value, alloc_ptr_", "the address of a `bpf_spin_lock`"});
    return check_lock(env_, state_, insn_, reg_, {.takes = helper_.number == BPF_FUNC_spin_lock});
  }

  Outcome timer() const {
    if (is_probe(env_.type))
      return rule("tracing progs cannot use bpf_timer yet", "programs of this type cannot use timers");
    if (value_.type != RegType::MapValue || value_.or_null)
      return wrong({"map_value", "the address of a `bpf_timer` in a map's value"});
    if (!value_.value.is_const())
      return rule(fmt::format("R{} doesn't have constant offset. bpf_timer has to be at the constant offset", reg_),
                  "the timer must be at a constant place");
    if (field_at(env_, value_, {FieldKind::Timer}) != nullptr) return {};
    return rule(fmt::format("map '{}' has no valid bpf_timer", env_.map(value_.target).name),
                "there is no `bpf_timer` at this place");
  }

  Outcome kptr_slot() const {
    if ((value_.type != RegType::MapValue && !is_owned_object()) || value_.or_null)
      return wrong({"map_value, alloc_ptr_", "the address of a `__kptr` in a map's value"});
    if (!value_.value.is_const())
      return rule(fmt::format("R{} doesn't have constant offset. kptr has to be at the constant offset", reg_),
                  "the pointer must be at a constant place");
    const SpecialField *f = field_at(env_, value_, {FieldKind::Kptr, FieldKind::PerCpuKptr, FieldKind::KptrUntrusted});
    if (f == nullptr)
      return rule(fmt::format("off={} doesn't point to kptr", value_.off), "there is no `__kptr` at this place");
    if (f->kind == FieldKind::KptrUntrusted)
      return rule(fmt::format("off={} kptr isn't referenced kptr", value_.off), "the pointer is a `__kptr_untrusted`");
    const RegState &value = state_.reg(reg_ + 1);
    if (value.type != RegType::BtfObject) return {};
    // map_kptr_match_type(): what the program allocated goes where it says so, per-CPU objects likewise.
    const bool fits = !value.has(kUntrusted | kNonOwning) && value.has(kPerCpu) == (f->kind == FieldKind::PerCpuKptr);
    if (fits && env_.types.begins_with(type_of(value), value.off, env_.types.name_of({false, f->target}), true))
      return {};
    return rule(fmt::format("invalid kptr access, R{} type=ptr_{} expected=ptr_{}", reg_ + 1,
                            env_.types.name_of(type_of(value)), env_.types.name_of({false, f->target})),
                "the object is of another type than the `__kptr`");
  }

  // A pointer to an object of the struct [wanted], or one that begins with it.
  Outcome object(std::string_view wanted) const {
    const std::string expected(fmt::format("a pointer to a `struct {}` of the kernel", wanted));
    if (value_.type != RegType::BtfObject || value_.has(kUntrusted | kPerCpu | kOwned))
      return wrong({"ptr_, trusted_ptr_, rcu_ptr_", expected.c_str()});
    if (!null_fits() || (value_.or_null && want_.releases))
      return failure(Cause::NullArgument, fmt::format("Possibly NULL pointer passed to helper arg{}", reg_));
    if (!value_.value.is_zero())
      return failure(
          Cause::ArgumentType,
          fmt::format("variable {} access var_off={} disallowed", type_name(value_), to_string(value_.value.bits)),
          expected);
    const bool exactly = want_.releases && helper_.number != BPF_FUNC_sk_release;
    if (env_.types.begins_with(type_of(value_), value_.off, wanted, exactly)) return {};
    return failure(
        Cause::ArgumentType,
        fmt::format("R{} is of type {} but {} is expected", reg_, env_.types.name_of(type_of(value_)), wanted),
        expected);
  }

  Outcome release() const {
    if (want_.kind == ArgKind::RingbufDynptr) return {};
    if (value_.off != 0)
      return failure(
          Cause::MovedContext,
          fmt::format("R{} must have zero offset when passed to release func or trusted arg to kfunc", reg_));
    if (value_.ref_id != 0 && state_.holds(value_.ref_id)) return {};
    return failure(Cause::UnreferencedRelease,
                   fmt::format("R{} must be referenced when passed to release function", reg_));
  }

  const Env &env_;
  const State &state_;
  uint32_t insn_;
  unsigned arg_;
  const tables::Helper &helper_;
  const tables::Arg &want_;
  unsigned reg_;
  const RegState &value_;
};

}  // namespace

Outcome check_argument(const Env &env, const State &state, uint32_t insn, unsigned arg) {
  return CheckArgument(env, state, insn, arg).check();
}

}  // namespace spile::verifier
