#include "runtime/jit/link_hot.h"

#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/Linker/Linker.h>
#include <llvm/Object/Archive.h>

#include <algorithm>
#include <array>

#include "runtime/jit/hot.h"
#include "support/check.h"

asm(R"(
  .pushsection .rodata.spile_hot, "a", @progbits
  .balign 16
  .globl spile_hot_begin
  .hidden spile_hot_begin
  .globl spile_hot_end
  .hidden spile_hot_end
spile_hot_begin:
  .incbin ")" SPILE_HOT_BITCODE R"("
spile_hot_end:
  .popsection
)");
extern "C" const char spile_hot_begin[], spile_hot_end[];

namespace spile::jit {
namespace {

constexpr const char *kPrefix = "spile_hot_";

struct Row {
  int32_t number;
  const char *name;
};
#define SPILE_ROW(number, name) Row{number, #name},
constexpr auto kShort = std::to_array({SPILE_HOT_PLAIN(SPILE_ROW) SPILE_HOT_SHORT(SPILE_ROW)});
constexpr auto kLong = std::to_array({SPILE_HOT_LONG(SPILE_ROW)});
#undef SPILE_ROW
#define SPILE_ROW(key_bytes) key_bytes,
constexpr auto kLookups = std::to_array<uint32_t>({SPILE_HOT_LOOKUPS(SPILE_ROW)});
#undef SPILE_ROW

// The module that has this function.
std::unique_ptr<llvm::Module> read(const llvm::object::Archive &archive, llvm::StringRef name,
                                   const llvm::Module &like) {
  auto member = archive.findSym(name);
  SPILE_CHECK(member && *member, "every hot function is in the archive");
  auto bitcode = (*member)->getMemoryBufferRef();
  SPILE_CHECK(static_cast<bool>(bitcode), "the archive that was built with the plugin is whole");
  auto hot = llvm::getLazyBitcodeModule(*bitcode, like.getContext());
  SPILE_CHECK(static_cast<bool>(hot), "the bitcode that was built with the plugin can be read");
  (*hot)->setDataLayout(like.getDataLayout());
  (*hot)->setTargetTriple(like.getTargetTriple());
  return std::move(*hot);
}

}  // namespace

std::string hot_helper(int32_t number, bool repeated) {
  if (const auto *row = std::ranges::find(kShort, number, &Row::number); row != kShort.end())
    return std::string(kPrefix) + row->name;
  const auto *row = std::ranges::find(kLong, number, &Row::number);
  return row == kLong.end() || !repeated ? std::string() : std::string(kPrefix) + row->name;
}

std::string hot_lookup(const vm::JitMap &map, bool repeated) {
  if (!repeated) return {};
  const bool is_known = std::ranges::find(kLookups, map.key_size) != kLookups.end();
  const std::string key_bytes = std::to_string(is_known ? map.key_size : 0);
  switch (map.kind) {
    case vm::JitMap::Other:
    case vm::JitMap::Array:
      return {};
    case vm::JitMap::Hash:
      return kPrefix + ("lookup_" + key_bytes);
    case vm::JitMap::EvictingHash:
      return kPrefix + ("lookup_lru_" + key_bytes);
    case vm::JitMap::PerCpuArray:
      return kPrefix + std::string("lookup_percpu_array");
    case vm::JitMap::PerCpuHash:
      return kPrefix + ("lookup_percpu_" + key_bytes);
  }
  return {};
}

void link_hot(llvm::Module &module) {
  const auto is_hot = [](const llvm::Function &function) {
    return function.isDeclaration() && function.getName().starts_with(kPrefix);
  };
  if (std::ranges::none_of(module, is_hot)) return;
  const llvm::StringRef bytes(spile_hot_begin, static_cast<size_t>(spile_hot_end - spile_hot_begin));
  auto archive = llvm::object::Archive::create(llvm::MemoryBufferRef(bytes, "hot"));
  SPILE_CHECK(static_cast<bool>(archive), "the archive that was built with the plugin can be read");
  std::vector<std::string> wanted;
  for (llvm::Function &function : module)
    if (is_hot(function)) wanted.push_back(function.getName().str());
  for (const std::string &name : wanted) {
    const auto failed = llvm::Linker::linkModules(module, read(**archive, name, module), llvm::Linker::LinkOnlyNeeded);
    SPILE_CHECK(!failed, "the bitcode that was built with the plugin fits any module");
  }
  // Of this process: code for the CPU that the program is compiled for, and no symbols.
  for (llvm::Function &function : module) {
    if (function.isDeclaration()) continue;
    for (const char *attribute : {"target-cpu", "target-features", "tune-cpu"}) function.removeFnAttr(attribute);
    // What several of them call is weak in each (llvm-extract).
    if (std::ranges::find(wanted, function.getName()) == wanted.end() && !function.isWeakForLinker()) continue;
    function.setLinkage(llvm::GlobalValue::InternalLinkage);
    function.setComdat(nullptr);
    function.addFnAttr(llvm::Attribute::AlwaysInline);
  }
}

}  // namespace spile::jit
