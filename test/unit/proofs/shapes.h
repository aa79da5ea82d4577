// Shapes: every small expression that a rule could be about, as IR functions of two parameters.
//
// An operation on parameters and constants; an operation, comparison or cast of such a one with a constant; casts of
// casts; selects. Constants are the edges of the width, and powers of two.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <vector>

#include "ir/ir.h"

namespace spile::proofs {

inline constexpr std::array kTypes = {ir::Type::I8, ir::Type::I16, ir::Type::I32, ir::Type::I64};
inline constexpr std::array kBinary = {ir::Op::Add,  ir::Op::Sub,  ir::Op::Mul, ir::Op::UDiv, ir::Op::SDiv,
                                       ir::Op::UMod, ir::Op::SMod, ir::Op::And, ir::Op::Or,   ir::Op::Xor,
                                       ir::Op::Shl,  ir::Op::LShr, ir::Op::AShr};
inline constexpr std::array kPreds = {ir::Pred::Eq,  ir::Pred::Ne,  ir::Pred::Ult, ir::Pred::Ule, ir::Pred::Ugt,
                                      ir::Pred::Uge, ir::Pred::Slt, ir::Pred::Sle, ir::Pred::Sgt, ir::Pred::Sge};

class Shapes {
 public:
  // One of [every], and fewer of the large families; 1: all.
  Shapes(ir::Type type, unsigned every) : type_(type), every_(every), every_of_many_(every == 1 ? 1 : every * 9) {}

  std::vector<ir::Function> make() {
    const auto constants = edges(type_), few = std::vector<int64_t>{0, 1, 2, -1, 8, bits() - 1, 0x7f, -128};
    for (const ir::Op o : kBinary) {
      add([&](auto &b) { return b.op(o, b.x, b.y); });
      add([&](auto &b) { return b.op(o, b.x, b.x); });
      for (const int64_t c : constants) {
        add([&](auto &b) { return b.op(o, b.x, b.constant(c)); });
        add([&](auto &b) { return b.op(o, b.constant(c), b.x); });
      }
      for (const ir::Op p : kBinary)
        for (const int64_t c : few) {
          for (const int64_t d : few) {
            add_some([&](auto &b) { return b.op(p, b.op(o, b.x, b.constant(c)), b.constant(d)); });
            add_some([&](auto &b) { return b.op(p, b.op(o, b.constant(c), b.x), b.constant(d)); });
          }
          add_some([&](auto &b) { return b.op(p, b.op(o, b.x, b.constant(c)), b.y); });
          add_some([&](auto &b) { return b.op(p, b.op(o, b.x, b.y), b.x); });
          add_some([&](auto &b) { return b.op(p, b.x, b.op(o, b.x, b.y)); });
          for (const int64_t mask : few)
            add_some([&](auto &b) { return b.op(p, b.op(o, b.x, b.constant(mask)), b.op(o, b.x, b.constant(0x3c))); });
        }
    }
    for (const ir::Pred p : kPreds) {
      add([&](auto &b) { return b.compare(p, b.x, b.y); });
      add([&](auto &b) { return b.compare(p, b.x, b.x); });
      for (const int64_t c : constants) {
        add([&](auto &b) { return b.compare(p, b.x, b.constant(c)); });
        add([&](auto &b) { return b.compare(p, b.constant(c), b.x); });
        for (const ir::Op o : kBinary) {
          for (const int64_t d : few)
            add_some([&](auto &b) { return b.compare(p, b.op(o, b.x, b.constant(d)), b.constant(c)); });
          add_some([&](auto &b) { return b.compare(p, b.op(o, b.x, b.y), b.constant(c)); });
        }
        for (const ir::Type narrow : kTypes) {
          if (ir::bits_of(narrow) >= bits()) continue;
          for (const ir::Op extension : {ir::Op::Zext, ir::Op::Sext})
            add([&](auto &b) {
              return b.compare(p, b.cast(extension, type_, b.cast(ir::Op::Trunc, narrow, b.x)), b.constant(c));
            });
        }
        if (bits() > 8) add([&](auto &b) { return b.compare(p, b.cast(ir::Op::Bswap, type_, b.x), b.constant(c)); });
      }
      for (const int64_t c : few) {
        add([&](auto &b) { return b.select(b.compare(p, b.x, b.y), b.constant(c), b.constant(c == 0 ? 1 : 0)); });
        add([&](auto &b) { return b.select(b.compare(p, b.x, b.constant(c)), b.x, b.y); });
        for (const ir::Pred q : {ir::Pred::Eq, ir::Pred::Ne})
          add([&](auto &b) { return b.compare(q, b.cast(ir::Op::Zext, type_, b.bit(p, b.x, b.y)), b.constant(c)); });
      }
    }
    casts(few);
    return std::move(made_);
  }
  // Expressions that put bytes together.
  std::vector<ir::Function> make_gathers() {
    gathers();
    return std::move(made_);
  }

