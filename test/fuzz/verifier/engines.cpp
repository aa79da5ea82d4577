#include "test/fuzz/verifier/engines.h"

#include <linux/bpf.h>

#include <algorithm>
#include <cstddef>
#include <future>
#include <random>
#include <set>

#include "runtime/hooks/packet_buffer.h"
#include "runtime/session/trial.h"
#include "runtime/vm/checked.h"
#include "runtime/vm/jit_checked.h"
#include "test/fuzz/verifier/kernel.h"
#include "verifier/env.h"
#include "verifier/observe.h"

namespace spile::fuzz {
namespace {

constexpr size_t kContextBytes = 8192;                  // PERF_MAX_TRACE_SIZE: no tracepoint's is larger
constexpr size_t kLeastPacket = 14, kMostPacket = 200;  // an Ethernet header: the kernel takes no less
constexpr uint64_t kFuel = 20'000'000;
// A jump back of an unverified program pays for all that it goes over, and what steps aside pays by itself
// (accelerate.h).
constexpr uint64_t kUnverifiedFuel = 16 * kFuel;
constexpr uint64_t kNoises = 5;  // what the stack held before, in as many ways

// Helpers that answer from the arguments and the maps alone, here as in a kernel.
const std::set<int32_t> kSameInKernel = {BPF_FUNC_map_lookup_elem, BPF_FUNC_map_update_elem, BPF_FUNC_map_delete_elem,
                                         BPF_FUNC_xdp_adjust_head, BPF_FUNC_xdp_adjust_tail, BPF_FUNC_ringbuf_reserve,
                                         BPF_FUNC_ringbuf_submit,  BPF_FUNC_ringbuf_discard};

// Whether the program looks at an address as a number: a kernel's are negative, and ours are not.
bool looks_at_addresses(const object::Program &program, const tables::ProgramType &type) {
  const verifier::Options options;
  const verifier::Structure structure = verifier::examine(program, type);
  const verifier::Types types(program.object->btf, nullptr, false);
  const verifier::Env env{program, type, options, structure, types};
  verifier::Verdict verdict;
  bool found = false;
  verifier::explore_all(env, verdict, [&](uint32_t at, const verifier::State &state) {
    const isa::Insn &insn = program.insns[at];
    const isa::InsnInfo *info = isa::lookup(insn);
    if (info == nullptr) return;
    const bool to_pointer = state.reg(insn.dst).is_pointer(), from_pointer = state.reg(insn.src).is_pointer();
    const bool equality = info->shape == isa::Shape::BranchImm && insn.imm == 0 && info->bits == 64 &&
                          (info->cond() == isa::Cond::Eq || info->cond() == isa::Cond::Ne);
    if (info->shape == isa::Shape::BranchImm) found |= to_pointer && !equality;
    if (info->shape == isa::Shape::BranchReg) found |= to_pointer != from_pointer;
    if (info->shape == isa::Shape::AluReg && info->bits == 32) found |= from_pointer;  // half of an address
  });
  return found || !verdict.rejections.empty();
}

bool is_same_in_kernel(const object::Program &program, const tables::ProgramType &type) {
  if (type.hook != tables::HookKind::Packet || looks_at_addresses(program, type)) return false;
  return std::ranges::all_of(program.insns, [](const isa::Insn &insn) {
    const isa::InsnInfo *info = isa::lookup(insn);
    return info == nullptr || info->shape != isa::Shape::CallHelper || kSameInKernel.contains(insn.imm);
  });
}

session::TrialInput input_for(const tables::ProgramType &type, uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto noise = [&] { return static_cast<std::byte>(random() >> (random() % 64)); };
  session::TrialInput input;
  if (type.hook == tables::HookKind::Packet) {
    input.packet.resize(kLeastPacket + random() % (kMostPacket - kLeastPacket));
    std::ranges::generate(input.packet, noise);
    // A kernel's test run has packets of the first interface.
    const uint32_t field =
        type.number == BPF_PROG_TYPE_XDP ? offsetof(__sk_buff, ingress_ifindex) : offsetof(__sk_buff, ifindex);
    input.values.push_back({field, sizeof(uint32_t), 1});
    // What a socket filter is shown in a kernel's test run begins behind the Ethernet header.
    if (type.number == BPF_PROG_TYPE_SOCKET_FILTER) input.layer = hooks::Layer::Network;
  } else {
    input.ctx.resize(kContextBytes);
    std::ranges::generate(std::span(input.ctx).first(256), noise);
  }
  return input;
}

class Comparison {
 public:
  Comparison(const object::Program &program, const tables::ProgramType &type, uint64_t seed)
      : program_(program), type_(type), accepted_{&program, &type}, input_(input_for(type, seed)) {}

