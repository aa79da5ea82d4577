#include "verifier/structure.h"

#include <fmt/format.h>

#include <algorithm>

#include "verifier/env.h"

namespace spile::verifier {
namespace {

using isa::Insn;

bool is_subprogram_reference(const Insn &insn) {
  return (insn.opcode == 0x85 && insn.src == isa::kPseudoCall) || (insn.is_lddw() && insn.src == isa::kPseudoFunc);
}
// LD_ABS and LD_IND.
bool is_packet_load(const Insn &insn) { return insn.insn_class() == isa::LD && !insn.is_lddw() && insn.opcode != 0; }
bool is_may_goto(const Insn &insn) { return insn.is_jump() && insn.jump_op() == isa::JCOND; }

int64_t jump_target(const Insn &insn, uint32_t at) {
  const bool long_jump = insn.opcode == isa::opcode(isa::JMP32, isa::JA, isa::K);
  return int64_t{at} + 1 + (long_jump ? insn.imm : insn.off);
}
bool has_target(const Insn &insn) {
  return insn.is_jump() && insn.jump_op() != isa::CALL && insn.jump_op() != isa::EXIT;
}

// The kernel's words for a field that must be zero.
std::string reserved_text(const Insn &insn) {
  switch (insn.insn_class()) {
    case isa::ALU:
    case isa::ALU64:
      return insn.alu_op() == isa::MOV   ? "BPF_MOV uses reserved fields"
             : insn.alu_op() == isa::NEG ? "BPF_NEG uses reserved fields"
             : insn.alu_op() == isa::END ? "BPF_END uses reserved fields"
                                         : "BPF_ALU uses reserved fields";
    case isa::JMP:
    case isa::JMP32:
      return insn.jump_op() == isa::CALL   ? "BPF_CALL uses reserved fields"
             : insn.jump_op() == isa::EXIT ? "BPF_EXIT uses reserved fields"
             : insn.jump_op() == isa::JA   ? "BPF_JA uses reserved fields"
             : is_may_goto(insn)           ? fmt::format("invalid may_goto imm {}", insn.imm)
                                           : "BPF_JMP/JMP32 uses reserved fields";
    case isa::LD:
      return insn.is_lddw() ? "BPF_LD_IMM64 uses reserved fields" : "BPF_LD_[ABS|IND] uses reserved fields";
    case isa::LDX:
      return "BPF_LDX uses reserved fields";
    case isa::ST:
      return "BPF_ST uses reserved fields";
    default:
      return insn.mode() == isa::ATOMIC ? fmt::format("BPF_ATOMIC uses invalid atomic opcode {:02x}", insn.imm)
                                        : "BPF_STX uses reserved fields";
  }
}

// Whether a row of insns.def has the opcode, whatever the other fields; [info]: the row that fits these. No kernel
// takes calls through a register.
bool is_known_opcode(const Insn &insn, const isa::InsnInfo *info) {
  if (info != nullptr) return info->shape != isa::Shape::CallReg;
  return std::ranges::find(isa::all_insns(), insn.opcode, &isa::InsnInfo::opcode) != isa::all_insns().end();
}

class Examiner {
 public:
  Examiner(const object::Program &program, const tables::ProgramType &type, const object::Btf *kernel)
      : program_(program), type_(type), kernel_(kernel), insns_(program.insns) {}

  Structure run() {
    out_.facts.resize(insns_.size());
    out_.infos.resize(insns_.size());
    if (insns_.empty()) {
      fail({.cause = Cause::NoInstructions, .kernel = "invalid argument"});
      return std::move(out_);
    }
    if (insns_.size() > kMaxProcessedInsns) {
      fail({.cause = Cause::TooManyInstructions,
            .kernel = "argument list too long",
            .limit = kMaxProcessedInsns,
            .count = static_cast<int64_t>(insns_.size())});
      return std::move(out_);
    }
    find_kfuncs();
    find_subprograms();
    if (out_.failures.empty()) check_early_returns();
    if (out_.failures.empty()) check_exceptions();
    if (out_.failures.empty()) check_jumps();
    if (out_.failures.empty()) check_immediates();
    if (out_.failures.empty()) walk();
    if (out_.failures.empty()) find_side_effects();
    find_special_fields();
    return std::move(out_);
  }

 private:
  void fail(Failure f) { out_.failures.push_back(std::move(f)); }
  uint32_t count() const { return static_cast<uint32_t>(insns_.size()); }