 private:
  struct Builder {
    ir::Function &f;
    ir::Type type;
    ir::ValueId x, y;

    ir::ValueId place(ir::ValueId v) {
      f.append(ir::BlockId(size_t{0}), v);
      return v;
    }
    ir::ValueId constant(int64_t value) { return f.constant(type, value); }
    ir::ValueId op(ir::Op o, ir::ValueId a, ir::ValueId b) { return place(f.make(o, f[a].type, std::array{a, b})); }
    ir::ValueId bit(ir::Pred p, ir::ValueId a, ir::ValueId b) {
      const ir::ValueId v = f.make(ir::Op::ICmp, ir::Type::I1, std::array{a, b});
      f[v].pred = p;
      return place(v);
    }
    // As C has it: an int.
    ir::ValueId compare(ir::Pred p, ir::ValueId a, ir::ValueId b) {
      return cast(ir::Op::Zext, ir::Type::I32, bit(p, a, b));
    }
    ir::ValueId cast(ir::Op o, ir::Type to, ir::ValueId a) { return place(f.make(o, to, std::array{a})); }
    ir::ValueId select(ir::ValueId condition, ir::ValueId a, ir::ValueId b) {
      const ir::ValueId truth = f[condition].op == ir::Op::Zext ? f.operand(condition, 0) : condition;
      return place(f.make(ir::Op::Select, type, std::array{truth, a, b}));
    }
  };

  unsigned bits() const { return ir::bits_of(type_); }

  static std::vector<int64_t> edges(ir::Type type) {
    const unsigned bits = ir::bits_of(type);
    const int64_t least = INT64_MIN >> (64 - bits);
    std::vector<int64_t> out = {0, 1, 2, 3, 5, 7, 8, 10, 16, -1, -2, -3, -8, least, least + 1, ~least, ~least - 1};
    for (const unsigned at : {4u, 7u, 8u, 15u, 16u, 30u, 31u, 32u, 47u, 63u}) {
      if (at >= bits) break;
      const uint64_t power = uint64_t{1} << at;
      for (const uint64_t c : {power, power - 1, power + 1, ~power}) out.push_back(static_cast<int64_t>(c));
    }
    return out;
  }

