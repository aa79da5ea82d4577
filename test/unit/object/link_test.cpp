#include <algorithm>
#include <cstring>

#include "backend/object/core_relocate.h"
#include "backend/object/kconfig.h"
#include "test/unit/object/fixture.h"

namespace spile::object::test {
namespace {

Program link_named(const Object &object, std::string_view name) {
  const ProgramEntry *entry = object.find_program(name);
  EXPECT_NE(entry, nullptr);
  if (entry == nullptr) return {};
  Result<Program> program = link(object, *entry);
  EXPECT_TRUE(program) << program.error().message;
  return program ? *std::move(program) : Program{};
}

Error link_error(std::string_view source) {
  const Object object = compile_and_read(source);
  const ProgramEntry *entry = object.find_program("probe");
  EXPECT_NE(entry, nullptr);
  if (entry == nullptr) return {};
  const Result<Program> program = link(object, *entry);
  EXPECT_FALSE(program);
  return program ? Error{} : program.error();
}

TEST(Link, ReachableFunctionsFollowTheEntryOnce) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(kEverything);
  const Program program = link_named(object, "first");
  std::vector<std::string> names;
  for (const auto &subprogram : program.subprograms) names.push_back(subprogram.name);
  EXPECT_EQ(names, (std::vector<std::string>{"first", "shared", "each", "scale"}));
  EXPECT_EQ(program.license, "GPL");
  EXPECT_EQ(program.subprograms[1].binding, Binding::Global);
  EXPECT_EQ(program.subprograms[2].binding, Binding::Local);
  EXPECT_EQ(object.btf.type(program.subprograms[3].func).name, "scale");
  for (uint32_t i = 0; i < program.insns.size(); i++) {
    const isa::Insn &insn = program.insns[i];
    if (insn.opcode != 0x85 || insn.src != isa::kPseudoCall) continue;
    const auto target = static_cast<uint32_t>(static_cast<int64_t>(i) + 1 + insn.imm);
    EXPECT_EQ(program.subprogram_of(target).start, target) << "call at " << i;
  }
}

TEST(Link, MapsCallbacksAndGlobalsAreResolved) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(kEverything);
  const Program program = link_named(object, "first");
  std::vector<std::string> maps;
  bool has_callback = false;
  for (size_t i = 0; i < program.insns.size(); i++) {
    const isa::Insn &insn = program.insns[i];
    if (!insn.is_lddw()) continue;
    if (insn.src == isa::kPseudoMapIdx) maps.push_back(object.maps[static_cast<size_t>(insn.imm)].name);
    if (insn.src == isa::kPseudoMapIdxValue) {
      const Map &map = object.maps[static_cast<size_t>(insn.imm)];
      EXPECT_TRUE(map.is_global_data);
      EXPECT_LT(static_cast<uint32_t>(program.insns[i + 1].imm), map.value_size);
    }
    if (insn.src == isa::kPseudoFunc) {
      has_callback = true;
      EXPECT_EQ(program.subprogram_of(static_cast<uint32_t>(i) + 1 + static_cast<uint32_t>(insn.imm)).name, "each");
      EXPECT_EQ(program.insns[i + 1].imm, 0);
    }
    i++;
  }
  EXPECT_EQ(maps, (std::vector<std::string>{"events", "stats"}));
  EXPECT_TRUE(has_callback);
}

TEST(Link, AStaticVariableKeepsItsOffset) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(R"(
int first = 1; static volatile int second = 2;
SEC("socket") int probe(void *ctx) { first++; return second; })");
  const Program program = link_named(object, "probe");
  std::vector<int32_t> offsets;
  for (size_t i = 0; i < program.insns.size(); i++)
    if (program.insns[i].is_lddw()) offsets.push_back(program.insns[++i].imm);
  EXPECT_EQ(offsets, (std::vector<int32_t>{0, 4}));
}

TEST(Link, AFunctionThatIsCalledFromItsOwnSection) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(R"(
static int depth = 0;
static __noinline SEC("socket") int twice(int a) { depth++; return a * 2; }
SEC("socket") int probe(int *ctx) { return twice(ctx[0]); })");
  ASSERT_EQ(object.programs.size(), 1u) << "a static function is no entry";
  const Program program = link_named(object, "probe");
  ASSERT_EQ(program.subprograms.size(), 2u);
  EXPECT_EQ(program.subprograms[1].name, "twice");
}

TEST(Link, LinesMoveWithTheirFunctions) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(kEverything);
  const Program program = link_named(object, "second");
  ASSERT_EQ(program.subprograms.size(), 2u);
  ASSERT_NE(program.line_of(0), nullptr);
  EXPECT_NE(program.line_of(0)->text.find("int second("), std::string::npos);
  const Program::Line *line = program.line_of(program.subprograms[1].start);
  ASSERT_NE(line, nullptr);
  EXPECT_NE(line->text.find("int scale("), std::string::npos);
  EXPECT_TRUE(line->file.ends_with("probe.bpf.c")) << line->file;
}

