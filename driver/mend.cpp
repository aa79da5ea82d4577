#include "driver/mend.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "driver/reread.h"

namespace spile::driver {
namespace {

// Trials of one source: each compiles and verifies it, some milliseconds.
constexpr unsigned kMaxTrials = 60;
// A source that takes longer to verify than this, in instructions walked, is not tried again and again.
constexpr uint64_t kMaxProcessed = 200'000;
constexpr unsigned kMaxLongTrials = 2;

// What a source's programs are blamed for: all that is left of a trial.
struct Blame {
  std::string_view name;
  uint32_t line = 0;
  std::vector<verifier::Remedy> remedies;
};

std::vector<Blame> blames_of(const std::vector<Judged> &judged) {
  std::vector<Blame> blames;
  for (const Judged &one : judged)
    for (const verifier::Rejection &r : one.verdict.rejections)
      blames.push_back({r.diagnostic.info->name, r.diagnostic.foreign.line, r.remedies});
  return blames;
}

// The constant that the function returns elsewhere, above [line]; 0 without.
std::string usual_result(const Patch &text, uint32_t line) {
  for (uint32_t at = std::min(line, text.line_count()); at > 0 && !text.line(at).starts_with('}'); at--) {
    std::string_view code = text.line(at);
    const size_t found = code.find("return ");
    if (found == std::string_view::npos) continue;
    code = code.substr(found + 7);
    code = code.substr(0, std::min(code.find(';'), code.size()));
    constexpr std::string_view kConstant = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789-";
    if (!code.empty() && code.find_first_not_of(kConstant) == std::string_view::npos) return std::string(code);
  }
  return "0";
}

class Mender {
 public:
  Mender(const Compilation &source, std::string_view text, const JudgeOptions &options, KernelTypes &types,
         unsigned most_trials)
      : source_(source),
        original_(text),
        options_(options),
        types_(types),
        mended_{.patch = Patch(text), .fixes = {}},
        most_trials_(most_trials) {
    options_.report = false;
  }

  Mended run(std::vector<Blame> blames) {
    // What hides behind a mistake shows when that is mended: as many are left then. Such steps stand only where in the
    // end the program passes.
    std::optional<std::pair<Patch, size_t>> certain;
    while (!blames.empty()) {
      auto step = next_step(blames);
      if (!step) break;
      if (step->left.size() == blames.size() && !certain) certain = std::pair(mended_.patch, mended_.fixes.size());
      mended_.fixes.push_back(std::move(step->fix));
      mended_.patch = std::move(step->patch);
      blames = std::move(step->left);
    }
    mended_.accepted = blames.empty();
    if (!mended_.accepted && certain) {
      mended_.patch = std::move(certain->first);
      mended_.fixes.resize(certain->second);
    }
    return std::move(mended_);
  }

 private:
  // A remedy that helps, in the text, and what its programs are blamed for then.
  struct Step {
    Patch patch;
    Mended::Fix fix;
    std::vector<Blame> left;
  };

  // As many are left, but the mistake of [line] is not among them, nor one that a line put in makes.
  static bool is_further(uint32_t line, size_t before, const std::vector<Blame> &left, const Patch &patch) {
    return left.size() == before && std::ranges::all_of(left, [&](const Blame &blame) {
             const uint32_t at = patch.original_line(blame.line);
             return at != 0 && at != line;
           });
  }

  // The first remedy after which fewer are left; where there is none, the first that brings a program further.
  std::optional<Step> next_step(const std::vector<Blame> &blames) {
    std::optional<Step> further;
    for (const Blame &blame : blames)
      for (const verifier::Remedy &remedy : blame.remedies)
        if (remedy.path == source_.path())
          for (const Change &change : changes(remedy)) {
            Patch patch = mended_.patch;
            const uint32_t line = patch.original_line(blame.line);
            const std::string what = apply(change, patch);
            if (what.empty()) continue;
            if (trials_++ >= most_trials_) return further;
            auto left = judge_text(patch.text());
            if (!left) continue;
            const bool fewer = left->size() < blames.size();
            if (!fewer && (further || !is_further(line, blames.size(), *left, patch))) continue;
            Patch alone(original_);
            apply(change, alone);
            Step step{std::move(patch), {line, blame.name, what, alone.edits()}, std::move(*left)};
            if (fewer) return step;
            further = std::move(step);
          }
    return further;
  }

