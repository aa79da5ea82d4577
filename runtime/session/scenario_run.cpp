#include "runtime/session/scenario_run.h"

#include <algorithm>
#include <filesystem>

#include "backend/isa/info.h"
#include "runtime/session/network_file.h"
#include "support/numbers.h"

namespace spile::session {

namespace {

using hooks::ExpectStep;

constexpr std::string_view kNone = "none";

bool compare(int64_t a, std::string_view op, int64_t b) {
  if (op == "==") return a == b;
  if (op == "!=") return a != b;
  if (op == "<") return a < b;
  if (op == "<=") return a <= b;
  return op == ">" ? a > b : a >= b;
}

// The lines that a text consists of, each with its newline; none of an empty text.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(hooks::quoted(text.substr(0, end)));
    text.remove_prefix(end);
  }
  return lines;
}

class Run {
 public:
  Run(const hooks::Scenario &scenario, const ScenarioOptions &options) : scenario_(scenario), options_(options) {}

  Result<ScenarioResult> run(const object::Object &object, std::span<const Accepted> programs) {
    Options options;
    options.engine = options_.use_jit ? EngineKind::Jit : EngineKind::Interpreter;
    if (!options_.use_jit && !options_.use_interpreter)
      options.watch = [this](const object::Program &program, const vm::Moment &moment) { watch(program, moment); };
    options.virtual_time = VirtualTime{scenario_.clock_ns, scenario_.seed};
    options.network = options_.network;
    if (auto added = add_rows(options.network); !added) return std::unexpected(added.error());
    options.print = [this](std::string_view text) {
      printed_ += text;
      return true;
    };
    options.loss = [this](const std::string &loss) { result_.losses.push_back(loss); };
    auto session = Session::open(object, programs, std::move(options));
    if (!session) return std::unexpected(session.error());
    session_ = session->get();
    session_->begin();
    for (const hooks::Step &step : scenario_.steps) {
      step_ = &step;
      std::visit([this](const auto &what) { this->take(what); }, step.what);
      if (is_broken_) break;
    }
    if (!is_broken_) finish();
    return std::move(result_);
  }

 private:
  // What `!net` says.
  Result<void> add_rows(std::shared_ptr<const helpers::Network> &to) const {
    if (scenario_.network.empty()) return {};
    const auto network = to == nullptr ? std::make_shared<helpers::Network>() : std::make_shared<helpers::Network>(*to);
    for (const auto &[line, text] : scenario_.network) {
      const auto added = text.starts_with('@')
                             ? add_network_file(std::filesystem::path(options_.folder) / text.substr(1), *network)
                             : add_network_row(fmt::format("{}:{}", options_.path, line), text, *network);
      if (!added) return added;
    }
    to = network;
    return {};
  }

  void watch(const object::Program &program, const vm::Moment &moment) {
    if (options_.watch) options_.watch(program, moment);
    const isa::Insn &insn = program.insns[moment.insn];
    const isa::InsnInfo *info = isa::lookup(insn);
    if (event_line_ == 0 || info == nullptr || info->shape != isa::Shape::Load) return;
    const uint64_t address = moment.regs[insn.src] + static_cast<uint64_t>(static_cast<int64_t>(insn.off));
    const std::string_view field = session_->unset_field(address, info->bytes());
    if (!field.empty()) result_.unset.insert(fmt::format("{}: `{}`", event_line_, field));
  }

  Finding &find() {
    Finding &finding = result_.findings.emplace_back();
    finding.line = step_->line;
    finding.event_line = event_line_;
    finding.event = event_;
    return finding;
  }

  void take(const hooks::EventStep &event) {
    event_line_ = step_->line;
    event_ = step_->text;
    returned_.clear();
    if (has_ended_ || session_->exit_status()) {
      find().message =
          has_ended_ ? "no event comes behind !end" : "the probe has called exit(): nothing fires any more";
      is_broken_ = true;
      return;
    }
    auto returned = session_->fire(event, options_.folder);
    result_.events += event.hook.empty() ? 0 : event.repeat;
    if (returned) {
      returned_ = std::move(*returned);
      return;
    }
    const Error &error = returned.error();
    find().message = error.hint.empty() ? error.message : fmt::format("{} ({})", error.message, error.hint);
    is_broken_ = true;
  }

  void take(const hooks::FaultStep &fault) { session_->inject({fault.helper, fault.result, fault.call}); }
  void take(const hooks::EndStep &) { end(); }

