// The vectors of the public conformance suite (bpf_conformance): vectors.tsv, one a line: name, least CPU version,
// group bits, memory in hex or "-", bytecode in hex, expected r0. The path is SPILE_VECTORS in the environment, or the
// default beside the project.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "backend/isa/insn.h"

namespace spile::vm {

struct Vector {
  std::string name;
  std::vector<uint8_t> memory;
  std::vector<isa::Insn> insns;
  uint64_t expected = 0;
};

inline std::vector<uint8_t> bytes_of(std::string_view hex) {
  std::vector<uint8_t> bytes(hex.size() / 2);
  for (size_t i = 0; i < bytes.size(); i++) std::from_chars(&hex[2 * i], &hex[2 * i] + 2, bytes[i], 16);
  return bytes;
}

inline std::string vectors_path() {
  const char *path = std::getenv("SPILE_VECTORS");
  return path != nullptr ? path : SPILE_VECTORS_DEFAULT;
}

// None without the file.
inline std::vector<Vector> read_vectors() {
  std::vector<Vector> vectors;
  std::ifstream file(vectors_path());
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream columns(line);
    std::string name, version, groups, memory, code, expected;
    columns >> name >> version >> groups >> memory >> code >> expected;
    Vector vector{
        name, memory == "-" ? std::vector<uint8_t>{} : bytes_of(memory), {}, std::stoull(expected, nullptr, 16)};
    const std::vector<uint8_t> bytes = bytes_of(code);
    vector.insns.resize(bytes.size() / sizeof(isa::Insn));
    memcpy(vector.insns.data(), bytes.data(), vector.insns.size() * sizeof(isa::Insn));
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

}  // namespace spile::vm