  void find_subprograms() {
    std::vector<uint32_t> starts{0};
    for (uint32_t i = 0; i < count(); i++) {
      if (!is_subprogram_reference(insns_[i])) continue;
      const int64_t target = int64_t{i} + 1 + insns_[i].imm;
      if (target < 0 || target >= count()) {
        fail({.cause = Cause::JumpOutOfRange, .insn = i, .kernel = fmt::format("call to invalid destination")});
        return;
      }
      starts.push_back(static_cast<uint32_t>(target));
    }
    const uint32_t handler = exception_callback();
    if (handler != 0) starts.push_back(handler);
    std::ranges::sort(starts);
    starts.erase(std::ranges::unique(starts).begin(), starts.end());
    if (starts.size() > kMaxSubprograms) {
      fail({.cause = Cause::TooManySubprograms,
            .kernel = "too many subprograms",
            .limit = kMaxSubprograms,
            .count = static_cast<int64_t>(starts.size())});
      return;
    }
    for (size_t s = 0; s < starts.size(); s++) {
      Subprogram sub{.start = starts[s], .end = s + 1 < starts.size() ? starts[s + 1] : count()};
      for (const auto &known : program_.subprograms)
        if (known.start == sub.start && sub.start != 0) sub.is_global = is_global(known);
      sub.ends_exception = handler != 0 && sub.start == handler;
      sub.is_global |= sub.ends_exception;
      if (sub.is_global) sub.signature = signature_of(program_, type_, sub.start);
      for (uint32_t i = sub.start; i < sub.end; i++) sub.loads_packet |= is_packet_load(insns_[i]);
      out_.subprograms.push_back(sub);
    }
    for (uint32_t i = 0; i < count(); i++)
      if (insns_[i].is_lddw() && insns_[i].src == isa::kPseudoFunc)
        out_.subprograms[out_.subprogram_at(i + 1 + static_cast<uint32_t>(insns_[i].imm))].is_callback = true;
  }

  // Where the function begins that the program's tag "exception_callback:NAME" names; 0 without.
  uint32_t exception_callback() {
    constexpr std::string_view kPrefix = "exception_callback:";
    if (program_.object == nullptr || program_.subprograms.empty() || !program_.subprograms[0].func) return 0;
    const object::Btf &btf = program_.object->btf;
    uint32_t found = 0, tags = 0;
    for (uint32_t i = 1; i < btf.type_count(); i++) {
      const object::BtfType tag = btf.type({i});
      if (tag.kind != object::BtfKind::DeclTag || tag.type != program_.subprograms[0].func) continue;
      if (!tag.name.starts_with(kPrefix)) continue;
      tags++;
      for (const auto &known : program_.subprograms)
        if (known.name == tag.name.substr(kPrefix.size())) found = known.start;
    }
    if (tags > 1)
      fail({.cause = Cause::KfuncRule,
            .kernel = "multiple exception callback tags for main subprog",
            .detail = "the program names more than one exception callback"});
    return found;
  }

  // Exceptions end in a function of one number that nobody calls and that throws none; no callback throws
  // (check_max_stack_depth_subprog, do_check_common).
  void check_exceptions() {
    for (const Subprogram &sub : out_.subprograms) {
      const bool no_throw = sub.is_callback || sub.ends_exception;
      if (sub.ends_exception &&
          (sub.signature.parameters.size() != 1 || sub.signature.parameters[0].kind != Parameter::Number))
        fail({.cause = Cause::KfuncRule,
              .insn = sub.start,
              .kernel = "exception cb only supports single integer argument",
              .detail = "an exception callback takes one number"});
      if (sub.ends_exception && !sub.signature.problem.empty()) fail(bad_signature(sub.signature, sub.start));
      for (uint32_t i = sub.start; i < sub.end; i++) {
        const Insn &insn = insns_[i];
        if (insn.opcode != 0x85) continue;
        const Kfunc *kfunc = insn.src == isa::kPseudoKfuncCall ? out_.kfunc_at(insn) : nullptr;
        if (no_throw && kfunc != nullptr && kfunc->special == Special::Throw)
          fail({.cause = Cause::KfuncRule,
                .insn = i,
                .kernel = fmt::format("bpf_throw kfunc (insn {}) cannot be called from callback subprog {}", i,
                                      out_.subprogram_of(i)),
                .detail = "`bpf_throw` cannot be called from a callback"});
        if (insn.src != isa::kPseudoCall) continue;
        if (out_.subprograms[out_.subprogram_at(i + 1 + static_cast<uint32_t>(insn.imm))].ends_exception)
          fail({.cause = Cause::KfuncRule,
                .insn = i,
                .kernel = fmt::format("insn {} cannot call exception cb directly", i),
                .detail = "an exception callback cannot be called"});
      }
    }
  }

