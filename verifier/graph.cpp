#include "verifier/graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "verifier/objects.h"

namespace spile::verifier {
namespace {

using Outcome = std::optional<Failure>;

const SpecialField *root_behind(const Env &env, const RegState &r) {
  return field_at(env, r, {FieldKind::ListHead, FieldKind::RbRoot});
}

bool is_list(Special s) { return s == Special::ListPush || s == Special::ListPop || s == Special::ListPeek; }

class GraphArgument {
 public:
  GraphArgument(const Env &env, const State &state, uint32_t insn, const Kfunc &kfunc, unsigned reg)
      : env_(env), state_(state), insn_(insn), kfunc_(kfunc), reg_(reg), r_(state.reg(reg)) {}

  Outcome root() const {
    const bool owned = r_.type == RegType::BtfObject && r_.has(kOwned) && !r_.has(kNonOwning | kUntrusted);
    if ((r_.type != RegType::MapValue && !owned) || r_.or_null)
      return wrong(fmt::format("arg#{} expected pointer to map value or allocated object", reg_ - 1),
                   "in a map's value or an object that this program owns");
    if (owned && r_.ref_id == 0)
      return wrong("allocated object must be referenced", "an object that this program owns");
    const FieldKind kind = is_list(kfunc_.special) ? FieldKind::ListHead : FieldKind::RbRoot;
    if (Outcome f = constant(kind)) return f;
    const SpecialField *field = field_at(env_, r_, {kind});
    if (field == nullptr || !field->target)
      return wrong(fmt::format("{} not found at offset={}", name_of(kind), r_.constant_offset()),
                   fmt::format("the address of a `{}`", name_of(kind)));
    for (const Reference::Kind lock : {Reference::Lock, Reference::ResLock, Reference::ResLockIrq})
      if (state_.find_lock(lock, r_.id, owned ? 0 : r_.target) != nullptr) return {};
    int64_t lock_at = -1;
    for (const SpecialField &f : env_.fields_behind(r_))
      if (f.kind == FieldKind::SpinLock || f.kind == FieldKind::ResSpinLock) lock_at = f.offset;
    return Failure{.cause = Cause::LockRule,
                   .insn = insn_,
                   .kernel = fmt::format("bpf_spin_lock at off={} must be held for {}", lock_at, name_of(kind)),
                   .reg = static_cast<int>(reg_),
                   .state = r_,
                   .detail = fmt::format("`{}` needs the lock that lies beside its `{}`", kfunc_.name, name_of(kind))};
  }

  Outcome node() const {
    const FieldKind kind = is_list(kfunc_.special) ? FieldKind::ListNode : FieldKind::RbNode;
    const bool puts_in = kfunc_.special == Special::ListPush || kfunc_.special == Special::TreeAdd;
    const bool owned = r_.type == RegType::BtfObject && r_.has(kOwned) && !r_.has(kUntrusted);
    if (puts_in) {
      if (!owned || r_.has(kNonOwning | kPerCpu) || r_.or_null)
        return wrong(fmt::format("arg#{} expected pointer to allocated object", reg_ - 1),
                     "in an object that this program allocated");
      if (r_.ref_id == 0) return wrong("allocated object must be referenced", "in an object that this program owns");
    } else {
      if (!owned || r_.or_null || (!r_.has(kNonOwning) && r_.ref_id == 0))
        return wrong(fmt::format("{} can only take non-owning or refcounted bpf_rb_node pointer", kfunc_.name),
                     "a node that lies in the tree");
      if (in_comparison(env_, state_))
        return wrong(fmt::format("{} not allowed in rbtree cb", kfunc_.name), "used outside the comparison");
    }
    if (Outcome f = constant(kind)) return f;
    const SpecialField *field = field_at(env_, r_, {kind});
    if (field == nullptr)
      return wrong(fmt::format("{} not found at offset={}", name_of(kind), r_.constant_offset()),
                   fmt::format("the address of a `{}`", name_of(kind)));
    const SpecialField *root = root_behind(env_, state_.reg(1));
    if (root == nullptr) return {};  // reported at that argument
    if (root->target.value == r_.target && root->node_offset == field->offset) return {};
    const std::string_view want = env_.types.name_of({false, root->target}), have = env_.types.name_of(type_of(r_));
    return wrong(fmt::format("operation on {} expects arg#1 {} at offset={} in struct {}, but arg is at offset={} in "
                             "struct {}",
                             name_of(root->kind), name_of(kind), root->node_offset, want, field->offset, have),
                 fmt::format("the node of a `struct {}` that its `contains` names", want));
  }

