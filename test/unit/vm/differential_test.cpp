// Random programs must give the same r0 and the same memory on every engine. Shapes that a verifier accepts: registers
// are initialised, memory accesses stay inside the stack and the context, jumps go forward.
#include <gtest/gtest.h>

#include <random>

#include "backend/isa/builder.h"
#include "backend/isa/disasm.h"
#include "backend/isa/info.h"
#include "engines.h"
#include "runtime/vm/checked.h"
#include "runtime/vm/jit_checked.h"

namespace spile::vm {
namespace {

constexpr int kContextWords = 8;
constexpr int kStackWords = 8;  // below r10, all written first

uint64_t mix(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, Env *) {
  return (r1 * 31 + r2) ^ (r3 * 7 - r4) ^ (r5 << 9);
}
// A number whose row takes and gives numbers, so that the checked interpreter calls it with any.
constexpr int32_t kMix = 5;
HelperFn helpers(uint32_t number) { return number == kMix ? mix : nullptr; }

// r6 holds the context; r1 to r5 are set again after each call, as a verified program would.
class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  std::vector<isa::Insn> program() {
    insns_.clear();
    emit(isa::mov64_reg(6, 1));
    for (int i = 0; i < kStackWords; i++) emit(isa::store_imm(isa::DW, 10, stack_slot(i), number()));
    for (const uint8_t reg : {0, 1, 2, 3, 4, 5, 7, 8, 9}) set_register(reg);
    const size_t length = 5 + below(60);
    while (insns_.size() < length + 30) step();
    // Fold every register into the result.
    for (const uint8_t reg : {1, 2, 3, 4, 5, 7, 8, 9}) {
      emit(isa::alu64(isa::MUL, 0, 31));
      emit(isa::alu64_reg(isa::ADD, 0, reg));
    }
    emit(isa::exit());
    return insns_;
  }

 private:
  uint64_t below(uint64_t n) { return random_() % n; }
  template <class T>
  T pick(std::initializer_list<T> values) {
    return values.begin()[below(values.size())];
  }
  void emit(isa::Insn insn) { insns_.push_back(insn); }
  static int16_t stack_slot(uint64_t i) { return static_cast<int16_t>(-8 * static_cast<int>(i + 1)); }
  uint8_t scalar() { return pick<uint8_t>({0, 1, 2, 3, 4, 5, 7, 8, 9}); }
  int32_t number() {
    return pick({0, 1, -1, 2, 31, 32, 63, 64, 255, 0x7fffffff, -0x7fffffff - 1, static_cast<int32_t>(random_())});
  }

  void set_register(uint8_t reg) {
    const auto value = isa::lddw(reg, pick<uint64_t>({random_(), random_() >> 40, 0, ~0ull, 1ull << 63, 0x80000000}));
    emit(value[0]);
    emit(value[1]);
  }
  // base and offset of [size] bytes, aligned when [atomic].
  std::pair<uint8_t, int16_t> place(isa::Size size, bool atomic) {
    const unsigned bytes = isa::bytes_of(size);
    const bool stack = below(2) == 0;
    uint64_t offset = below((stack ? kStackWords : kContextWords) * 8 - bytes + 1);
    if (atomic) offset -= offset % bytes;
    return {stack ? uint8_t{10} : uint8_t{6},
            static_cast<int16_t>(static_cast<int>(offset) - (stack ? 8 * kStackWords : 0))};
  }