  // The kernel goes by the linkage in BTF; libbpf makes it static where the symbol's visibility is hidden.
  bool is_global(const object::Program::Subprogram &sub) const {
    if (!sub.func || program_.object == nullptr) return false;
    return sub.binding != object::Binding::Local && program_.object->btf.type(sub.func).linkage == 1;
  }

  // A packet load that fails, and a tail call that does not, return from a function with a number
  // (check_abnormal_return, check_btf_func_early).
  void check_early_returns() {
    for (size_t s = 1; s < out_.subprograms.size(); s++) {
      const Subprogram &sub = out_.subprograms[s];
      const auto known = std::ranges::find(program_.subprograms, sub.start, &object::Program::Subprogram::start);
      const bool has_btf = known != program_.subprograms.end() && known->func && program_.object != nullptr;
      for (uint32_t i = sub.start; i < sub.end; i++) {
        const bool tail_call = insns_[i].opcode == 0x85 && insns_[i].src == isa::kHelperCall &&
                               insns_[i].imm == static_cast<int32_t>(BPF_FUNC_tail_call);
        const bool packet_load = is_packet_load(insns_[i]);
        if (insns_[i].is_lddw()) i++;
        if ((!tail_call && !packet_load) || (has_btf && returns_number(known->func))) continue;
        const char *what = tail_call ? "tail_call" : "LD_ABS";
        fail({.cause = Cause::EarlyReturn,
              .insn = i,
              .kernel = has_btf ? fmt::format("{} is only allowed in functions that return 'int'.", what)
                                : fmt::format("{} is not allowed in subprogs without BTF", what),
              .detail = tail_call ? "a tail call" : "a legacy packet load"});
        return;
      }
    }
  }
  bool returns_number(object::BtfId func) const {
    const object::Btf &btf = program_.object->btf;
    const object::BtfId result = btf.type(btf.type(func).type).type;
    return is_number(btf.type(btf.resolve(result)).kind);
  }

  void check_jumps() {
    for (size_t s = 0; s < out_.subprograms.size(); s++) {
      const Subprogram &sub = out_.subprograms[s];
      for (uint32_t i = sub.start; i < sub.end; i++) {
        if (insns_[i].is_lddw()) {
          i++;
          continue;
        }
        if (!has_target(insns_[i])) continue;
        const int64_t target = jump_target(insns_[i], i);
        if (target < sub.start || target >= sub.end)
          fail({.cause = Cause::JumpOutOfRange,
                .insn = i,
                .kernel = fmt::format("jump out of range from insn {} to {}", i, target)});
      }
      const Insn &last = insns_[sub.end - 1];
      const bool ends = last.is_exit() || last.opcode == isa::opcode(isa::JMP, isa::JA, isa::K) ||
                        last.opcode == isa::opcode(isa::JMP32, isa::JA, isa::K);
      if (!ends && out_.failures.empty())
        fail({.cause = Cause::FallsThrough, .insn = sub.end - 1, .kernel = "last insn is not an exit or jmp"});
    }
  }

  void check_immediates() {
    std::vector<bool> used(program_.object != nullptr ? program_.object->maps.size() : 0);
    for (uint32_t i = 0; i < count(); i++) {
      const Insn &insn = insns_[i];
      const isa::InsnInfo *info = isa::lookup(insn);
      if (!is_known_opcode(insn, info)) {
        fail({.cause = Cause::UnknownOpcode,
              .insn = i,
              .kernel = fmt::format("unknown opcode {:02x}", insn.opcode),
              .count = insn.opcode});
        continue;
      }
      if (insn.insn_class() == isa::LDX && insn.imm != 0)
        fail({.cause = Cause::ReservedField, .insn = i, .kernel = reserved_text(insn)});
      if (std::optional<Failure> f = complaint_about(i, info))
        out_.malformed.emplace(i, std::move(*f));
      else
        out_.infos[i] = info;
      if (!insn.is_lddw()) continue;
      if (i + 1 == count() || !isa::malformed_second(insns_[i + 1]).empty()) {
        fail({.cause = Cause::ReservedField, .insn = i, .kernel = "invalid bpf_ld_imm64 insn"});
        return;
      }
      check_pseudo(i, used);
      i++;
    }
    const auto maps = std::ranges::count(used, true);
    if (maps > kMaxMaps)
      fail({.cause = Cause::TooManyMaps,
            .kernel = fmt::format("The total number of maps per program has reached the limit of {}", kMaxMaps),
            .limit = kMaxMaps,
            .count = maps});
  }

