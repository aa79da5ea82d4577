#include "runtime/session/output_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backend/object/value.h"
#include "runtime/session/print_maps.h"
#include "runtime/session/records.h"

namespace spile::session {

namespace {

using object::Value;
using Bytes = std::span<const std::byte>;

// Whole lines out of text that comes in pieces.
class Lines {
 public:
  // Calls [take] with each line that is complete now, without its newline.
  template <class Take>
  void add(std::string_view text, const Take &take) {
    waiting_ += text;
    size_t begin = 0;
    for (size_t end = waiting_.find('\n'); end != std::string::npos; end = waiting_.find('\n', begin)) {
      take(std::string_view(waiting_).substr(begin, end - begin));
      begin = end + 1;
    }
    waiting_.erase(0, begin);
  }
  std::string take_rest() { return std::exchange(waiting_, {}); }

 private:
  std::string waiting_;
};

Value record_value(const object::Object &object, const object::Map &map, Bytes bytes) {
  return object::read_value(object.btf, record_type(object, map, bytes), bytes);
}

class TextFormat final : public OutputFormat {
 public:
  std::string printed(std::string_view text) override { return std::string(text); }
  std::string record(const object::Object &object, const object::Map &map, Bytes bytes) override {
    return print_record(object, map, bytes);
  }
  std::string map(const object::Object &object, const object::Map &declaration, const Display &display,
                  maps::Map &map) override {
    std::string text;
    print_map(object, declaration, display, map, text);
    return text;
  }
};

class JsonFormat final : public OutputFormat {
 public:
  std::string printed(std::string_view text) override {
    std::string out;
    lines_.add(text, [&](std::string_view line) { out += line_of(line); });
    return out;
  }
  std::string record(const object::Object &object, const object::Map &map, Bytes bytes) override {
    return fmt::format("{{\"record\":{},\"value\":{}}}\n", object::json_string(map.name),
                       to_json(record_value(object, map, bytes)));
  }
  std::string map(const object::Object &object, const object::Map &declaration, const Display &display,
                  maps::Map &map) override {
    std::string out;
    for (const Element &element : sorted_elements(object, declaration, display, map, Zeros::LeaveOut)) {
      out += fmt::format("{{\"map\":{}", object::json_string(declaration.name));
      if (!is_single(declaration, display))
        out += ",\"key\":" + to_json(object::read_value(object.btf, declaration.key_type, element.key));
      if (element.cpu) out += fmt::format(",\"cpu\":{}", *element.cpu);
      if (display.is_histogram())
        out += ",\"histogram\":" + histogram(display, element.value);
      else
        out += ",\"value\":" + to_json(object::read_value(object.btf, declaration.value_type, element.value));
      out += "}\n";
    }
    return out;
  }
  std::string end() override {
    const std::string rest = lines_.take_rest();
    return rest.empty() ? rest : line_of(rest);
  }

 private:
  static std::string line_of(std::string_view line) {
    return fmt::format("{{\"printed\":{}}}\n", object::json_string(line));
  }
  static std::string histogram(const Display &display, Bytes bytes) {
    std::string out = "[";
    for (const Bucket &bucket : buckets_of(display, bytes)) {
      if (bucket.count == 0) continue;
      out += out.size() > 1 ? ",{" : "{";
      if (bucket.min) out += fmt::format("\"min\":{},", *bucket.min);
      if (bucket.max) out += fmt::format("\"max\":{},", *bucket.max);
      out += fmt::format("\"count\":{}}}", bucket.count);
    }
    return out + "]";
  }

  Lines lines_;
};

// RFC 4180.
class CsvFormat final : public OutputFormat {
 public:
  std::string printed(std::string_view text) override {
    std::string out;
    lines_.add(text, [&](std::string_view line) { out += row({"printed"}, {std::string(line)}); });
    return out;
  }
  std::string record(const object::Object &object, const object::Map &map, Bytes bytes) override {
    std::vector<std::string> names{"record"}, fields{map.name};
    add(record_value(object, map, bytes), "value", names, fields);
    return row(names, fields);
  }
  std::string map(const object::Object &object, const object::Map &declaration, const Display &display,
                  maps::Map &map) override {
    std::string out;
    for (const Element &element : sorted_elements(object, declaration, display, map, Zeros::LeaveOut)) {
      std::vector<std::string> names{"map"}, fields{declaration.name};
      if (!is_single(declaration, display))
        add(object::read_value(object.btf, declaration.key_type, element.key), "key", names, fields);
      if (element.cpu) {
        names.emplace_back("cpu");
        fields.push_back(fmt::format("{}", *element.cpu));
      }
      if (display.is_histogram()) {
        out += histogram(display, element.value, names, fields);
        continue;
      }
      add(object::read_value(object.btf, declaration.value_type, element.value), "value", names, fields);
      out += row(names, fields);
    }
    return out;
  }
  std::string end() override {
    const std::string rest = lines_.take_rest();
    return rest.empty() ? rest : row({"printed"}, {rest});
  }

