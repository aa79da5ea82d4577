#include "driver/coverage.h"

#include <unistd.h>

#include <algorithm>
#include <functional>

#include "backend/isa/info.h"
#include "driver/html.h"
#include "support/source.h"

namespace spile::driver {

namespace {

bool is_branch(const isa::Insn &insn) {
  const isa::InsnInfo *info = isa::lookup(insn);
  return info != nullptr && (info->shape == isa::Shape::BranchImm || info->shape == isa::Shape::BranchReg);
}

// Calls [line] with each line of the file at [path]; not at all when it cannot be read.
void for_each_line(const std::string &path, const std::function<void(uint32_t, std::string_view)> &line) {
  SourceManager sources;
  const auto file = sources.load(path);
  if (!file) return;
  std::string_view text = (*file)->text;
  for (uint32_t number = 1; !text.empty(); number++) {
    const size_t end = std::min(text.find('\n'), text.size());
    line(number, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

void Coverage::see(const object::Program &program, const vm::Moment &moment) {
  Run &run = runs_[&program];
  if (run.executed.empty()) {
    run.program = program.name;
    run.executed.resize(program.insns.size());
  }
  run.executed[moment.insn]++;
  if (run.last != UINT32_MAX) run.ways[run.last][moment.insn == run.last + 1 ? 0 : 1]++;
  run.last = is_branch(program.insns[moment.insn]) ? moment.insn : UINT32_MAX;
}

void Coverage::add(std::span<const object::Program *const> programs) {
  for (const object::Program *program : programs) {
    // An engine may run a copy.
    const auto seen = std::ranges::find_if(runs_, [&](const auto &one) { return one.second.program == program->name; });
    Run run = seen == runs_.end() ? Run{} : std::move(seen->second);
    run.executed.resize(program->insns.size());
    // A line has several places in the code, and has run as often as the one that ran most.
    std::map<std::pair<std::string, uint32_t>, uint64_t> lines;
    for (const object::Program::Line &line : program->lines) {
      // What ships with Spile, and what has moved, is not the user's to cover.
      if (!files_.contains(line.file) && ::access(line.file.c_str(), R_OK) != 0) continue;
      uint64_t &count = lines[{line.file, line.line}];
      count = std::max(count, run.executed[line.insn]);
    }
    for (const auto &[at, count] : lines) files_[at.first].lines[at.second] += count;
    for (const object::Program::Subprogram &sub : program->subprograms)
      if (const auto *line = program->line_of(sub.start); line != nullptr && files_.contains(line->file))
        files_[line->file].functions[{line->line, sub.name}] += run.executed[sub.start];
    for (uint32_t i = 0; i < program->insns.size(); i += static_cast<uint32_t>(isa::width(program->insns[i]))) {
      if (!is_branch(program->insns[i])) continue;
      const object::Program::Line *line = program->line_of(i);
      if (line == nullptr || !files_.contains(line->file)) continue;
      auto &ways = files_[line->file].branches[{line->line, program->name, i}];
      for (size_t way = 0; way < ways.size(); way++) ways[way] += run.ways[i][way];
    }
  }
  runs_.clear();
}

void Coverage::merge(const Coverage &other) {
  for (const auto &[path, theirs] : other.files_) {
    File &file = files_[path];
    for (const auto &[line, count] : theirs.lines) file.lines[line] += count;
    for (const auto &[function, count] : theirs.functions) file.functions[function] += count;
    for (const auto &[branch, ways] : theirs.branches)
      for (size_t way = 0; way < ways.size(); way++) file.branches[branch][way] += ways[way];
  }
}

Coverage::Totals Coverage::totals(const File &file) {
  Totals totals;
  for (const auto &[line, count] : file.lines) {
    totals.lines++;
    totals.lines_hit += count != 0;
  }
  for (const auto &[branch, ways] : file.branches)
    for (const uint64_t way : ways) {
      totals.ways++;
      totals.ways_hit += way != 0;
    }
  return totals;
}

std::string Coverage::summary() const {
  std::string out;
  for (const auto &[path, file] : files_) {
    const Totals t = totals(file);
    out +=
        fmt::format("{}: {} of {} lines, {} of {} ways of branches\n", path, t.lines_hit, t.lines, t.ways_hit, t.ways);
  }
  return out;
}

// The format of geninfo(1).
std::string Coverage::lcov() const {
  std::string out;
  for (const auto &[path, file] : files_) {
    const Totals t = totals(file);
    out += fmt::format("TN:\nSF:{}\n", path);
    size_t called = 0;
    for (const auto &[function, count] : file.functions) {
      out += fmt::format("FN:{},{}\nFNDA:{},{}\n", function.first, function.second, count, function.second);
      called += count != 0;
    }
    out += fmt::format("FNF:{}\nFNH:{}\n", file.functions.size(), called);
    uint32_t block = 0;
    for (const auto &[branch, ways] : file.branches) {
      // A branch that was never reached has no count.
      const bool is_reached = ways[0] + ways[1] != 0;
      for (size_t way = 0; way < ways.size(); way++)
        out += fmt::format("BRDA:{},{},{},{}\n", std::get<0>(branch), block, way,
                           is_reached ? fmt::format("{}", ways[way]) : "-");
      block++;
    }
    out += fmt::format("BRF:{}\nBRH:{}\n", t.ways, t.ways_hit);
    for (const auto &[line, count] : file.lines) out += fmt::format("DA:{},{}\n", line, count);
    out += fmt::format("LF:{}\nLH:{}\nend_of_record\n", t.lines, t.lines_hit);
  }
  return out;
}

// As gcov(1) marks a source: how often each line ran, ##### for one that never did.
std::string Coverage::text() const {
  std::string out = summary();
  for (const auto &[path, file] : files_)
    for_each_line(path, [&out, &lines = file.lines](uint32_t number, std::string_view text) {
      const auto line = lines.find(number);
      const std::string count = line == lines.end() ? "-"
                                : line->second == 0 ? "#####"
                                                    : fmt::format("{}", line->second);
      out += fmt::format("{:>9}:{:>5}:{}\n", count, number, text);
    });
  return out;
}

std::string Coverage::html() const {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Coverage</title>\n"
      "<style>body{font-family:sans-serif}td{font-family:monospace;white-space:pre;padding:0 .6em}"
      "td:first-child,td:nth-child(2){text-align:right;color:#666}.ran{background:#dfd}.not{background:#fdd}</style>\n";
  for (const auto &[path, file] : files_) {
    const Totals t = totals(file);
    out += fmt::format("<h1>{}</h1>\n<p>{} of {} lines, {} of {} ways of branches</p>\n<table>\n", escaped(path),
                       t.lines_hit, t.lines, t.ways_hit, t.ways);
    for_each_line(path, [&out, &lines = file.lines](uint32_t number, std::string_view text) {
      const auto line = lines.find(number);
      const bool is_code = line != lines.end();
      out += fmt::format("<tr{}><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                         !is_code            ? ""
                         : line->second == 0 ? " class=\"not\""
                                             : " class=\"ran\"",
                         number, is_code ? fmt::format("{}", line->second) : "", escaped(text));
    });
    out += "</table>\n";
  }
  return out + "</html>\n";
}

}  // namespace spile::driver