  Agreement run(vm::Engine &jit, bool with_kernel) {
    vm::Supervision here{.fuel = kFuel};
    const auto expected = run_on(*vm::make_checked_interpreter(here));
    if (!expected || here.fault) return {.kind = Agreement::Undefined};
    // They take the memory that maps and packet were in.
    const auto maps = session::MapSet::create(*program_.object);
    const auto packet = hooks::PacketBuffer::allocate();
    for (uint64_t noise = 1; noise <= kNoises; noise++) {
      vm::Supervision there{.fuel = kFuel, .stack_noise = noise};
      const auto elsewhere = run_elsewhere(there);
      if (!elsewhere || there.fault || !session::difference(*expected, *elsewhere).empty())
        return {.kind = Agreement::Undefined};
    }

    vm::Supervision watched{.verified = false, .fuel = kUnverifiedFuel};
    compare("unverified", *expected, run_on(*vm::make_checked_interpreter(watched)));
    if (watched.fault) differs("unverified", watched.fault->diagnostic.message);
    vm::Supervision compiled{.verified = false, .fuel = kUnverifiedFuel};
    const auto checked_jit = vm::make_checked_jit(compiled);
    if (!checked_jit) differs("unverified jit", checked_jit.error().message);
    if (checked_jit) compare("unverified jit", *expected, run_on(**checked_jit));
    if (compiled.fault) differs("unverified jit", compiled.fault->diagnostic.message);
    compare("interp", *expected, run_on(*vm::make_interpreter()));
    compare("jit", *expected, run_on(jit));
    if (with_kernel && is_same_in_kernel(program_, type_)) compare_kernel(*expected);
    return std::move(result_);
  }

 private:
  Result<session::TrialResult> run_on(vm::Engine &engine) {
    return session::try_program(*program_.object, {&accepted_, 1}, 0, engine, input_);
  }
  // In a thread, whose stack and heap are others.
  Result<session::TrialResult> run_elsewhere(vm::Supervision &supervision) {
    return std::async(std::launch::async, [&] { return run_on(*vm::make_checked_interpreter(supervision)); }).get();
  }
  void differs(std::string_view engine, std::string_view how) {
    if (result_.kind == Agreement::Differ) return;
    result_.kind = Agreement::Differ;
    result_.why = fmt::format("{}: {}", engine, how);
  }
  void compare(std::string_view engine, const session::TrialResult &expected,
               const Result<session::TrialResult> &other) {
    if (!other) return differs(engine, other.error().message);
    if (const auto how = session::difference(expected, *other); !how.empty())
      differs(engine, fmt::format("{}: 0x{:x}, expected 0x{:x}", how, other->r0, expected.r0));
  }
  void compare_kernel(session::TrialResult expected) {
    Kernel kernel(*program_.object);
    const auto ran = kernel.run(program_, type_, input_);
    if (!ran) return;  // a program of which the verdicts differ: `program_fuzz verdict` looks for these
    result_.in_kernel = true;
    expected.r0 = static_cast<uint32_t>(expected.r0);
    compare("kernel", expected, *ran);
  }

  const object::Program &program_;
  const tables::ProgramType &type_;
  session::Accepted accepted_;
  session::TrialInput input_;
  Agreement result_{.kind = Agreement::Agree};
};

}  // namespace

Result<std::unique_ptr<Engines>> Engines::open() {
  auto jit = vm::make_jit();
  if (!jit) return std::unexpected(jit.error());
  return std::unique_ptr<Engines>(new Engines(std::move(*jit)));
}

Agreement Engines::compare(const object::Program &program, const tables::ProgramType &type, uint64_t seed,
                           bool with_kernel) {
  if (!session::can_be_tried(type)) return {};
  if (verifier::verify(program, type, {}).kind != verifier::Verdict::Accept) return {};
  return Comparison(program, type, seed).run(*jit_, with_kernel);
}

}  // namespace spile::fuzz