  void casts(const std::vector<int64_t> &few) {
    const auto each_cast = [&](const std::function<void(ir::Op, ir::Type)> &use, ir::Type from) {
      for (const ir::Type to : kTypes) {
        if (ir::bits_of(to) < ir::bits_of(from)) use(ir::Op::Trunc, to);
        if (ir::bits_of(to) > ir::bits_of(from)) use(ir::Op::Zext, to), use(ir::Op::Sext, to);
      }
    };
    each_cast(
        [&](ir::Op first, ir::Type middle) {
          add([&](auto &b) { return b.cast(first, middle, b.x); });
          each_cast(
              [&](ir::Op second, ir::Type last) {
                add([&](auto &b) { return b.cast(second, last, b.cast(first, middle, b.x)); });
                each_cast(
                    [&](ir::Op third, ir::Type end) {
                      add([&](auto &b) {
                        return b.cast(third, end, b.cast(second, last, b.cast(first, middle, b.x)));
                      });
                    },
                    last);
              },
              middle);
          // Computed in more bits than it has and gets: 40, as a count, says something else in each width.
          for (const ir::Op o : kBinary)
            for (const int64_t c : {int64_t{1}, int64_t{2}, int64_t{-3}, int64_t{7}, int64_t{40}})
              each_cast(
                  [&](ir::Op second, ir::Type last) {
                    add([&](auto &b) {
                      return b.cast(second, last, b.op(o, b.cast(first, middle, b.x), b.f.constant(middle, c)));
                    });
                  },
                  middle);
          for (const ir::Op o : kBinary)
            for (const int64_t c : few) {
              add([&](auto &b) { return b.cast(first, middle, b.op(o, b.x, b.constant(c))); });
              add([&](auto &b) {
                const ir::ValueId a = b.cast(first, middle, b.x);
                return b.op(o, a, b.f.constant(middle, c));
              });
              add_some([&](auto &b) {
                return b.op(o, b.cast(first, middle, b.x),
                            b.cast(first, middle, b.op(ir::Op::Add, b.y, b.constant(c))));
              });
            }
        },
        type_);
    for (const ir::Op o : kBinary) {
      if (bits() > 32) break;
      for (const ir::Op first : {ir::Op::Zext, ir::Op::Sext})
        for (const ir::Op second : {ir::Op::Zext, ir::Op::Sext})
          add([&](auto &b) {
            const ir::ValueId wide = b.op(o, b.cast(first, ir::Type::I64, b.x), b.cast(second, ir::Type::I64, b.y));
            return b.cast(ir::Op::Trunc, ir::Type::I32, wide);
          });
      for (const int64_t c : few)
        add([&](auto &b) {
          const ir::ValueId wide = b.op(o, b.cast(ir::Op::Sext, ir::Type::I64, b.x), b.f.constant(ir::Type::I64, c));
          return b.cast(ir::Op::Trunc, ir::Type::I32, wide);
        });
    }
    if (bits() == 8) return;
    add([&](auto &b) { return b.cast(ir::Op::Bswap, type_, b.x); });
    add([&](auto &b) { return b.cast(ir::Op::Bswap, type_, b.cast(ir::Op::Bswap, type_, b.x)); });
  }

  // The bytes of a value in another order: shifted to their places, masked before or behind, joined. Every order of up
  // to four bytes; of eight, each rotation of them and of their reverse. Places may also stay empty.
  void gathers() {
    std::vector<unsigned> order(bits() / 8);
    std::iota(order.begin(), order.end(), 0);
    if (bits() < 64) {
      do gather(order);
      while (std::ranges::next_permutation(order).found);
      return;
    }
    for (int half = 0; half < 2; half++, std::ranges::reverse(order))
      for (size_t i = 0; i < order.size(); i++, std::ranges::rotate(order, order.begin() + 1)) gather(order);
  }
  void gather(const std::vector<unsigned> &order) {
    for (const ir::Op join : {ir::Op::Or, ir::Op::Add})
      for (const bool is_masked_first : {false, true})
        for (size_t left_out = 0; left_out <= order.size(); left_out++)
          add([&](auto &b) {
            ir::ValueId all = b.constant(0);
            for (size_t to = 0; to < order.size(); to++) {
              if (to == left_out) continue;
              const auto at = static_cast<int64_t>(8 * to), from = int64_t{8} * order[to];
              ir::ValueId byte = b.x;
              if (is_masked_first) byte = b.op(ir::Op::And, byte, b.constant(int64_t{0xff} << from));
              if (from > at) byte = b.op(ir::Op::LShr, byte, b.constant(from - at));
              if (from < at) byte = b.op(ir::Op::Shl, byte, b.constant(at - from));
              if (!is_masked_first) byte = b.op(ir::Op::And, byte, b.constant(int64_t{0xff} << at));
              all = to == 0 ? byte : b.op(join, all, byte);
            }
            return all;
          });
  }

  template <class F>
  void add(F &&body) {
    if (++count_ % every_ == 0) make_one(body);
  }
  template <class F>
  void add_some(F &&body) {
    if (++many_ % every_of_many_ == 0) make_one(body);
  }

  template <class F>
  void make_one(F &&body) {
    ir::Function &f = made_.emplace_back();
    f.name = "f" + std::to_string(made_.size());
    f.section = "socket";
    f.linkage = ir::Linkage::Global;
    f.params = {type_, type_};
    f.add_block("entry");
    Builder b{f, type_, f.param(0), f.param(1)};
    ir::ValueId result = body(b);
    f.result = f[result].type;
    f.append(ir::BlockId(size_t{0}), f.make(ir::Op::Ret, ir::Type::Void, std::array{result}));
  }
  ir::Type type_;
  unsigned every_, every_of_many_, count_ = 0, many_ = 0;
  std::vector<ir::Function> made_;
};

}  // namespace spile::proofs
