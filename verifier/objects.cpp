#include "verifier/objects.h"

#include <fmt/format.h>

#include <algorithm>

#include "verifier/attach_rules.h"

namespace spile::verifier {
namespace {

using object::BtfId;
using object::BtfKind;
using object::BtfType;
using Outcome = std::optional<Failure>;

struct SafeMember {
  std::string_view owner, member;
};
template <size_t N>
bool is_in(const SafeMember (&set)[N], const Walk &w) {
  return std::ranges::any_of(set, [&](const SafeMember &m) { return m.owner == w.owner && m.member == w.member; });
}
// BTF_TYPE_SAFE_TRUSTED, ..._RCU, ..._RCU_OR_NULL, ..._TRUSTED_OR_NULL of the kernel: members that live as long as what
// holds them.
constexpr SafeMember kSafeTrusted[] = {{"bpf_iter_meta", "seq"}, {"bpf_iter__task", "meta"}, {"bpf_iter__task", "task"},
                                       {"linux_binprm", "file"}, {"file", "f_inode"},        {"inode", "i_sb"}};
constexpr SafeMember kSafeTrustedOrNull[] = {
    {"socket", "sk"}, {"vm_area_struct", "vm_mm"}, {"vm_area_struct", "vm_file"}, {"dentry", "d_inode"}};
constexpr SafeMember kSafeRcu[] = {
    {"task_struct", "cpus_ptr"},      {"task_struct", "cgroups"}, {"task_struct", "real_parent"},
    {"task_struct", "group_leader"},  {"cgroup", "kn"},           {"css_set", "dfl_cgrp"},
    {"cgroup_subsys_state", "cgroup"}};
constexpr SafeMember kSafeRcuOrNull[] = {{"mm_struct", "exe_file"}, {"sk_buff", "sk"}, {"request_sock", "sk"}};

// Maps show the fields of their struct; those that all maps share come first.
TypeRef struct_of_map(const Env &env, uint32_t map) {
  switch (env.map(map).type) {
    case BPF_MAP_TYPE_HASH:
    case BPF_MAP_TYPE_PERCPU_HASH:
    case BPF_MAP_TYPE_LRU_HASH:
    case BPF_MAP_TYPE_LRU_PERCPU_HASH:
    case BPF_MAP_TYPE_HASH_OF_MAPS:
      return env.types.find_struct("bpf_htab");
    case BPF_MAP_TYPE_ARRAY:
    case BPF_MAP_TYPE_PERCPU_ARRAY:
    case BPF_MAP_TYPE_PROG_ARRAY:
    case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
    case BPF_MAP_TYPE_CGROUP_ARRAY:
    case BPF_MAP_TYPE_ARRAY_OF_MAPS:
      return env.types.find_struct("bpf_array");
    case BPF_MAP_TYPE_LPM_TRIE:
      return env.types.find_struct("lpm_trie");
    case BPF_MAP_TYPE_RINGBUF:
      return env.types.find_struct("bpf_ringbuf_map");
    case BPF_MAP_TYPE_STACK_TRACE:
      return env.types.find_struct("bpf_stack_map");
    case BPF_MAP_TYPE_QUEUE:
    case BPF_MAP_TYPE_STACK:
      return env.types.find_struct("bpf_queue_stack");
    case BPF_MAP_TYPE_DEVMAP:
    case BPF_MAP_TYPE_DEVMAP_HASH:
      return env.types.find_struct("bpf_dtab");
    case BPF_MAP_TYPE_SOCKMAP:
      return env.types.find_struct("bpf_stab");
    case BPF_MAP_TYPE_SOCKHASH:
      return env.types.find_struct("bpf_shtab");
    case BPF_MAP_TYPE_CPUMAP:
      return env.types.find_struct("bpf_cpu_map");
    case BPF_MAP_TYPE_XSKMAP:
      return env.types.find_struct("xsk_map");
    case BPF_MAP_TYPE_REUSEPORT_SOCKARRAY:
      return env.types.find_struct("reuseport_array");
    default:
      return env.types.find_struct("bpf_map");
  }
}

TypeRef struct_behind(const Env &env, const RegState &pointer) {
  if (pointer.type != RegType::MapPtr) return type_of(pointer);
  const TypeRef own = struct_of_map(env, pointer.target);
  return own ? own : env.types.find_struct("bpf_map");
}

// The members that a congestion control may set (bpf_tcp_ca_btf_struct_access).
bool may_write(const Env &env, const RegState &pointer, std::string_view name, const Walk &walk) {
  const bool has_conntrack = env.type.number == BPF_PROG_TYPE_XDP || env.type.number == BPF_PROG_TYPE_SCHED_CLS ||
                             env.type.number == BPF_PROG_TYPE_SCHED_ACT;
  if (name.starts_with("nf_conn")) return has_conntrack && walk.member == "mark" && !pointer.has(kUntrusted);
  if (name == "bpf_dummy_ops_state") return env.type.number == BPF_PROG_TYPE_STRUCT_OPS && !pointer.has(kUntrusted);
  if (env.type.number != BPF_PROG_TYPE_STRUCT_OPS || pointer.has(kUntrusted) || walk.kind != Walk::Number) return false;
  if (name != "tcp_sock" && name != "inet_connection_sock" && name != "sock") return false;
  static constexpr std::string_view kMembers[] = {"icsk_ca_priv", "icsk_ack",       "pending",         "snd_cwnd",
                                                  "snd_cwnd_cnt", "snd_cwnd_stamp", "snd_ssthresh",    "ecn_flags",
                                                  "app_limited",  "sk_pacing_rate", "sk_pacing_status"};
  return std::ranges::find(kMembers, walk.member) != std::end(kMembers);
}

}  // namespace

RegState object_pointer(TypeRef type, uint16_t flags, uint32_t origin) {
  RegState r = RegState::pointer(RegType::BtfObject, origin);
  r.target = type.id.value;
  r.flags = flags;
  if (type.in_kernel) r.flags |= kKernelBtf;
  return r;
}

RegState kernel_variable(const Env &env, BtfId variable, uint32_t at) {
  const object::Btf &own = env.program.object->btf;
  const BtfType declared = own.type(variable);
  // An address without a type is only a number.
  if (declared.kind != BtfKind::Var || own.type(own.resolve(declared.type)).kind == BtfKind::Void)
    return RegState::unknown(at);
  const TypeRef known = env.types.find_variable(declared.name);
  if (!known) return RegState::pointer(RegType::Poisoned, at);
  const object::Btf &kernel = env.types.btf(known);
  const TypeRef type{true, kernel.resolve(kernel.type(known.id).type)};
  if (env.types.is_per_cpu(known)) return object_pointer(type, kPerCpu, at);
  if (kernel.type(type.id).kind == BtfKind::Struct) return object_pointer(type, 0, at);
  RegState mem = RegState::pointer(RegType::Mem, at);
  mem.mem_size = static_cast<uint32_t>(env.types.size_of(type));
  mem.flags = kReadOnly;
  return mem;
}

Outcome check_object(const Env &env, const Request &a) {
  const RegState &p = a.pointer;
  const TypeRef type = struct_behind(env, p);
  const std::string name(env.types.name_of(type));
  const int64_t off = a.off + p.off;
  const auto fail = [&](Cause cause, std::string kernel) {
    Failure f = a.failure(cause, std::move(kernel));
    f.detail = name;
    return f;
  };
  if (!type)
    return Failure{
        .cause = Cause::NotModelled, .insn = a.insn, .detail = "objects of the kernel without its BTF (--btf=host)"};
  if (off < 0)
    return fail(Cause::ObjectBounds, fmt::format("R{} is ptr_{} invalid negative access: off={}", a.reg, name, off));
  if (!p.value.is_zero())
    return fail(Cause::ObjectBounds, fmt::format("R{} is ptr_{} invalid variable offset: off={}, var_off={}", a.reg,
                                                 name, off, to_string(p.value.bits)));
  if (p.has(kPerCpu))
    return fail(Cause::ObjectBounds, fmt::format("R{} is ptr_{} access percpu memory: off={}", a.reg, name, off));
  for (const SpecialField &f : env.fields_behind(p))
    if (off < int64_t{f.offset} + f.size && int64_t{f.offset} < off + static_cast<int64_t>(a.size))
      return fail(Cause::ReadOnlyObject, fmt::format("direct access to {} is disallowed", name_of(f.kind)));
  const Walk walk = env.types.walk(type, off, a.size);
  if (a.write && !p.has(kOwned) && !may_write(env, p, name, walk))
    return fail(Cause::ReadOnlyObject, p.type == RegType::MapPtr ? fmt::format("only read from {} is supported", name)
                                                                 : "only read is supported");
  if (walk.kind == Walk::Error) return fail(Cause::ObjectBounds, walk.error);
  return {};
}

RegState load_object(const Env &env, State &state, const RegState &pointer, int64_t off, unsigned size, uint32_t at) {
  const TypeRef type = struct_behind(env, pointer);
  if (!type) return RegState::pointer(RegType::Poisoned, at);
  const Walk walk = env.types.walk(type, off + pointer.off, size);
  if (walk.kind != Walk::Pointer || walk.is_user || pointer.has(kOwned)) return RegState::unknown(at);
  uint16_t flags = walk.is_percpu ? kPerCpu : 0;
  bool or_null = false;
  const bool is_safe = is_in(kSafeTrusted, walk) || is_in(kSafeTrustedOrNull, walk) || is_in(kSafeRcu, walk);
  if (pointer.has(kUntrusted) || (walk.in_union && !is_safe)) {
    flags = kUntrusted;
  } else if (pointer.has(kTrusted | kRcu) || pointer.ref_id != 0) {
    const bool in_rcu = in_rcu_section(env, state) && !pointer.or_null;
    if (is_in(kSafeTrusted, walk)) {
      flags |= kTrusted;
    } else if (is_in(kSafeTrustedOrNull, walk)) {
      flags |= kTrusted;
      or_null = true;
    } else if (!in_rcu) {
      flags = kUntrusted;
    } else if (is_in(kSafeRcu, walk)) {
      flags |= kRcu;
    } else if (walk.is_rcu || is_in(kSafeRcuOrNull, walk)) {
      flags |= kRcu;
      or_null = true;
    }
  }
  RegState r = object_pointer(walk.type, flags, at);
  r.or_null = or_null;
  if (or_null) r.id = state.new_id();
  return r;
}

// A relocation in the section of a struct_ops map names the program.
std::optional<StructOpsMember> struct_ops_member(const Env &env) {
  const object::Object &object = *env.program.object;
  for (const object::Section &section : object.sections) {
    if (!section.name.starts_with(".struct_ops") && !section.name.starts_with("?.struct_ops")) continue;
    for (const object::Reloc &reloc : section.relocs) {
      if (object[reloc.symbol].name != env.program.name) continue;
      const BtfId datasec = object.btf.find(section.name, BtfKind::DataSec);
      for (const object::BtfVarSecInfo &v : object.btf.variables(datasec)) {
        if (reloc.offset < v.offset || reloc.offset >= uint64_t{v.offset} + v.size) continue;
        const BtfId ops = object.btf.resolve(object.btf.type(v.var).type);
        for (const object::BtfMember &m : object.btf.members(ops))
          if (v.offset + m.bit_offset / 8 == reloc.offset)
            return StructOpsMember{object.btf.type(ops).name, m.name, m.type};
      }
    }
  }
  return {};
}

namespace {

struct Prototype {
  TypeRef proto;            // BTF_KIND_FUNC_PROTO
  unsigned skip = 0;        // leading parameters that the program does not see
  bool has_result = false;  // fexit, lsm: the result stands behind the arguments
  bool trusted = false, iterates = false;
};

TypeRef proto_behind(const Env &env, TypeRef type) {
  if (!type) return {};
  BtfType t = env.types.btf(type).type(env.types.btf(type).resolve(type.id));
  TypeRef at{type.in_kernel, env.types.btf(type).resolve(type.id)};
  if (t.kind == BtfKind::Func || t.kind == BtfKind::Ptr) at.id = env.types.btf(type).resolve(t.type);
  return env.types.btf(at).type(at.id).kind == BtfKind::FuncProto ? at : TypeRef{};
}

// What the program is called as, by the kernel's own struct where it is known: that knows the types of the arguments.
TypeRef struct_ops_prototype(const Env &env) {
  const std::optional<StructOpsMember> place = struct_ops_member(env);
  if (!place) return {};
  const TypeRef kernel = env.types.find_struct(place->ops);
  if (kernel && kernel.in_kernel)
    for (const object::BtfMember &k : env.types.btf(kernel).members(kernel.id))
      if (k.name == place->member) return proto_behind(env, {true, k.type});
  return proto_behind(env, {false, place->type});
}

std::optional<Prototype> prototype_of(const Env &env) {
  using enum tables::AttachType;
  Prototype p;
  if (env.type.number == BPF_PROG_TYPE_STRUCT_OPS) {
    p.proto = struct_ops_prototype(env);
    p.trusted = true;
  } else {
    const tables::AttachType attach = env.type.attach;
    const std::string_view target = target_of(env);
    const bool is_lsm = env.type.number == BPF_PROG_TYPE_LSM;
    const TargetType *type = target_type(attach);
    const std::string name =
        fmt::format("{}{}", type != nullptr ? type->prefix : "", target.substr(0, target.find('+')));
    const bool is_alias = type != nullptr && type->kind == BtfKind::Typedef;
    p.proto = proto_behind(env, is_alias ? env.types.find_typedef(name) : env.types.find_function(name));
    p.skip = attach == TRACE_RAW_TP ? 1 : 0;
    p.has_result = is_lsm || attach == TRACE_FEXIT || attach == MODIFY_RETURN || attach == TRACE_FSESSION;
    p.iterates = attach == TRACE_ITER;
    p.trusted = p.iterates || attach == TRACE_RAW_TP || (is_lsm && !hands_over_dying(target));
  }
  if (!p.proto) return {};
  return p;
}

Argument argument_of_type(const Env &env, TypeRef type) {
  const object::Btf &btf = env.types.btf(type);
  const BtfType t = btf.type(btf.resolve(type.id));
  Argument a{.kind = Argument::Number};
  if (t.kind != BtfKind::Ptr) return a;
  const BtfId to = btf.resolve(t.type);
  const BtfType target = btf.type(to);
  if (target.kind == BtfKind::Fwd) {
    a.type = env.types.find_struct(target.name);
    a.kind = a.type ? Argument::Object : Argument::Number;
  } else if (target.kind == BtfKind::Struct) {
    a.kind = Argument::Object;
    // bpf_tcp_ca_is_valid_access(): the socket of a congestion control is a TCP socket.
    if (env.type.number == BPF_PROG_TYPE_STRUCT_OPS && target.name == "sock")
      if (const TypeRef tcp = env.types.find_struct("tcp_sock")) {
        a.type = tcp;
        return a;
      }
    // The object's own view of the struct is the one that its code was made for.
    const TypeRef own = env.types.find_struct(target.name);
    a.type = own ? own : TypeRef{type.in_kernel, to};
  }
  return a;
}

// What iterators hand over as bytes (their bpf_ctx_arg_aux).
bool is_buffer(std::string_view iterator, std::string_view parameter) {
  return (iterator == "bpf_map_elem" && (parameter == "key" || parameter == "value")) ||
         (iterator == "sockmap" && parameter == "key") || (iterator == "bpf_sk_storage_map" && parameter == "value");
}

// Whether an iterator hands over NULL at its end in place of this object: its meta never, and a map only where it is
// the map that is walked.
bool may_be_null(const Argument &a, std::string_view iterator, std::string_view parameter) {
  return a.kind == Argument::Object && parameter != "meta" && (parameter != "map" || iterator == "bpf_map");
}

}  // namespace

bool returns_nothing(const Env &env) {
  if (env.type.number != BPF_PROG_TYPE_STRUCT_OPS && env.type.number != BPF_PROG_TYPE_LSM) return false;
  const std::optional<Prototype> p = prototype_of(env);
  return p && !env.types.btf(p->proto).type(p->proto.id).type;
}

// What an iterator hands over, by the struct of its context: the BTF that ships with Spile has no functions.
static Argument argument_of_iterator(const Env &env, unsigned index) {
  const TypeRef ctx = env.types.find_struct(fmt::format("bpf_iter__{}", target_of(env)));
  if (!ctx) return {};
  for (const object::BtfMember &m : env.types.btf(ctx).members(ctx.id)) {
    if (m.bit_offset != index * 64) continue;
    // Pointers stand in anonymous unions that make them 8 bytes wide on every machine.
    object::BtfMember inner = m;
    const BtfId resolved = env.types.btf(ctx).resolve(m.type);
    if (env.types.btf(ctx).type(resolved).kind == BtfKind::Union)
      if (const auto parts = env.types.btf(ctx).members(resolved); !parts.empty()) inner = parts.front();
    if (is_buffer(target_of(env), inner.name))
      return {.kind = Argument::Buffer, .or_null = true, .writable = inner.name == "value"};
    Argument a = argument_of_type(env, {ctx.in_kernel, inner.type});
    a.trusted = true;
    a.or_null = may_be_null(a, target_of(env), inner.name);
    return a;
  }
  return {.kind = Argument::Outside};
}

Argument argument_of(const Env &env, unsigned index) {
  const std::optional<Prototype> p = prototype_of(env);
  if (!p) return env.type.attach == tables::AttachType::TRACE_ITER ? argument_of_iterator(env, index) : Argument{};
  const object::Btf &btf = env.types.btf(p->proto);
  const auto params = btf.params(p->proto.id);
  const size_t count = params.size() - std::min<size_t>(params.size(), p->skip);
  if (index >= count) {
    if (!p->has_result || index != count) return {.kind = Argument::Outside};
    const BtfId result = btf.type(p->proto.id).type;
    if (!result) return {.kind = Argument::Outside};
    Argument a = argument_of_type(env, {p->proto.in_kernel, result});
    a.is_result = true;
    return a;
  }
  const object::BtfParam &param = params[index + p->skip];
  if (p->iterates && is_buffer(target_of(env), param.name))
    return {.kind = Argument::Buffer, .or_null = true, .writable = param.name == "value"};
  Argument a = argument_of_type(env, {p->proto.in_kernel, param.type});
  a.trusted = p->trusted;
  a.or_null = p->iterates && may_be_null(a, target_of(env), param.name);
  return a;
}

}  // namespace spile::verifier
