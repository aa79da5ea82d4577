// Meaning: every function of corpus.c gives the same result as IR, as it was lowered and after the optimizer, as
// clang's native code of the same source.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>

#include "front.h"
#include "ir/pipeline.h"

extern "C" uint64_t call_native(const char *name, uint64_t a, uint64_t b);

namespace spile {
namespace {

using ir::Op;
using ir::ValueId;

// Runs IR on the host's memory: pointers are host addresses. Small and slow; only what the corpus needs.
class Machine {
 public:
  explicit Machine(const ir::Module &module) : module_(module) {
    for (const ir::Global &g : module.globals) {
      auto &bytes = globals_.emplace_back((g.size + 15) / 8);
      if (!g.bytes.empty()) std::memcpy(bytes.data(), g.bytes.data(), g.bytes.size());
    }
    for (size_t i = 0; i < module.globals.size(); i++)
      for (const ir::GlobalReloc &r : module.globals[i].relocs) {
        const uint64_t address = at(r.global) + static_cast<uint64_t>(r.addend);
        std::memcpy(reinterpret_cast<char *>(globals_[i].data()) + r.offset, &address, 8);
      }
  }

  uint64_t run(ir::FunctionId id, std::vector<uint64_t> args) {
    const ir::Function &f = module_[id];
    std::vector<uint64_t> values(f.insts.size());
    std::vector<std::vector<uint64_t>> slots;
    // What a slot holds at first must not matter.
    for (const ir::Slot &s : f.slots) slots.emplace_back((s.size + 15) / 8, 0xa5a5a5a5a5a5a5a5u);
    const auto get = [&](ValueId v) -> uint64_t {
      const ir::Inst &i = f[v];
      switch (i.op) {
        case Op::Const:
          return cut(i.type, static_cast<uint64_t>(i.imm));
        case Op::Undef:
          return 0;
        case Op::Param:
          return cut(i.type, args[static_cast<size_t>(i.imm)]);
        case Op::GlobalAddr:
          return at(ir::GlobalId(static_cast<size_t>(i.imm)));
        case Op::SlotAddr:
          return reinterpret_cast<uint64_t>(slots[static_cast<size_t>(i.imm)].data());
        default:
          return values[v.index];
      }
    };
    ir::BlockId block(0), from;
    for (int steps = 0; steps < 1'000'000;) {
      // Phis read their operands together.
      std::vector<std::pair<ValueId, uint64_t>> phis;
      for (const ValueId v : f[block].insts) {
        if (f[v].op != Op::Phi) break;
        for (size_t k = 0; k < f.targets(v).size(); k++)
          if (f.targets(v)[k] == from) phis.emplace_back(v, get(f.operand(v, k)));
      }
      for (const auto &[v, value] : phis) values[v.index] = value;
      for (const ValueId v : f[block].insts) {
        steps++;
        const ir::Inst &i = f[v];
        const auto op = [&](size_t k) { return get(f.operand(v, k)); };
        const auto go = [&](size_t k) {
          from = block;
          block = f.targets(v)[k];
        };
        switch (i.op) {
          case Op::Phi:
            continue;
          case Op::Jump:
            go(0);
            break;
          case Op::Branch:
            go(op(0) != 0 ? 0 : 1);
            break;
          case Op::Switch: {
            const int64_t value = extended(f[f.operand(v, 0)].type, op(0));
            size_t to = 0;
            for (size_t k = 0; k < f.cases(v).size(); k++)
              if (f.cases(v)[k] == value) to = k + 1;
            go(to);
            break;
          }
          case Op::Ret:
            return f.operands(v).empty() ? 0 : op(0);
          case Op::Call: {
            std::vector<uint64_t> given;
            for (size_t k = 0; k < f.operands(v).size(); k++) given.push_back(op(k));
            values[v.index] = run(ir::FunctionId(static_cast<size_t>(i.imm)), given);
            continue;
          }
          case Op::Load: {
            uint64_t value = 0;
            std::memcpy(&value, reinterpret_cast<char *>(op(0) + static_cast<uint64_t>(i.imm)), ir::bytes_of(i.type));
            values[v.index] = value;
            continue;
          }
          case Op::Store: {
            const uint64_t value = op(0);
            std::memcpy(reinterpret_cast<char *>(op(1) + static_cast<uint64_t>(i.imm)), &value,
                        ir::bytes_of(f[f.operand(v, 0)].type));
            continue;
          }
          case Op::MemCopy:
            std::memcpy(reinterpret_cast<char *>(op(0)), reinterpret_cast<char *>(op(1)), static_cast<size_t>(i.imm));
            continue;
          case Op::MemSet:
            std::memset(reinterpret_cast<char *>(op(0)), static_cast<int>(op(1)), static_cast<size_t>(i.imm));
            continue;
          default:
            values[v.index] = cut(i.type, compute(f, v, op));
            continue;
        }
        break;  // a terminator moved on
      }
    }
    ADD_FAILURE() << f.name << " does not end";
    return 0;
  }

 private:
  uint64_t at(ir::GlobalId id) { return reinterpret_cast<uint64_t>(globals_[id.index].data()); }
  static uint64_t cut(ir::Type t, uint64_t v) {
    return ir::bits_of(t) >= 64 || t == ir::Type::Void ? v : v & ((uint64_t{1} << ir::bits_of(t)) - 1);
  }
  static int64_t extended(ir::Type t, uint64_t v) {
    const unsigned shift = 64 - ir::bits_of(t);
    return static_cast<int64_t>(v << shift) >> shift;
  }