TEST(Link, HiddenFunctionsAreStaticAsForLibbpf) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(R"(
__hidden __noinline int inner(int *p) { return *p; }
SEC("socket") int probe(int *ctx) { return inner(ctx); })");
  const Program program = link_named(object, "probe");
  ASSERT_EQ(program.subprograms.size(), 2u);
  EXPECT_EQ(program.subprograms[1].binding, Binding::Local);
}

TEST(Link, WhatTheKernelProvidesIsReferredToByItsTypeInBtf) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(
      "extern int bpf_foo(void) __ksym; extern const int jiffy __ksym;"
      "SEC(\"socket\") long probe(void *c) { return bpf_foo() + (long)&jiffy; }");
  const Program program = link_named(object, "probe");
  const auto call =
      std::ranges::find_if(program.insns, [](const isa::Insn &insn) { return insn.src == isa::kPseudoKfuncCall; });
  ASSERT_NE(call, program.insns.end());
  EXPECT_EQ(object.btf.type(BtfId{static_cast<uint32_t>(call->imm)}).name, "bpf_foo");
  const auto load = std::ranges::find_if(program.insns, [](const isa::Insn &insn) { return insn.is_lddw(); });
  ASSERT_NE(load, program.insns.end());
  EXPECT_EQ(load->src, isa::kPseudoBtfId);
  EXPECT_EQ(object.btf.type(BtfId{static_cast<uint32_t>(load->imm)}).name, "jiffy");
}

TEST(Link, AnOptionOfTheKernelWithoutAValueIsNamed) {
  SPILE_NEEDS("clang-19");
  const Error option =
      link_error("extern int CONFIG_HZ __kconfig __weak; SEC(\"socket\") int probe(void *c) { return CONFIG_HZ; }");
  EXPECT_NE(option.message.find("the kernel option `CONFIG_HZ`"), std::string::npos) << option.message;
}

TEST(Link, OptionsBecomeGlobals) {
  SPILE_NEEDS("clang-19");
  const char *source = R"(
extern int LINUX_KERNEL_VERSION __kconfig;
extern unsigned long CONFIG_HZ __kconfig;
extern _Bool CONFIG_BPF __kconfig;
extern char CONFIG_NAME[8] __kconfig __weak;
extern char CONFIG_ABSENT __kconfig __weak;
SEC("socket") int probe(void *c)
{
  return LINUX_KERNEL_VERSION + CONFIG_HZ + CONFIG_BPF + CONFIG_NAME[1] + CONFIG_ABSENT;
})";
  const Kconfig config = Kconfig::parse(
      "CONFIG_HZ=0x3e8\n# CONFIG_ABSENT is not set\nCONFIG_BPF=y\n"
      "CONFIG_NAME=\"a long name\"\n",
      0x60102);
  Object object = compile_and_read(source);
  ASSERT_TRUE(place_kconfig(object, &config));
  link_named(object, "probe");
  const Section &section = object[object.find_section(".kconfig")];
  const auto bytes_of = [&](std::string_view name) {
    const Symbol &symbol = object[object.find_symbol(name)];
    return std::string(reinterpret_cast<const char *>(section.bytes.data()) + symbol.value, symbol.size);
  };
  EXPECT_EQ(bytes_of("CONFIG_HZ"), std::string("\xe8\x03\0\0\0\0\0\0", 8));
  EXPECT_EQ(bytes_of("LINUX_KERNEL_VERSION"), std::string("\x02\x01\x06\0", 4));
  EXPECT_EQ(bytes_of("CONFIG_BPF"), std::string("\1"));
  EXPECT_EQ(bytes_of("CONFIG_NAME"), std::string("a long \0", 8));  // cut, as libbpf does
  EXPECT_EQ(bytes_of("CONFIG_ABSENT"), std::string("\0", 1));
  EXPECT_TRUE(object.maps.back().is_readonly);

  Object unknown = compile_and_read(source);
  ASSERT_TRUE(place_kconfig(unknown, nullptr));
  link_named(unknown, "probe");
  EXPECT_FALSE(unknown.maps.back().is_readonly);  // nothing may be concluded from its bytes

  Object unset = compile_and_read(source);
  const Kconfig empty = Kconfig::parse("", 0);
  const auto placed = place_kconfig(unset, &empty);
  ASSERT_FALSE(placed);
  EXPECT_NE(placed.error().message.find("`CONFIG_"), std::string::npos) << placed.error().message;
}

TEST(Link, ASymbolOfAnotherObjectIsNamed) {
  SPILE_NEEDS("clang-19");
  const Error error = link_error("extern int other(void); SEC(\"socket\") int probe(void *c) { return other(); }");
  EXPECT_EQ(error.kind, Error::Kind::Input);
  EXPECT_NE(error.message.find("uses `other`, which is not defined in this object"), std::string::npos)
      << error.message;
}

