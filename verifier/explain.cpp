#include "verifier/explain.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/verifier.def"
#include <fmt/format.h>

#include "support/check.h"
#include "support/diag_table.h"
#include "verifier/obligations.h"
#include "verifier/source_names.h"

namespace spile::verifier {
namespace {

template <class Diag, class... Args>
Diagnostic make(Args &&...args) {
  static constexpr DiagInfo info{Diag::kName, Diag::kSeverity, Diag::kText};
  static constexpr fmt::format_string<Args...> format{Diag::kText};
  return {&info, Diag::kSeverity, {}, fmt::format(format, std::forward<Args>(args)...), {}, {}, {}, {}};
}

const char *plural(int64_t n) { return n == 1 ? "" : "s"; }

class Explanation {
 public:
  Explanation(const Env &env, const Failure &f, const Trail &trail, const State &state)
      : env_(env), f_(f), trail_(trail), state_(state) {}

  Rejection run() {
    d_ = message();
    d_.foreign = place_of(env_, f_.insn);
    add_origin();
    add_path_notes(env_, f_, trail_, d_);
    add_hint();
    if (!f_.kernel.empty()) d_.notes.push_back({{}, fmt::format("kernel says: {}", f_.kernel), {}});
    return {std::move(d_), f_.insn, f_.kernel};
  }

 private:
  std::string name() const { return name_of(env_, f_.state, f_.reg); }
  std::string helper() const {
    const tables::Helper *h = tables::find_helper(f_.helper);
    if (h == nullptr) return fmt::format("helper {}", f_.helper);
    return (h->flags & tables::kUserSide) != 0 ? std::string(h->name) : fmt::format("bpf_{}", h->name);
  }
  std::string map() const { return env_.map(f_.map).name; }
  std::string type() const { return std::string(env_.type.name); }
  std::string function(uint32_t insn) const {
    const uint32_t start = env_.structure.subprograms[env_.structure.subprogram_of(insn)].start;
    for (const auto &sub : env_.program.subprograms)
      if (sub.start == start) return sub.name;
    return env_.program.name;
  }
  uint32_t line() const { return place_of(env_, f_.insn).line; }
  std::string range() const { return range_of(f_.state.value); }
  // The offset that an index takes: variable and fixed part.
  std::string offset_range() const {
    Scalar v = f_.state.value;
    Range64 &r = v.r64;
    if (v.is_const() || r.smin < -kMaxOffset || r.smax > kMaxOffset) return range_of(v);
    r.smin += f_.off, r.smax += f_.off;
    r.umin = static_cast<uint64_t>(r.smin), r.umax = static_cast<uint64_t>(r.smax);
    v.bits = Tnum::unknown();
    return fmt::format("[{}, {}]", r.smin, r.smax);
  }

