#include "verifier/explain.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/verifier.def"
#include <fmt/format.h>

#include <algorithm>

#include "support/check.h"
#include "support/diag_table.h"
#include "verifier/obligations.h"
#include "verifier/source_names.h"
#include "verifier/source_text.h"

namespace spile::verifier {

void Telling::note(uint32_t insn, std::string text) const {
  if (insn != kNoInsn) out.diagnostic.notes.push_back({{}, std::move(text), place_of(env, insn)});
}

void Telling::note_call(uint32_t call, std::string_view what) const {
  note(call, fmt::format("`{}` {}", c_name(*helper_of(env.insn(call))), what));
}

bool Telling::stands_at_origin() const {
  if (f.state.origin == kNoInsn || f.state.origin == f.insn || env.insn(f.state.origin).insn_class() != isa::LDX)
    return false;
  const ForeignPlace made = place_of(env, f.state.origin);
  return made.line == line() && made.column == out.diagnostic.foreign.column;
}

std::string Telling::name() const {
  std::string made = name_of(env, f.state, f.reg);
  if (f.arg != 0) {
    if (const std::string text = argument_text(f.arg); is_plain_name(text)) return fmt::format("`{}`", text);
    return made;
  }
  if (stands_at_origin()) return made;
  const ForeignPlace &at = out.diagnostic.foreign;
  const std::string_view used =
      f.write ? pointer_written(at.line_text, at.column) : pointer_at(at.line_text, at.column);
  const uint8_t insn_class = env.insn(f.insn).insn_class();
  const bool accesses = insn_class == isa::LDX || insn_class == isa::STX || insn_class == isa::ST ||
                        (f.cause == Cause::NullArithmetic && !made.starts_with('`'));
  if (!accesses || used.empty()) return made;
  // An array inside of what the pointer points to is not a pointer of its own.
  const std::string_view bare = made.starts_with('`') ? std::string_view(made).substr(1, made.size() - 2) : made;
  const bool is_part = used.starts_with(bare) && used.size() > bare.size() && used[bare.size()] == '-';
  return is_part ? made : fmt::format("`{}`", used);
}

std::string Telling::parameter() const {
  const bool may_be = f.cause == Cause::UninitializedValue && f.reg >= 2 && f.reg <= 5 && state.frames.size() == 1;
  if (!may_be || env.insn(f.insn).is_call()) return {};
  // Behind a call the register lost what it had.
  const auto calls = [&](const Step &step) { return env.insn(step.insn).is_call(); };
  if (env.program.subprograms.empty() || std::ranges::any_of(trail.steps, calls)) return {};
  const object::Btf *btf = env.program.object == nullptr ? nullptr : &env.program.object->btf;
  const object::BtfId function = env.program.subprograms.front().func;
  if (btf == nullptr || !function) return {};
  const auto parameters = btf->params(btf->type(function).type);
  const auto number = static_cast<size_t>(f.reg) - 1;
  return number < parameters.size() ? std::string(parameters[number].name) : std::string();
}

std::string Telling::source_name() const {
  const std::string text = name();
  return text.starts_with('`') ? text.substr(1, text.size() - 2) : "";
}

std::string Telling::callee() const {
  if (!f.callee.empty()) return f.callee;
  const tables::Helper *helper = tables::find_helper(f.helper);
  return helper != nullptr ? c_name(*helper) : fmt::format("helper {}", f.helper);
}

std::string Telling::argument_text(unsigned number) const {
  return number == 0 ? "" : std::string(argument_of(out.diagnostic.foreign.line_text, callee(), number));
}

uint32_t Telling::given_back(uint32_t since) const {
  const auto releases = [this](uint32_t insn) {
    const tables::Helper *helper = helper_of(env.insn(insn));
    return helper != nullptr && std::ranges::any_of(helper->args, &tables::Arg::releases);
  };
  return last_call(releases, since);
}

uint32_t Telling::packet_moved(uint32_t since) const {
  const auto moves = [this](uint32_t insn) {
    const tables::Helper *helper = helper_of(env.insn(insn));
    return helper != nullptr && (helper->flags & tables::kChangesPacket) != 0;
  };
  return last_call(moves, since);
}

// A small number that an addition made: the pointer that it was meant to be is NULL.
bool Telling::is_null_plus() const {
  constexpr uint64_t kLargestMember = 4096;
  if (!f.state.is_scalar() || !f.state.value.is_const() || f.state.origin == kNoInsn) return false;
  const isa::Insn &made = env.insn(f.state.origin);
  const bool adds = made.insn_class() == isa::ALU64 && made.alu_op() == isa::ADD;
  return adds && f.state.value.const_value() != 0 && f.state.value.const_value() < kLargestMember;
}

const RegState &Telling::pointer() const {
  const isa::Insn &insn = env.insn(f.insn);
  if (f.cause != Cause::UnboundedPointer || !insn.source_is_reg()) return f.state;
  return state.reg(insn.src).is_pointer() ? state.reg(insn.src) : state.reg(insn.dst);
}

int64_t Telling::fixed_offset() const {
  const isa::Insn &insn = env.insn(f.insn);
  return f.state.off + (insn.is_call() ? 0 : insn.off);
}

std::string Telling::offset_bounds() const {
  const Range64 &r = f.state.value.r64;
  return fmt::format("[{}, {}]", r.smin + fixed_offset(), r.smax + fixed_offset());
}

int64_t room_behind(const Env &env, const RegState &pointer) {
  switch (pointer.type) {
    case RegType::Stack:
      return -int64_t{pointer.off};
    case RegType::MapValue:
      return int64_t{env.map(pointer.target).value_size} - pointer.off;
    case RegType::MapKey:
      return int64_t{env.map(pointer.target).key_size} - pointer.off;
    case RegType::Mem:
      return int64_t{pointer.mem_size} - pointer.off;
    default:
      return -1;
  }
}

namespace {

template <class Diag, class... Args>
Diagnostic make(Args &&...args) {
  static constexpr DiagInfo info{Diag::kName, Diag::kSeverity, Diag::kText};
  static constexpr fmt::format_string<Args...> format{Diag::kText};
  return {&info, Diag::kSeverity, {}, fmt::format(format, std::forward<Args>(args)...), {}, {}, {}, {}};
}

// Lines that a message has, however long the path was, unless Options::whole_path asks for all of it.
constexpr size_t kMaxLines = 12;

class Explanation {
 public:
  Explanation(const Env &env, const Failure &f, const Trail &trail, const State &state)
      : env_(env), f_(f), trail_(trail), state_(state), tell_{env, f, trail, state, out_} {}

