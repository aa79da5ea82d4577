#include "driver/script_options.h"

#include <linux/btf.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "backend/object/print_value.h"
#include "support/numbers.h"

namespace spile::driver {

namespace {

constexpr std::string_view kHelpTag = "spile:help:";

struct Option {
  std::string_view name;
  object::BtfId type;
  std::span<std::byte> bytes;  // in its section
  std::string_view help;
};

std::string_view help_of(const object::Btf &btf, object::BtfId variable) {
  for (uint32_t id = variable.value + 1; id < btf.type_count(); id++) {
    const object::BtfType tag = btf.type(object::BtfId(id));
    if (tag.kind == object::BtfKind::DeclTag && tag.type == variable && tag.name.starts_with(kHelpTag))
      return tag.name.substr(kHelpTag.size());
  }
  return {};
}

std::vector<Option> options_of(object::Object &object) {
  std::vector<Option> options;
  for (object::Section &section : object.sections) {
    if (section.kind != object::SectionKind::Rodata) continue;
    const object::BtfId variables = object.btf.find(section.name, object::BtfKind::DataSec);
    if (!variables) continue;
    for (const object::BtfVarSecInfo &info : object.btf.variables(variables)) {
      const object::BtfType variable = object.btf.type(info.var);
      if (variable.linkage != BTF_VAR_GLOBAL_ALLOCATED || uint64_t{info.offset} + info.size > section.bytes.size())
        continue;
      options.push_back({variable.name, variable.type, std::span(section.bytes).subspan(info.offset, info.size),
                         help_of(object.btf, info.var)});
    }
  }
  return options;
}

bool fits(int64_t number, const object::BtfType &type, std::string_view text) {
  const unsigned bits = type.size * 8;
  if (type.is_bool) return number == 0 || number == 1;
  if (text.starts_with('-') && !type.is_signed) return false;
  if (bits >= 64) return true;
  return type.is_signed ? number >= -(int64_t{1} << (bits - 1)) && number < int64_t{1} << (bits - 1)
                        : number >= 0 && number < int64_t{1} << bits;
}

Result<void> put(const object::Btf &btf, const Option &option, std::string_view text) {
  const object::BtfId id = btf.resolve(option.type);
  const object::BtfType type = btf.type(id);
  const auto wrong = [&](std::string_view wanted) {
    return usage_error("option `{}` takes {}, not `{}`", option.name, wanted, text);
  };
  if (type.kind == object::BtfKind::Array && btf.type(btf.resolve(type.type)).size == 1) {
    if (text.size() >= option.bytes.size()) return wrong(fmt::format("at most {} characters", option.bytes.size() - 1));
    std::ranges::fill(option.bytes, std::byte{0});
    if (!text.empty()) std::memcpy(option.bytes.data(), text.data(), text.size());
    return {};
  }
  const bool is_enum = type.kind == object::BtfKind::Enum || type.kind == object::BtfKind::Enum64;
  if ((type.kind != object::BtfKind::Int && !is_enum) || type.size > sizeof(int64_t))
    return usage_error("`{}` is no number and no text, so no option can set it", option.name);
  const auto parsed = parse_number(text);
  auto number = static_cast<int64_t>(parsed.value_or(0));
  bool is_known = parsed && fits(number, type, text);
  if (type.is_bool && (text == "true" || text == "false")) {
    number = text == "true" ? 1 : 0;
    is_known = true;
  }
  if (is_enum)
    for (const object::BtfEnumerator &enumerator : btf.enumerators(id))
      if (enumerator.name == text) {
        number = enumerator.value;
        is_known = true;
      }
  if (!is_known)
    return wrong(type.is_bool ? "true or false"
                 : is_enum    ? fmt::format("a name of enum {}", type.name)
                              : fmt::format("a number of {} bytes", type.size));
  std::memcpy(option.bytes.data(), &number, std::min<size_t>(option.bytes.size(), type.size));
  return {};
}

}  // namespace

Result<void> set_option(object::Object &object, std::string_view assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos)
    return usage_error("an option of the probe is NAME=VALUE, not `{}`", assignment);
  const std::vector<Option> options = options_of(object);
  const auto option = std::ranges::find(options, assignment.substr(0, equals), &Option::name);
  if (option != options.end()) return put(object.btf, *option, assignment.substr(equals + 1));
  auto error = usage_error("the probe has no option `{}`", assignment.substr(0, equals));
  std::string names;
  for (const Option &one : options) names += fmt::format("{}`{}`", names.empty() ? "" : ", ", one.name);
  if (assignment.starts_with('$') && names.find('$') == std::string::npos)
    error.error().hint = "what stands behind -- is for the probe; a command is given with -c: -c \"ls /\"";
  else
    error.error().hint = names.empty() ? "its `const volatile` globals would be its options" : "it has " + names;
  return error;
}

std::string options_help(object::Object &object) {
  std::string text;
  for (const Option &option : options_of(object))
    text += fmt::format("  --{}={}{}{}\n", option.name, object::format_value(object.btf, option.type, option.bytes),
                        option.help.empty() ? "" : "   ", option.help);
  return text;
}

}  // namespace spile::driver
