#include "runtime/hooks/perf_script.h"

#include <algorithm>
#include <utility>

#include "support/numbers.h"

namespace spile::hooks {

namespace {

constexpr std::string_view kSpace = " \t\r";
constexpr uint64_t kSecond = 1'000'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) { return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kSpace);
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// The last word of [text], which is taken away from it.
std::string_view take_last(std::string_view &text) {
  text = trimmed(text);
  const size_t space = text.find_last_of(kSpace);
  const std::string_view word = space == std::string_view::npos ? text : text.substr(space + 1);
  text.remove_suffix(word.size());
  return word;
}

// "77445.825341", in seconds with 6 or 9 places.
std::optional<uint64_t> time_of(std::string_view text) {
  const size_t point = text.find('.');
  if (point == std::string_view::npos) return std::nullopt;
  const std::string_view places = text.substr(point + 1);
  const auto seconds = whole_number<uint32_t>(text.substr(0, point));
  auto fraction = whole_number<uint64_t>(places);
  if (!seconds || !fraction || places.size() > 9) return std::nullopt;
  for (size_t i = places.size(); i < 9; i++) *fraction *= 10;
  return *seconds * kSecond + *fraction;
}

struct Line {
  uint64_t time_ns = 0;
  uint32_t pid = 0, tid = 0, cpu = 0;
  std::string_view comm, hook, printed;  // "cat", "syscalls:sys_enter_write", what its format prints
};

// Takes "77402.554361: " and what stands before it away; the names of tasks may have spaces and colons.
std::optional<uint64_t> take_time(std::string_view &text, std::string_view &before) {
  for (size_t at = text.find(": "); at != std::string_view::npos; at = text.find(": ", at + 1)) {
    before = text.substr(0, at);
    const auto time = time_of(take_last(before));
    if (!time) continue;
    text.remove_prefix(at + 2);
    return time;
  }
  return std::nullopt;
}

// "cat 14008 [000]", "cat 14008/14009"
bool read_task(std::string_view text, Line &line) {
  std::string_view word = take_last(text);
  if (word.starts_with('[') && word.ends_with(']')) {
    const auto cpu = whole_number<uint32_t>(word.substr(1, word.size() - 2));
    if (!cpu) return false;
    line.cpu = *cpu;
    word = take_last(text);
  }
  const auto pid = whole_number<uint32_t>(word.substr(0, word.find('/')));
  const auto tid = whole_number<uint32_t>(word.substr(word.find('/') + 1));
  line.comm = trimmed(text);
  if (!pid || !tid || line.comm.empty()) return false;
  line.pid = *pid;
  line.tid = *tid;
  return true;
}

// "      1  sched:sched_switch: prev_comm=…": a count may stand in front.
bool read_event(std::string_view text, Line &line) {
  text = trimmed(text);
  size_t end = std::min(text.find_first_of(kSpace), text.size());
  if (whole_number<uint64_t>(text.substr(0, end))) {
    text = trimmed(text.substr(end));
    end = std::min(text.find_first_of(kSpace), text.size());
  }
  line.hook = text.substr(0, end);
  if (!line.hook.ends_with(':') || line.hook.size() < 2) return false;
  line.hook.remove_suffix(1);
  line.printed = trimmed(text.substr(end));
  return true;
}

std::optional<Line> parse(std::string_view text) {
  Line line;
  std::string_view task;
  const auto time = take_time(text, task);
  if (!time || !read_task(task, line) || !read_event(text, line)) return std::nullopt;
  line.time_ns = *time;
  return line;
}

EventValue text_value(std::string_view text) {
  EventValue value;
  const auto bytes = std::as_bytes(std::span(text));
  value.bytes.emplace(bytes.begin(), bytes.end());
  value.bytes->push_back(std::byte{0});
  return value;
}
EventValue value_of(std::string_view text) {
  const auto number = parse_number(text);
  return number ? EventValue{*number, std::nullopt, {}, 1} : text_value(text);
}

// Between the events there are empty lines, comments, and the call chains, which are indented by a tab.
bool says_something(std::string_view line) {
  return !trimmed(line).empty() && !line.starts_with('#') && !line.starts_with('\t');
}

class PerfScript final : public EventSteps {
 public:
  explicit PerfScript(ByteStream bytes) : bytes_(std::move(bytes)) {}

  // So that the time is known at which it begins.
  Result<void> read_first() {
    if (auto first = read_step(); !first) return std::unexpected(first.error());
    has_first_ = true;
    clock_ns_ = last_ns_;
    return {};
  }
  Result<const Step *> next() override {
    if (std::exchange(has_first_, false)) return &step_;
    return read_step();
  }
  uint64_t clock_ns() const override { return clock_ns_; }
  uint64_t seed() const override { return 1; }

 private:
  Result<const Step *> read_step() {
    for (std::string_view text;;) {
      const auto more = bytes_.line(text);
      if (!more) return std::unexpected(more.error());
      if (!*more) return nullptr;
      line_++;
      if (!says_something(text)) continue;
      const auto line = parse(text);
      if (!line) return input_error("{}:{}: this is no event of `perf script`", bytes_.path(), line_);
      make_step(*line);
      return &step_;
    }
  }