  Rejection run() {
    out_.insn = f_.insn;
    out_.kernel_message = f_.kernel;
    out_.diagnostic.foreign = place_of(env_, place());
    Diagnostic said = message();
    said.foreign = std::move(out_.diagnostic.foreign);
    out_.diagnostic = std::move(said);
    explain_origin(tell_);
    explain_mend(tell_);
    explain_path(tell_, lines_left());
    if (!f_.kernel.empty()) tell_.remark(fmt::format("kernel says: {}", f_.kernel));
    return std::move(out_);
  }

 private:
  // Returns share one exit: the place is the statement, or the branch, that led this path to it.
  uint32_t place() const {
    if (trail_.steps.empty() || !env_.insn(f_.insn).is_exit()) return f_.insn;
    const uint32_t exit = place_of(env_, f_.insn).line;
    uint32_t next = f_.insn;
    bool did_more = false;  // statements behind the branch: it did not leave there
    for (size_t i = trail_.steps.size() - 1; i-- > 0; next = trail_.steps[i].insn) {
      const uint32_t at = trail_.steps[i].insn;
      const isa::Insn &insn = env_.insn(at);
      const ForeignPlace where = place_of(env_, at);
      const bool returns = where.line_text.find("return") != std::string::npos;
      if (insn.is_call()) break;
      if (where.line == exit || where.line == 0) continue;
      if (returns && ((insn.is_jump() && !did_more) || (insn.is_alu() && insn.dst == 0 && !is_shared(i)))) return at;
      // The value to return may be made before the branch.
      if (insn.is_jump() && next != at + 1)
        return i > 0 && gives_result(trail_.steps[i - 1].insn) ? trail_.steps[i - 1].insn : at;
      did_more |= !returns && !insn.is_jump();
    }
    return f_.insn;
  }
  // A `return` that the path came to from below it: compilers let several share one.
  bool is_shared(size_t step) const {
    return step > 0 && place_of(env_, trail_.steps[step - 1].insn).line > place_of(env_, trail_.steps[step].insn).line;
  }
  bool gives_result(uint32_t at) const {
    return env_.insn(at).is_alu() && env_.insn(at).dst == 0 &&
           place_of(env_, at).line_text.find("return") != std::string::npos;
  }

  // A note with a place takes three lines: itself, the source and the mark below it.
  size_t lines_left() const {
    if (env_.options.whole_path) return SIZE_MAX;
    size_t lines =
        3 + std::max<size_t>(out_.diagnostic.hints.size(), out_.remedies.empty() ? 0 : 1) + (f_.kernel.empty() ? 0 : 1);
    for (const Note &note : out_.diagnostic.notes) lines += note.foreign.line != 0 ? 3 : 1;
    return lines < kMaxLines ? kMaxLines - lines : 0;
  }

