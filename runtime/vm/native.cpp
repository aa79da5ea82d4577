#include "runtime/vm/native.h"

#include <algorithm>
#include <deque>

#include "lang-spec/tables/tables.h"
#include "runtime/vm/resolve.h"
#include "runtime/vm/shared_object.h"

namespace spile::vm {
namespace {

// Addresses that stand for what only the other process has: of each kind, one block of addresses for each number.
enum : uint64_t { kMaps = 1, kValues = 2, kHelpers = 3 };
constexpr uint64_t stand_in(uint64_t kind, uint64_t number) { return kind << 44 | (number + 1) << 24; }

HelperFn stand_in_of_helper(uint32_t number) {
  const bool is_known = number >= kKfuncNumbers || tables::find_helper(number) != nullptr;
  return is_known ? reinterpret_cast<HelperFn>(stand_in(kHelpers, number)) : nullptr;
}

// The names of sections and maps, as C can have them: `.data.config` is data_config.
std::string identifier(std::string_view name) {
  std::string made(name.starts_with('.') ? name.substr(1) : name);
  std::ranges::replace_if(made, [](char c) { return !isalnum(static_cast<unsigned char>(c)); }, '_');
  return made;
}

// What was made of a program, and where it lies in the blocks of all.
struct Piece {
  std::string name;
  JitFunction entry{};
  std::vector<std::byte> code, data;  // whole kJitPieces
  std::vector<JitRelocation> relocations;
  uint64_t data_offset = 0;  // in the image that it was
  uint64_t code_at = 0, data_at = 0;
};

class NativeLibrary {
 public:
  NativeLibrary(const object::Object &object, CodeSource &source, const NativeOptions &options)
      : object_(object), source_(source), options_(options), out_(machine(), options.name) {}

  Result<std::vector<std::byte>> run(std::span<const object::Program *const> programs) {
    if (auto known = add_maps(); !known) return std::unexpected(known.error());
    add_functions();
    for (const object::Program *program : programs)
      if (auto added = add_program(*program); !added) return std::unexpected(added.error());
    place_pieces();
    return out_.write();
  }

 private:
  ElfMachine machine() const { return options_.march == "aarch64" ? ElfMachine::AArch64 : ElfMachine::X86_64; }
  void add(uint64_t address, uint64_t size, std::string name) {
    objects_.push_back({address, size, names_.emplace_back(std::move(name)).c_str()});
  }

  // Variables are defined here; other maps are the other process's own.
  Result<void> add_maps() {
    for (size_t i = 0; i < object_.maps.size(); i++) {
      const object::Map &map = object_.maps[i];
      ResolvedMap &at = maps_.emplace_back(ResolvedMap{stand_in(kMaps, i), 0});
      add(at.address, 1, "bpf_map_" + identifier(map.name));
      known_.push_back(
          {.map = at.address, .kind = JitMap::Other, .key_size = map.key_size, .value_size = 0, .writable = false});
      if (!map.is_global_data || !map.section.valid()) continue;
      if (map.value_size >= 1u << 24) return unsupported_error("{}: {} bytes of variables", map.name, map.value_size);
      const object::Section &section = object_[map.section];
      std::vector<std::byte> bytes = section.bytes;
      bytes.resize(map.value_size);
      const std::string name = "bpf_" + identifier(section.name);
      const size_t segment = out_.add_segment(
          std::move(bytes), map.is_readonly ? SharedObject::Access::Read : SharedObject::Access::Write, section.name);
      out_.define(name, segment, 0, map.value_size, false);
      at.values = stand_in(kValues, i);
      add(at.values, map.value_size, name);
    }
    return {};
  }
  void add_functions() {
    for (const HostFunction &one : host_functions())
      if (one.name != nullptr) add(one.address, 0, one.name);
  }
  // Helpers that the program calls.
  void add_helpers(const object::Program &program, const Resolved &resolved) {
    for (size_t i = 0; i < resolved.insns.size(); i += isa::width(resolved.insns[i])) {
      const isa::Shape shape = resolved.info(i).shape;
      if (shape != isa::Shape::CallHelper && shape != isa::Shape::CallKfunc) continue;
      if (std::ranges::find(objects_, resolved.values[i], &JitObject::address) != objects_.end()) continue;
      const auto number = static_cast<uint32_t>(resolved.insns[i].imm);
      const std::string_view name = shape == isa::Shape::CallHelper
                                        ? tables::find_helper(number)->name
                                        : std::string_view(program.object->btf.type(object::BtfId{number}).name);
      add(resolved.values[i], 0, "bpf_helper_" + identifier(name));
    }
  }

