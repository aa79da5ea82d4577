#include "driver/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "backend/isa/disasm.h"
#include "backend/isa/info.h"
#include "driver/cfg.h"

namespace spile::driver {
namespace {

constexpr std::string_view kStyle = R"(
body{font:14px sans-serif;margin:1em;color:#222;background:#fff}
h2 small{font-weight:normal;color:#555}
.columns{display:flex;gap:1em;align-items:flex-start}
.pane{max-height:75vh;overflow:auto;border:1px solid #ccc}
.source{flex:2}.code{flex:3}
table{border-collapse:collapse;font:12px monospace;width:100%}
th{position:sticky;top:0;background:#eee;text-align:left;font-weight:normal}
td,th{padding:0 .5em;vertical-align:top}
td.n{color:#888;text-align:right}
td pre{margin:0;white-space:pre-wrap}
td.state{color:#555;white-space:pre-wrap;min-width:16em}
tr.on{background:#ffef9e}tr.path td.n{background:#fdd}tr.wrong{background:#f8b4b4}tr.unreached{color:#aaa}
.rejected{color:#a00}.accepted{color:#070}
.graph{overflow:auto;border:1px solid #ccc;max-height:75vh}
)";

// Lines and instructions of one line carry the same data-line: what the mouse is over lights up on both sides, and a
// click brings the first of the other side into view.
constexpr std::string_view kScript = R"(
document.querySelectorAll('section').forEach(function (section) {
  var rows = section.querySelectorAll('tr[data-line]');
  function same(row) {
    return Array.prototype.filter.call(rows, function (r) { return r.dataset.line === row.dataset.line; });
  }
  rows.forEach(function (row) {
    row.addEventListener('mouseenter', function () { same(row).forEach(function (r) { r.classList.add('on'); }); });
    row.addEventListener('mouseleave', function () { same(row).forEach(function (r) { r.classList.remove('on'); }); });
    row.addEventListener('click', function () {
      var other = same(row).find(function (r) { return r.parentNode !== row.parentNode; });
      if (other) other.scrollIntoView({block: 'center'});
    });
  });
});
)";

// The name of what an instruction calls or takes the address of; empty without.
std::string name_behind(const object::Program &program, uint32_t at) {
  const isa::Insn &insn = program.insns[at];
  if (insn.is_call() && insn.src == isa::kHelperCall) {
    const tables::Helper *helper = tables::find_helper(static_cast<uint32_t>(insn.imm));
    return helper == nullptr ? "" : fmt::format(" <{}>", c_name(*helper));
  }
  if (insn.is_call() && insn.src == isa::kPseudoKfuncCall)
    return fmt::format(" <{}>", program.object->btf.type(object::BtfId{static_cast<uint32_t>(insn.imm)}).name);
  const bool is_function = insn.is_lddw() && insn.src == isa::kPseudoFunc;
  if ((insn.is_call() && insn.src == isa::kPseudoCall) || is_function) {
    const auto target = static_cast<uint32_t>(static_cast<int64_t>(at) + 1 + insn.imm);
    return target < program.insns.size() ? fmt::format(" <{}>", program.subprogram_of(target).name) : "";
  }
  const bool is_map = insn.is_lddw() && (insn.src == isa::kPseudoMapIdx || insn.src == isa::kPseudoMapIdxValue);
  if (is_map && static_cast<size_t>(insn.imm) < program.object->maps.size())
    return fmt::format(" <{}>", program.object->maps[static_cast<size_t>(insn.imm)].name);
  return "";
}

class Section {
 public:
  Section(std::string_view path, std::string_view source, const Judged &judged, size_t number)
      : path_(path), source_(source), judged_(judged), program_(judged.program), number_(number) {
    on_path_.resize(program_.insns.size());
    wrong_.resize(program_.insns.size());
    for (const verifier::Rejection &r : judged.verdict.rejections) {
      if (r.insn < wrong_.size()) wrong_[r.insn] = true;
      for (const uint32_t insn : r.path) on_path_[insn] = true;
    }
    for (uint32_t i = 0; i < program_.insns.size(); i += isa::width(program_.insns[i]))
      if (const auto *line = program_.line_of(i)) {
        Line &known = lines_[{file_of(*line), line->line}];
        known.text = line->text;
        known.cost += visits(i);
        known.wrong |= wrong_[i];
      }
  }

  std::string text() const {
    const verifier::Verdict &verdict = judged_.verdict;
    const std::string_view word = word_of(verdict);
    std::string out = fmt::format(
        "<section>\n<h2 id=\"p{}\">{} <small>{}</small> <small class=\"{}\">{}</small></h2>\n"
        "<p>{} instructions, {} processed, {} states at most, {} bytes of stack</p>\n",
        number_, escaped(program_.name), escaped(program_.section), word, word, program_.insns.size(),
        verdict.stats.processed, verdict.stats.peak_states, verdict.stats.stack_depth);
    if (!verdict.rejections.empty()) out += reasons();
    out += fmt::format(
        "<div class=\"columns\">\n<div class=\"pane source\">\n{}</div>\n<div class=\"pane code\">\n{}</div>\n</div>\n",
        source(), code());
    out += fmt::format("<h3>Control flow</h3>\n<div class=\"graph\">\n{}</div>\n</section>\n",
                       cfg_as_svg(program_, fmt::format("p{}b", number_), on_path_));
    return out;
  }

 private:
  struct Line {
    std::string text;
    uint64_t cost = 0;
    bool wrong = false;
  };

  // The input itself has no name here.
  std::string file_of(const object::Program::Line &line) const { return line.file == path_ ? "" : line.file; }
  uint64_t visits(uint32_t insn) const {
    return insn < judged_.verdict.visits.size() ? judged_.verdict.visits[insn] : 0;
  }

  std::string reasons() const {
    std::string out = "<ul>\n";
    for (const verifier::Rejection &r : judged_.verdict.rejections) {
      const Diagnostic &d = r.diagnostic;
      out += fmt::format("<li><a href=\"#p{}i{}\">instruction {}</a>, line {}: {} [{}]<ul>\n", number_, r.insn, r.insn,
                         d.foreign.line, escaped(d.message), d.info->name);
      for (const Note &note : d.notes)
        out += fmt::format("<li>{}{}</li>\n", note.foreign.line != 0 ? fmt::format("line {}: ", note.foreign.line) : "",
                           escaped(note.message));
      for (const std::string &hint : d.hints) out += fmt::format("<li>hint: {}</li>\n", escaped(hint));
      out += "</ul></li>\n";
    }
    return out + "</ul>\n";
  }

  std::string row_of_line(const std::string &file, uint32_t number, std::string_view text, const Line *known) const {
    const std::string key = fmt::format("{}:{}", file, number);
    return fmt::format("<tr{}{}><td class=\"n\">{}</td><td class=\"n\">{}</td><td><pre>{}</pre></td></tr>\n",
                       known != nullptr ? fmt::format(" data-line=\"{}\"", escaped(key)) : "",
                       known != nullptr && known->wrong ? " class=\"wrong\"" : "", number,
                       known != nullptr ? fmt::format("{}", known->cost) : "", escaped(text));
  }

  std::string source() const {
    std::string out = "<table>\n<thead><tr><th>line</th><th>steps</th><th>source</th></tr></thead>\n<tbody>\n";
    std::string_view rest = source_;
    for (uint32_t number = 1; !rest.empty(); number++) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      const auto known = lines_.find({"", number});
      out += row_of_line("", number, rest.substr(0, end), known == lines_.end() ? nullptr : &known->second);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    // Other files, and objects without their source: the lines that have code.
    std::string_view file;
    for (const auto &[place, line] : lines_) {
      if (place.first.empty() && !source_.empty()) continue;
      if (place.first != file) out += fmt::format("<tr><td></td><td></td><td>{}</td></tr>\n", escaped(place.first));
      file = place.first;
      out += row_of_line(place.first, place.second, line.text, &line);
    }
    return out + "</tbody>\n</table>\n";
  }

  std::string code() const {
    std::string out =
        "<table>\n<thead><tr><th>insn</th><th>steps</th><th>bytecode</th><th>state before "
        "it</th></tr></thead>\n<tbody>\n";
    for (uint32_t i = 0; i < program_.insns.size(); i += isa::width(program_.insns[i])) {
      if (const auto sub = std::ranges::find(program_.subprograms, i, &object::Program::Subprogram::start);
          sub != program_.subprograms.end())
        out += fmt::format("<tr><td></td><td></td><td>{}:</td><td></td></tr>\n", escaped(sub->name));
      const auto *line = program_.line_of(i);
      const std::string key = line == nullptr ? "" : fmt::format("{}:{}", file_of(*line), line->line);
      const bool reached = i < judged_.verdict.reached.size() && judged_.verdict.reached[i];
      const std::string_view kind = wrong_[i] ? "wrong" : on_path_[i] ? "path" : reached ? "" : "unreached";
      out += fmt::format(
          "<tr id=\"p{}i{}\"{}{}><td class=\"n\">{}</td><td class=\"n\">{}</td><td><pre>{}</pre></td><td "
          "class=\"state\">{}</td></tr>\n",
          number_, i, line == nullptr ? "" : fmt::format(" data-line=\"{}\"", escaped(key)),
          kind.empty() ? "" : fmt::format(" class=\"{}\"", kind), i, visits(i),
          escaped(isa::disassemble(program_.insns, i) + name_behind(program_, i)),
          i < judged_.verdict.states.size() ? escaped(judged_.verdict.states[i]) : "");
    }
    return out + "</tbody>\n</table>\n";
  }

  std::string_view path_, source_;
  const Judged &judged_;
  const object::Program &program_;
  size_t number_;
  std::vector<bool> on_path_, wrong_;                       // by instruction
  std::map<std::pair<std::string, uint32_t>, Line> lines_;  // by file, empty for the input itself, and line
};

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // Bytes that no page may hold.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' ? '?' : c;
    }
  }
  return out;
}

std::string html_page(std::string_view path, std::string_view source, const std::vector<Judged> &judged) {
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
      "charset=\"utf-8\">\n<title>{0}</title>\n<style>{1}</style>\n</head>\n"
      "<body>\n<h1>{0}</h1>\n",
      escaped(path), kStyle);
  for (size_t i = 0; i < judged.size(); i++) out += Section(path, source, judged[i], i).text();
  return out + fmt::format("<script>{}</script>\n</body>\n</html>\n", kScript);
}

}  // namespace spile::driver
