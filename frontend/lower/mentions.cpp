// What a body names outside of itself: noted here once each, and looked up in the module when the body becomes a part
// of it (ModuleLowerer::add_body).
#include "frontend/lower/function_lowerer.h"

namespace spile::lower {

uint32_t FunctionLowerer::mention(Mention mention) {
  body_.mentions.push_back(std::move(mention));
  return static_cast<uint32_t>(body_.mentions.size() - 1);
}

ir::FunctionId FunctionLowerer::function_of(const sema::Symbol &symbol, const KnownParameters &known) {
  const auto next = static_cast<uint32_t>(body_.mentions.size());
  const auto [place, is_new] = [&] {
    if (known.empty()) {
      const auto [at, is_added] = mentioned_.try_emplace(&symbol, next);
      return std::pair(at->second, is_added);
    }
    const auto [at, is_added] = mentioned_copies_.try_emplace(std::pair(&symbol, known), next);
    return std::pair(at->second, is_added);
  }();
  if (is_new) mention(FunctionMention{&symbol, known});
  return ir::FunctionId(place);
}

ir::GlobalId FunctionLowerer::global_of(const sema::Symbol &symbol) {
  const auto [at, is_new] = mentioned_.try_emplace(&symbol, static_cast<uint32_t>(body_.mentions.size()));
  if (is_new) mention(GlobalMention{&symbol});
  return ir::GlobalId(at->second);
}

ir::GlobalId FunctionLowerer::string_of(const Expr &literal) {
  StringMention made = ModuleLowerer::string_in(literal);
  const auto key = fmt::format("{}:{}", types::size_of(types::base_of(made.type)), made.bytes);
  const auto [at, is_new] = mentioned_strings_.try_emplace(key, static_cast<uint32_t>(body_.mentions.size()));
  if (is_new) mention(std::move(made));
  return ir::GlobalId(at->second);
}

uint32_t FunctionLowerer::core_reloc(const Type *root, std::string access, tables::CoreKind kind, int64_t value) {
  const auto key =
      fmt::format("{}:{}:{}", static_cast<unsigned>(kind), static_cast<const void *>(sema::core_type(root)), access);
  const auto [at, is_new] = mentioned_core_.try_emplace(key, static_cast<uint32_t>(body_.mentions.size()));
  if (is_new) mention(CoreMention{root, std::move(access), kind, value});
  return at->second;
}

}  // namespace spile::lower
