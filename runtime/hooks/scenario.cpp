#include "runtime/hooks/scenario.h"

#include <algorithm>
#include <array>

#include "lang-spec/tables/tables.h"
#include "runtime/hooks/interval.h"
#include "support/numbers.h"

namespace spile::hooks {

namespace {

constexpr std::string_view kMark = "//@";
constexpr std::string_view kSpace = " \t\r";
// As many events as a step may stand for: a typing error shall not run for an hour.
constexpr uint64_t kMaxRepeat = 10'000'000;

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// The text from [at], a quote, to behind the closing one; npos when there is none.
size_t behind_string(std::string_view text, size_t at) {
  for (size_t i = at + 1; i < text.size(); i++) {
    if (text[i] == '\\')
      i++;
    else if (text[i] == '"')
      return i + 1;
  }
  return std::string_view::npos;
}

std::optional<int> hex_digit(char c) { return whole_number<int>({&c, 1}, 16); }

struct Escape {
  char letter, meaning;
};
constexpr auto kEscapes =
    std::to_array<Escape>({{'n', '\n'}, {'t', '\t'}, {'r', '\r'}, {'0', '\0'}, {'\\', '\\'}, {'"', '"'}});

class Reader {
 public:
  Reader(const std::string &path, const Constants &constants) : path_(path), constants_(constants) {}

  Result<std::vector<Scenario>> read(std::string_view text, bool in_comments) {
    while (!text.empty())
      if (auto read = take_line(text, in_comments); !read) return std::unexpected(read.error());
    if (scenarios_.size() == 1 && scenarios_[0].steps.empty() && scenarios_[0].name.empty()) scenarios_.clear();
    return std::move(scenarios_);
  }

  // Takes the first line of [text] away, and goes by it.
  Result<void> take_line(std::string_view &text, bool in_comments) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line_++;
    line_text_ = line;
    line = trimmed(line);
    if (in_comments && !line.starts_with(kMark)) {
      in_output_ = false;
      return {};
    }
    if (in_comments) line = trimmed(line.substr(kMark.size()));
    if (line.empty() || line.starts_with('#')) return {};
    step_ = line;
    return read_line(line);
  }

  // The steps that were read are forgotten: expectations of one behind the other are no longer one.
  std::optional<Step> take_step() {
    in_output_ = false;
    std::vector<Step> &steps = scenario().steps;
    if (steps.empty()) return std::nullopt;
    Step step = std::move(steps.back());
    steps.clear();
    return step;
  }
  size_t test_count() const { return scenarios_.size(); }
  // There is one when a step was taken.
  const Scenario &first() const { return scenarios_.front(); }

 private:
  template <class... Args>
  std::unexpected<Error> wrong(fmt::format_string<Args...> format, Args &&...args) const {
    return input_error("{}:{}: {}", path_, line_, fmt::format(format, std::forward<Args>(args)...));
  }

  Scenario &scenario() {
    if (scenarios_.empty()) scenarios_.push_back({.name = {}, .line = line_});
    return scenarios_.back();
  }
  Result<void> add(decltype(Step::what) what) {
    const auto indent = static_cast<size_t>(step_.data() - line_text_.data());
    scenario().steps.push_back({line_, std::string(step_), std::string(line_text_.substr(0, indent)), std::move(what)});
    return {};
  }

  Result<void> read_line(std::string_view line) {
    const size_t space = line.find_first_of(kSpace);
    const std::string_view word = line.substr(0, space);
    const std::string_view rest = space == std::string_view::npos ? std::string_view{} : trimmed(line.substr(space));
    if (word != "=") in_output_ = false;
    if (word.starts_with('!')) return directive(word, rest);
    if (word.starts_with('+')) return event(word.substr(1), rest);
    if (word == "=") return expectation(rest);
    if (word == "fault") return fault(rest);
    return wrong("`{}` begins no line of events: `+TIME HOOK`, `=`, `fault` and `!` do", word);
  }

  Result<void> directive(std::string_view word, std::string_view rest) {
    if (word == "!test") {
      if (rest.empty()) return wrong("!test needs a name");
      // What stands in front of the first name has no steps: it is not a test.
      if (!scenarios_.empty() && scenarios_.back().steps.empty() && scenarios_.back().name.empty())
        scenarios_.pop_back();
      scenarios_.push_back({.name = std::string(rest), .line = line_});
      return {};
    }
    if (word == "!end") return add(EndStep{});
    if (word == "!set") {
      if (!rest.contains('=')) return wrong("!set takes NAME=VALUE");
      scenario().globals.emplace_back(rest);
      return {};
    }
    if (word == "!net") {
      if (rest.empty()) return wrong("!net takes a row of a network, or @FILE");
      scenario().network.push_back({line_, std::string(rest)});
      return {};
    }
    if (word == "!seed") {
      const auto seed = parse_number(rest);
      if (!seed || *seed == 0) return wrong("!seed takes a number that is not 0, not `{}`", rest);
      scenario().seed = *seed;
      return {};
    }
    if (word == "!clock") {
      auto time = time_of(rest);
      if (!time) return std::unexpected(time.error());
      scenario().clock_ns = *time;
      return {};
    }
    return wrong("there is no `{}`: there are !test, !set, !net, !clock, !seed and !end", word);
  }

