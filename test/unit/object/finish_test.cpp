#include <linux/bpf.h>

#include <algorithm>
#include <cstring>

#include "test/unit/object/fixture.h"

namespace spile::object::test {
namespace {

const Map &map_named(const Object &object, std::string_view name) {
  static const Map none;
  const auto it = std::ranges::find(object.maps, name, &Map::name);
  EXPECT_NE(it, object.maps.end()) << "no map " << name;
  return it == object.maps.end() ? none : *it;
}

std::string error_of(std::string_view source, std::string_view flags = "-O2 -g") {
  const auto object = read_elf(compile(source, flags), "probe.o");
  EXPECT_FALSE(object);
  return object ? "" : object.error().message;
}

TEST(Finish, MapsOfBtf) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(kEverything);
  const Map &events = map_named(object, "events");
  EXPECT_EQ(events.type, BPF_MAP_TYPE_HASH);
  EXPECT_EQ(events.key_size, 4u);
  EXPECT_EQ(events.value_size, 32u);
  EXPECT_EQ(events.max_entries, 64u);
  EXPECT_EQ(object.btf.type(events.value_type).name, "event");
  const Map &stats = map_named(object, "stats");
  EXPECT_EQ(stats.value_size, 8u);
  EXPECT_FALSE(stats.value_type);
  EXPECT_EQ(stats.map_flags, 0x400u);
  EXPECT_EQ(stats.pinning, 1u);
  EXPECT_EQ(stats.numa_node, 1u);
  EXPECT_EQ(stats.map_extra, 7u);
}

TEST(Finish, NumbersMayAlsoBeEnumerators) {
  SPILE_NEEDS("clang-19");
  const Object object =
      compile_and_read("struct { __uint(type, 30); __ulong(map_extra, 1ULL << 33); } m SEC(\".maps\");");
  EXPECT_EQ(map_named(object, "m").map_extra, 1ull << 33);
}

TEST(Finish, MapsOfGlobalsAreNamedAsLibbpfNamesThem) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(kEverything);
  const Map &rodata = map_named(object, "probe.rodata");
  EXPECT_TRUE(rodata.is_global_data && rodata.is_readonly);
  EXPECT_EQ(rodata.map_flags, uint32_t{BPF_F_RDONLY_PROG});
  EXPECT_EQ(rodata.max_entries, 1u);
  EXPECT_EQ(rodata.value_size, object[rodata.section].size);
  EXPECT_EQ(object.btf.type(rodata.value_type).name, ".rodata");
  EXPECT_FALSE(map_named(object, "probe.data").is_readonly);
  EXPECT_EQ(object[map_named(object, "probe.bss").section].kind, SectionKind::Bss);
  EXPECT_EQ(map_named(object, ".data.own").value_size, 4u);
}

TEST(Finish, LongNamesAreCutForTheKernel) {
  Object object;
  object.path = "dir/a-very-long-name.bpf.c";
  object.sections.push_back({".rodata", SectionKind::Rodata, 4, 4, Bytes(4), {}});
  object.sections.push_back({".bss", SectionKind::Bss, 4, 4, {}, {}});
  ASSERT_TRUE(finish(object));
  EXPECT_EQ(object.maps[0].name, "a_very_l.rodata");
  EXPECT_EQ(object.maps[1].name, "a_very_l.bss");
}

TEST(Finish, VariablesAreWhereTheSectionsPutThem) {
  SPILE_NEEDS("clang-19");
  const Object object =
      compile_and_read("int a = 1, b = 2; long c = 3; SEC(\"socket\") int f(void *ctx) { return a + b + c; }");
  const BtfId section = object.btf.find(".data", BtfKind::DataSec);
  EXPECT_EQ(object.btf.type(section).size, 16u);
  std::vector<std::pair<std::string, uint32_t>> places;
  for (const BtfVarSecInfo &v : object.btf.variables(section))
    places.emplace_back(object.btf.type(v.var).name, v.offset);
  EXPECT_EQ(places, (std::vector<std::pair<std::string, uint32_t>>{{"a", 0}, {"b", 4}, {"c", 8}}));
}

TEST(Finish, Programs) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(kEverything);
  std::vector<std::string> names;
  for (const ProgramEntry &program : object.programs) names.push_back(program.section + ":" + program.name);
  EXPECT_EQ(names, (std::vector<std::string>{"tp/syscalls/sys_enter_kill:first", "tp/syscalls/sys_enter_kill:second",
                                             "socket:filter", "begin:at_begin", "interval/1s:every_second"}));
  EXPECT_EQ(object.find_program("second")->offset, object.find_program("first")->size);
  EXPECT_EQ(object[object.find_program("at_begin")->section_id].kind, SectionKind::UserSide);
  EXPECT_EQ(object.license, "GPL");
  EXPECT_EQ(object.kern_version, 0x60c00u);
}

TEST(Finish, FunctionsWithoutASizeEndWhereTheNextBegins) {
  Object object;
  object.path = "hand.o";
  object.sections.push_back({"socket", SectionKind::Program, 40, 8, Bytes(40), {}});
  for (const uint64_t at : {uint64_t{0}, uint64_t{16}})
    object.symbols.push_back(
        {"f" + std::to_string(at), SymbolKind::Function, Binding::Global, Visibility::Default, SectionId(0), at, 0});
  ASSERT_TRUE(finish(object));
  ASSERT_EQ(object.programs.size(), 2u);
  EXPECT_EQ(object.programs[0].size, 16u);
  EXPECT_EQ(object.programs[1].size, 24u);
}

