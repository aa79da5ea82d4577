#include "support/diagnostics_json.h"

#include <algorithm>

namespace spile {

namespace {

// Writes JSON: commas between members, escapes, and bytes that are no UTF-8 as U+FFFD.
class JsonWriter {
 public:
  void open(char bracket) {
    comma();
    out_ += bracket;
    is_first_ = true;
  }
  void close(char bracket) {
    out_ += bracket;
    is_first_ = false;
  }
  void key(std::string_view name) {
    comma();
    string(name);
    out_ += ':';
    is_first_ = true;  // no comma before the value
  }
  void value(std::string_view text) {
    comma();
    string(text);
  }
  void value(uint64_t number) {
    comma();
    out_ += std::to_string(number);
  }
  void raw(std::string_view json) {
    comma();
    out_ += json;
  }
  void member(std::string_view name, std::string_view text) {
    key(name);
    value(text);
  }
  void member(std::string_view name, uint64_t number) {
    key(name);
    value(number);
  }
  std::string take() { return std::move(out_); }

 private:
  void comma() {
    if (!is_first_) out_ += ',';
    is_first_ = false;
  }

  // The length of the UTF-8 character that begins at [i]; 0: none does.
  static size_t character(std::string_view text, size_t i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const size_t length = byte < 0x80                   ? 1
                          : byte >= 0xc2 && byte < 0xe0 ? 2
                          : byte >= 0xe0 && byte < 0xf0 ? 3
                          : byte >= 0xf0 && byte < 0xf5 ? 4
                                                        : 0;
    if (length == 0 || i + length > text.size()) return 0;
    for (size_t k = 1; k < length; k++)
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return 0;
    return length;
  }

  void string(std::string_view text) {
    out_ += '"';
    for (size_t i = 0; i < text.size();) {
      const size_t length = character(text, i);
      const char c = text[i];
      if (length == 0) {
        out_ += "\xef\xbf\xbd";
        i++;
        continue;
      }
      if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out_ += text.substr(i, length);
      }
      i += length;
    }
    out_ += '"';
  }

  std::string out_;
  bool is_first_ = true;
};

// Where a range lies, in the names of either format.
struct Region {
  std::string_view path;
  uint32_t line = 0, column = 0, end_line = 0, end_column = 0;
};

Region region_of(const SourceManager &sources, Range at, const ForeignPlace &foreign) {
  if (!at.valid()) return {foreign.path, foreign.line, foreign.column, foreign.line, foreign.column};
  const Range shown = sources.expansion(at);
  const Place begin = sources.place(shown.begin), end = sources.place(shown.end);
  return {begin.path, begin.line, begin.column, end.line, std::max(end.column, begin.column)};
}

void put_region(JsonWriter &json, const Region &region) {
  if (region.path.empty()) return;
  json.member("file", region.path);
  if (region.line == 0) return;
  json.member("line", region.line);
  if (region.column == 0) return;
  json.member("column", region.column);
  json.member("endLine", region.end_line);
  json.member("endColumn", region.end_column);
}

std::string_view severity_word(Severity severity) {
  switch (severity) {
    case Severity::Remark:
      return "remark";
    case Severity::Warning:
      return "warning";
    case Severity::Error:
      return "error";
  }
  return "error";
}

void put_sarif_location(JsonWriter &json, const Region &region, std::string_view message = {}) {
  json.open('{');
  if (!region.path.empty()) {
    json.key("physicalLocation");
    json.open('{');
    json.key("artifactLocation");
    json.open('{');
    json.member("uri", region.path);
    json.close('}');
    if (region.line != 0) {
      json.key("region");
      json.open('{');
      json.member("startLine", region.line);
      if (region.column != 0) {
        json.member("startColumn", region.column);
        json.member("endLine", region.end_line);
        json.member("endColumn", region.end_column);
      }
      json.close('}');
    }
    json.close('}');
  }
  if (!message.empty()) {
    json.key("message");
    json.open('{');
    json.member("text", message);
    json.close('}');
  }
  json.close('}');
}

}  // namespace

