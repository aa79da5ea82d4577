// An ELF shared object, written from what lies in its memory: for code that other processes load with dlopen().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace spile::vm {

enum class ElfMachine : uint8_t { X86_64, AArch64 };

class SharedObject {
 public:
  // Relocated: read-only once the loader has put addresses there. At most one segment, as loaders protect one.
  enum class Access : uint8_t { Read, Execute, Write, Relocated };

  SharedObject(ElfMachine machine, std::string name) : machine_(machine), name_(std::move(name)) {}

  // The size of a page at most.
  static uint64_t page_of(ElfMachine machine);
  // A piece of memory, which begins at a page; gives its number. [section]: its name, for tools.
  size_t add_segment(std::vector<std::byte> bytes, Access access, std::string section);
  // A symbol that others find.
  void define(const std::string &name, size_t segment, uint64_t offset, uint64_t size, bool is_function);
  // The 8 bytes there will hold the address of a symbol, which is this object's or somebody else's, and [addend].
  void refer(size_t segment, uint64_t offset, const std::string &symbol, int64_t addend);
  // Or that of a place in a segment.
  void refer_to_segment(size_t segment, uint64_t offset, size_t target, uint64_t target_offset);

  std::vector<std::byte> write() const;

 private:
  struct Segment {
    std::vector<std::byte> bytes;
    Access access;
    std::string section;
  };
  struct Symbol {
    std::string name;
    size_t segment;  // kNowhere: somebody else's
    uint64_t offset, size;
    bool is_function;
  };
  struct Reference {
    size_t segment;
    uint64_t offset;
    size_t symbol;  // kNowhere: of a segment
    size_t target;
    int64_t addend;
  };
  static constexpr size_t kNowhere = SIZE_MAX;
  friend class SharedObjectWriter;

  ElfMachine machine_;
  std::string name_;
  std::vector<Segment> segments_;
  std::vector<Symbol> symbols_;
  std::vector<Reference> references_;
};

}  // namespace spile::vm