  void take(const hooks::OutputStep &output) {
    output_start_ = step_->indent + step_->text.substr(0, step_->text.find('"'));
    std::string expected;
    for (const std::string &text : output.texts) expected += text;
    const std::string seen = std::exchange(printed_, {});
    if (seen == expected) return;
    Finding &finding = find();
    finding.expected = lines_of(expected);
    finding.seen = lines_of(seen);
    Rewrite rewrite{step_->line, static_cast<uint32_t>(output.texts.size()), {}};
    for (const std::string &line : finding.seen) rewrite.lines.push_back(output_start_ + line);
    if (rewrite.lines.empty()) rewrite.lines.push_back(output_start_ + "\"\"");
    result_.rewrites.push_back(std::move(rewrite));
  }

  void take(const ExpectStep &expect) {
    const Result<std::string> seen = value_of(expect);
    if (!seen) {
      find().message = seen.error().message;
      return;
    }
    if (holds(expect, *seen)) return;
    Finding &finding = find();
    const size_t op = step_->text.rfind(expect.op, step_->text.size() - expect.value.size() - 1);
    const std::string as_seen = step_->text.substr(0, op) + "== " + *seen;
    const size_t subject = step_->text.find_first_not_of("= \t");
    finding.expected = {step_->text.substr(subject)};
    finding.seen = {as_seen.substr(subject)};
    result_.rewrites.push_back({step_->line, 1, {step_->indent + as_seen}});
  }

  static bool holds(const ExpectStep &expect, const std::string &seen) {
    // As texts first: `18446744073709551615`, and names of enums, are no numbers here.
    if (expect.op == "==" && seen == expect.value) return true;
    if (expect.op == "!=" && seen == expect.value) return false;
    const auto number = whole_number<int64_t>(seen);
    if (number && expect.number) return compare(*number, expect.op, *expect.number);
    return expect.op == "!=";
  }

  // What there is, as it is printed.
  Result<std::string> value_of(const ExpectStep &expect) const {
    using enum ExpectStep::Subject;
    switch (expect.subject) {
      case Map:
      case Elements:
        return of_map(expect);
      case Global: {
        auto value = session_->global(expect.name);
        if (!value) return input_error("the probe has no global variable `{}`", expect.name);
        return *value;
      }
      case Return:
        return of_return(expect);
      case Packet: {
        std::string hex = "hex:";
        for (const std::byte byte : session_->packet()) hex += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
        return hex;
      }
      case Length:
        return fmt::format("{}", session_->kept());
      case Signal: {
        std::string sent;
        for (const uint32_t number : session_->signals()) sent += fmt::format("{}{}", sent.empty() ? "" : ", ", number);
        return sent.empty() ? std::string(kNone) : sent;
      }
      case Exit:
        return session_->exit_status() ? fmt::format("{}", *session_->exit_status()) : std::string(kNone);
    }
    return std::string();
  }

  Result<std::string> of_map(const ExpectStep &expect) const {
    const auto elements = session_->elements(expect.name);
    if (!elements) return input_error("the probe has no map `{}`", expect.name);
    if (expect.subject == ExpectStep::Subject::Elements) return fmt::format("{}", elements->size());
    std::string all;
    for (const ShownElement &element : *elements) {
      if (element.key == expect.key && !element.cpu) return element.value;
      if (element.key == expect.key)
        all += fmt::format("{}[cpu {}] {}", all.empty() ? "" : ", ", *element.cpu, element.value);
    }
    return all.empty() ? std::string(kNone) : all;
  }

  Result<std::string> of_return(const ExpectStep &expect) const {
    for (const Session::Returned &one : returned_)
      if (expect.name.empty() || one.program == expect.name) return fmt::format("{}", one.result);
    if (returned_.empty()) return input_error("no program has run for an event before this line");
    return input_error("`{}` did not run for the event before this line", expect.name);
  }

  void end() {
    if (!std::exchange(has_ended_, true)) session_->end();
  }

  // What the end handlers and the maps print counts behind !end alone.
  void finish() {
    const std::string left = std::exchange(printed_, {});
    end();
    if (output_start_.empty() || left.empty()) return;
    Finding &finding = find();
    finding.seen = lines_of(left);
    Rewrite rewrite{step_->line + 1, 0, {}};
    for (const std::string &line : finding.seen) rewrite.lines.push_back(output_start_ + line);
    result_.rewrites.push_back(std::move(rewrite));
  }

  const hooks::Scenario &scenario_;
  const ScenarioOptions &options_;
  Session *session_ = nullptr;
  const hooks::Step *step_ = nullptr;
  std::vector<Session::Returned> returned_;
  std::string printed_, event_;
  std::string output_start_;  // of a line of `= out`, up to its quote; empty: there is none
  uint32_t event_line_ = 0;
  bool has_ended_ = false, is_broken_ = false;
  ScenarioResult result_;
};

}  // namespace

Result<ScenarioResult> run_scenario(const object::Object &object, std::span<const Accepted> programs,
                                    const hooks::Scenario &scenario, const ScenarioOptions &options) {
  return Run(scenario, options).run(object, programs);
}

}  // namespace spile::session