  // What is wrong with the fields of an instruction whose opcode is known. The kernel looks at them when a path gets
  // there (do_check): what no path reaches may have anything in them.
  std::optional<Failure> complaint_about(uint32_t i, const isa::InsnInfo *info) const {
    const Insn &insn = insns_[i];
    if (info != nullptr && info->op == isa::Op::AddrSpaceCast)
      if (std::optional<Failure> f = complaint_about_cast(i)) return f;
    // An immediate of no known kind is refused wherever it stands (check_pseudo).
    if (info != nullptr ? isa::malformed(*info, insn).empty() : insn.is_lddw()) return {};
    return Failure{.cause = Cause::ReservedField, .insn = i, .kernel = reserved_text(insn)};
  }
  std::optional<Failure> complaint_about_cast(uint32_t i) const {
    if (insns_[i].imm != kCastFromArena && insns_[i].imm != kCastToArena)
      return Failure{.cause = Cause::ReservedField,
                     .insn = i,
                     .kernel = "addr_space_cast insn can only convert between address space 1 and 0"};
    const auto names_arena = [&](const Insn &insn) {
      return insn.is_lddw() && (insn.src == isa::kPseudoMapIdx || insn.src == isa::kPseudoMapIdxValue) &&
             program_.object != nullptr && static_cast<uint32_t>(insn.imm) < program_.object->maps.size() &&
             program_.object->maps[static_cast<uint32_t>(insn.imm)].type == kArenaMap;
    };
    if (std::ranges::any_of(insns_, names_arena)) return {};
    return Failure{.cause = Cause::BadMapReference,
                   .insn = i,
                   .kernel = "addr_space_cast insn can only be used in a program that has an associated arena",
                   .detail = "the program uses no arena map"};
  }

  // A kernel variable declared as `const void` is only an address.
  bool has_type(object::BtfId variable) const {
    const object::Btf &btf = program_.object->btf;
    return btf.type(btf.resolve(btf.type(variable).type)).kind != object::BtfKind::Void;
  }

  void check_pseudo(uint32_t i, std::vector<bool> &used) {
    const Insn &insn = insns_[i];
    switch (insn.src) {
      case 0:
      case isa::kPseudoFunc:
        return;
      case isa::kPseudoMapIdx:
      case isa::kPseudoMapIdxValue:
        break;
      case isa::kPseudoBtfId:
        if (kernel_ == nullptr && has_type(object::BtfId{static_cast<uint32_t>(insn.imm)})) {
          out_.wants_kernel = true;
          fail({.cause = Cause::NotModelled,
                .insn = i,
                .detail = "kernel variables without the kernel's BTF (--btf=host)"});
        }
        return;
      default:
        fail({.cause = Cause::BadMapReference,
              .insn = i,
              .kernel = "unrecognized bpf_ld_imm64 insn",
              .detail = "it was not linked"});
        return;
    }
    const auto index = static_cast<uint32_t>(insn.imm);
    if (index >= used.size()) {
      fail({.cause = Cause::BadMapReference,
            .insn = i,
            .kernel = fmt::format("fd {} is not pointing to valid bpf_map", insn.imm),
            .detail = "there is no such map"});
      return;
    }
    used[index] = true;
    const object::Map &map = program_.object->maps[index];
    const tables::MapType *type = tables::find_map_type(map.type);
    if (type == nullptr) {
      fail({.cause = Cause::NotModelled,
            .insn = i,
            .detail = fmt::format("maps of type {} (`{}`)", map.type, map.name)});
      return;
    }
    if (insn.src != isa::kPseudoMapIdxValue) {
      if (insns_[i + 1].imm != 0)
        fail({.cause = Cause::ReservedField, .insn = i, .kernel = "unrecognized bpf_ld_imm64 insn"});
      return;
    }
    const auto off = static_cast<uint32_t>(insns_[i + 1].imm);
    if (off >= kMaxOffset) {
      fail({.cause = Cause::BadMapReference,
            .insn = i,
            .kernel = fmt::format("direct value offset of {} is not allowed", off),
            .detail = fmt::format("offset {} is too large", off)});
    } else if (map.type == kArenaMap) {
      return;
    } else if (map.type != BPF_MAP_TYPE_ARRAY || map.max_entries != 1) {
      fail({.cause = Cause::BadMapReference,
            .insn = i,
            .kernel = "no direct value access support for this map type",
            .detail = fmt::format("`{}` is not an array of one element", map.name)});
    } else if (off >= map.value_size) {
      fail({.cause = Cause::BadMapReference,
            .insn = i,
            .kernel = fmt::format("invalid access to map value pointer, value_size={} off={}", map.value_size, off),
            .detail = fmt::format("offset {} lies behind the {} bytes of `{}`", off, map.value_size, map.name)});
    }
  }