 private:
  // A column for each leaf; [prefix] names that of a value without members, and comes before those of a key's.
  static void add(const Value &value, const std::string &prefix, std::vector<std::string> &names,
                  std::vector<std::string> &fields) {
    for (const auto &[name, leaf] : leaves_of(value, prefix)) {
      names.push_back(prefix == "key" && name != prefix ? prefix + "." + name : name);
      fields.push_back(leaf->text);
    }
  }
  std::string histogram(const Display &display, Bytes bytes, std::vector<std::string> names,
                        const std::vector<std::string> &fields) {
    names.insert(names.end(), {"min", "max", "count"});
    std::string out;
    for (const Bucket &bucket : buckets_of(display, bytes)) {
      if (bucket.count == 0) continue;
      std::vector<std::string> all = fields;
      all.push_back(bucket.min ? fmt::format("{}", *bucket.min) : "");
      all.push_back(bucket.max ? fmt::format("{}", *bucket.max) : "");
      all.push_back(fmt::format("{}", bucket.count));
      out += row(names, all);
    }
    return out;
  }
  std::string row(const std::vector<std::string> &names, const std::vector<std::string> &fields) {
    const std::string header = line_of(names);
    const bool is_new = header != header_;
    if (is_new) header_ = header;
    return (is_new ? header : "") + line_of(fields);
  }
  static std::string line_of(const std::vector<std::string> &fields) {
    std::string line;
    for (const std::string &field : fields) {
      if (&field != fields.data()) line += ',';
      if (field.find_first_of(",\"\r\n") == std::string::npos) {
        line += field;
        continue;
      }
      line += '"';
      for (const char c : field) line += c == '"' ? std::string("\"\"") : std::string(1, c);
      line += '"';
    }
    return line + "\n";
  }

  Lines lines_;
  std::string header_;  // the last that was written
};

// openmetrics.io, version 1.0.0.
class MetricsFormat final : public OutputFormat {
 public:
  explicit MetricsFormat(std::function<void(const std::string &)> aside) : aside_(std::move(aside)) {}

  std::string printed(std::string_view text) override {
    lines_.add(text, [&](std::string_view line) { tell(std::string(line)); });
    return {};
  }
  std::string record(const object::Object &object, const object::Map &map, Bytes bytes) override {
    std::string line = print_record(object, map, bytes);
    line.pop_back();
    tell(line);
    return {};
  }
  std::string map(const object::Object &object, const object::Map &declaration, const Display &display,
                  maps::Map &map) override {
    Families families;
    const std::string name = name_of(declaration.name);
    for (const Element &element : sorted_elements(object, declaration, display, map, Zeros::LeaveOut)) {
      std::string labels;
      if (!is_single(declaration, display))
        for (const auto &[label, leaf] :
             leaves_of(object::read_value(object.btf, declaration.key_type, element.key), "key"))
          add_label(labels, name_of(label), leaf->text);
      if (element.cpu) add_label(labels, "cpu", fmt::format("{}", *element.cpu));
      if (display.is_histogram()) {
        add_histogram(families, name, display, element.value, labels);
        continue;
      }
      const Value value = object::read_value(object.btf, declaration.value_type, element.value);
      for (const auto &[part, leaf] : leaves_of(value, "")) {
        const bool is_bool = leaf->kind == Value::Bool;
        if (!is_bool && leaf->kind != Value::Number) continue;
        const bool is_counted = display.kind == Display::Number && display.counts;
        const std::string full = part.empty() ? name : name + "_" + name_of(part);
        add(families, full, is_counted ? "counter" : "gauge",
            fmt::format("{}{}{} {}\n", full, is_counted ? "_total" : "", braced(labels),
                        is_bool ? (leaf->text == "true" ? "1" : "0") : leaf->text));
      }
    }
    std::string out;
    for (const auto &[family, samples] : families) out += family + samples;
    return out;
  }
  std::string end() override {
    if (const std::string rest = lines_.take_rest(); !rest.empty()) tell(rest);
    return "# EOF\n";
  }

 private:
  // By "# TYPE" line, in the order in which they came.
  using Families = std::vector<std::pair<std::string, std::string>>;

  void tell(const std::string &line) const {
    if (aside_) aside_(line);
  }
  static void add(Families &families, const std::string &name, std::string_view type, const std::string &sample) {
    const std::string head = fmt::format("# TYPE {} {}\n", name, type);
    auto family = std::ranges::find(families, head, &Families::value_type::first);
    if (family == families.end()) family = families.insert(families.end(), {head, ""});
    family->second += sample;
  }
  static void add_histogram(Families &families, const std::string &name, const Display &display, Bytes bytes,
                            const std::string &labels) {
    uint64_t below = 0;
    std::string samples;
    const std::vector<Bucket> buckets = buckets_of(display, bytes);
    for (const Bucket &bucket : buckets) {
      below += bucket.count;
      if (bucket.count == 0 && bucket.max) continue;
      std::string with_edge = labels;
      add_label(with_edge, "le", bucket.max ? fmt::format("{}", *bucket.max) : "+Inf");
      samples += fmt::format("{}_bucket{} {}\n", name, braced(with_edge), below);
    }
    add(families, name, "histogram", samples + fmt::format("{}_count{} {}\n", name, braced(labels), below));
  }
  // A name as metrics and labels may have it.
  static std::string name_of(std::string_view text) {
    std::string name(text);
    for (char &c : name)
      if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9')) c = '_';
    if (!name.empty() && name[0] >= '0' && name[0] <= '9') name.insert(0, "_");
    return name;
  }
  static void add_label(std::string &labels, const std::string &name, std::string_view value) {
    labels += fmt::format("{}{}=\"", labels.empty() ? "" : ",", name);
    for (const char c : value) {
      if (c == '"' || c == '\\') labels += '\\';
      labels += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
    labels += '"';
  }
  static std::string braced(const std::string &labels) { return labels.empty() ? "" : "{" + labels + "}"; }

  std::function<void(const std::string &)> aside_;
  Lines lines_;
};

}  // namespace

std::unique_ptr<OutputFormat> make_output_format(std::string_view name,
                                                 std::function<void(const std::string &)> aside) {
  if (name == "text") return std::make_unique<TextFormat>();
  if (name == "json") return std::make_unique<JsonFormat>();
  if (name == "csv") return std::make_unique<CsvFormat>();
  if (name == "openmetrics") return std::make_unique<MetricsFormat>(std::move(aside));
  return nullptr;
}

}  // namespace spile::session