  // "0", "12us", "1s"
  Result<uint64_t> time_of(std::string_view text) const {
    if (const auto digits = text.find_first_not_of("0123456789");
        text.starts_with('0') && text.find_first_not_of('0') == digits)
      return 0;
    const auto time = parse_interval(text);
    if (!time) return wrong("`{}` is no time: 12us, 5ms, 1s", text);
    return static_cast<uint64_t>(time->count());
  }

  Result<void> event(std::string_view delay, std::string_view rest) {
    EventStep event;
    auto time = time_of(delay);
    if (!time) return std::unexpected(time.error());
    event.delay_ns = *time;
    // In quotes where a file's name has a space.
    const bool is_quoted = rest.starts_with('"');
    const size_t hook_end = is_quoted ? behind_string(rest, 0) : std::min(rest.find_first_of(kSpace), rest.size());
    if (hook_end == std::string_view::npos) return wrong("a string without its end: {}", rest);
    auto hook = is_quoted ? unquoted(rest.substr(0, hook_end)) : Result<std::string>(rest.substr(0, hook_end));
    if (!hook) return std::unexpected(hook.error());
    event.hook = hook_of_text(*hook);
    rest = trimmed(rest.substr(hook_end));
    while (!rest.empty()) {
      if (rest.starts_with('*')) {
        const auto repeat = whole_number<uint64_t>(rest.substr(1));
        if (!repeat || *repeat == 0 || *repeat > kMaxRepeat)
          return wrong("`{}`: how often, from 1 to {}, comes last", rest, kMaxRepeat);
        event.repeat = *repeat;
        break;
      }
      const size_t equals = rest.find('=');
      const std::string_view name = rest.substr(0, equals);
      if (equals == std::string_view::npos || name.find_first_of(kSpace) != std::string_view::npos)
        return wrong("`{}` is no NAME=VALUE", rest);
      const bool is_string = equals + 1 < rest.size() && rest[equals + 1] == '"';
      const size_t end =
          is_string ? behind_string(rest, equals + 1) : std::min(rest.find_first_of(kSpace), rest.size());
      if (end == std::string_view::npos) return wrong("a string without its end: {}", rest.substr(equals + 1));
      auto value = value_of(rest.substr(equals + 1, end - equals - 1));
      if (!value) return std::unexpected(value.error());
      if (std::ranges::find(event.fields, name, &std::pair<std::string, EventValue>::first) != event.fields.end())
        return wrong("`{}` is given twice", name);
      event.fields.emplace_back(name, std::move(*value));
      rest = trimmed(rest.substr(end));
    }
    if (event.hook.empty() && event.delay_ns == 0) return wrong("an event needs a hook, or a time that passes");
    return add(std::move(event));
  }

  Result<EventValue> value_of(std::string_view text) const {
    EventValue value;
    if (text.starts_with('"')) {
      auto string = unquoted(text);
      if (!string) return std::unexpected(string.error());
      const auto bytes = std::as_bytes(std::span(string->c_str(), string->size() + 1));
      value.bytes.emplace(bytes.begin(), bytes.end());
      return value;
    }
    if (constexpr std::string_view kHex = "hex:"; text.starts_with(kHex)) {
      value.bytes.emplace();
      text.remove_prefix(kHex.size());
      for (size_t i = 0; i < text.size(); i += 2) {
        const auto high = hex_digit(text[i]), low = i + 1 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
        if (!high || !low) return wrong("hex: takes pairs of hexadecimal digits");
        value.bytes->push_back(static_cast<std::byte>(*high << 4 | *low));
      }
      return value;
    }
    if (text.starts_with('@')) {
      const size_t hash = text.rfind('#');
      const auto number = hash == std::string_view::npos ? std::nullopt : whole_number<uint64_t>(text.substr(hash + 1));
      if (!number || *number == 0) return wrong("`{}`: a packet of a capture is @FILE#N, N from 1", text);
      value.capture = text.substr(1, hash - 1);
      value.packet = *number;
      return value;
    }
    if (text.contains(',')) {
      value.bytes.emplace();
      for (bool more = true; more;) {
        const size_t comma = std::min(text.find(','), text.size());
        const auto number = number_of(text.substr(0, comma));
        if (!number) return wrong("`{}` is no number and no constant that is known", text.substr(0, comma));
        const auto bytes = std::as_bytes(std::span(&*number, 1));
        value.bytes->insert(value.bytes->end(), bytes.begin(), bytes.end());
        more = comma < text.size();
        text = more ? text.substr(comma + 1) : std::string_view{};
      }
      return value;
    }
    const auto number = number_of(text);
    if (!number) return wrong("`{}` is no number, no constant that is known and no string", text);
    value.number = static_cast<uint64_t>(*number);
    return value;
  }

