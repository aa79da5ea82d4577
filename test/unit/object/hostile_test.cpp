// Bytes of any kind: an Error or an Object, never a crash. test/fuzz/object_fuzzer.cpp goes on where this stops.
#include <cstring>
#include <random>

#include "backend/object/dump.h"
#include "backend/object/print_value.h"
#include "test/unit/object/fixture.h"

namespace spile::object::test {
namespace {

// Everything that is done with an object of unknown origin.
void use(std::span<const std::byte> bytes) {
  const Result<Object> object = read_elf(bytes, "hostile.o");
  if (!object) {
    EXPECT_FALSE(object.error().message.empty());
    return;
  }
  for (const ProgramEntry &program : object->programs) {
    const Result<Program> linked = link(*object, program);
    if (linked) linked->line_of(static_cast<uint32_t>(linked->insns.size()));
  }
  dump(*object, {.source = true});
  dump(*object, {.maps = true, .relocs = true, .btf = true});
  for (const Map &map : object->maps)
    if (map.is_global_data) format_value(object->btf, map.value_type, (*object)[map.section].bytes);
  EXPECT_TRUE(write_elf(*object));
}

std::string error_of(const void *data, size_t size) {
  const auto object = read_elf({static_cast<const std::byte *>(data), size}, "x.o");
  return object ? "it was read" : object.error().message;
}

TEST(Hostile, WhatIsNoObjectIsNamed) {
  EXPECT_EQ(error_of("", 0), "x.o: the file is empty");
  EXPECT_EQ(error_of("int main;", 9), "x.o: not an ELF file");
  EXPECT_EQ(error_of("\177ELF\2\1\1", 7), "x.o: 7 bytes are too few for an ELF header");
  const Bytes self = read_file("/proc/self/exe");
  EXPECT_EQ(error_of(self.data(), self.size()), "x.o: an ELF file for machine 62, not for eBPF (247)");
}

TEST(Hostile, BigEndianIsNamed) {
  SPILE_NEEDS("clang-19");
  const auto object = read_elf(compile("int a = 1;", "-O2 -target bpfeb"), "x.o");
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().kind, Error::Kind::Unsupported);
  EXPECT_EQ(object.error().message, "x.o: it is big-endian");
}

TEST(Hostile, FilesThatAreNotThere) {
  EXPECT_EQ(read_elf_file("/no/such/file.o").error().kind, Error::Kind::Environment);
  EXPECT_EQ(read_elf_file("/tmp").error().kind, Error::Kind::Environment);
}

TEST(Hostile, TruncatedAtEveryByte) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(kEverything);
  const Result<Bytes> bytes = write_elf(object);
  ASSERT_TRUE(bytes);
  for (size_t size = 0; size < bytes->size(); size++) {
    const Bytes cut(bytes->begin(), bytes->begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(read_elf(cut, "cut.o")) << size;
  }
}

TEST(Hostile, RandomBytesInARealObject) {
  SPILE_NEEDS("clang-19");
  const Result<Bytes> ours = write_elf(compile_and_read(kEverything));
  ASSERT_TRUE(ours);
  std::mt19937 random(1);
  for (const Bytes &original : {compile(kEverything), *ours}) {
    for (int round = 0; round < 1500; round++) {
      Bytes bytes = original;
      const unsigned flips = 1 + random() % 4;
      for (unsigned i = 0; i < flips; i++) bytes[random() % bytes.size()] = static_cast<std::byte>(random());
      use(bytes);
    }
  }
}

// Section headers are where most of the structure is.
TEST(Hostile, RandomWordsInTheSectionHeaders) {
  SPILE_NEEDS("clang-19");
  const Bytes original = compile(kEverything);
  uint64_t table = 0;
  std::memcpy(&table, original.data() + 0x28, sizeof table);
  std::mt19937 random(2);
  const uint32_t interesting[] = {0, 1, 2, 4, 8, 9, 0x7f, 0xff00, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff};
  for (int round = 0; round < 2000; round++) {
    Bytes bytes = original;
    const size_t at = table + random() % (original.size() - table - 4);
    std::memcpy(bytes.data() + (at & ~size_t{3}), &interesting[random() % std::size(interesting)], 4);
    use(bytes);
  }
}

}  // namespace
}  // namespace spile::object::test