  void make_step(const Line &line) {
    EventStep step;
    step.is_loose = true;
    // Of events on several CPUs one may be a little behind the other.
    step.delay_ns = last_ns_ == 0 || line.time_ns < last_ns_ ? 0 : line.time_ns - last_ns_;
    last_ns_ = std::max(last_ns_, line.time_ns);
    step.hook = line.hook;
    std::ranges::replace(step.hook, ':', '/');
    step.fields.emplace_back("pid", EventValue{line.pid, std::nullopt, {}, 1});
    step.fields.emplace_back("tid", EventValue{line.tid, std::nullopt, {}, 1});
    step.fields.emplace_back("cpu", EventValue{line.cpu, std::nullopt, {}, 1});
    constexpr size_t kLongestComm = 15;
    step.fields.emplace_back("comm", text_value(line.comm.substr(0, kLongestComm)));
    const auto add = [&](std::string_view name, EventValue value) {
      step.fields.emplace_back(fmt::format("ctx.{}", name), std::move(value));
    };
    if (step.hook.starts_with("raw_syscalls/"))
      take_raw(line.printed, add);
    else if (step.hook.starts_with("syscalls/sys_exit_"))
      add("ret", value_of(line.printed));
    else if (step.hook.starts_with("syscalls/"))
      take_named(line.printed, ": ", add);
    else
      take_named(line.printed, "=", add);
    step_ = {line_, std::string(line.printed), {}, std::move(step)};
  }

  // "NR 257 (ffffff9c, 7fb9a0a76000, 0, 0, 0, 0)" and "NR 257 = 3"
  template <class Add>
  static void take_raw(std::string_view text, const Add &add) {
    constexpr std::string_view kNumber = "NR ";
    if (!text.starts_with(kNumber)) return;
    text.remove_prefix(kNumber.size());
    const size_t end = std::min(text.find(' '), text.size());
    add("id", value_of(text.substr(0, end)));
    text = trimmed(text.substr(end));
    if (text.starts_with("= ")) add("ret", value_of(trimmed(text.substr(2))));
    if (!text.starts_with('(') || !text.ends_with(')')) return;
    text = text.substr(1, text.size() - 2);
    for (int i = 0; !text.empty(); i++) {
      const size_t comma = std::min(text.find(','), text.size());
      if (const auto number = whole_number<uint64_t>(trimmed(text.substr(0, comma)), 16))
        add(fmt::format("args[{}]", i), EventValue{*number, std::nullopt, {}, 1});
      text = text.substr(std::min(comma + 1, text.size()));
    }
  }

  // NAME, [mark], value; a value goes on to the next name, less what the format prints between them (`,`, `==>`).
  template <class Add>
  static void take_named(std::string_view text, std::string_view mark, const Add &add) {
    const auto next_name = [&](size_t from, size_t &name_end) {
      for (size_t at = text.find(mark, from); at != std::string_view::npos; at = text.find(mark, at + 1)) {
        size_t begin = at;
        while (begin > from && is_name(text[begin - 1])) begin--;
        if (begin == at || (begin != 0 && !kSpace.contains(text[begin - 1]))) continue;
        name_end = at;
        return begin;
      }
      return std::string_view::npos;
    };
    size_t name_end = 0;
    for (size_t begin = next_name(0, name_end); begin != std::string_view::npos;) {
      const std::string_view name = text.substr(begin, name_end - begin);
      const size_t value = name_end + mark.size();
      const size_t next = next_name(value, name_end);
      std::string_view word = trimmed(text.substr(value, next - value));
      for (const std::string_view between : {",", "==>"})
        if (word.ends_with(between)) word = trimmed(word.substr(0, word.size() - between.size()));
      add(name, value_of(word));
      begin = next;
    }
  }

  ByteStream bytes_;
  uint32_t line_ = 0;
  uint64_t clock_ns_ = 0, last_ns_ = 0;
  Step step_;
  bool has_first_ = false;  // step_ was read and not yet given out
};

}  // namespace

// Whether the first line that says something is an event: it is looked at where it is.
static Result<bool> begins_with_event(ByteStream &bytes) {
  for (size_t at = 0;;) {
    auto ahead = bytes.look_text(at + 1);
    if (!ahead) return std::unexpected(ahead.error());
    size_t end = ahead->find('\n', at);
    while (end == std::string_view::npos) {
      const size_t known = ahead->size();
      // Of what is no text, a capture that is still being made, no more is waited for.
      if (known - at > ByteStream::kLongestLine || ahead->substr(at).contains('\0')) return false;
      ahead = bytes.look_text(known + 1);
      if (!ahead) return std::unexpected(ahead.error());
      end = ahead->size() == known ? known : ahead->find('\n', known);
    }
    const std::string_view line = ahead->substr(at, end - at);
    if (says_something(line)) return parse(line).has_value();
    if (end >= ahead->size()) return false;
    at = end + 1;
  }
}

Result<std::unique_ptr<EventSteps>> read_perf_script(ByteStream &bytes) {
  const auto is_one = begins_with_event(bytes);
  if (!is_one) return std::unexpected(is_one.error());
  if (!*is_one) return nullptr;
  auto script = std::make_unique<PerfScript>(std::move(bytes));
  if (auto first = script->read_first(); !first) return std::unexpected(first.error());
  return script;
}

}  // namespace spile::hooks
