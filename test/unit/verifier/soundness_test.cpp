// Soundness against execution: at each step of a program that was accepted, the concrete machine lies inside one of the
// abstract states that were seen at that instruction.
#include <cstring>
#include <span>

#include <fmt/format.h>

#include "backend/isa/disasm.h"
#include "random_program.h"
#include "verifier/env.h"
#include "verifier/observe.h"

namespace spile::verifier::testing {
namespace {

// A machine for the random programs, written for this test: no checks, all memory is the host's.
class Machine {
 public:
  Machine(const object::Program &program, uint64_t seed) : program_(program), random_(seed) {
    for (const std::span<uint64_t> memory : {std::span<uint64_t>(context_), std::span<uint64_t>(values_)})
      for (uint64_t &word : memory) word = random_() >> (random_() % 64);
    for (Frame &f : frames_)
      for (uint64_t &word : f.stack) word = random_() >> (random_() % 64);
    concrete_.context = address(context_.data());
    concrete_.regs[1] = concrete_.context;
    enter(0);
  }

  uint32_t at() const { return at_; }
  const Concrete &concrete() const { return concrete_; }

  // False: the program has ended.
  bool step() {
    const Insn &insn = program_.insns[at_];
    const InsnInfo &info = *lookup(insn);
    auto &r = concrete_.regs;
    const unsigned bits = info.bits, bytes = info.bytes();
    switch (info.shape) {
      case Shape::AluImm:
        r[insn.dst] = alu(info.alu(), bits, r[insn.dst], operand(insn));
        break;
      case Shape::AluReg:
        r[insn.dst] = alu(info.alu(), bits, r[insn.dst], r[insn.src]);
        break;
      case Shape::AluUnary:
        r[insn.dst] = alu(info.alu(), bits, r[insn.dst], 0);
        break;
      case Shape::BranchImm:
        if (holds(info.cond(), bits, r[insn.dst], operand(insn))) at_ += static_cast<uint32_t>(int32_t{insn.off});
        break;
      case Shape::BranchReg:
        if (holds(info.cond(), bits, r[insn.dst], r[insn.src])) at_ += static_cast<uint32_t>(int32_t{insn.off});
        break;
      case Shape::Load: {
        uint64_t value = 0;
        std::memcpy(&value, pointer(r[insn.src] + static_cast<uint64_t>(int64_t{insn.off})), bytes);
        r[insn.dst] = extend(info.extend(), bits, value);
        break;
      }
      case Shape::StoreImm:
        write(r[insn.dst], insn.off, bytes, operand(insn));
        break;
      case Shape::StoreReg:
        write(r[insn.dst], insn.off, bytes, r[insn.src]);
        break;
      case Shape::Atomic:
        exchange(insn, info);
        break;
      case Shape::LoadImm64:
        r[insn.dst] = insn.src == kPseudoMapIdx ? 1
                      : insn.src == kPseudoMapIdxValue
                          ? address(insn.imm == kRodata ? rodata_.data() : values_.data()) +
                                static_cast<uint64_t>(program_.insns[at_ + 1].imm)
                          : imm64(insn, program_.insns[at_ + 1]);
        at_++;
        break;
      case Shape::CallHelper:
        helper(insn.imm);
        break;
      case Shape::CallLocal: {
        frames_[depth_].saved = r;
        frames_[depth_].back = at_ + 1;
        at_ += static_cast<uint32_t>(insn.imm);
        enter(depth_ + 1);
        break;
      }
      case Shape::Exit:
        if (depth_ == 0) return false;
        depth_--;
        for (unsigned saved = 6; saved <= 10; saved++) r[saved] = frames_[depth_].saved[saved];
        concrete_.stack = std::as_bytes(std::span(frames_[depth_].stack));
        at_ = frames_[depth_].back;
        return true;
      default:
        return false;  // the maker makes no others
    }
    at_++;
    return true;
  }

 private:
  struct Frame {
    std::array<uint64_t, 64> stack{};
    std::array<uint64_t, kRegisterCount> saved{};
    uint32_t back = 0;
  };
  static uint64_t address(const void *p) { return reinterpret_cast<uint64_t>(p); }
  static void *pointer(uint64_t a) { return reinterpret_cast<void *>(a); }