  void step() {
    const auto size = pick({isa::B, isa::H, isa::W, isa::DW});
    switch (below(14)) {
      case 0:
      case 1:
      case 2:
      case 3:
        alu();
        break;
      case 4: {
        const auto [base, off] = place(size, false);
        emit(below(2) == 0 || size == isa::DW ? isa::load(size, scalar(), base, off)
                                              : isa::load_signed(size, scalar(), base, off));
        break;
      }
      case 5: {
        const auto [base, off] = place(size, false);
        emit(below(3) == 0 ? isa::store_imm(size, base, off, number()) : isa::store(size, base, off, scalar()));
        break;
      }
      case 6: {
        const auto width = pick({isa::W, isa::DW});
        const auto [base, off] = place(width, true);
        const int32_t op = pick<int32_t>({isa::kAtomicAdd, isa::kAtomicOr, isa::kAtomicAnd, isa::kAtomicXor});
        emit(isa::atomic(width, pick<int32_t>({op, op | isa::kAtomicFetch, isa::kAtomicXchg, isa::kAtomicCmpxchg}),
                         base, off, scalar()));
        break;
      }
      case 7: {
        const auto [base, off] = place(size, true);
        emit(below(2) == 0 ? isa::load_acquire(size, scalar(), base, off)
                           : isa::store_release(size, base, off, scalar()));
        break;
      }
      case 8:
      case 9:
        branch();
        break;
      case 10:
        emit(isa::call(kMix));
        for (const uint8_t reg : {1, 2, 3, 4, 5}) set_register(reg);
        break;
      case 11:
        set_register(scalar());
        break;
      case 12:
      case 13:
        pair();
        break;
    }
  }

  // What pairs.cpp runs as one, and a loop around it.
  void pair() {
    const uint8_t dst = scalar(), src = scalar();
    const auto shift = static_cast<int32_t>(below(32));
    switch (below(6)) {
      case 0:
        set_register(dst);
        emit(isa::alu64_reg(isa::ADD, dst, src));
        break;
      case 1: {
        const auto op = pick({isa::ADD, isa::AND, isa::LSH, isa::RSH});
        emit(isa::mov64_reg(dst, src));
        emit(isa::alu64(op, dst, shift));
        break;
      }
      case 2:
        emit(isa::mov32_reg(dst, src));
        emit(isa::alu32(pick({isa::AND, isa::LSH, isa::RSH}), dst, shift));
        break;
      case 3:
        emit(isa::alu64(isa::ADD, dst, number()));
        emit(isa::alu64(isa::ADD, src, number()));
        break;
      case 4:  // both ways jump, over one or two
        emit(below(2) == 0 ? isa::branch64(isa::JGT, dst, number(), 2) : isa::branch32(isa::JSLE, dst, number(), 2));
        emit(isa::jump(2));
        alu();
        alu();
        alu();
        break;
      case 5: {
        const uint8_t counter = dst == 9 ? 8 : 9, other = dst;
        const auto turns = static_cast<int32_t>(1 + below(5));
        emit(isa::mov64(counter, 0));
        emit(isa::alu64_reg(pick({isa::ADD, isa::XOR}), other, counter));
        if (below(2) == 0) emit(isa::alu64(isa::MUL, other, 3));
        emit(isa::alu64(isa::ADD, counter, 1));
        emit(isa::branch64(pick({isa::JNE, isa::JLT}), counter, turns,
                           insns_[insns_.size() - 2].imm == 3 ? int16_t{-4} : int16_t{-3}));
        break;
      }
    }
  }

  void alu() {
    const auto op = pick({isa::ADD, isa::SUB, isa::MUL, isa::DIV, isa::OR, isa::AND, isa::LSH, isa::RSH, isa::MOD,
                          isa::XOR, isa::MOV, isa::ARSH});
    const bool wide = below(2) == 0;
    const int16_t off = (op == isa::DIV || op == isa::MOD) && below(2) == 0 ? isa::kSigned : int16_t{0};
    const uint8_t dst = scalar();
    switch (below(8)) {
      case 0:
        emit(wide ? isa::neg64(dst) : isa::neg32(dst));
        break;
      case 1:
        emit(isa::bswap(dst, pick({16, 32, 64})));
        break;
      case 2:
        emit(below(2) == 0 ? isa::to_be(dst, pick({16, 32, 64})) : isa::to_le(dst, pick({16, 32, 64})));
        break;
      case 3:
        emit(wide ? isa::movs64(dst, scalar(), pick<int16_t>({8, 16, 32}))
                  : isa::movs32(dst, scalar(), pick<int16_t>({8, 16})));
        break;
      case 4:
      case 5:
        emit(wide ? isa::alu64(op, dst, number(), off) : isa::alu32(op, dst, number(), off));
        break;
      default:
        emit(wide ? isa::alu64_reg(op, dst, scalar(), off) : isa::alu32_reg(op, dst, scalar(), off));
        break;
    }
  }