  // Numbers and names of constants, each with an optional minus, joined by `|`.
  std::optional<int64_t> number_of(std::string_view text) const {
    uint64_t sum = 0;
    for (bool more = true; more;) {
      const size_t bar = text.find('|');
      std::string_view word = trimmed(text.substr(0, bar));
      const bool negative = word.starts_with('-');
      if (negative) word.remove_prefix(1);
      auto number = parse_number(word);
      if (!number)
        if (const auto constant = constants_(word)) number = static_cast<uint64_t>(*constant);
      if (!number) return std::nullopt;
      sum |= negative ? 0 - *number : *number;
      more = bar != std::string_view::npos;
      text = more ? text.substr(bar + 1) : std::string_view{};
    }
    return static_cast<int64_t>(sum);
  }

  Result<std::string> unquoted(std::string_view text) const {
    if (!text.starts_with('"') || behind_string(text, 0) != text.size()) return wrong("`{}` is no string", text);
    std::string out;
    for (size_t i = 1; i + 1 < text.size(); i++) {
      if (text[i] != '\\') {
        out += text[i];
        continue;
      }
      i++;
      if (text[i] == 'x' && i + 3 < text.size() && hex_digit(text[i + 1]) && hex_digit(text[i + 2])) {
        out += static_cast<char>(*hex_digit(text[i + 1]) << 4 | *hex_digit(text[i + 2]));
        i += 2;
        continue;
      }
      const auto *escape = std::ranges::find(kEscapes, text[i], &Escape::letter);
      if (escape == kEscapes.end()) return wrong("there is no `\\{}` in a string", text[i]);
      out += escape->meaning;
    }
    return out;
  }

  struct Named {
    std::string_view name;
    ExpectStep::Subject subject;
    bool takes_name, takes_key;
  };
  Result<void> expectation(std::string_view rest) {
    const size_t space = std::min(rest.find_first_of(kSpace), rest.size());
    const std::string_view word = rest.substr(0, space);
    rest = trimmed(rest.substr(space));
    if (word == "out") return output(rest);
    in_output_ = false;
    using enum ExpectStep::Subject;
    static constexpr auto kSubjects = std::to_array<Named>({{"map", Map, true, true},
                                                            {"elements", Elements, true, false},
                                                            {"global", Global, true, false},
                                                            {"ret", Return, true, false},
                                                            {"packet", Packet, false, false},
                                                            {"length", Length, false, false},
                                                            {"signal", Signal, false, false},
                                                            {"exit", Exit, false, false}});
    const auto *row = std::ranges::find(kSubjects, word, &Named::name);
    if (row == kSubjects.end())
      return wrong("`= {}`: what can be expected is map, elements, global, out, ret, packet, length, signal, exit",
                   word);
    ExpectStep expect;
    expect.subject = row->subject;
    if (row->takes_name) {
      const size_t end = std::min(rest.find_first_of(" \t[=!<>"), rest.size());
      expect.name = rest.substr(0, end);
      if (expect.name.empty() && expect.subject != Return) return wrong("`= {}` needs a name", word);
      rest.remove_prefix(end);
    }
    if (row->takes_key && rest.starts_with('[')) {
      size_t at = 1;
      for (int depth = 1; at < rest.size(); at++) {
        if (rest[at] == '"') {
          at = behind_string(rest, at);
          if (at == std::string_view::npos) return wrong("a string without its end");
          at--;
        }
        depth += rest[at] == '[' ? 1 : rest[at] == ']' ? -1 : 0;
        if (depth == 0) break;
      }
      if (at >= rest.size()) return wrong("`[` without its `]`");
      expect.key = trimmed(rest.substr(1, at - 1));
      rest.remove_prefix(at + 1);
    }
    rest = trimmed(rest);
    for (const std::string_view op : {"==", "!=", "<=", ">=", "<", ">"})
      if (expect.op.empty() && rest.starts_with(op)) expect.op = op;
    rest = trimmed(rest.substr(expect.op.size()));
    if (expect.op.empty() || rest.empty()) return wrong("`= {}` needs one of == != < <= > >= and a value", word);
    expect.value = rest;
    expect.number = number_of(rest);
    if (expect.op != "==" && expect.op != "!=" && !expect.number)
      return wrong("`{}` compares numbers, and `{}` is none", expect.op, rest);
    return add(std::move(expect));
  }

