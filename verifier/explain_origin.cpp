// Where the value of a failure comes from, what is known of it and what would be needed, and where a fact was lost.
#include <fmt/format.h>

#include "verifier/explain.h"
#include "verifier/source_names.h"

namespace spile::verifier {
namespace {

class Origin {
 public:
  explicit Origin(const Telling &tell) : tell_(tell), env_(tell.env), f_(tell.f), origin_(tell.f.state.origin) {}

  void run() {
    switch (f_.cause) {
      case Cause::NullDereference:
      case Cause::NullArithmetic:
      case Cause::NullArgument:
        may_be_null();
        break;
      case Cause::MapValueBounds:
      case Cause::MapKeyBounds:
      case Cause::MemoryBounds:
      case Cause::StackBounds:
        bounds();
        break;
      case Cause::NotAPointer:
        lost_pointer();
        break;
      case Cause::ArgumentType:
      case Cause::KfuncArgument:
      case Cause::GlobalArgument:
        if (!given_back() && !moved()) from("the value comes from here");
        break;
      case Cause::UnreferencedRelease:
        if (!given_back()) from("the value comes from here");
        break;
      case Cause::PointerArithmetic:
        from("the value comes from here");
        break;
      case Cause::UnboundedPointer:
        needed_offset();
        from("the number comes from here");
        break;
      case Cause::NegativeIndex:
      case Cause::UnboundedIndex:
      case Cause::UnboundedStackIndex:
        needed_offset();
        from("the pointer comes from here");
        break;
      case Cause::SizeNegative:
      case Cause::SizeZero:
      case Cause::SizeUnbounded:
        needed_size();
        from("the number comes from here");
        break;
      case Cause::ReturnRange:
      case Cause::CallbackReturn:
        from("the number comes from here");
        break;
      case Cause::ReferenceLeak:
        tell_.note(origin_, fmt::format("{} gives the reference here", maker("the call")));
        break;
      case Cause::LockRule:
      case Cause::HelperSleeps:
        if (const Reference *lock = tell_.state.lock()) tell_.note(lock->insn, "the lock is taken here");
        break;
      case Cause::ContextBounds:
        context();
        break;
      case Cause::StackTooDeep:
      case Cause::CallTooDeep:
        tell_.remark(fmt::format("the calls: {}", f_.detail));
        break;
      default:
        break;  // the message says it all
    }
  }

 private:
  // What made the value, where that is a call of a helper.
  std::string maker(const char *otherwise) const {
    const tables::Helper *helper = origin_ == kNoInsn ? nullptr : helper_of(env_.insn(origin_));
    return helper != nullptr ? fmt::format("`{}`", c_name(*helper)) : otherwise;
  }

  void may_be_null() const {
    if (origin_ == kNoInsn) return;
    const isa::Insn &insn = env_.insn(origin_);
    if (insn.insn_class() != isa::LDX)
      return tell_.note(origin_, fmt::format("{} may return NULL here", maker("the lookup")));
    const uint32_t compared = tell_.compared_before();
    tell_.note(origin_, compared == kNoInsn ? "what is read here may be NULL" : "it is read a second time here");
    tell_.note(compared, "the comparison with NULL here is of what was read before");
  }

  void from(const char *text) const {
    const uint32_t line = origin_ == kNoInsn ? 0 : place_of(env_, origin_).line;
    if (line != 0 && line != tell_.line()) tell_.note(origin_, text);
  }

  void bounds() const {
    if (f_.arg != 0) return size_of_argument();
    tell_.remark(fmt::format("the offset is {} {}, it must stay in [{}, {}]",
                             f_.state.value.is_const() ? "always" : "in",
                             f_.state.value.is_const() ? fmt::format("{}", f_.off) : tell_.offset_bounds(),
                             tell_.lowest(), tell_.highest()));
    from(f_.state.type == RegType::Mem ? "the memory comes from here" : "the pointer comes from here");
  }

  // A helper was given memory and its size.
  void size_of_argument() const {
    const RegState *size = f_.count != 0 ? &tell_.state.reg(static_cast<unsigned>(f_.count)) : nullptr;
    const std::string has = size != nullptr ? range_of(size->value) : fmt::format("{}", f_.size);
    const int64_t room = (f_.cause == Cause::StackBounds ? 0 : f_.limit) - f_.off;
    const bool one = f_.size == 1 && (size == nullptr || size->value.is_const());
    tell_.remark(fmt::format("`{}` {} {} byte{} there; at most {} fit", tell_.callee(), f_.write ? "writes" : "reads",
                             has, one ? "" : "s", room));
    const uint32_t made = size != nullptr ? size->origin : kNoInsn;
    if (made != kNoInsn && place_of(env_, made).line != tell_.line()) tell_.note(made, "the size comes from here");
  }

  void needed_size() const {
    const int64_t room = room_behind(env_, tell_.state.reg(static_cast<unsigned>(f_.reg) - 1));
    if (room >= 0)
      tell_.remark(fmt::format("it must be at most {}: the memory has {} byte{}", room, room, plural(room)));
  }

