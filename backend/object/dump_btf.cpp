// BTF as C, through libbpf's btf_dump: it orders declarations and writes declarators.

#include <bpf/btf.h>
#include <fmt/format.h>

#include <cstdarg>
#include <cstdio>
#include <memory>
#include <string>

#include "backend/object/btf_measure.h"
#include "backend/object/dump.h"

namespace spile::object {

namespace {

struct DumpFree {
  void operator()(btf_dump *dump) const { btf_dump__free(dump); }
};

void append_printf(void *out, const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  if (size <= 0) return;
  auto &text = *static_cast<std::string *>(out);
  const size_t at = text.size();
  text.resize(at + static_cast<size_t>(size) + 1);
  std::vsnprintf(text.data() + at, static_cast<size_t>(size) + 1, format, arguments);
  text.resize(at + static_cast<size_t>(size));
}

}  // namespace

std::string dump_btf(const Btf &btf) {
  std::string out;
  if (btf.empty()) return out;
  if (!is_printable(btf)) return "/* types that nest too deep or in a circle, or are too large to print */\n";
  const std::unique_ptr<btf_dump, DumpFree> dump(btf_dump__new(btf.handle(), append_printf, &out, nullptr));
  if (dump == nullptr) return out;
  for (uint32_t id = 1; id < btf.type_count(); id++) {
    const BtfType type = btf.type(BtfId{id});
    if (btf_dump__dump_type(dump.get(), id) != 0) {
      if (!type.name.empty()) out += fmt::format("/* libbpf cannot print `{}` */\n\n", type.name);
      continue;
    }
    if (type.kind != BtfKind::Func && type.kind != BtfKind::Var) continue;
    out += type.linkage == 0 ? "static " : type.linkage == 2 ? "extern " : "";
    const std::string name(type.name);
    struct btf_dump_emit_type_decl_opts declaration{};
    declaration.sz = sizeof declaration;
    declaration.field_name = name.c_str();
    btf_dump__emit_type_decl(dump.get(), type.type.value, &declaration);
    out += ";\n\n";
  }
  return out;
}

}  // namespace spile::object
