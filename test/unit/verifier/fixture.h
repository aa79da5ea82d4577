// Programs written as instructions, with maps to go with them, and their verdict.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <string>
#include <vector>

#include "backend/isa/builder.h"
#include "verifier/verifier.h"

namespace spile::verifier::testing {

using namespace isa;  // the assembly of the tests: mov64(R0, 0)

// One or two instructions, so that lddw can stand in a list.
struct Code {
  std::vector<Insn> insns;
  Code(Insn i) : insns{i} {}                                        // NOLINT(google-explicit-constructor)
  Code(std::array<Insn, 2> two) : insns(two.begin(), two.end()) {}  // NOLINT(google-explicit-constructor)
};

// The maps of every test program, by index.
enum TestMap : int32_t { kHash, kArray, kRodata, kBss, kRingbuf };
inline constexpr uint32_t kHashValue = 16, kArrayValue = 64, kRodataSize = 16, kBssSize = 128;

inline object::Object test_object() {
  object::Object o;
  o.license = "GPL";
  o.sections.resize(1);
  o.sections[0].name = ".rodata";
  o.sections[0].kind = object::SectionKind::Rodata;
  o.sections[0].bytes.resize(kRodataSize);
  o.sections[0].bytes[0] = std::byte{7};  // the rest is zero
  o.maps.resize(5);
  o.maps[kHash] = {.name = "hash", .type = 1, .key_size = 8, .value_size = kHashValue, .max_entries = 16};
  o.maps[kArray] = {.name = "array", .type = 2, .key_size = 4, .value_size = kArrayValue, .max_entries = 4};
  o.maps[kRodata] = {.name = "rodata", .type = 2, .key_size = 4, .value_size = kRodataSize, .max_entries = 1};
  o.maps[kRodata].map_flags = 128;  // BPF_F_RDONLY_PROG
  o.maps[kRodata].section = object::SectionId(size_t{0});
  o.maps[kRodata].is_global_data = o.maps[kRodata].is_readonly = true;
  o.maps[kBss] = {.name = "bss", .type = 2, .key_size = 4, .value_size = kBssSize, .max_entries = 1};
  o.maps[kBss].is_global_data = true;
  o.maps[kRingbuf] = {.name = "ringbuf", .type = 27, .max_entries = 4096};
  return o;
}

inline const tables::ProgramType &program_type(std::string_view section) {
  const tables::ProgramType *type = tables::find_program_type(section);
  if (type == nullptr) throw std::runtime_error("no such section");
  return *type;
}

class VerifierTest : public ::testing::Test {
 protected:
  object::Object object = test_object();
  object::Program program;
  Options options;

  Verdict judge(std::initializer_list<Code> code, std::string_view section = "tracepoint/a/b") {
    program = {};
    program.name = "test";
    program.license = object.license;
    program.object = &object;
    for (const Code &c : code) program.insns.insert(program.insns.end(), c.insns.begin(), c.insns.end());
    program.subprograms = {{.name = "test", .start = 0, .func = {}, .binding = object::Binding::Global}};
    return verify(program, program_type(section), options);
  }
  void accepts(std::initializer_list<Code> code, std::string_view section = "tracepoint/a/b") {
    const Verdict v = judge(code, section);
    EXPECT_EQ(v.kind, Verdict::Accept) << (v.rejections.empty() ? "" : v.rejections[0].kernel_message) << " / "
                                       << (v.rejections.empty() ? "" : v.rejections[0].diagnostic.message);
  }
  // [name]: of the diagnostic; [kernel]: a part of the kernel's message.
  void rejects(std::initializer_list<Code> code, std::string_view name, std::string_view kernel, uint32_t insn,
               std::string_view section = "tracepoint/a/b") {
    const Verdict v = judge(code, section);
    ASSERT_NE(v.kind, Verdict::Accept);
    ASSERT_FALSE(v.rejections.empty());
    EXPECT_EQ(v.rejections[0].diagnostic.info->name, name) << v.rejections[0].diagnostic.message;
    EXPECT_NE(v.rejections[0].kernel_message.find(kernel), std::string::npos) << v.rejections[0].kernel_message;
    EXPECT_EQ(v.rejections[0].insn, insn) << v.rejections[0].diagnostic.message;
  }
  // The error of a program that is rejected for one reason only.
  std::string message(std::initializer_list<Code> code) {
    const Verdict v = judge(code);
    return v.rejections.empty() ? "accepted" : v.rejections[0].diagnostic.message;
  }
};

// r0 = the value of key 0 of [map], or NULL; instructions 0 to 5.
#define LOOKUP(map) \
  store_imm(DW, R10, -8, 0), mov64_reg(R2, R10), alu64(ADD, R2, -8), lddw_pseudo(R1, kPseudoMapIdx, map), call(1)
inline constexpr uint32_t kAfterLookup = 6;

}  // namespace spile::verifier::testing