  Diagnostic message() const {
    const auto size = static_cast<int64_t>(f_.size);
    switch (f_.cause) {
      case Cause::NoInstructions:
        return make<diag::NoInstructions>(env_.program.name);
      case Cause::TooManyInstructions:
        return make<diag::TooManyInstructions>(f_.count, f_.limit);
      case Cause::TooManySubprograms:
        return make<diag::TooManySubprograms>(f_.count, f_.limit);
      case Cause::TooManyMaps:
        return make<diag::TooManyMaps>(f_.count, f_.limit);
      case Cause::UnknownOpcode:
        return make<diag::UnknownOpcode>(static_cast<uint8_t>(f_.count));
      case Cause::ReservedField:
        return make<diag::ReservedField>();
      case Cause::JumpOutOfRange:
        return make<diag::JumpOutOfRange>();
      case Cause::JumpIntoImmediate:
        return make<diag::JumpIntoImmediate>();
      case Cause::Unreachable:
        return make<diag::Unreachable>();
      case Cause::FallsThrough:
        return make<diag::FallsThrough>(function(f_.insn));
      case Cause::EarlyReturn:
        return make<diag::EarlyReturn>(f_.detail);
      case Cause::BadMapReference:
        return make<diag::BadMapReference>(f_.detail);
      case Cause::UninitializedValue:
        return make<diag::UninitializedValue>(uninitialized_name());
      case Cause::FramePointerWrite:
        return make<diag::FramePointerWrite>();
      case Cause::DivisionByZero:
        return make<diag::DivisionByZero>();
      case Cause::ShiftTooLarge:
        return make<diag::ShiftTooLarge>(f_.count, f_.limit);
      case Cause::PointerArithmetic:
        return make<diag::PointerArithmetic>(name(), f_.detail, why_not_computed());
      case Cause::NullArithmetic:
        return make<diag::NullArithmetic>(name());
      case Cause::UnboundedPointer:
        return make<diag::UnboundedPointer>("a pointer", "it is in " + range());
      case Cause::NotAPointer:
        return make<diag::NotAPointer>(name(), null_plus()
                                                   ? fmt::format("NULL + {} on this path", f_.state.value.const_value())
                                                   : kind_of(env_, f_.state));
      case Cause::NullDereference:
        return make<diag::NullDereference>(name());
      case Cause::MapValueBounds:
        return make<diag::MapValueBounds>(size, plural(size), f_.off, map(), env_.map(f_.map).value_size);
      case Cause::MapKeyBounds:
        return make<diag::MapKeyBounds>(size, plural(size), f_.off, map(), env_.map(f_.map).key_size);
      case Cause::NegativeIndex:
        return make<diag::NegativeIndex>(offset_range());
      case Cause::UnboundedIndex:
        return make<diag::UnboundedIndex>(range());
      case Cause::StackBounds:
        return make<diag::StackBounds>(size, plural(size), f_.off);
      case Cause::UnboundedStackIndex:
        return make<diag::UnboundedStackIndex>(range());
      case Cause::MisalignedStack:
        return make<diag::MisalignedStack>(size, f_.off);
      case Cause::MisalignedPacket:
        return make<diag::MisalignedPacket>(size, f_.off);
      case Cause::PartialPointerStore:
        return make<diag::PartialPointerStore>(name());
      case Cause::PartialPointerLoad:
        return make<diag::PartialPointerLoad>();
      case Cause::PointerIntoCaller:
        return make<diag::PointerIntoCaller>();
      case Cause::ReadOnlyMap:
        return make<diag::ReadOnlyMap>(map());
      case Cause::ReadOnlyKey:
        return make<diag::ReadOnlyKey>();
      case Cause::ContextBounds:
        return make<diag::ContextBounds>(size, f_.off, context().type, f_.write ? "written" : "read");
      case Cause::ObjectBounds:
        return make<diag::ObjectBounds>(size, plural(size), f_.off, object(), f_.write ? "written" : "read");
      case Cause::ReadOnlyObject:
        return make<diag::ReadOnlyObject>(object());
      case Cause::MemoryBounds:
        return make<diag::MemoryBounds>(size, plural(size), f_.off, f_.state.mem_size);
      case Cause::SpecialField:
        return make<diag::SpecialField>(f_.detail, map());
      case Cause::MapTypeUnfit: {
        const tables::MapType *t = tables::find_map_type(env_.map(f_.map).type);
        const std::string_view spoken = t != nullptr ? t->spoken : "of unknown type";
        return make<diag::MapTypeUnfit>(map(), fmt::format("{} {}", article(spoken), spoken), helper());
      }
      case Cause::ArgumentNotConstant:
        return make<diag::ArgumentNotConstant>(f_.arg, helper(), range());
      case Cause::UnreferencedRelease:
        return make<diag::UnreferencedRelease>(f_.arg, helper());
      case Cause::ReferenceLeak:
        return make<diag::ReferenceLeak>(name());
      case Cause::HelperSleeps:
        return make<diag::HelperSleeps>(helper(), f_.detail);
      case Cause::StringConstant:
        return make<diag::StringConstant>(f_.arg, helper(), f_.detail);
      case Cause::BadSignature:
        return make<diag::BadSignature>(f_.callee, f_.detail);
      case Cause::GlobalArgument:
        return make<diag::GlobalArgument>(f_.arg, f_.callee, f_.detail, kind_of(env_, f_.state));
      case Cause::LockRule:
        return make<diag::LockRule>(f_.detail);
      case Cause::DynptrRule:
        return make<diag::DynptrRule>(f_.detail);
      case Cause::KfuncRule:
        return make<diag::KfuncRule>(f_.detail);
      case Cause::KfuncArgument:
        return make<diag::KfuncArgument>(f_.arg, f_.callee, f_.detail, kind_of(env_, f_.state));
      case Cause::MovedContext:
        return make<diag::MovedContext>();
      case Cause::MixedPointers:
        return make<diag::MixedPointers>(kind_of(env_, f_.state), f_.detail);
      case Cause::AtomicTarget:
        return make<diag::AtomicTarget>(kind_of(env_, f_.state));
      case Cause::PacketBounds:
        return make<diag::PacketBounds>(size, plural(size), f_.off, f_.limit);
      case Cause::PacketAccess:
        return make<diag::PacketAccess>(type(), f_.detail);
      case Cause::PacketLoad:
        return make<diag::PacketLoad>(f_.detail);
      case Cause::CoreUnresolved:
        return make<diag::CoreUnresolved>(f_.detail);
      case Cause::UnknownHelper:
        for (const object::Program::Poison &poison : env_.program.poisons)
          if (poison.insn == f_.insn) return make<diag::CoreUnresolved>(poison.what);
        return make<diag::UnknownHelper>(f_.helper);
      case Cause::HelperUnavailable:
        return make<diag::HelperUnavailable>(type(), helper());
      case Cause::HelperNeedsGpl:
        return make<diag::HelperNeedsGpl>(helper(), env_.program.license);
      case Cause::ArgumentType:
        return make<diag::ArgumentType>(f_.arg, helper(), f_.detail, kind_of(env_, f_.state));
      case Cause::NullArgument:
        return make<diag::NullArgument>(f_.arg, helper());
      case Cause::SizeNegative:
        return make<diag::SizeNegative>(f_.arg, helper(), range());
      case Cause::SizeZero:
        return make<diag::SizeZero>(f_.arg, helper(), range());
      case Cause::SizeUnbounded:
        return make<diag::SizeUnbounded>(f_.arg, helper(), range());
      case Cause::CallbackMap:
        return make<diag::CallbackMap>(map());
      case Cause::CallTooDeep:
        return make<diag::CallTooDeep>(f_.count, f_.limit);
      case Cause::StackTooDeep:
        return make<diag::StackTooDeep>(f_.count, plural(f_.count), f_.limit, int64_t{kMaxStack});
      case Cause::ReturnsStackPointer:
        return make<diag::ReturnsStackPointer>();
      case Cause::ReturnRange:
        return make<diag::ReturnRange>(returned(), f_.limit, f_.count);
      case Cause::CallbackReturn:
        return make<diag::CallbackReturn>(returned(), f_.limit, f_.count);
      case Cause::InfiniteLoop:
        return make<diag::InfiniteLoop>();
      case Cause::TooComplex:
        return make<diag::TooComplex>(f_.limit);
      case Cause::TooManyBranches:
        return make<diag::TooManyBranches>(f_.limit);
      case Cause::NotModelled:
        return make<diag::NotModelled>(f_.detail);
    }
    SPILE_UNREACHABLE("a failure of no cause");
  }

