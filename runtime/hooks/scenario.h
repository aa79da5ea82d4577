// Scenario: events that somebody wrote down, and what is expected of them: the text of a `.evt` file, or of `//@`
// comments in a probe (lang-spec/reference/tests.md has the format).
//
//     +0us   tracepoint:syscalls:sys_enter_kill  pid=100 comm="sh" sig=SIGKILL
//     =      map kills[7] == 1
//
// In: the text. Out: its steps in their order, each with its line. Called by `spile test` and by `spile run -i F.evt`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "support/result.h"

namespace spile::hooks {

// What a field is given: a number, or bytes that the number points to (a string with its NUL, `hex:…`, several numbers
// of 8 bytes each).
struct EventValue {
  uint64_t number = 0;
  std::optional<std::vector<std::byte>> bytes;
  std::string capture;  // `@FILE#N`: a packet of a capture
  uint64_t packet = 1;  // N, from 1
};

// `+12us HOOK name=value … *N`. Without a hook only time passes.
struct EventStep {
  uint64_t delay_ns = 0;
  std::string hook;  // with slashes: "tracepoint/syscalls/sys_enter_kill", "xdp"; "uprobe/libc.so.6:malloc"
  std::vector<std::pair<std::string, EventValue>> fields;
  uint64_t repeat = 1;
  bool is_loose = false;  // what the probe's record has no place for is passed over: another tool wrote this
};

// `= WHAT NAME[KEY] OP VALUE`
struct ExpectStep {
  enum class Subject : uint8_t { Map, Elements, Global, Return, Packet, Length, Signal, Exit } subject = Subject::Map;
  std::string name;                // of the map, the variable, the program; may be empty for Return
  std::optional<std::string> key;  // as it is printed
  std::string op;                  // ==, !=, <, <=, >, >=
  std::string value;               // as it is printed, or a number in words
  std::optional<int64_t> number;   // of the value, when it is one
};

// Consecutive `= out "…"`: all that was printed since the last ones.
struct OutputStep {
  std::vector<std::string> texts;  // one for each line
};

// `fault HELPER = VALUE @N`: what its Nth call from here returns; without @N every call.
struct FaultStep {
  uint32_t helper = 0;
  int64_t result = 0;
  uint64_t call = 0;
};

// `!end`: the end handlers run, and the maps that are left are printed. Without it: behind the last step.
struct EndStep {};

struct Step {
  uint32_t line = 0;  // from 1
  std::string text;   // from its first word on; what stands before it in its line
  std::string indent;
  std::variant<EventStep, ExpectStep, OutputStep, FaultStep, EndStep> what;
};

struct Scenario {
  std::string name;   // of `!test NAME`; empty for the only one of a file
  uint32_t line = 0;  // where it begins
  uint64_t clock_ns = 0, seed = 1;
  std::vector<std::string> globals;  // `!set NAME=VALUE`
  struct NetworkRow {
    uint32_t line = 0;
    std::string text;  // a row, or `@FILE`
  };
  std::vector<NetworkRow> network;  // `!net ROW`
  std::vector<Step> steps;
};

// The number behind a name: an enumerator, a macro.
using Constants = std::function<std::optional<int64_t>(std::string_view)>;

// [in_comments]: only what follows `//@` counts. None when the text has no step. Input error, "PATH:LINE: …", for what
// is no line of the format.
Result<std::vector<Scenario>> read_scenarios(const std::string &path, std::string_view text, bool in_comments,
                                             const Constants &constants);

// Events that are written down, one after the other: of a text that may be large.
class EventSteps {
 public:
  virtual ~EventSteps() = default;
  // Its what is an EventStep; null: there is none any more. Lives until the next call.
  virtual Result<const Step *> next() = 0;
  // Where the clock stands first; where random numbers begin.
  virtual uint64_t clock_ns() const = 0;
  virtual uint64_t seed() const = 0;
};

// Whether a text begins as those that `spile record` writes, whatever its file is called.
bool begins_as_events(std::string_view text);

// Those of a scenario, the only one of its text: what else there is is passed over. [path], [text] and [constants]
// outlive it. Input error when there are none.
Result<std::unique_ptr<EventSteps>> read_event_lines(const std::string &path, std::string_view text,
                                                     const Constants &constants);

// The hook of an event as it is written, with colons or slashes.
std::string hook_of_text(std::string_view text);

// "text\n" in quotes, as the format writes it.
std::string quoted(std::string_view text);

}  // namespace spile::hooks