  void find_kfuncs() {
    if (program_.object == nullptr) return;
    for (const Insn &insn : insns_)
      if (insn.opcode == 0x85 && insn.src == isa::kPseudoKfuncCall && !out_.kfuncs.contains(insn.imm))
        if (Kfunc kfunc = describe_kfunc(program_.object->btf, object::BtfId{static_cast<uint32_t>(insn.imm)}, kernel_);
            !kfunc.name.empty())
          // The names of its parameters say what they are; the object may lack them.
          out_.wants_kernel = kernel_ == nullptr, out_.kfuncs.emplace(insn.imm, std::move(kfunc));
  }

  // What a call of a function may do to its caller, through all that it calls.
  void find_side_effects() {
    for (Subprogram &sub : out_.subprograms)
      for (uint32_t i = sub.start; i < sub.end; i++)
        if (const tables::Helper *helper = helper_of(insns_[i])) {
          sub.changes_packet |= (helper->flags & tables::kChangesPacket) != 0;
          sub.may_sleep |= (helper->flags & tables::kSleeps) != 0;
        } else if (insns_[i].opcode == 0x85 && insns_[i].src == isa::kPseudoKfuncCall) {
          const Kfunc *kfunc = out_.kfunc_at(insns_[i]);
          sub.may_sleep |= kfunc != nullptr && kfunc->has(tables::kMaySleep);
        }
    for (bool changed = true; changed;) {
      changed = false;
      for (Subprogram &sub : out_.subprograms)
        for (uint32_t i = sub.start; i < sub.end; i++) {
          if (insns_[i].opcode != 0x85 || insns_[i].src != isa::kPseudoCall) continue;
          const Subprogram &callee = out_.subprograms[out_.subprogram_at(i + 1 + static_cast<uint32_t>(insns_[i].imm))];
          changed |= (callee.changes_packet && !sub.changes_packet) || (callee.may_sleep && !sub.may_sleep);
          sub.changes_packet |= callee.changes_packet;
          sub.may_sleep |= callee.may_sleep;
        }
    }
  }

  void find_special_fields() {
    if (program_.object == nullptr) return;
    const object::Object &object = *program_.object;
    for (const object::Map &map : object.maps) {
      out_.map_fields.push_back(special_fields(object.btf, map.value_type));
      out_.inner_map_fields.push_back(map.inner.empty() ? std::vector<SpecialField>{}
                                                        : special_fields(object.btf, map.inner.front().value_type));
    }
  }

  void mark_target(uint32_t i) { out_.facts[i].prune_point = out_.facts[i].jump_point = true; }

  // What check_cfg() marks while it walks: the places where states are compared.
  void mark(uint32_t i) {
    const Insn &insn = insns_[i];
    if (insn.is_lddw() && insn.src == isa::kPseudoFunc) {
      mark_target(i + 2);
      out_.facts[i].prune_point = true;
      mark_target(i + 1 + static_cast<uint32_t>(insn.imm));
      return;
    }
    if (!insn.is_jump() || insn.is_exit()) return;
    if (insn.jump_op() == isa::CALL) {
      mark_target(i + 1);
      const tables::Helper *helper = helper_of(insn);
      if (helper != nullptr && calls_back(*helper)) {
        mark_target(i);
        out_.facts[i].calls_callback = out_.facts[i].force_checkpoint = true;
      }
      if (insn.src == isa::kPseudoKfuncCall) {
        const Kfunc *kfunc = out_.kfunc_at(insn);
        if (kfunc != nullptr && kfunc->has(tables::kIteratorNext)) {
          mark_target(i);
          out_.facts[i].next_of_iterator = out_.facts[i].force_checkpoint = true;
        }
        if (kfunc != nullptr && (kfunc->special == Special::TreeAdd || defers(kfunc->special))) {
          mark_target(i);
          out_.facts[i].calls_callback = out_.facts[i].force_checkpoint = true;
        }
      }
      if (insn.src == isa::kPseudoCall) {
        out_.facts[i].prune_point = true;
        mark_target(i + 1 + static_cast<uint32_t>(insn.imm));
      }
      return;
    }
    if (insn.jump_op() != isa::JA) out_.facts[i].prune_point = true;
    if (is_may_goto(insn)) out_.facts[i].force_checkpoint = out_.facts[i].may_goto = true;
    mark_target(static_cast<uint32_t>(jump_target(insn, i)));
  }