TEST(Finish, LegacyMapsOfEverySize) {
  SPILE_NEEDS("clang-19");
  const char *source = R"(
struct bpf_map_def { __u32 type, key_size, value_size, max_entries, map_flags MORE; };
struct bpf_map_def SEC("maps") one = { .type = 1, .key_size = 8, .value_size = 1, .max_entries = 64 };
struct bpf_map_def SEC("maps") two = { .type = 2, .key_size = 4, .value_size = 8, .max_entries = 3, .map_flags = 4 };
struct ____btf_map_one { long key; char value; };
struct ____btf_map_one *annotated;
)";
  for (const char *more : {"", ",inner,numa", ",a,b,c,d"}) {
    const Object object = compile_and_read(source, std::string("-O2 -g -DMORE=") + more);
    ASSERT_EQ(object.maps.size(), 3u) << more;
    EXPECT_EQ(map_named(object, "one").max_entries, 64u);
    EXPECT_EQ(object.btf.type(map_named(object, "one").key_type).name, "long");
    EXPECT_EQ(map_named(object, "two").map_flags, 4u);
    EXPECT_EQ(map_named(object, "two").value_size, 8u);
  }
}

TEST(Finish, MapsOfMapsAreRead) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(R"(
struct inner { __uint(type, 2); __uint(max_entries, 1); __type(key, int); __type(value, int); } inner SEC(".maps");
struct { __uint(type, 12); __uint(max_entries, 1); __type(key, int); __array(values, struct inner); } outer SEC(".maps")
  = { .values = { &inner } };)");
  const Map &outer = map_named(object, "outer");
  EXPECT_TRUE(outer.has_initial_values);
  EXPECT_EQ(outer.value_size, 4u);
  ASSERT_EQ(outer.inner.size(), 1u);
  EXPECT_EQ(outer.inner[0].value_size, 4u);
  ASSERT_EQ(outer.initial_values.size(), 1u);
  EXPECT_EQ(outer.initial_values[0].index, 0u);
  EXPECT_EQ(object[outer.initial_values[0].symbol].name, "inner");
  EXPECT_FALSE(map_named(object, "inner").has_initial_values);
}

TEST(Finish, TablesOfFunctionsAreMaps) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(R"(
struct ops { int (*init)(void); long state; };
SEC("struct_ops/init") int init(void *ctx) { return 0; }
SEC(".struct_ops.link") struct ops table = { .init = (void *)init, .state = 3 };)");
  const Map &table = map_named(object, "table");
  EXPECT_EQ(table.type, 26u);
  EXPECT_EQ(table.value_size, 16u);
  EXPECT_EQ(object[table.section].kind, SectionKind::StructOps);
  EXPECT_EQ(object.btf.type(table.value_type).name, "ops");
}

TEST(Finish, MapsOfAnotherObjectAreNone) {
  SPILE_NEEDS("clang-19");
  const Object object = compile_and_read(R"(
extern struct { __uint(type, 1); } theirs SEC(".maps");
struct { __uint(type, 1); __type(key, int); __type(value, int); __uint(max_entries, 1); } own SEC(".maps");
SEC("socket") long probe(void *ctx) { return (long)&theirs; })");
  ASSERT_EQ(object.maps.size(), 1u);
  EXPECT_EQ(object.maps[0].name, "own");
}

TEST(Finish, WrongMapsAreNamed) {
  SPILE_NEEDS("clang-19");
  EXPECT_EQ(error_of("struct { __uint(type, 1); __uint(max_entris, 1); } m SEC(\".maps\");"),
            "probe.o: map `m`: member `max_entris` is not known");
  EXPECT_EQ(error_of("struct { __uint(max_entries, 1); } m SEC(\".maps\");"), "probe.o: map `m`: it has no `type`");
  EXPECT_EQ(error_of("struct { __uint(type, 1); __uint(key_size, 8); __type(key, int); } m SEC(\".maps\");"),
            "probe.o: map `m`: `key` makes it 4 bytes, another member 8");
  EXPECT_EQ(error_of("struct { __uint(type, 1); int key; } m SEC(\".maps\");"),
            "probe.o: map `m`: member `key` is not a type; write __type(key, ...)");
  EXPECT_EQ(error_of("struct { __uint(type, 1); __uint(pinning, 5); } m SEC(\".maps\");"),
            "probe.o: map `m`: `pinning` is 5; it is 0 (none) or 1 (by name)");
  EXPECT_EQ(error_of("struct { __uint(type, 1); __array(values, int); } m SEC(\".maps\");"),
            "probe.o: map `m`: `values` is for arrays and hashes of maps, and for program arrays");
  EXPECT_EQ(error_of("struct { __uint(type, 12); __type(value, long); __array(values, int); } m SEC(\".maps\");"),
            "probe.o: map `m`: its values are maps or programs, of 4 bytes, not 8");
  EXPECT_EQ(error_of("struct { __uint(type, 3); __array(values, int); } m SEC(\".maps\");"),
            "probe.o: map `m`: the `values` of a program array are functions");
  EXPECT_EQ(error_of("struct { __uint(type, 1); } m SEC(\".maps\");", "-O2"),
            "probe.o: section `.maps` has no BTF, and its maps are described by nothing else");
  EXPECT_EQ(error_of("int m SEC(\"maps\") = 3;"),
            "probe.o: map `m`: its definition in `maps` has 4 bytes, a struct bpf_map_def has 16 or more");
}

}  // namespace
}  // namespace spile::object::test