std::string render_json(const SourceManager &sources, const Diagnostic &diagnostic) {
  JsonWriter json;
  const std::string_view name = diagnostic.info != nullptr ? diagnostic.info->name : std::string_view{};
  json.open('{');
  put_region(json, region_of(sources, diagnostic.at, diagnostic.foreign));
  json.member("severity", severity_word(diagnostic.severity));
  json.member("name", name);
  if (const std::string_view flag = WarningOptions::flag_of(name); !flag.empty())
    json.member("flag", fmt::format("-W{}", flag));
  json.member("message", diagnostic.message);
  json.key("notes");
  json.open('[');
  for (const Note &note : diagnostic.notes) {
    json.open('{');
    put_region(json, region_of(sources, note.at, note.foreign));
    json.member("message", note.message);
    json.close('}');
  }
  json.close(']');
  json.key("hints");
  json.open('[');
  for (const std::string &hint : diagnostic.hints) json.value(hint);
  json.close(']');
  json.key("fixits");
  json.open('[');
  for (const FixIt &fix : diagnostic.fixits) {
    json.open('{');
    put_region(json, region_of(sources, fix.replace, {}));
    json.member("replacement", fix.with);
    json.close('}');
  }
  json.close(']');
  json.key("expansions");
  json.open('[');
  for (const auto &expansion : sources.expansions(diagnostic.at.begin)) {
    json.open('{');
    json.member("macro", expansion.macro_name);
    put_region(json, region_of(sources, {expansion.spelling, expansion.spelling}, {}));
    json.close('}');
  }
  json.close(']');
  json.key("includedFrom");
  json.open('[');
  const auto *file = diagnostic.at.valid() ? sources.file_of(sources.expansion(diagnostic.at.begin)) : nullptr;
  for (; file != nullptr && file->included_from.valid(); file = sources.file_of(file->included_from)) {
    json.open('{');
    put_region(json, region_of(sources, {file->included_from, file->included_from}, {}));
    json.close('}');
  }
  json.close(']');
  json.close('}');
  return json.take();
}

std::string render_sarif_result(const SourceManager &sources, const Diagnostic &diagnostic) {
  JsonWriter json;
  json.open('{');
  if (diagnostic.info != nullptr) json.member("ruleId", diagnostic.info->name);
  json.member("level", diagnostic.severity == Severity::Remark ? "note" : severity_word(diagnostic.severity));
  std::string text = diagnostic.message;
  for (const std::string &hint : diagnostic.hints) text += "\nhint: " + hint;
  json.key("message");
  json.open('{');
  json.member("text", text);
  json.close('}');
  json.key("locations");
  json.open('[');
  const Region at = region_of(sources, diagnostic.at, diagnostic.foreign);
  if (!at.path.empty()) put_sarif_location(json, at);
  json.close(']');
  json.key("relatedLocations");
  json.open('[');
  for (const Note &note : diagnostic.notes)
    put_sarif_location(json, region_of(sources, note.at, note.foreign), note.message);
  for (const auto &expansion : sources.expansions(diagnostic.at.begin))
    put_sarif_location(json, region_of(sources, {expansion.spelling, expansion.spelling}, {}),
                       fmt::format("in expansion of macro `{}`", expansion.macro_name));
  json.close(']');
  // SARIF's fix is a set of replacements in files; one file is enough for each of ours.
  json.key("fixes");
  json.open('[');
  for (const FixIt &fix : diagnostic.fixits) {
    const Region where = region_of(sources, fix.replace, {});
    if (where.path.empty() || where.line == 0) continue;
    json.open('{');
    json.key("artifactChanges");
    json.open('[');
    json.open('{');
    json.key("artifactLocation");
    json.open('{');
    json.member("uri", where.path);
    json.close('}');
    json.key("replacements");
    json.open('[');
    json.open('{');
    json.key("deletedRegion");
    json.open('{');
    json.member("startLine", where.line);
    json.member("startColumn", where.column);
    json.member("endLine", where.end_line);
    json.member("endColumn", where.end_column);
    json.close('}');
    json.key("insertedContent");
    json.open('{');
    json.member("text", fix.with);
    json.close('}');
    json.close('}');
    json.close(']');
    json.close('}');
    json.close(']');
    json.close('}');
  }
  json.close(']');
  json.close('}');
  return json.take();
}

std::string sarif_log(const std::vector<std::string> &results, const std::vector<const DiagInfo *> &rules,
                      std::string_view version) {
  JsonWriter json;
  json.open('{');
  json.member("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  json.member("version", "2.1.0");
  json.key("runs");
  json.open('[');
  json.open('{');
  json.key("tool");
  json.open('{');
  json.key("driver");
  json.open('{');
  json.member("name", "spile");
  json.member("version", version);
  json.key("rules");
  json.open('[');
  for (const DiagInfo *rule : rules) {
    json.open('{');
    json.member("id", rule->name);
    json.key("shortDescription");
    json.open('{');
    json.member("text", rule->text);
    json.close('}');
    json.close('}');
  }
  json.close(']');
  json.close('}');
  json.close('}');
  json.member("columnKind", "unicodeCodePoints");
  json.key("results");
  json.open('[');
  for (const std::string &result : results) json.raw(result);
  json.close(']');
  json.close('}');
  json.close(']');
  json.close('}');
  return json.take();
}

}  // namespace spile