  void walk() {
    std::vector<bool> reached(insns_.size());
    std::vector<uint32_t> work{0};
    const auto reach = [&](int64_t i) {
      if (i < 0 || i >= count() || reached[static_cast<size_t>(i)]) return;
      reached[static_cast<size_t>(i)] = true;
      work.push_back(static_cast<uint32_t>(i));
    };
    reached[0] = true;
    for (const Subprogram &sub : out_.subprograms)
      if (sub.ends_exception) reach(sub.start);
    while (!work.empty()) {
      const uint32_t i = work.back();
      work.pop_back();
      for (uint32_t next : successors(program_, i)) reach(next);
      if (is_subprogram_reference(insns_[i])) reach(int64_t{i} + 1 + insns_[i].imm);
      if (!falls_off(i)) mark(i);
    }
    for (uint32_t i = 0; i < count(); i++) {
      if (!reached[i]) {
        fail({.cause = Cause::Unreachable, .insn = i, .kernel = fmt::format("unreachable insn {}", i)});
        // One report for each run of dead code.
        while (i + 1 < count() && !reached[i + 1]) i++;
        continue;
      }
      if (insns_[i].is_lddw()) {
        if (reached[i + 1])
          fail({.cause = Cause::JumpIntoImmediate,
                .insn = i,
                .kernel = fmt::format("jump into the middle of ldimm64 insn {}", i)});
        i++;
      }
    }
  }

  // The last instruction of the program that is no exit: check_jumps() has let only jumps through.
  bool falls_off(uint32_t i) const { return insns_[i].is_lddw() && i + 2 >= count(); }

  const object::Program &program_;
  const tables::ProgramType &type_;
  const object::Btf *kernel_;
  const std::vector<Insn> &insns_;
  Structure out_;
};

}  // namespace

uint32_t Structure::subprogram_at(uint32_t start) const {
  for (uint32_t s = 0; s < subprograms.size(); s++)
    if (subprograms[s].start == start) return s;
  return kNone;
}

uint32_t Structure::subprogram_of(uint32_t insn) const {
  for (uint32_t s = 0; s < subprograms.size(); s++)
    if (insn >= subprograms[s].start && insn < subprograms[s].end) return s;
  return kNone;
}

std::vector<uint32_t> successors(const object::Program &program, uint32_t i) {
  const Insn &insn = program.insns[i];
  if (insn.is_exit()) return {};
  std::vector<uint32_t> next;
  const auto add = [&](int64_t target) {
    if (target >= 0 && target < static_cast<int64_t>(program.insns.size()))
      next.push_back(static_cast<uint32_t>(target));
  };
  const bool jumps = has_target(insn);
  if (!jumps || insn.jump_op() != isa::JA) add(int64_t{i} + (insn.is_lddw() ? 2 : 1));
  if (jumps) add(jump_target(insn, i));
  return next;
}

Structure examine(const object::Program &program, const tables::ProgramType &type, const object::Btf *kernel) {
  return Examiner(program, type, kernel).run();
}

const tables::Helper *helper_of(const isa::Insn &insn) {
  if (insn.opcode != 0x85 || insn.src != isa::kHelperCall) return nullptr;
  return tables::find_helper(static_cast<uint32_t>(insn.imm));
}

int map_argument(const tables::Helper &helper, unsigned arg) {
  for (int a = static_cast<int>(arg); a >= 0; a--)
    if (helper.args[static_cast<unsigned>(a)].kind == tables::ArgKind::ConstMapPtr) return a;
  return -1;
}

bool calls_back(const tables::Helper &helper) {
  return std::ranges::find(helper.args, tables::ArgKind::Callback, &tables::Arg::kind) != helper.args.end();
}

}  // namespace spile::verifier