  void enter(unsigned depth) {
    depth_ = depth;
    Frame &f = frames_[depth];
    concrete_.stack = std::as_bytes(std::span(f.stack));
    concrete_.regs[kFramePointer] = address(f.stack.data()) + sizeof(f.stack);
  }
  static void write(uint64_t base, int16_t off, unsigned bytes, uint64_t value) {
    std::memcpy(pointer(base + static_cast<uint64_t>(int64_t{off})), &value, bytes);
  }
  void exchange(const Insn &insn, const InsnInfo &info) {
    auto &r = concrete_.regs;
    const unsigned bits = info.bits, bytes = info.bytes();
    const uint64_t place = r[insn.dst] + static_cast<uint64_t>(int64_t{insn.off});
    uint64_t old = 0;
    std::memcpy(&old, pointer(place), bytes);
    const uint64_t src = low_bits(r[insn.src], bits);
    uint64_t value = src;
    switch (insn.imm & ~kAtomicFetch) {
      case kAtomicAdd:
        value = low_bits(old + src, bits);
        break;
      case kAtomicOr:
        value = old | src;
        break;
      case kAtomicAnd:
        value = old & src;
        break;
      case kAtomicXor:
        value = old ^ src;
        break;
      case kAtomicCmpxchg & ~kAtomicFetch:
        value = old == low_bits(r[0], bits) ? src : old;
        break;
      default:
        break;
    }
    std::memcpy(pointer(place), &value, bytes);
    if (insn.imm == kAtomicCmpxchg)
      r[0] = old;
    else if ((insn.imm & kAtomicFetch) != 0)
      r[insn.src] = old;
  }
  void helper(int32_t number) {
    auto &r = concrete_.regs;
    uint64_t result = random_() >> (random_() % 64);
    switch (number) {
      case 1:
        result = random_() % 2 == 0 ? 0 : address(values_.data());
        break;
      case 7:
        result = static_cast<uint32_t>(result);
        break;
      case 16:
      case 113:
        for (uint64_t i = 0; i < r[2]; i++) static_cast<uint8_t *>(pointer(r[1]))[i] = static_cast<uint8_t>(random_());
        result = 0;
        break;
      default:
        break;
    }
    for (unsigned a = 1; a <= 5; a++) r[a] = random_();
    r[0] = result;
  }

  const object::Program &program_;
  std::mt19937_64 random_;
  Concrete concrete_;
  uint32_t at_ = 0;
  unsigned depth_ = 0;
  std::array<Frame, 2> frames_;
  std::array<uint64_t, 1024> context_;
  std::array<uint64_t, 32> values_;
  std::array<uint64_t, 2> rodata_{7, 0};  // as test_object() has it
};

TEST(Soundness, ExecutionsStayInsideTheStates) {
  constexpr uint64_t kPrograms = 4000, kRuns = 4, kMaxSteps = 4096;
  object::Object object = test_object();
  uint64_t accepted = 0, steps = 0;
  for (uint64_t seed = 0; seed < kPrograms; seed++) {
    const bool tracepoint = seed % 2 == 0;
    object::Program program;
    program.name = "random";
    program.license = "GPL";
    program.object = &object;
    program.insns = ProgramMaker(seed, tracepoint).make();
    program.subprograms = {{.name = "random", .start = 0, .func = {}, .binding = object::Binding::Global}};
    const tables::ProgramType &type = program_type(tracepoint ? "tracepoint/a/b" : "socket");
    const Structure structure = examine(program, type);
    if (!structure.failures.empty() || verify(program, type, {}).kind != Verdict::Accept) continue;
    accepted++;
    const Options options;
    const Types types(program.object->btf, nullptr, false);
    const Env env{program, type, options, structure, types};
    Verdict verdict;
    std::vector<std::vector<State>> seen(program.insns.size());
    explore_all(env, verdict, [&](uint32_t insn, const State &state) { seen[insn].push_back(state); });
    for (uint64_t run = 0; run < kRuns; run++) {
      Machine machine(program, seed * kRuns + run);
      for (uint64_t n = 0; n < kMaxSteps; n++) {
        steps++;
        std::string why = "no path was seen here";
        bool inside = false;
        for (const State &state : seen[machine.at()]) {
          const auto problem = outside(state, machine.concrete());
          inside = !problem;
          if (inside) break;
          why = *problem;
        }
        if (!inside) {
          std::string listing;
          for (size_t i = 0; i < program.insns.size(); i++)
            listing += fmt::format("{:3}: {}\n", i, disassemble(program.insns, i, TextStyle::Exact));
          FAIL() << "seed " << seed << " run " << run << " at " << machine.at() << ": " << why << "\n" << listing;
        }
        if (!machine.step()) break;
      }
    }
  }
  EXPECT_GT(accepted, kPrograms / 4);
  EXPECT_GT(steps, accepted * kRuns);
}

}  // namespace
}  // namespace spile::verifier::testing