TEST(Link, ObjectsOfBpftoolsLinker) {
  SPILE_NEEDS("clang-19");
  SPILE_NEEDS("bpftool");
  const Scratch scratch;
  const Bytes one = compile(
      "extern int counter; extern int add(int); SEC(\"socket\") int probe(int *c) { return add(*c) + counter; }");
  const Bytes two = compile(
      "int counter; __noinline int add(int a) { return a + counter; } SEC(\"tp/a/b\") int other(int *c) { return "
      "add(1); }");
  write_file(scratch.path("one.o"), one.data(), one.size());
  write_file(scratch.path("two.o"), two.data(), two.size());
  const std::string both = scratch.path("both.o");
  const Output linked = run("bpftool gen object " + both + " " + scratch.path("one.o") + " " + scratch.path("two.o"));
  ASSERT_EQ(linked.status, 0) << linked.text;
  const Result<Object> object = read_elf_file(both);
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(link_named(*object, "probe").subprograms.size(), 2u);
  EXPECT_EQ(link_named(*object, "other").subprograms.size(), 2u);
}

TEST(Link, AWeakKernelSymbolHasAddressZero) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(
      "extern const int jiffy __ksym __weak; SEC(\"socket\") long probe(void *c) { return (long)&jiffy; }");
  const Program program = link_named(object, "probe");
  EXPECT_TRUE(program.insns[0].is_lddw());
  EXPECT_EQ(program.insns[0].src, 0);
  EXPECT_EQ(program.insns[0].imm, 0);
}

TEST(Link, CoreRelocationsKeepTheirNumbersUntilTheyFindNothing) {
  SPILE_NEEDS("clang-19");
  const std::string_view source = R"(
struct task { int pid; int tgid; } __attribute__((preserve_access_index));
SEC("tp/x/y") int probe(struct task *task) { return task->tgid; }
SEC("tp/x/y") int other(void *ctx) { return 0; })";
  Object object = compile_and_read(source);
  EXPECT_EQ(link_named(object, "probe").insns[0].off, 4);
  auto other = Btf::create();
  ASSERT_TRUE(other);
  other->add_composite(BtfKind::Struct, "task", 4);
  ASSERT_TRUE(relocate_core(object, CoreTarget(*other)));
  const Program program = link_named(object, "probe");
  EXPECT_EQ(program.insns[0].imm, kCorePoison);
  ASSERT_EQ(program.poisons.size(), 1u);
  EXPECT_EQ(program.poisons[0].what, "struct task.tgid");
  EXPECT_EQ(link_named(object, "other").insns.size(), 2u);
}

// Objects that no compiler makes.
Object with_code(std::vector<isa::Insn> code) {
  Object object;
  object.path = "hand.o";
  Section section{
      .name = "socket", .kind = SectionKind::Program, .size = code.size() * 8, .align = 8, .bytes = {}, .relocs = {}};
  section.bytes.resize(section.size);
  std::memcpy(section.bytes.data(), code.data(), section.size);
  object.sections.push_back(std::move(section));
  object.symbols.push_back(
      {"probe", SymbolKind::Function, Binding::Global, Visibility::Default, SectionId(0), 0, code.size() * 8});
  EXPECT_TRUE(finish(object));
  return object;
}

TEST(Link, CallsIntoNothingAreNamed) {
  const Object middle = with_code({{0x85, 0, 1, 0, 0}, {0xb7, 0, 0, 0, 0}, {0x95, 0, 0, 0, 0}});
  EXPECT_EQ(link(middle, middle.programs[0]).error().message,
            "hand.o: `socket`: the instruction at byte 0x0 calls byte 0x8 of `socket`, where no function begins");
  const Object before = with_code({{0x85, 0, 1, 0, -100}, {0x95, 0, 0, 0, 0}});
  EXPECT_FALSE(link(before, before.programs[0]));
  const Object cut = with_code({{0x95, 0, 0, 0, 0}, {0x18, 0, 0, 0, 0}});
  EXPECT_EQ(link(cut, cut.programs[0]).error().message, "hand.o: `socket`: the 64-bit load at byte 0x8 is cut off");
  const Object descriptor = with_code({{0x18, 0, 1, 0, 3}, {}, {0x95, 0, 0, 0, 0}});
  EXPECT_FALSE(link(descriptor, descriptor.programs[0]));
}

TEST(Link, AProgramThatCallsItselfIsPlacedOnce) {
  const Object object = with_code({{0x85, 0, 1, 0, -1}, {0x95, 0, 0, 0, 0}});
  const Result<Program> program = link(object, object.programs[0]);
  ASSERT_TRUE(program);
  EXPECT_EQ(program->insns.size(), 2u);
  EXPECT_EQ(program->insns[0].imm, -1);
}

}  // namespace
}  // namespace spile::object::test