  // A small number that an addition made: the pointer that it was meant to be is NULL.
  bool null_plus() const {
    constexpr uint64_t kLargestMember = 4096;
    if (!f_.state.is_scalar() || !f_.state.value.is_const() || f_.state.origin == kNoInsn) return false;
    const isa::Insn &made = env_.insn(f_.state.origin);
    const bool adds = made.insn_class() == isa::ALU64 && made.alu_op() == isa::ADD;
    return adds && f_.state.value.const_value() != 0 && f_.state.value.const_value() < kLargestMember;
  }

  std::string object() const {
    return f_.detail.empty() ? kind_of(env_, f_.state) : fmt::format("a `struct {}`", f_.detail);
  }
  static const char *article(std::string_view noun) {
    return std::string_view("aeiouAEIOU").find(noun.front()) != std::string_view::npos ? "an" : "a";
  }
  const tables::Ctx &context() const { return tables::kContexts[static_cast<size_t>(env_.type.ctx)]; }
  std::string returned() const { return f_.state.is_scalar() ? range() : kind_of(env_, f_.state); }

  std::string uninitialized_name() const {
    const bool argument = f_.reg >= 1 && f_.reg <= 5;
    const isa::Insn &insn = env_.insn(f_.insn);
    if (f_.reg == 0 && insn.is_exit()) return "the return value";
    if (const tables::Helper *h = helper_of(insn); h != nullptr && argument)
      return fmt::format("argument {} of `bpf_{}`", f_.reg, h->name);
    if (argument && lost_to_call()) return fmt::format("r{}, which the call before has overwritten,", f_.reg);
    return fmt::format("r{}", f_.reg);
  }
  // r1 to r5 do not survive a call.
  bool lost_to_call() const {
    for (size_t i = trail_.steps.size(); i-- > 0;)
      if (env_.insn(trail_.steps[i].insn).is_call()) return true;
    return false;
  }