  // A remedy in lines of the first text; those that are 0 were put in since.
  struct Change {
    uint32_t line = 0;  // one past the last: at the end
    std::string statement;
    verifier::Remedy::Change change;
    verifier::Remedy::Move move;
  };
  // The ways to follow a remedy, the likeliest first.
  std::vector<Change> changes(const verifier::Remedy &remedy) const {
    const Patch &patch = mended_.patch;
    Change made{remedy.line == 0 ? patch.line_count() + 1 : patch.original_line(remedy.line), "", remedy.change,
                remedy.move};
    if (made.change.line != 0) made.change.line = patch.original_line(remedy.change.line);
    if (made.move.line != 0) made.move.line = patch.original_line(remedy.move.line);
    if (made.line == 0) return {};
    if (remedy.change.line == 0 && !remedy.change.from.empty())
      for (uint32_t line = 1; line <= patch.line_count() && made.change.line == 0; line++)
        if (patch.line(line).find(remedy.change.from) != std::string_view::npos) made.change.line = line;
    if (!remedy.retype.map.empty()) {
      made.change = retyped(patch, remedy.retype);
      return {made};
    }
    verifier::Remedy followed = remedy;
    if (!remedy.reread.empty()) {
      const Reread again = reread(patch, made.line, remedy.reread);
      if (again.condition.empty()) return {};
      followed.statement = again.statements, followed.condition = again.condition;
    }
    std::vector<Change> all;
    // What is done on the way out stands where the way out begins: inside of what an `if` holds.
    if (followed.condition.empty() && !followed.statement.empty() && made.change.from.empty() && remedy.line != 0) {
      made.statement = followed.statement;
      if (const uint32_t body = patch.exit_below(made.line); body != 0) {
        all.push_back(made);
        all.back().line = body;
      }
      if (const std::string_view way = patch.exit_in(made.line); !way.empty()) {
        all.push_back(made);
        all.back().statement.clear();
        all.back().change = {made.line, std::string(way), fmt::format("{{ {} {} }}", made.statement, way)};
      }
    }
    for (std::string &statement : statements(followed)) {
      made.statement = std::move(statement);
      all.push_back(made);
    }
    return all;
  }
  // The line that gives the map its type.
  static verifier::Remedy::Change retyped(const Patch &patch, const verifier::Remedy::Retype &wanted) {
    uint32_t line = 1;
    const auto defines = [&](std::string_view text) {
      return text.starts_with("}") && text.find(fmt::format("}} {} SEC", wanted.map)) == 0;
    };
    while (line <= patch.line_count() && !defines(patch.line(line))) line++;
    for (; line > 1 && line <= patch.line_count() && !patch.line(line).starts_with("struct"); line--) {
      const std::string_view text = patch.line(line);
      const size_t begin = text.find("BPF_MAP_TYPE_");
      if (begin == std::string_view::npos || text.find("__uint(type,") > begin) continue;
      return {line, std::string(text.substr(begin, text.find(')', begin) - begin)), wanted.type};
    }
    return {};
  }
  // What was done, as one says it; empty where it cannot be.
  static std::string apply(const Change &change, Patch &patch) {
    const auto &[line, statement, text, move] = change;
    if (line == 0) return {};
    if (!move.name.empty()) {
      const uint32_t behind = move.line == 0 ? 0 : patch.move_down(move.line, line, move.name);
      return behind == 0 ? "" : fmt::format("move line {} behind line {}", move.line, behind);
    }
    std::string what;
    if (!statement.empty()) {
      const bool braces = patch.insert(line, statement);
      const std::string place = line > patch.line_count() ? "at the end"
                                : braces                  ? fmt::format("before line {}, with braces around both", line)
                                                          : fmt::format("before line {}", line);
      what = fmt::format("add `{}` {}", statement, place);
    }
    if (text.from.empty()) return what;
    if (text.line == 0 || !patch.replace(text.line, text.from, text.to)) return {};
    // The comma in front of an argument only says which one it is.
    if (text.from.starts_with(", ") && text.to.starts_with(", "))
      return fmt::format("write `{}` for `{}` in line {}", text.to.substr(2), text.from.substr(2), text.line);
    return what.empty() ? fmt::format("write `{}` for `{}` in line {}", text.to, text.from, text.line)
                        : fmt::format("{}, and write `{}` for `{}` there", what, text.to, text.from);
  }

