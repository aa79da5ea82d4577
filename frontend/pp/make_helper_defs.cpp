// Writes bpf_helper_defs.h from helpers.def, in the form that libbpf's has: one constant function pointer a helper.
#include <cstdio>
#include <set>
#include <string>
#include <string_view>

#include "lang-spec/tables/tables.h"

namespace {

// "long bpf_f(void *map)" -> "static long (* const bpf_f)(void *map) = (void *) 2;"
std::string declaration(const spile::tables::Helper &helper) {
  const std::string_view prototype = helper.prototype;
  const size_t parameters = prototype.find('(');
  size_t name = parameters;
  while (name > 0 && prototype[name - 1] != ' ' && prototype[name - 1] != '*') name--;
  std::string line = "static ";
  line += prototype.substr(0, name);
  line += "(* const ";
  line += prototype.substr(name, parameters - name);
  line += ")";
  line += prototype.substr(parameters);
  line += " = (void *) " + std::to_string(helper.number) + ";\n";
  return line;
}

std::set<std::string> structs_of_prototypes() {
  static constexpr std::string_view kStruct = "struct ";
  std::set<std::string> names;
  for (const spile::tables::Helper &helper : spile::tables::kHelpers)
    for (size_t at = helper.prototype.find(kStruct); at != std::string_view::npos;
         at = helper.prototype.find(kStruct, at)) {
      const bool is_word = at == 0 || helper.prototype[at - 1] != '_';  // not that of task_struct
      at += kStruct.size();
      if (is_word) names.emplace(helper.prototype.substr(at, helper.prototype.find(' ', at) - at));
    }
  return names;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  std::FILE *out = std::fopen(argv[1], "w");
  if (out == nullptr) return 3;
  std::string text =
      "/* Generated from lang-spec/tables/helpers.def. */\n"
      "/* The structs that helpers point to. */\n";
  for (const std::string &name : structs_of_prototypes()) text += "struct " + name + ";\n";
  text += '\n';
  for (const spile::tables::Helper &helper : spile::tables::kHelpers)
    if ((helper.flags & spile::tables::kUserSide) == 0) text += declaration(helper);
  const bool is_written = std::fwrite(text.data(), 1, text.size(), out) == text.size();
  return std::fclose(out) == 0 && is_written ? 0 : 3;
}
