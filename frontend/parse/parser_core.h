// ParserCore: what stands between the generated parser and ANTLR's runtime, and makes it fast.
//
// The generated code is used unchanged, but the names it calls (_input, _errHandler, _tracker, match, enterRule, ...)
// bind to the inline members here and not to the runtime's virtual, allocating ones. In the fast pass the first error
// throws ParseCancellationException; no ATN, no parse tree, no shared_ptr is touched. In the error pass (`errors` is
// set) a mismatch goes to SyntaxErrors, which may ask the ATN what was expected.
#pragma once

#include <antlr4-runtime.h>

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "frontend/parse/syntax_errors.h"
#include "frontend/parse/token_cursor.h"

namespace spile::parse {

// Rules that may be open at once; reported as NestingTooDeep. A parenthesis opens five, a block three, an `else if`
// two. The parser's and later stages' recursion is bounded by it: 8 MiB of stack hold it even with AddressSanitizer's
// frames.
inline constexpr uint32_t kMaxRuleDepth = 1600;
// Levels of an expression's tree, which grows with each operator of a chain too (a + b + c, a.b.c); labels before one
// statement; parts of one declarator (int ***...p). Also NestingTooDeep.
inline constexpr uint32_t kMaxTreeDepth = 1200;

class ParserCore : public antlr4::Parser {
 public:
  explicit ParserCore(antlr4::TokenStream *input)
      : Parser(input), _input(static_cast<TokenCursor *>(input)), _errHandler{this} {}

  SyntaxErrors *errors = nullptr;  // set: the error pass
  bool is_too_deep = false;

  size_t getState() const final { return state_; }
  void setState(size_t state) { state_ = state; }
  void enterRule(antlr4::ParserRuleContext *context, size_t state, size_t) final {
    if (++depth_ > kMaxRuleDepth) [[unlikely]]
      stop_too_deep();
    if (errors != nullptr) [[unlikely]]
      errors->entered_rule(depth_);
    state_ = state;
    _ctx = context;
  }
  void enterOuterAlt(antlr4::ParserRuleContext *, size_t) final {}
  void exitRule() {
    antlr4::ParserRuleContext *context = _ctx;
    depth_--;
    state_ = context->invokingState;
    _ctx = static_cast<antlr4::ParserRuleContext *>(context->parent);
    // In the error pass it may hold an exception; in the fast pass it owns nothing.
    if (errors != nullptr) [[unlikely]]
      context->~ParserRuleContext();
    _tracker.drop(context);
  }
  antlr4::Token *consume() final {
    _input->consume();
    return nullptr;
  }
  antlr4::Token *match(size_t kind) final {
    if (_input->LA(1) == kind) [[likely]]
      return consume();
    if (errors == nullptr) throw antlr4::ParseCancellationException();
    errors->mismatch(*this, kind);
    return nullptr;
  }

  antlr4::ParserRuleContext *context() const { return _ctx; }
  uint32_t depth() const { return depth_; }
  TokenCursor &stream() { return *_input; }
  [[noreturn]] void stop_too_deep() {
    is_too_deep = true;
    throw antlr4::ParseCancellationException();
  }

 protected:
  // Stands for ANTLR's error strategy.
  struct Handler {
    ParserCore *core;
    Handler *operator->() { return this; }
    void sync(ParserCore *) {
      if (core->errors != nullptr) [[unlikely]]
        core->errors->sync(*core);
    }
    void reportMatch(ParserCore *) {}
    void reportError(ParserCore *, const antlr4::RecognitionException &) {
      if (core->errors == nullptr) throw antlr4::ParseCancellationException();
      core->errors->report(*core);
    }
    void recover(ParserCore *, const std::exception_ptr &error) { core->errors->recover(*core, error); }
    antlr4::Token *recoverInline(ParserCore *) {
      if (core->errors == nullptr) throw antlr4::ParseCancellationException();
      core->errors->mismatch(*core, antlr4::Token::INVALID_TYPE);
      return nullptr;
    }
  };
  // Stands for ANTLR's owner of rule contexts: they are made and dropped in stack order. The first ones lie in the
  // parser itself, since many parsers read one declaration.
  class Contexts {
   public:
    Contexts() = default;
    Contexts(const Contexts &) = delete;
    Contexts &operator=(const Contexts &) = delete;

    template <class T, class... Args>
    T *createInstance(Args &&...args) {
      constexpr size_t kSize = (sizeof(T) + kAlign - 1) & ~(kAlign - 1);
      static_assert(kSize <= kFirst);
      if (static_cast<size_t>(end_ - top_) < kSize) [[unlikely]]
        grow();
      return new (std::exchange(top_, top_ + kSize)) T(std::forward<Args>(args)...);
    }
    // Drops the last one.
    void drop(antlr4::ParserRuleContext *context) {
      top_ = reinterpret_cast<char *>(context);
      while (top_ < begin_ || top_ >= end_) [[unlikely]]
        leave_block();
    }

   private:
    static constexpr size_t kAlign = alignof(std::max_align_t), kFirst = 4 << 10, kMore = 64 << 10;
    struct alignas(kAlign) Block {
      char bytes[kMore];
    };
    void grow() {
      more_.push_back(spare_ ? std::move(spare_) : std::make_unique_for_overwrite<Block>());
      use(more_.back()->bytes, kMore);
      top_ = begin_;
    }
    void leave_block() {
      spare_ = std::move(more_.back());
      more_.pop_back();
      if (more_.empty())
        use(first_, kFirst);
      else
        use(more_.back()->bytes, kMore);
    }
    void use(char *block, size_t size) {
      begin_ = block;
      end_ = block + size;
    }

    alignas(kAlign) char first_[kFirst];
    char *begin_ = first_, *top_ = first_, *end_ = first_ + kFirst;  // of the block in use
    std::vector<std::unique_ptr<Block>> more_;
    std::unique_ptr<Block> spare_;  // the last one that was left: at its edge every expression would make one
  };
  template <class F>
  struct Guard {
    F f;
    ~Guard() { f(); }
  };
  template <class F>
  Guard<F> finally(F f) {
    return Guard<F>{f};
  }

  TokenCursor *_input;
  Handler _errHandler;
  Contexts _tracker;

 private:
  size_t state_ = 0;
  uint32_t depth_ = 0;
};

}  // namespace spile::parse