 private:
  Outcome constant(FieldKind kind) const {
    if (r_.value.is_const()) return {};
    return wrong(
        fmt::format("R{} doesn't have constant offset. {} has to be at the constant offset", reg_, name_of(kind)),
        "at a constant place");
  }
  Failure wrong(std::string kernel, std::string what) const {
    Failure f{.cause = Cause::KfuncArgument,
              .insn = insn_,
              .kernel = std::move(kernel),
              .reg = static_cast<int>(reg_),
              .state = r_,
              .arg = reg_,
              .detail = std::move(what)};
    f.callee = kfunc_.name;
    return f;
  }

  const Env &env_;
  const State &state_;
  uint32_t insn_;
  const Kfunc &kfunc_;
  unsigned reg_;
  const RegState &r_;
};

}  // namespace

Outcome check_graph_root(const Env &env, const State &state, uint32_t insn, const Kfunc &kfunc, unsigned reg) {
  return GraphArgument(env, state, insn, kfunc, reg).root();
}
Outcome check_graph_node(const Env &env, const State &state, uint32_t insn, const Kfunc &kfunc, unsigned reg) {
  return GraphArgument(env, state, insn, kfunc, reg).node();
}

RegState with_lock(const Env &env, RegState r) {
  if (env.find_field(r, FieldKind::SpinLock) != nullptr || env.find_field(r, FieldKind::ResSpinLock) != nullptr)
    r.flags |= kHoldsLock;
  return r;
}

RegState element_of(const Env &env, const RegState &root, bool owning, uint32_t insn) {
  const SpecialField *field = root_behind(env, root);
  if (field == nullptr) return RegState::pointer(RegType::Poisoned, insn);
  RegState r = object_pointer({false, field->target}, kOwned, insn);
  r.off = static_cast<int32_t>(field->node_offset);
  r = with_lock(env, r);
  if (owning) return r;
  r.flags |= kNonOwning;
  if (env.find_field(r, FieldKind::Refcount) != nullptr) r.flags |= kRcu;
  return r;
}

void give_to_graph(const Env &env, State &state, uint32_t ref_id) {
  std::erase_if(state.references, [&](const Reference &r) { return r.id == ref_id; });
  state.for_each_reg([&](RegState &r) {
    if (r.ref_id != ref_id) return;
    r.ref_id = 0;
    r.flags |= kNonOwning;
    if (env.find_field(r, FieldKind::Refcount) != nullptr) r.flags |= kRcu;
  });
}

void forget_elements(State &state) {
  state.for_each_reg([](RegState &r) {
    if (r.type == RegType::BtfObject && r.has(kNonOwning)) r = RegState::unknown(r.origin);
  });
}

bool in_comparison(const Env &env, const State &state) {
  return std::ranges::any_of(state.frames, [&](const Frame &frame) {
    if (!frame.in_callback || frame.callsite == kNoInsn) return false;
    const isa::Insn &call = env.insn(frame.callsite);
    const Kfunc *kfunc = call.src == isa::kPseudoKfuncCall ? env.structure.kfunc_at(call) : nullptr;
    return kfunc != nullptr && kfunc->special == Special::TreeAdd;
  });
}

}  // namespace spile::verifier
