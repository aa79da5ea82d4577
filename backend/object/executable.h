// Executable: what probes need of a program or a shared library of this machine: its functions, the probes that it
// declares itself (USDT), and where both lie in the file.
//
// In: the path of a 64-bit ELF file. Out: names with offsets into the file, which is how code is found in a process:
// a mapping says which part of the file it shows. Nothing is taken from files of debug information beside it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace spile::object {

class Executable {
 public:
  // Environment error when it cannot be read; Unsupported for one of another machine or word size; Input error when it
  // is no program.
  static Result<Executable> open(const std::string &path);
  Executable(Executable &&) noexcept;
  Executable &operator=(Executable &&) noexcept;
  ~Executable();

  struct Function {
    std::string_view name;     // lives as long as the executable
    std::string_view version;  // of a dynamic symbol that has one: "GLIBC_2.2.5"
    uint64_t address = 0;      // as linked
    uint64_t file_offset = 0;
    bool is_dynamic = false;  // of .dynsym; else of .symtab
    bool is_weak = false;
    bool is_default = true;    // of its versions the one that a program linked today gets
    bool is_indirect = false;  // STT_GNU_IFUNC: its code only chooses the function that will be called
  };
  // In the order of the file, dynamic ones first.
  const std::vector<Function> &functions() const { return functions_; }

  // The function that SEC("uprobe/FILE:[name]") means: as libbpf has it, of .dynsym before .symtab, of several of one
  // name the one that is not weak. [name] may end in @VERSION or @@VERSION. Error: there is none (with the nearest
  // names), there are several, or it is an indirect one.
  Result<Function> find(std::string_view name) const;
  // Those that a pattern with * and ? fits, each place once. Indirect ones are left out.
  std::vector<Function> match(const std::string &pattern) const;

  // A probe of <sys/sdt.h>, from .note.stapsdt.
  struct Usdt {
    std::string_view provider, name, arguments;  // "-4@%edi 8@-16(%rbp)"
    uint64_t address = 0, file_offset = 0;
    uint64_t semaphore = 0;  // its address as linked; 0: none
  };
  Result<std::vector<Usdt>> usdt_probes() const;

  // Where of the file the byte is that is linked to [address]; 0: nowhere.
  uint64_t file_offset_of(uint64_t address) const;
  const std::string &path() const { return path_; }

 private:
  struct File;
  explicit Executable(std::string path);
  Result<void> read();
  void read_symbols(bool dynamic);

  struct Segment {
    uint64_t address = 0, file_offset = 0, size = 0;
  };
  std::string path_;
  std::unique_ptr<File> file_;
  std::vector<Segment> segments_;
  std::vector<Function> functions_;
};

}  // namespace spile::object