  std::string why_not_computed() const {
    const isa::Insn &insn = env_.insn(f_.insn);
    if (insn.source_is_reg() && !state_.frames.empty() && state_.reg(insn.dst).is_pointer() &&
        state_.reg(insn.src).is_pointer())
      return "both are pointers";
    if (insn.insn_class() != isa::ALU64) return "only the lower 32 bits of a pointer would be used";
    if (f_.state.type == RegType::MapPtr || f_.state.type == RegType::PacketEnd)
      return fmt::format("it is {}", kind_of(env_, f_.state));
    if (insn.alu_op() == isa::SUB)
      return f_.state.type == RegType::Stack ? "add a negative number to it" : "a pointer is subtracted from a number";
    return "only numbers can be added to a pointer or subtracted from it";
  }

  void note(uint32_t insn, std::string text) { d_.notes.push_back({{}, std::move(text), place_of(env_, insn)}); }

  // Where the value comes from, and what is known of it.
  void add_origin() {
    const uint32_t origin = f_.state.origin;
    switch (f_.cause) {
      case Cause::NullDereference:
      case Cause::NullArithmetic:
      case Cause::NullArgument:
        if (origin != kNoInsn) note(origin, "the lookup may return NULL here");
        break;
      case Cause::MapValueBounds:
      case Cause::MapKeyBounds:
      case Cause::StackBounds:
        if (!f_.state.value.is_const())
          d_.notes.push_back(
              {{},
               fmt::format("the offset is in {}, it must stay in [{}, {}]", offset_bounds(), lowest(), highest()),
               {}});
        add_size_note();
        break;
      case Cause::NotAPointer:
        if (origin != kNoInsn && place_of(env_, origin).line != line()) note(origin, "the value comes from here");
        break;
      case Cause::UnboundedPointer:
      case Cause::SizeNegative:
      case Cause::SizeZero:
      case Cause::SizeUnbounded:
      case Cause::ReturnRange:
      case Cause::CallbackReturn:
        if (origin != kNoInsn && place_of(env_, origin).line != 0 && place_of(env_, origin).line != line())
          note(origin, "the number comes from here");
        break;
      case Cause::ContextBounds:
        if (const tables::CtxField *field =
                f_.off < 0 ? nullptr : tables::find_ctx_field(env_.type.ctx, static_cast<uint32_t>(f_.off)))
          d_.notes.push_back({{}, context_note(*field), {}});
        break;
      default:
        break;  // the message says it all
    }
  }
  std::string context_note(const tables::CtxField &field) const {
    if (field.access == tables::kNever) return fmt::format("`{}` is not for programs of type `{}`", field.name, type());
    if (f_.write && (field.access & tables::kWrite) == 0) return fmt::format("`{}` is read-only", field.name);
    return fmt::format("`{}` has {} bytes at offset {}; an access must be aligned and lie within", field.name,
                       field.size, field.offset);
  }
  // A helper was given memory and its size.
  void add_size_note() {
    if (f_.arg == 0) return;
    const RegState *size = f_.count != 0 ? &state_.reg(static_cast<unsigned>(f_.count)) : nullptr;
    const std::string has = size != nullptr ? range_of(size->value) : fmt::format("{}", f_.size);
    const int64_t room = (f_.cause == Cause::StackBounds ? 0 : f_.limit) - f_.off;
    d_.notes.push_back(
        {{},
         fmt::format("`{}` {} {} byte{} there; at most {} fit", helper(), f_.write ? "writes" : "reads", has,
                     plural(size != nullptr && size->value.is_const() ? static_cast<int64_t>(f_.size) : 2), room),
         {}});
    if (size == nullptr || size->value.is_const()) return;
    if (const std::string n = name_of(env_, *size, 0); n.front() == '`' && room > 0)
      hint(fmt::format("add `if ({} > {}) return 0;`{}", n.substr(1, n.size() - 2), room, before()));
  }
  std::string offset_bounds() const {
    const Range64 &r = f_.state.value.r64;
    const int64_t fixed = f_.state.off + access_off();
    return fmt::format("[{}, {}]", r.smin + fixed, r.smax + fixed);
  }
  int64_t access_off() const {
    const isa::Insn &insn = env_.insn(f_.insn);
    return insn.is_call() ? 0 : insn.off;
  }
  int64_t lowest() const { return f_.cause == Cause::StackBounds ? -int64_t{kMaxStack} : 0; }
  int64_t highest() const { return (f_.cause == Cause::StackBounds ? 0 : f_.limit) - static_cast<int64_t>(f_.size); }