  void needed_offset() const {
    const int64_t room = room_behind(env_, tell_.pointer());
    if (room >= 0)
      tell_.remark(
          fmt::format("it must stay in [0, {}]: the memory has {} byte{} there", room - 1, room, plural(room)));
  }

  // What was a pointer is a number now: the packet may have moved, the reference was given back.
  void lost_pointer() const {
    if (moved() || given_back()) return;
    from("the value comes from here");
  }
  bool moved() const {
    const uint32_t call = tell_.lost_packet();
    if (call == kNoInsn) return false;
    tell_.note_call(call, "may move the packet: pointers into it from before are lost here");
    return true;
  }
  bool given_back() const {
    if (origin_ == kNoInsn || !f_.state.is_scalar() || f_.state.is_null() || !env_.insn(origin_).is_call())
      return false;
    const uint32_t call = tell_.given_back(origin_);
    if (call == kNoInsn) return false;
    tell_.note_call(call, "takes it back here; behind that it cannot be used");
    return true;
  }

  void context() const {
    const tables::CtxField *field =
        f_.off < 0 ? nullptr : tables::find_ctx_field(env_.type.ctx, static_cast<uint32_t>(f_.off));
    if (field == nullptr) return;
    if (field->access == tables::kNever)
      tell_.remark(fmt::format("`{}` is not for programs of type `{}`", field->name, env_.type.name));
    else if (f_.write && (field->access & tables::kWrite) == 0)
      tell_.remark(fmt::format("`{}` is read-only", field->name));
    else
      tell_.remark(fmt::format("`{}` has {} bytes at offset {}; an access must be aligned and lie within", field->name,
                               field->size, field->offset));
  }

  const Telling &tell_;
  const Env &env_;
  const Failure &f_;
  const uint32_t origin_;
};

}  // namespace

uint32_t Telling::lost_packet() const {
  const uint32_t origin = f.state.origin;
  if (!f.state.is_scalar() || origin == kNoInsn || env.insn(origin).is_call()) return kNoInsn;
  if (const uint32_t call = packet_moved(origin); call != kNoInsn) return call;
  // Compilers add to it behind the call what the source adds before.
  const auto is_sum = [](const isa::Insn &insn) {
    return insn.insn_class() == isa::ALU64 && insn.alu_op() == isa::ADD;
  };
  if (!is_sum(env.insn(origin))) return kNoInsn;
  uint8_t reg = env.insn(origin).dst;
  uint32_t call = kNoInsn;
  for (size_t i = trail.steps.size(); i-- > 0;) {
    const uint32_t at = trail.steps[i].insn;
    const isa::Insn &insn = env.insn(at);
    if (insn.is_call()) {
      const tables::Helper *helper = helper_of(insn);
      if (reg <= 5) return kNoInsn;
      if (call == kNoInsn && helper != nullptr && (helper->flags & tables::kChangesPacket) != 0) call = at;
      continue;
    }
    const bool is_load = insn.insn_class() == isa::LDX;
    if ((!insn.is_alu() && !is_load) || insn.dst != reg || is_sum(insn)) continue;
    if (is_load) return place_of(env, at).line_text.find("->data") != std::string::npos ? call : kNoInsn;
    if (insn.insn_class() != isa::ALU64 || insn.alu_op() != isa::MOV || !insn.source_is_reg()) return kNoInsn;
    reg = insn.src;
  }
  return kNoInsn;
}

uint32_t Telling::compared_before() const {
  const uint32_t origin = f.state.origin;
  if (origin == kNoInsn || env.insn(origin).insn_class() != isa::LDX || state.frames.size() != 1) return kNoInsn;
  // Registers that hold the context, on the way; and the one that was read from the same place of it.
  uint32_t contexts = 1u << 1, before = kNoInsn, compared = kNoInsn;
  for (const Step &step : trail.steps) {
    const isa::Insn &insn = env.insn(step.insn);
    const bool is_load = insn.insn_class() == isa::LDX, is_of_context = (contexts >> insn.src & 1) != 0;
    if (step.tests_null && before != kNoInsn && insn.dst == env.insn(before).dst) compared = step.insn;
    if (step.insn == origin && compared != kNoInsn && is_of_context) return compared;
    if (is_load && is_of_context && insn.off == env.insn(origin).off) before = step.insn, compared = kNoInsn;
    if (insn.is_call()) contexts &= ~0x3fu;
    if (!insn.is_alu() && !is_load) continue;
    const bool copies = insn.insn_class() == isa::ALU64 && insn.alu_op() == isa::MOV && insn.source_is_reg();
    contexts = copies && is_of_context ? contexts | 1u << insn.dst : contexts & ~(1u << insn.dst);
  }
  return kNoInsn;
}

void explain_origin(const Telling &tell) { Origin(tell).run(); }

}  // namespace spile::verifier