  Result<void> add_program(const object::Program &program) {
    const auto resolved = resolve_program(program, maps_, stand_in_of_helper);
    if (!resolved) return std::unexpected(resolved.error());
    add_helpers(program, *resolved);
    const JitInput input(program.name, *resolved, objects_, known_);
    return source_.compile_for(options_.march.c_str(), code_bytes_ + data_bytes_, input,
                               [&](const JitImage &image) { add_image(program.name, image); });
  }
  void add_image(const std::string &name, const JitImage &image) {
    const uint64_t code_bytes = image.data_offset - code_bytes_ - data_bytes_;
    Piece &piece = pieces_.emplace_back(name);
    piece.entry = image.functions[0];
    piece.code.assign(image.bytes, image.bytes + code_bytes);
    piece.data.assign(image.bytes + image.data_offset, image.bytes + image.size);
    piece.data.resize((piece.data.size() + kJitPiece - 1) / kJitPiece * kJitPiece);
    piece.relocations.assign(image.relocations, image.relocations + image.relocation_count);
    piece.data_offset = image.data_offset;
    piece.data_at = data_bytes_;
    code_bytes_ += piece.code.size();
    data_bytes_ += piece.data.size();
  }

  // The addresses that code refers to are one block behind all code, which is read-only once they are known: loaders
  // protect one. Code of each program was made for a block that lies behind that of the programs before it:
  //
  //   code 3 │ code 2 │ code 1 ║ data 1 │ data 2 │ data 3
  void place_pieces() {
    const uint64_t page = SharedObject::page_of(machine());
    const uint64_t size = (code_bytes_ + page - 1) / page * page;
    std::vector<std::byte> code(size), data;
    uint64_t at = size;
    for (Piece &piece : pieces_) {
      at -= piece.code.size();
      piece.code_at = at;
      std::ranges::copy(piece.code, code.begin() + static_cast<ptrdiff_t>(at));
      data.insert(data.end(), piece.data.begin(), piece.data.end());
    }
    const bool has_data = !data.empty();
    const size_t text = out_.add_segment(std::move(code), SharedObject::Access::Execute, ".text");
    const size_t table =
        has_data ? out_.add_segment(std::move(data), SharedObject::Access::Relocated, ".data.rel.ro") : text;
    for (const Piece &piece : pieces_) {
      out_.define(piece.name, text, piece.code_at + piece.entry.offset, piece.entry.size, true);
      for (const JitRelocation &relocation : piece.relocations) relocate(piece, relocation, text, table);
    }
  }
  void relocate(const Piece &piece, const JitRelocation &relocation, size_t text, size_t table) {
    const uint64_t at = piece.data_at + relocation.offset - piece.data_offset;
    const auto addend = static_cast<uint64_t>(relocation.addend);
    if (relocation.object != kJitItself)
      out_.refer(table, at, objects_[relocation.object].name, relocation.addend);
    else if (addend < piece.data_offset)
      out_.refer_to_segment(table, at, text, piece.code_at + addend);
    else
      out_.refer_to_segment(table, at, table, piece.data_at + addend - piece.data_offset);
  }

  const object::Object &object_;
  CodeSource &source_;
  NativeOptions options_;
  SharedObject out_;
  std::deque<std::string> names_;
  std::vector<JitObject> objects_;
  std::vector<ResolvedMap> maps_;
  std::vector<JitMap> known_;
  std::vector<Piece> pieces_;
  uint64_t code_bytes_ = 0, data_bytes_ = 0;  // of all pieces
};

}  // namespace

Result<std::vector<std::byte>> native_library(std::span<const object::Program *const> programs,
                                              const object::Object &object, CodeSource &source,
                                              const NativeOptions &options) {
  return NativeLibrary(object, source, options).run(programs);
}

}  // namespace spile::vm
