#include "test/fuzz/verifier/made_object.h"

#include "support/check.h"

namespace spile::fuzz {

object::Object made_object() {
  using object::BtfId;
  using object::BtfKind;
  constexpr uint32_t kStatic = 0, kGlobal = 1;
  object::Object made = test_object();
  auto created = object::Btf::create();
  SPILE_CHECK(created.has_value(), "no memory for an empty BTF");
  object::Btf &btf = *created;
  const BtfId i32 = btf.add_int("int", 4, true, false, false), u64 = btf.add_int("__u64", 8, false, false, false),
              pointer = btf.add_ptr({});
  const BtfId lock = btf.add_composite(BtfKind::Struct, "bpf_spin_lock", 4);
  btf.add_member("val", i32, 0, 0);
  const BtfId rest = btf.add_array(i32, i32, 3), value = btf.add_composite(BtfKind::Struct, "locked", kLockedValue);
  btf.add_member("lock", lock, 0, 0);
  btf.add_member("rest", rest, 32, 0);
  const BtfId iterator = btf.add_composite(BtfKind::Struct, "bpf_iter_num", 8);
  btf.add_member("__opaque", u64, 0, 0);
  const BtfId iterator_pointer = btf.add_ptr(iterator), int_pointer = btf.add_ptr(i32);

  // Prototypes come behind the functions, whose ids are MadeFunction's.
  struct Function {
    MadeFunction id;
    const char *name;
    uint32_t linkage;
    BtfId result;
    std::vector<std::pair<const char *, BtfId>> parameters;
  };
  const Function functions[] = {
      {MadeFunction::Main, "random", kGlobal, i32, {{"ctx", pointer}}},
      {MadeFunction::Callee, "callee", kStatic, i32, {{"frame", pointer}, {"number", u64}}},
      {MadeFunction::LoopCallback, "turn", kStatic, u64, {{"index", i32}, {"context", pointer}}},
      {MadeFunction::ElementCallback,
       "element",
       kStatic,
       u64,
       {{"map", pointer}, {"key", pointer}, {"value", pointer}, {"context", pointer}}},
      {MadeFunction::IteratorNew,
       "bpf_iter_num_new",
       kGlobal,
       i32,
       {{"it", iterator_pointer}, {"start", i32}, {"end", i32}}},
      {MadeFunction::IteratorNext, "bpf_iter_num_next", kGlobal, int_pointer, {{"it", iterator_pointer}}},
      {MadeFunction::IteratorDestroy, "bpf_iter_num_destroy", kGlobal, {}, {{"it", iterator_pointer}}},
  };
  for (const Function &f : functions) {
    const BtfId id = btf.add_func(f.name, f.linkage, {});
    SPILE_CHECK(id.value == static_cast<uint32_t>(f.id), "the types before the functions are as many as counted");
  }
  for (const Function &f : functions) {
    const BtfId proto = btf.add_func_proto(f.result);
    for (const auto &[name, type] : f.parameters) btf.add_param(name, type);
    btf.set_type(BtfId{static_cast<uint32_t>(f.id)}, proto);
  }
  made.btf = std::move(btf);

  made.maps.resize(kPrograms + 1);
  made.maps[kLocked] = {.name = "locked",
                        .type = 2,
                        .key_size = 4,
                        .value_size = kLockedValue,
                        .max_entries = 4,
                        .key_type = i32,
                        .value_type = value};
  made.maps[kPrograms] = {.name = "programs", .type = 3, .key_size = 4, .value_size = 4, .max_entries = 4};
  return made;
}

}  // namespace spile::fuzz
