#include "driver/expectations.h"

#include <linux/bpf.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

namespace spile::driver {

static constexpr std::string_view kPrefix = "comment:test_";

static uint32_t flag_of(std::string_view name) {
  struct Named {
    std::string_view name;
    uint32_t flag;
  };
  static constexpr Named kFlags[] = {
      {"BPF_F_STRICT_ALIGNMENT", BPF_F_STRICT_ALIGNMENT},
      {"BPF_F_ANY_ALIGNMENT", BPF_F_ANY_ALIGNMENT},
      {"BPF_F_TEST_RND_HI32", BPF_F_TEST_RND_HI32},
      {"BPF_F_TEST_STATE_FREQ", BPF_F_TEST_STATE_FREQ},
      {"BPF_F_SLEEPABLE", BPF_F_SLEEPABLE},
      {"BPF_F_XDP_HAS_FRAGS", BPF_F_XDP_HAS_FRAGS},
      {"BPF_F_TEST_REG_INVARIANTS", 1u << 7},
  };
  for (const Named &f : kFlags)
    if (f.name == name) return f.flag;
  uint32_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

// "expect_msg=3=text" → "text": a counter keeps equal tags apart.
static std::string_view behind_counter(std::string_view text) {
  const size_t at = text.find('=');
  return at == std::string_view::npos ? text : text.substr(at + 1);
}

static void read_tag(Expectation &expected, std::string_view tag, bool &other_machine, bool &this_machine) {
  const auto value_of = [&](std::string_view name) -> std::optional<std::string_view> {
    if (!tag.starts_with(name)) return std::nullopt;
    return tag.substr(name.size());
  };
  if (tag == "expect_failure") expected.accepted = false;
  if (tag == "expect_success") expected.accepted = true;
  if (tag == "expect_failure_unpriv") expected.accepted_unprivileged = false;
  if (tag == "expect_success_unpriv") expected.accepted_unprivileged = true;
  if (const auto message = value_of("expect_msg=")) expected.messages.emplace_back(behind_counter(*message));
  if (const auto arch = value_of("arch=")) (*arch == "X86_64" ? this_machine : other_machine) = true;
  if (const auto flag = value_of("prog_flags=")) {
    if (flag->starts_with('!'))
      expected.flags &= ~flag_of(flag->substr(1));
    else
      expected.flags |= flag_of(*flag);
  }
}

Expectation expectation_of(const object::Object &object, const std::string &program) {
  Expectation expected;
  const object::BtfId function = object.btf.find(program, object::BtfKind::Func);
  if (!function) return expected;
  bool other_machine = false, this_machine = false;
  for (uint32_t i = 1; i < object.btf.type_count(); i++) {
    const object::BtfType tag = object.btf.type({i});
    if (tag.kind != object::BtfKind::DeclTag || tag.type != function || tag.component != -1) continue;
    if (tag.name.starts_with(kPrefix)) read_tag(expected, tag.name.substr(kPrefix.size()), other_machine, this_machine);
  }
  expected.elsewhere = other_machine && !this_machine;
  return expected;
}

// Whether the words of a pattern outside "{{" "}}" stand in [text] in this order: what is between them is free.
static bool fits(std::string_view pattern, std::string_view text) {
  size_t at = 0;
  while (!pattern.empty()) {
    const size_t open = pattern.find("{{");
    const std::string_view words = pattern.substr(0, open);
    const size_t found = text.find(words, at);
    if (found == std::string_view::npos) return false;
    at = found + words.size();
    if (open == std::string_view::npos) return true;
    const size_t close = pattern.find("}}", open);
    pattern = close == std::string_view::npos ? std::string_view{} : pattern.substr(close + 2);
  }
  return true;
}

std::string difference(const Expectation &expected, const verifier::Verdict &verdict, bool unprivileged) {
  const bool wanted = *(unprivileged ? expected.accepted_unprivileged : expected.accepted);
  if (verdict.kind == verifier::Verdict::CannotJudge) return "it cannot be judged";
  if (wanted != (verdict.kind == verifier::Verdict::Accept))
    return wanted ? "its author expects success" : "its author expects failure";
  if (wanted || unprivileged || expected.messages.empty()) return {};
  // The last line that is expected is the reason; those before it may be lines of the log that lead there.
  const std::string &reason = expected.messages.back();
  for (const verifier::Rejection &r : verdict.rejections)
    if (fits(reason, r.kernel_message)) return {};
  return fmt::format("its author expects the message `{}`", reason);
}

}  // namespace spile::driver