  // Jumps over one or two ALU instructions, so that no target falls inside a 64-bit immediate.
  void branch() {
    const auto op = pick({isa::JEQ, isa::JGT, isa::JGE, isa::JSET, isa::JNE, isa::JSGT, isa::JSGE, isa::JLT, isa::JLE,
                          isa::JSLT, isa::JSLE});
    const auto skipped = static_cast<int16_t>(1 + below(2));
    const uint8_t dst = scalar();
    if (below(2) == 0)
      emit(below(2) == 0 ? isa::branch64(op, dst, number(), skipped) : isa::branch32(op, dst, number(), skipped));
    else
      emit(below(2) == 0 ? isa::branch64_reg(op, dst, scalar(), skipped)
                         : isa::branch32_reg(op, dst, scalar(), skipped));
    for (int i = 0; i < skipped; i++) alu();
  }

  std::mt19937_64 random_;
  std::vector<isa::Insn> insns_;
};

std::string listing(const std::vector<isa::Insn> &insns) {
  std::string text;
  for (size_t i = 0; i < insns.size(); i += isa::width(insns[i]))
    text += std::to_string(i) + ": " + isa::disassemble(insns, i, isa::TextStyle::Exact) + "\n";
  return text;
}

TEST(Differential, EveryEngineAgreesWithTheMeaningOfTheInstructions) {
  std::vector<NamedEngine> engines = all_engines(helpers);
  Supervision supervision{.verified = false};
  engines.push_back({"unverified", make_checked_interpreter(supervision, helpers)});
#ifdef SPILE_JIT_PLUGIN
  auto source = CodeSource::find({.plugin = SPILE_JIT_PLUGIN});
  ASSERT_TRUE(source.has_value()) << source.error().message;
  engines.push_back({"unverified-jit", make_checked_interpreter(supervision, helpers, compiled_by(*source, helpers))});
#endif
  for (uint64_t seed = 0; seed < 300; seed++) {
    const object::Program program = program_of(Generator(seed).program());
    const auto fill = [&](std::array<uint64_t, kContextWords> &words) {
      std::mt19937_64 random(seed);
      for (uint64_t &word : words) word = random();
    };
    // The checked interpreter computes with isa::alu(), holds() and atomic() and nothing else: the reference.
    std::array<uint64_t, kContextWords> expected{};
    fill(expected);
    const Region region{"ctx", reinterpret_cast<uint64_t>(expected.data()), sizeof expected, true};
    const auto reference = run_checked(
        program.insns, {.regions = std::span(&region, 1), .r1 = region.address, .r2 = region.size, .resolve = helpers});
    ASSERT_TRUE(reference.has_value()) << reference.error().message << "\n" << listing(program.insns);
    for (const auto &[name, engine] : engines) {
      auto loaded = engine->load(program, {});
      ASSERT_TRUE(loaded.has_value()) << name << ": " << loaded.error().message << "\n" << listing(program.insns);
      std::array<uint64_t, kContextWords> memory{};
      fill(memory);
      Env env;
      const uint64_t r0 = (*loaded)->run(memory.data(), sizeof memory, env);
      ASSERT_FALSE(supervision.fault) << supervision.fault->diagnostic.message << "\n" << listing(program.insns);
      ASSERT_EQ(r0, *reference) << name << ", seed " << seed << "\n" << listing(program.insns);
      ASSERT_EQ(memory, expected) << name << ", seed " << seed << "\n" << listing(program.insns);
    }
  }
}

}  // namespace
}  // namespace spile::vm