  Result<void> output(std::string_view rest) {
    auto text = unquoted(rest);
    if (!text) return std::unexpected(text.error());
    if (in_output_) {
      std::get<OutputStep>(scenario().steps.back().what).texts.push_back(std::move(*text));
      return {};
    }
    in_output_ = true;
    return add(OutputStep{{std::move(*text)}});
  }

  Result<void> fault(std::string_view rest) {
    const size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return wrong("a fault is HELPER = RESULT, and @N for its Nth call alone");
    std::string name(trimmed(rest.substr(0, equals)));
    if (name.starts_with("bpf_")) name.erase(0, 4);
    rest = trimmed(rest.substr(equals + 1));
    FaultStep fault;
    if (const size_t at = rest.find('@'); at != std::string_view::npos) {
      const auto call = whole_number<uint64_t>(trimmed(rest.substr(at + 1)));
      if (!call || *call == 0) return wrong("`{}`: calls are counted from @1", rest.substr(at));
      fault.call = *call;
      rest = trimmed(rest.substr(0, at));
    }
    const tables::Helper *helper = tables::find_helper(name);
    if (helper == nullptr) return wrong("there is no helper `{}`", name);
    fault.helper = helper->number;
    const auto result = number_of(rest);
    if (!result) return wrong("`{}` is no number and no constant that is known", rest);
    fault.result = *result;
    return add(fault);
  }

  const std::string &path_;
  const Constants &constants_;
  uint32_t line_ = 0;
  std::string_view line_text_, step_;
  bool in_output_ = false;  // the step before is one of OutputStep
  std::vector<Scenario> scenarios_;
};

class EventLines final : public EventSteps {
 public:
  EventLines(const std::string &path, std::string_view text, const Constants &constants)
      : path_(path), text_(text), reader_(path, constants) {}

  // So that what stands in front of it is known.
  Result<void> read_first() {
    auto first = read_step();
    if (!first) return std::unexpected(first.error());
    if (*first == nullptr) return input_error("{}: there are no events in it", path_);
    first_ = *first;
    return {};
  }
  Result<const Step *> next() override {
    if (const Step *first = std::exchange(first_, nullptr)) return first;
    return read_step();
  }
  uint64_t clock_ns() const override { return reader_.first().clock_ns; }
  uint64_t seed() const override { return reader_.first().seed; }

 private:
  Result<const Step *> read_step() {
    while (!text_.empty()) {
      if (auto read = reader_.take_line(text_, false); !read) return std::unexpected(read.error());
      step_ = reader_.take_step();
      if (reader_.test_count() > 1)
        return input_error("{}: it holds more than one test; `spile test` runs them", path_);
      if (step_ && std::holds_alternative<EventStep>(step_->what)) return &*step_;
    }
    return nullptr;
  }

  const std::string &path_;
  std::string_view text_;
  Reader reader_;
  std::optional<Step> step_;
  const Step *first_ = nullptr;  // not yet given out
};

}  // namespace

Result<std::vector<Scenario>> read_scenarios(const std::string &path, std::string_view text, bool in_comments,
                                             const Constants &constants) {
  return Reader(path, constants).read(text, in_comments);
}

bool begins_as_events(std::string_view text) { return text.starts_with("!clock "); }

Result<std::unique_ptr<EventSteps>> read_event_lines(const std::string &path, std::string_view text,
                                                     const Constants &constants) {
  auto lines = std::make_unique<EventLines>(path, text, constants);
  if (auto first = lines->read_first(); !first) return std::unexpected(first.error());
  return lines;
}

std::string hook_of_text(std::string_view text) {
  std::string hook(text);
  // What stands behind the type of a probe in a program is as it is: FILE:FUNCTION.
  const bool is_of_code = text.starts_with("uprobe") || text.starts_with("uretprobe") || text.starts_with("usdt");
  const size_t colon = hook.find(':');
  if (!is_of_code)
    std::ranges::replace(hook, ':', '/');
  else if (colon < hook.find('/'))
    hook[colon] = '/';
  return hook;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto *escape = std::ranges::find(kEscapes, c, &Escape::meaning);
    if (escape != kEscapes.end() && c != '\0')
      out += {'\\', escape->letter};
    else if (static_cast<unsigned char>(c) < ' ')
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out + '"';
}

}  // namespace spile::hooks