  // Several numbers were added since the pointer was made.
  bool is_sum() const {
    unsigned additions = 0;
    for (size_t i = trail_.steps.size(); i-- > 0 && trail_.steps[i].insn != f_.state.origin;) {
      const isa::Insn &insn = env_.insn(trail_.steps[i].insn);
      additions += insn.insn_class() == isa::ALU64 && insn.alu_op() == isa::ADD && insn.source_is_reg();
    }
    return additions > 1;
  }

  void hint(std::string text) { d_.hints.push_back(std::move(text)); }
  std::string before() const { return line() != 0 ? fmt::format(" before line {}", line()) : " before"; }
  bool has_variable_name() const { return name().starts_with('`'); }
  std::string bare_name() const {
    const std::string n = name();
    return n.substr(1, n.size() - 2);
  }

  void add_hint() {
    switch (f_.cause) {
      case Cause::NullDereference:
      case Cause::NullArithmetic:
      case Cause::NullArgument:
        if (has_variable_name())
          hint(fmt::format("add `if (!{}) return 0;`{}", bare_name(), before()));
        else
          hint(fmt::format("compare it with NULL{}", before()));
        break;
      case Cause::MapValueBounds:
        if (f_.arg == 0 && !f_.state.value.is_const())
          hint(fmt::format("check the index{}, so that the offset is at most {}{}", before(), highest(),
                           is_sum() ? "; where it is a sum, compute that once, in one variable, and check that" : ""));
        break;
      case Cause::PacketBounds:
        explain_packet(env_, f_, trail_, state_, d_);
        break;
      case Cause::StackBounds:
        if (f_.arg == 0 && !f_.state.value.is_const()) hint(fmt::format("check the index{}", before()));
        break;
      case Cause::NotAPointer:
        if (null_plus())
          hint("the pointer that it is made of is NULL on this path: return before, where that pointer is NULL");
        else if (f_.state.is_scalar() && !f_.write)
          hint(
              "memory of a process or of the kernel is read with `bpf_probe_read_user()` or `bpf_probe_read_kernel()`");
        break;
      case Cause::NegativeIndex:
        hint("make the index unsigned, or check that it is not negative");
        break;
      case Cause::UnboundedIndex:
      case Cause::UnboundedPointer:
      case Cause::UnboundedStackIndex:
        hint(fmt::format("check the index against its limit{}", before()));
        break;
      case Cause::SizeNegative:
        hint("make the size unsigned, or check that it is not negative");
        break;
      case Cause::SizeZero:
        hint(fmt::format("check that the size is not 0{}", before()));
        break;
      case Cause::SizeUnbounded:
        if (has_variable_name())
          hint(fmt::format("add `if ({} > sizeof(buffer)) return 0;`, with the name of the buffer,{}", bare_name(),
                           before()));
        else
          hint(fmt::format("check the size against that of the buffer{}", before()));
        break;
      case Cause::HelperNeedsGpl:
        hint("add `char LICENSE[] SEC(\"license\") = \"GPL\";`");
        break;
      case Cause::UninitializedValue:
        if (f_.reg == 0 && env_.insn(f_.insn).is_exit()) hint("return a value on every path");
        break;
      case Cause::CallbackReturn:
        hint("return 0 to go on, 1 to stop");
        break;
      case Cause::StackTooDeep:
        hint("keep large variables in a map, for example an array of one element");
        break;
      case Cause::InfiniteLoop:
        hint("let the loop count, and end at a number that is known");
        break;
      case Cause::TooComplex:
      case Cause::TooManyBranches:
        hint("give loops fewer turns, or move their body into `bpf_for_each_map_elem`");
        break;
      case Cause::MovedContext:
        hint("access the members of the context through the pointer that the program was given");
        break;
      case Cause::MixedPointers:
        hint("access the context in a statement of its own");
        break;
      case Cause::DivisionByZero:
        hint("divide by another number; division by a variable that is 0 gives 0");
        break;
      default:
        break;  // no fix is known that would surely work
    }
  }

  const Env &env_;
  const Failure &f_;
  const Trail &trail_;
  const State &state_;
  Diagnostic d_;
};

}  // namespace

Rejection explain(const Env &env, const Failure &failure, const Trail &trail, const State &state) {
  return Explanation(env, failure, trail, state).run();
}

}  // namespace spile::verifier