  template <class Operand>
  static uint64_t compute(const ir::Function &f, ValueId v, const Operand &op) {
    const ir::Inst &i = f[v];
    const ir::Type t = f[f.operand(v, 0)].type;
    const uint64_t a = op(0), b = f.operands(v).size() > 1 ? op(1) : 0;
    const int64_t sa = extended(t, a), sb = f.operands(v).size() > 1 ? extended(f[f.operand(v, 1)].type, b) : 0;
    const uint64_t mask = ir::bits_of(t) - 1;
    switch (i.op) {
      case Op::Add:
      case Op::PtrAdd:
        return a + b;
      case Op::Sub:
        return a - b;
      case Op::Mul:
        return a * b;
      case Op::UDiv:
        return b == 0 ? 0 : a / b;
      case Op::UMod:
        return b == 0 ? a : a % b;
      case Op::SDiv:
        return b == 0 ? 0 : sb == -1 ? uint64_t{0} - a : static_cast<uint64_t>(sa / sb);
      case Op::SMod:
        return b == 0 ? a : sb == -1 ? 0 : static_cast<uint64_t>(sa % sb);
      case Op::And:
        return a & b;
      case Op::Or:
        return a | b;
      case Op::Xor:
        return a ^ b;
      case Op::Shl:
        return a << (b & mask);
      case Op::LShr:
        return a >> (b & mask);
      case Op::AShr:
        return static_cast<uint64_t>(sa >> (b & mask));
      case Op::Bswap:
        return std::byteswap(a) >> (64 - ir::bits_of(t));
      case Op::Select:
        return a != 0 ? b : op(2);
      case Op::Zext:
      case Op::Trunc:
      case Op::PtrToInt:
      case Op::IntToPtr:
      case Op::Opaque:
        return a;
      case Op::Sext:
        return static_cast<uint64_t>(sa);
      case Op::ICmp:
        return compare(i.pred, a, b, sa, sb) ? 1 : 0;
      default:
        ADD_FAILURE() << "the machine has no " << ir::info_of(i.op).text;
        return 0;
    }
  }
  static bool compare(ir::Pred p, uint64_t a, uint64_t b, int64_t sa, int64_t sb) {
    switch (p) {
      case ir::Pred::Eq:
        return a == b;
      case ir::Pred::Ne:
        return a != b;
      case ir::Pred::Ult:
        return a < b;
      case ir::Pred::Ule:
        return a <= b;
      case ir::Pred::Ugt:
        return a > b;
      case ir::Pred::Uge:
        return a >= b;
      case ir::Pred::Slt:
        return sa < sb;
      case ir::Pred::Sle:
        return sa <= sb;
      case ir::Pred::Sgt:
        return sa > sb;
      case ir::Pred::Sge:
        return sa >= sb;
    }
    return false;
  }

  const ir::Module &module_;
  std::vector<std::vector<uint64_t>> globals_;
};

std::string corpus() {
  std::ifstream file(SPILE_CORPUS);
  std::stringstream text;
  text << "#define SPILE_LOWERED\n" << file.rdbuf();
  return text.str();
}

// The arguments: small numbers, the edges of every width, and random bits.
std::vector<uint64_t> numbers() {
  std::vector<uint64_t> list{0,
                             1,
                             2,
                             3,
                             5,
                             7,
                             8,
                             0x7f,
                             0x80,
                             0xff,
                             0x7fff,
                             0x8000,
                             0xffff,
                             0x7fffffff,
                             0x80000000,
                             0xffffffff,
                             0x7fffffffffffffff,
                             0x8000000000000000,
                             0xffffffffffffffff,
                             0xffffffffffffff80};
  std::mt19937_64 random(1);
  for (int i = 0; i < 20; i++) list.push_back(random());
  return list;
}

void expect_same_as_native(const ir::Module &module) {
  for (size_t k = 0; k < module.functions.size(); k++) {
    const ir::Function &f = module.functions[k];
    if (f.linkage != ir::Linkage::Global || f.params.size() != 2) continue;
    int wrong = 0;
    for (const uint64_t a : numbers())
      for (const uint64_t b : numbers()) {
        Machine machine(module);
        const uint64_t ours = machine.run(ir::FunctionId(k), {a, b}), native = call_native(f.name.c_str(), a, b);
        if (ours != native && wrong++ == 0)
          ADD_FAILURE() << fmt::format("{}({:#x}, {:#x}) is {:#x}, natively {:#x}", f.name, a, b, ours, native);
      }
    EXPECT_EQ(wrong, 0) << f.name;
  }
}

TEST(Run, LoweredCodeMeansWhatClangSays) {
  const Front front(corpus());
  ASSERT_TRUE(front.module) << front.messages();
  const auto fault = ir::check(*front.module);
  ASSERT_FALSE(fault) << fault->function << ": " << fault->inst << ": " << fault->what;
  expect_same_as_native(*front.module);
}

TEST(Run, OptimizedCodeMeansTheSame) {
  Front front(corpus());
  ASSERT_TRUE(front.module) << front.messages();
  ir::run_pipeline(*front.module, ir::OptLevel::O2, front.diags);
  const auto fault = ir::check(*front.module);
  ASSERT_FALSE(fault) << fault->function << ": " << fault->inst << ": " << fault->what;
  expect_same_as_native(*front.module);
}

}  // namespace
}  // namespace spile