  // Ways to leave: of a function with and without a result, of a turn of a loop.
  std::vector<std::string> statements(const verifier::Remedy &remedy) const {
    if (remedy.condition.empty()) return {remedy.statement};
    const std::string usual = usual_result(mended_.patch, mended_.patch.original_line(remedy.line));
    std::vector<std::string> all;
    for (const std::string &way :
         {"return " + usual, std::string("return 0"), std::string("return"), std::string("continue")}) {
      const std::string leave = remedy.cleanup.empty() ? way + ";" : fmt::format("{{ {}{}; }}", remedy.cleanup, way);
      std::string statement =
          fmt::format("{}{}if ({}) {}", remedy.statement, remedy.statement.empty() ? "" : " ", remedy.condition, leave);
      if (std::ranges::find(all, statement) == all.end()) all.push_back(std::move(statement));
    }
    return all;
  }

  std::optional<std::vector<Blame>> judge_text(std::string text) const {
    Console silent;
    silent.muted = true;
    CompileOptions how = source_.options();
    how.text = std::move(text);
    Compilation trial(source_.path(), how, silent);
    object::Object *object = trial.object();
    if (object == nullptr || !relocate_for(*object, options_.btf, types_)) return {};
    int code = kExitOk;
    return blames_of(judge(*object, trial.sources(), options_, types_, silent, code));
  }

  const Compilation &source_;
  std::string_view original_;
  JudgeOptions options_;
  KernelTypes &types_;
  Mended mended_;
  const unsigned most_trials_;
  unsigned trials_ = 0;
};

}  // namespace

Mended mend(const Compilation &source, std::string_view text, const std::vector<Judged> &judged,
            const JudgeOptions &options, KernelTypes &types) {
  const uint64_t processed =
      std::accumulate(judged.begin(), judged.end(), uint64_t{0},
                      [](uint64_t sum, const Judged &one) { return sum + one.verdict.stats.processed; });
  const unsigned most_trials = processed > kMaxProcessed ? kMaxLongTrials : kMaxTrials;
  return Mender(source, text, options, types, most_trials).run(blames_of(judged));
}

void tell_fixes(const Mended &mended, const SourceManager::File &file, const FixWords &words,
                std::vector<Judged> &judged) {
  for (Judged &one : judged)
    for (verifier::Rejection &r : one.verdict.rejections)
      for (const Mended::Fix &fix : mended.fixes) {
        Diagnostic &d = r.diagnostic;
        if (fix.name != d.info->name || fix.line != d.foreign.line || d.foreign.path != file.path) continue;
        std::erase(d.hints, r.in_words);
        const char *outcome = mended.accepted ? "it passes" : "something else is rejected still";
        d.hints.push_back(fmt::format("{} (tried: {}; `{}` writes it)", fix.what, outcome, words.command));
        // The parts of a fix belong together: one edit, over what lies between them.
        const uint32_t begin = mended.patch.offset_of(fix.edits.front()),
                       end = mended.patch.offset_of(fix.edits.back()) + fix.edits.back().erased;
        std::string with;
        uint32_t at = begin;
        for (const Patch::Edit &edit : fix.edits) {
          const uint32_t next = mended.patch.offset_of(edit);
          with += file.text.substr(at, next - at) + edit.text;
          at = next + edit.erased;
        }
        if (words.as_edits) d.fixits.push_back({{file.begin + begin, file.begin + end}, std::move(with)});
      }
}

void report_and_mend(const Compilation &source, std::vector<Judged> judged, const JudgeOptions &judging,
                     KernelTypes &types, Console &console) {
  const bool is_c = source.kind() == InputKind::Source && !source.options().text && source.path().ends_with(".c");
  if (is_c && console.diagnostics_format == DiagnosticsFormat::Text) {
    const SourceManager::File &file = *source.file();
    tell_fixes(mend(source, file.text, judged, judging, types), file, {.command = "spile check --fix=apply"}, judged);
  }
  for (const Judged &one : judged) report_reasons(one, source.sources(), console);
}

}  // namespace spile::driver