  std::string name() const { return tell_.name(); }
  std::string helper() const { return tell_.callee(); }
  // " (`length`)": what the source gives as the argument.
  std::string argument() const {
    const std::string text = tell_.argument_text(f_.arg);
    return text.empty() ? text : fmt::format(" (`{}`)", text);
  }
  std::string map() const { return env_.map(f_.map).name; }
  std::string type() const { return std::string(env_.type.name); }
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
        return make<diag::FallsThrough>(function_name(env_, f_.insn));
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
        return make<diag::UnboundedPointer>(moved_by(), range());
      case Cause::NotAPointer:
        return make<diag::NotAPointer>(name(), tell_.is_null_plus()
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
        return make<diag::MisalignedStack>(size, f_.off, misaligned_memory());
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
        return make<diag::ArgumentNotConstant>(f_.arg, helper(), argument(), range());
      case Cause::UnreferencedRelease:
        return make<diag::UnreferencedRelease>(f_.arg, helper(), argument());
      case Cause::ReferenceLeak:
        return make<diag::ReferenceLeak>(name());
      case Cause::HelperSleeps:
        return make<diag::HelperSleeps>(helper(), f_.detail);
      case Cause::StringConstant:
        return make<diag::StringConstant>(f_.arg, helper(), argument(), f_.detail);
      case Cause::BadSignature:
        return make<diag::BadSignature>(f_.callee, why_no_signature());
      case Cause::GlobalArgument:
        return make<diag::GlobalArgument>(f_.arg, f_.callee, argument(), f_.detail, kind_of(env_, f_.state));
      case Cause::LockRule:
        return make<diag::LockRule>(f_.detail);
      case Cause::DynptrRule:
        return make<diag::DynptrRule>(f_.detail);
      case Cause::KfuncRule:
        return make<diag::KfuncRule>(f_.detail);
      case Cause::OlderKernel:
        return make<diag::OlderKernel>(f_.detail, f_.since >> 8, f_.since & 0xff);
      case Cause::UnprivilegedRule:
        return make<diag::UnprivilegedRule>(f_.detail);
      case Cause::KfuncArgument:
        return make<diag::KfuncArgument>(f_.arg, f_.callee, argument(), f_.detail, kind_of(env_, f_.state));
      case Cause::MovedContext:
        return make<diag::MovedContext>();
      case Cause::MixedPointers:
        return make<diag::MixedPointers>(kind_of(env_, f_.state), f_.detail);
      case Cause::AtomicTarget:
        return make<diag::AtomicTarget>(kind_of(env_, f_.state),
                                        f_.state.type == RegType::Stack ? " at a variable offset" : "");
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
      case Cause::HelperNotBuilt:
        return make<diag::HelperNotBuilt>(helper(), f_.detail);
      case Cause::HelperNeedsGpl:
        return make<diag::HelperNeedsGpl>(
            helper(), env_.program.license.empty() ? "none" : fmt::format("`{}`", env_.program.license));
      case Cause::ArgumentType:
        return make<diag::ArgumentType>(f_.arg, helper(), argument(), f_.detail, kind_of(env_, f_.state));
      case Cause::NullArgument:
        return make<diag::NullArgument>(f_.arg, helper(), argument());
      case Cause::SizeNegative:
        return make<diag::SizeNegative>(f_.arg, helper(), argument(), range());
      case Cause::SizeZero:
        return make<diag::SizeZero>(f_.arg, helper(), argument(), range());
      case Cause::SizeUnbounded:
        return make<diag::SizeUnbounded>(f_.arg, helper(), argument(), range());
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
    if (const tables::Helper *called = helper_of(insn); called != nullptr && argument)
      return fmt::format("argument {} of `{}`", f_.reg, c_name(*called));
    if (const std::string parameter = tell_.parameter(); !parameter.empty())
      return fmt::format("`{}`, parameter {} of the program,", parameter, f_.reg);
    if (argument && lost_to_call()) return fmt::format("r{}, which the call before has overwritten,", f_.reg);
    return name();
  }
  // r1 to r5 do not survive a call.
  bool lost_to_call() const {
    for (size_t i = trail_.steps.size(); i-- > 0;)
      if (env_.insn(trail_.steps[i].insn).is_call()) return true;
    return false;
  }

  std::string why_no_signature() const {
    return f_.count == 0 ? f_.detail : fmt::format("nobody knows how many bytes its parameter {} points to", f_.count);
  }

  std::string misaligned_memory() const {
    if (f_.state.type == RegType::Stack) return "the stack frame";
    return f_.state.type == RegType::MapValue ? fmt::format("a value of `{}`", env_.map(f_.state.target).name)
                                              : "its memory";
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

  // What is added to a pointer: `i` of `table[i]`.
  std::string moved_by() const {
    const ForeignPlace &at = out_.diagnostic.foreign;
    if (const std::string_view index = index_at(at.line_text, at.column); is_plain_name(index))
      return fmt::format("`{}`", index);
    const std::string text = f_.state.is_scalar() ? name_of(env_, f_.state, kNoReg) : "";
    return text.starts_with('`') ? text : "the number";
  }

  const Env &env_;
  const Failure &f_;
  const Trail &trail_;
  const State &state_;
  Rejection out_;
  const Telling tell_;
};

}  // namespace

Rejection explain(const Env &env, const Failure &failure, const Trail &trail, const State &state) {
  return Explanation(env, failure, trail, state).run();
}

}  // namespace spile::verifier
