#include "verifier/signature.h"

#include <fmt/format.h>

#include <algorithm>

namespace spile::verifier {
namespace {

using object::Btf;
using object::BtfId;
using object::BtfKind;
using object::BtfType;

constexpr size_t kMaxArguments = 5;

// The "arg:..." tags of parameter [index].
struct Tags {
  bool context = false, nonnull = false, nullable = false, trusted = false, arena = false;
  bool any() const { return context || nonnull || nullable || trusted || arena; }
};
Tags tags_of(const Btf &btf, BtfId func, int32_t index) {
  Tags tags;
  for (uint32_t i = 1; i < btf.type_count(); i++) {
    const BtfType t = btf.type(BtfId{i});
    if (t.kind != BtfKind::DeclTag || t.type != func || t.component != index) continue;
    if (t.name == "arg:ctx") tags.context = true;
    if (t.name == "arg:nonnull") tags.nonnull = true;
    if (t.name == "arg:nullable") tags.nullable = true;
    if (t.name == "arg:trusted") tags.trusted = true;
    if (t.name == "arg:arena") tags.arena = true;
  }
  return tags;
}

// A pointer to the struct that programs of this type are given; kprobes name theirs by a typedef.
bool is_context(const Btf &btf, const tables::ProgramType &type, BtfId target) {
  constexpr unsigned kMaxAliases = 32;
  const std::string_view wanted = tables::kContexts[static_cast<size_t>(type.ctx)].type;
  for (unsigned i = 0; i < kMaxAliases; i++) {
    const BtfType t = btf.type(target);
    if (t.kind == BtfKind::Typedef && t.name == "bpf_user_pt_regs_t" && wanted == "pt_regs") return true;
    if (t.kind == BtfKind::Struct || t.kind == BtfKind::Fwd)
      return t.name == wanted || (wanted == "pt_regs" && t.name == "bpf_user_pt_regs_t");
    if (t.kind != BtfKind::Typedef && t.kind != BtfKind::Const && t.kind != BtfKind::Volatile &&
        t.kind != BtfKind::TypeTag)
      return false;
    target = t.type;
  }
  return false;
}

}  // namespace

Signature signature_of(const object::Program &program, const tables::ProgramType &type, uint32_t start) {
  Signature s;
  const auto sub = std::ranges::find(program.subprograms, start, &object::Program::Subprogram::start);
  if (sub == program.subprograms.end() || !sub->func || program.object == nullptr) return s;
  s.name = sub->name;
  const Btf &btf = program.object->btf;
  const BtfType proto = btf.type(btf.type(sub->func).type);
  const BtfKind result = btf.type(btf.resolve(proto.type)).kind;
  const auto params = btf.params(btf.type(sub->func).type);
  if (params.size() > kMaxArguments) {
    s.problem =
        fmt::format("Global function {}() with {} > {} args. Buggy compiler.", s.name, params.size(), kMaxArguments);
    return s;
  }
  if (!is_number(result)) {
    s.problem = fmt::format("Global function {}() doesn't return scalar. Only those are supported.", s.name);
    return s;
  }
  const auto refuse = [&s](std::string problem) {  // the kernel tells of the first
    if (s.problem.empty()) s.problem = std::move(problem);
  };
  for (size_t i = 0; i < params.size(); i++) {
    Parameter p;
    const BtfType t = btf.type(btf.resolve(params[i].type));
    const Tags tags = tags_of(btf, sub->func, static_cast<int32_t>(i));
    if (t.kind != BtfKind::Ptr) {
      if (tags.any()) refuse(fmt::format("arg#{} has pointer tag, but is not a pointer type", i));
      if (!is_number(t.kind)) refuse(fmt::format("Arg#{} type in {}() is not supported yet.", i, s.name));
      s.parameters.push_back(p);
      continue;
    }
    const BtfId target = btf.resolve(t.type);
    if (tags.context || is_context(btf, type, t.type)) {
      p.kind = Parameter::Context;
    } else if (btf.type(target).name == "bpf_dynptr" && btf.type(target).kind == BtfKind::Struct) {
      p.kind = Parameter::Dynptr;
    } else if (tags.trusted) {
      p = {.kind = Parameter::Object, .or_null = tags.nullable, .type = target};
    } else if (tags.arena) {
      p.kind = Parameter::Arena;
    } else {
      const uint64_t size = btf.size_of(target);
      p = {.kind = Parameter::Memory, .or_null = !tags.nonnull, .size = static_cast<uint32_t>(size)};
      if (size == 0 && s.problem.empty()) s.unsized = static_cast<unsigned>(i) + 1;
      if (size == 0)
        refuse(fmt::format("arg#{} reference type('{}') size cannot be determined: -22", i, btf.type(target).name));
    }
    s.parameters.push_back(p);
  }
  return s;
}

Failure bad_signature(const Signature &signature, uint32_t insn) {
  Failure f{.cause = Cause::BadSignature, .insn = insn, .kernel = signature.problem, .detail = signature.problem};
  f.callee = signature.name;
  f.count = signature.unsized;
  return f;
}

}  // namespace spile::verifier
