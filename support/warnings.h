// Which warnings are wanted: the -W options of the command line, and `#pragma GCC diagnostic` where a line stands.
//
// What can be steered, and under which names, is lang-spec/tables/diagnostics/warnings.def. The options are applied in
// their order, later ones win, as in clang. A pragma holds from its place on to the end of the file or of the macro
// expansion in which it stands, and in what is included or expanded behind it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "support/source.h"

namespace spile {

enum class WarningState : uint8_t { Ignored, Warning, Error };

class WarningOptions {
 public:
  WarningOptions();

  // An option without its "-W": "all", "no-shadow", "error", "error=shadow", "no-error=shadow", "everything". Names
  // that no diagnostic of ours has are accepted in silence: they are clang's or gcc's, and build files are full of
  // them.
  void option(std::string_view text);
  bool no_warnings = false;         // -w
  bool warnings_as_errors = false;  // -Werror

  // #pragma GCC diagnostic push | pop | ignored "-W..." | warning "-W..." | error "-W...". [at]: where the pragma
  // stands.
  void push(Loc at);
  bool pop(Loc at);                                             // false: nothing was pushed
  void set(std::string_view name, WarningState state, Loc at);  // [name] without "-W"

  // What the diagnostic [name] is at a place. [declared]: the severity of its row.
  WarningState state(std::string_view diagnostic, WarningState declared, Loc at, const SourceManager &sources) const;
  // Whether some diagnostic of ours answers to [name], written without "-W".
  static bool is_name(std::string_view name);
  // The narrowest -W name of a diagnostic; empty when it has none.
  static std::string_view flag_of(std::string_view diagnostic);

 private:
  struct Row {
    WarningState state = WarningState::Warning;
    bool is_chosen = false;    // an option or a pragma has spoken of it
    bool never_error = false;  // -Wno-error=name
  };
  using States = std::vector<Row>;
  struct Change {
    Loc at;
    uint32_t states = 0;
  };
  static void apply(States &states, std::string_view name, WarningState state);
  const States &states_at(Loc at, const SourceManager &sources) const;
  void change(Loc at);

  std::vector<States> states_;   // [0]: of the command line
  std::vector<Change> changes_;  // by place
  std::vector<uint32_t> pushed_;
  uint32_t current_ = 0;
};

}  // namespace spile
