// Why a packet access is not proven: the comparison with the end of the packet that is missing, was lost, or was of
// another pointer.
#include <fmt/format.h>

#include <algorithm>

#include "verifier/explain.h"
#include "verifier/source_names.h"

namespace spile::verifier {
namespace {

class PacketExplanation {
 public:
  PacketExplanation(const Env &env, const Failure &f, const Trail &trail, const State &state, Diagnostic &d)
      : env_(env), f_(f), trail_(trail), state_(state), d_(d) {}

  void run() {
    if (too_far() || moved() || in_callback() || of_another_pointer()) return;
    const int64_t need = f_.off + static_cast<int64_t>(f_.size);
    if (f_.limit > 0)
      hint(fmt::format("let the comparison with the end of the packet cover {} bytes, not {}", need, f_.limit));
    else
      hint(fmt::format("add `if ({} + {} > data_end) return 0;`{}, with the program's own names", pointer(), need,
                       before()));
  }

 private:
  // Offsets beyond the largest packet are not followed, so that no comparison proves anything of them.
  bool too_far() {
    const uint64_t most = f_.state.value.r64.umax;
    if (f_.state.value.is_const() || most + static_cast<uint64_t>(f_.state.off) < kMaxPacketOffset) return false;
    note(last_comparison(),
         fmt::format("the comparison with the end of the packet proves nothing: what is added to the "
                     "pointer may be {}, and only offsets below {} are followed",
                     most > INT32_MAX ? std::string("any number") : std::to_string(most), kMaxPacketOffset));
    hint("check what is added against a limit before it is added, for example `if (offset > 1500) return 0;`");
    return true;
  }

  uint32_t last_comparison() const {
    for (size_t i = trail_.steps.size(); i-- > 0;)
      if (trail_.steps[i].compares_packet) return trail_.steps[i].insn;
    return f_.state.origin;
  }

  bool moved() {
    for (size_t i = trail_.steps.size(); i-- > 0 && !trail_.steps[i].compares_packet;) {
      const tables::Helper *helper = helper_of(env_.insn(trail_.steps[i].insn));
      if (helper == nullptr || (helper->flags & tables::kChangesPacket) == 0) continue;
      note(trail_.steps[i].insn,
           fmt::format("`bpf_{}` may move the packet: what was proven of it before is lost here", helper->name));
      hint("read `data` and `data_end` again behind that call, and compare them again");
      return true;
    }
    return false;
  }

  bool in_callback() {
    if (state_.frames.empty() || !state_.top().in_callback) return false;
    const uint32_t call = state_.top().callsite;
    for (size_t i = trail_.steps.size(); i-- > 0 && trail_.steps[i].insn != call;)
      if (trail_.steps[i].compares_packet) return false;
    note(call, "a comparison made before this call does not hold in the callback");
    hint(fmt::format("compare with `data_end` in the callback{}", before()));
    return true;
  }

  bool of_another_pointer() {
    if (f_.limit != 0) return false;
    size_t at = trail_.steps.size();
    while (at > 0 && !trail_.steps[at - 1].compares_packet) at--;
    if (at == 0) return false;
    const auto behind = std::ranges::find(trail_.steps.begin() + static_cast<std::ptrdiff_t>(at), trail_.steps.end(),
                                          f_.state.origin, &Step::insn);
    if (behind == trail_.steps.end()) return false;
    note(trail_.steps[at - 1].insn, "the comparison here is of another pointer");
    note(f_.state.origin, "this one was read from the context later, and each such read gives a new pointer");
    hint("read `data` once, and compare and use that pointer");
    return true;
  }

  void note(uint32_t insn, std::string text) {
    if (insn != kNoInsn) d_.notes.push_back({{}, std::move(text), place_of(env_, insn)});
  }
  void hint(std::string text) { d_.hints.push_back(std::move(text)); }
  std::string before() const {
    const uint32_t line = place_of(env_, f_.insn).line;
    return line != 0 ? fmt::format(" before line {}", line) : " before";
  }
  std::string pointer() const { return f_.state.type == RegType::PacketMeta ? "data_meta" : "data"; }

  const Env &env_;
  const Failure &f_;
  const Trail &trail_;
  const State &state_;
  Diagnostic &d_;
};

}  // namespace

void explain_packet(const Env &env, const Failure &failure, const Trail &trail, const State &state, Diagnostic &d) {
  PacketExplanation(env, failure, trail, state, d).run();
}

}  // namespace spile::verifier
