// Why a packet access is not proven: the comparison with the end of the packet that is missing, was lost, or was of
// another pointer.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "verifier/explain.h"
#include "verifier/source_names.h"
#include "verifier/source_text.h"

namespace spile::verifier {
namespace {

class PacketExplanation {
 public:
  explicit PacketExplanation(const Telling &tell)
      : tell_(tell), env_(tell.env), f_(tell.f), trail_(tell.trail), place_(tell.out.diagnostic.foreign) {}

  void run() {
    if (too_far()) return;
    const bool lost = moved() || in_callback() || of_another_pointer();
    const int64_t need = f_.off + static_cast<int64_t>(f_.size);
    if (!lost && f_.limit > 0) {
      tell_.hint(fmt::format("let the comparison with the end of the packet cover {} bytes, not {}", need, f_.limit));
      rewrite_comparison(tell_, last_comparison(), need - f_.limit);
    }
    compare(need);
    if (tell_.out.diagnostic.hints.empty())
      tell_.hint(fmt::format("compare it with the end of the packet{}: {} byte{} behind `{}` have to be proven",
                             tell_.before(), need, plural(need),
                             f_.state.type == RegType::PacketMeta ? "data_meta" : "data"));
  }

 private:
  // Comparisons in the form that compilers keep: of the pointer that is accessed, past what is accessed.
  void compare(int64_t need) {
    const std::string_view pointer =
        tell_.stands_at_origin() ? std::string_view() : pointer_at(place_.line_text, place_.column);
    std::string past;
    if (const std::string_view index = index_at(place_.line_text, place_.column); !pointer.empty() && is_sum(index))
      past = fmt::format("{} + {} + 1", pointer, index);
    else if (!pointer.empty() && index.empty())
      past = fmt::format("{} + 1", pointer);
    else if (f_.state.value.is_const() && f_.state.origin != kNoInsn && is_from_context(f_.state.origin))
      past = fmt::format("(char *){} + {}", name_of_start(), need);
    if (past.empty() || past.starts_with("(char *) +")) return;
    for (const std::string &end : ends()) {
      std::string condition = fmt::format("(void *)({}) > {}", past, end);
      std::string words =
          fmt::format("compare it with the end of the packet{}, and return where `{}`", tell_.before(), condition);
      tell_.leave_if(place_.line, std::move(condition), std::move(words));
    }
  }
  // Names and numbers, added up: what can be said twice.
  static bool is_sum(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ' ' || c == '+';
    }) && !text.contains("++");
  }
  bool is_from_context(uint32_t insn) const { return env_.insn(insn).insn_class() == isa::LDX; }
  std::string name_of_start() const { return std::string(assigned_name(place_of(env_, f_.state.origin).line_text)); }

  // What the program calls the end of the packet: a variable that was read from the context, or the member beside the
  // one that the pointer was read from.
  std::vector<std::string> ends() const {
    std::vector<std::string> found;
    for (size_t i = trail_.steps.size(); i-- > 0;) {
      const ForeignPlace at = place_of(env_, trail_.steps[i].insn);
      if (at.line_text.find("->data_end") == std::string::npos) continue;
      std::string name(assigned_name(at.line_text));
      // Of two declarations in one line the last is the end.
      const size_t last = at.line_text.rfind('=');
      if (last != std::string::npos)
        name = std::string(assigned_name(std::string_view(at.line_text).substr(at.line_text.rfind(' ', last - 2) + 1)));
      if (!name.empty()) found.push_back(std::move(name));
      break;
    }
    if (f_.state.origin != kNoInsn) {
      std::string value(assigned_value(place_of(env_, f_.state.origin).line_text));
      if (const size_t at = value.rfind("->data"); at != std::string::npos && value.substr(at) == "->data")
        found.push_back(fmt::format("{}{}_end", value.starts_with("(void *)") ? "" : "(void *)", value));
    }
    return found;
  }

  // Offsets beyond the largest packet are not followed, so that no comparison proves anything of them.
  bool too_far() {
    const uint64_t most = f_.state.value.r64.umax;
    if (f_.state.value.is_const() || most + static_cast<uint64_t>(f_.state.off) < kMaxPacketOffset) return false;
    tell_.note(last_comparison(),
               fmt::format("the comparison with the end of the packet proves nothing: what is added to the "
                           "pointer may be {}, and only offsets below {} are followed",
                           most > INT32_MAX ? std::string("any number") : std::to_string(most), kMaxPacketOffset));
    const ForeignPlace made = place_of(env_, addition());
    const Sum sum = sum_in(assigned_value(made.line_text));
    tell_.hint(
        fmt::format("check what is added against a limit before it is added, for example `if ({} > 1500) return 0;`",
                    sum.right.empty() ? "offset" : sum.right));
    if (is_plain_name(sum.right)) tell_.leave_if(made.line, fmt::format("{} > 1500", sum.right));
    return true;
  }

  // Where the variable part was added.
  uint32_t addition() const {
    for (size_t i = trail_.steps.size(); i-- > 0;) {
      const isa::Insn &insn = env_.insn(trail_.steps[i].insn);
      if (insn.insn_class() == isa::ALU64 && insn.alu_op() == isa::ADD && insn.source_is_reg())
        return trail_.steps[i].insn;
    }
    return f_.state.origin;
  }

  uint32_t last_comparison() const {
    for (size_t i = trail_.steps.size(); i-- > 0;)
      if (trail_.steps[i].compares_packet) return trail_.steps[i].insn;
    return f_.state.origin;
  }

  bool moved() {
    const uint32_t last = last_comparison(), call = tell_.packet_moved(last);
    if (call == kNoInsn || last == f_.state.origin) return false;
    tell_.note_call(call, "may move the packet: what was proven of it before is lost here");
    tell_.hint_read_again();
    return true;
  }

  bool in_callback() {
    if (tell_.state.frames.empty() || !tell_.state.top().in_callback) return false;
    const uint32_t call = tell_.state.top().callsite;
    for (size_t i = trail_.steps.size(); i-- > 0 && trail_.steps[i].insn != call;)
      if (trail_.steps[i].compares_packet) return false;
    tell_.note(call, "a comparison made before this call does not hold in the callback");
    tell_.hint(fmt::format("compare with `data_end` in the callback{}", tell_.before()));
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
    tell_.note(trail_.steps[at - 1].insn, "the comparison here is of another pointer");
    tell_.note(f_.state.origin, "this one was read from the context later, and each such read gives a new pointer");
    tell_.hint("read `data` once, and compare and use that pointer");
    return true;
  }

  const Telling &tell_;
  const Env &env_;
  const Failure &f_;
  const Trail &trail_;
  const ForeignPlace &place_;
};

}  // namespace

void explain_packet(const Telling &tell) { PacketExplanation(tell).run(); }

}  // namespace spile::verifier
