// Explain: a failure in the terms of the source: what was needed, what was known, which path led there, what to change.
//
// In: the failure with its facts, and the path as the instructions it executed. Out: a Rejection whose place is the
// source line: notes for the cause and the way, hints, statements that may mend it, and last what the kernel would say.
#pragma once

#include "verifier/checkpoint.h"
#include "verifier/env.h"
#include "verifier/failure.h"

namespace spile::verifier {

Rejection explain(const Env &env, const Failure &failure, const Trail &trail, const State &state);

// What every part of an explanation has at hand: the failure, and the message that grows.
struct Telling {
  const Env &env;
  const Failure &f;
  const Trail &trail;
  const State &state;
  Rejection &out;

  void note(uint32_t insn, std::string text) const;
  // Of a helper's call: "`bpf_skb_pull_data` may move the packet".
  void note_call(uint32_t call, std::string_view what) const;
  void remark(std::string text) const { out.diagnostic.notes.push_back({{}, std::move(text), {}}); }
  void hint(std::string text) const { out.diagnostic.hints.push_back(std::move(text)); }
  // For pointers into the packet that a call has made worthless.
  void hint_read_again() const { hint("read `data` and `data_end` again behind that call, and compare them again"); }
  // What the remedies do, for where they cannot be tried: an edit is told as one only when it was.
  void in_words(std::string text) const;
  // A way out of the program or of the loop in front of the statement at [line], where [condition] holds. [words]: said
  // of it; else the condition.
  void leave_if(uint32_t line, std::string condition, std::string words = {}) const;
  // A statement in front of the one at [line].
  void insert(uint32_t line, std::string statement, std::string words) const;

  uint32_t line() const { return out.diagnostic.foreign.line; }
  // " before line 7", or " before that".
  std::string before() const { return before(line()); }
  std::string before(uint32_t at) const;
  // False where something else of that line has to stay in front.
  bool is_told_by_line(uint32_t at) const;
  // Line info puts the fault where the load of its pointer stands: what is named there is of that load.
  bool stands_at_origin() const;
  // The program's own parameter that a register without a value would be, as BTF names it: a program gets only the
  // first; empty: it is none.
  std::string parameter() const;
  // What the fault is about, as the source calls it: "`eth`", "the result of `bpf_map_lookup_elem`", "r3".
  std::string name() const;
  // The same where it is a name of the source, without its marks; else empty.
  std::string source_name() const;
  // Of the call at the fault: "`bpf_loop`"'s name, and the text of argument [number].
  std::string callee() const;
  std::string argument_text(unsigned number) const;
  // The last call before the fault that [wanted] takes; kNoInsn without. [since]: only behind it on the path.
  template <class Wanted>
  uint32_t last_call(Wanted wanted, uint32_t since = kNoInsn) const {
    for (size_t i = trail.steps.size(); i-- > 0 && trail.steps[i].insn != since;)
      if (trail.steps[i].insn != f.insn && env.insn(trail.steps[i].insn).is_call() && wanted(trail.steps[i].insn))
        return trail.steps[i].insn;
    return kNoInsn;
  }
  // The last call that gives something back, behind [since].
  uint32_t given_back(uint32_t since) const;
  // A call that may move the packet, behind [since].
  uint32_t packet_moved(uint32_t since) const;

  // The call that moved the packet since the number was a pointer into it; kNoInsn: it was none.
  uint32_t lost_packet() const;
  // The comparison with NULL of what was read from the same place of the context before; kNoInsn: there was none.
  uint32_t compared_before() const;
  // Whether what a reference is held by may be NULL yet.
  bool may_be_null(uint32_t reference) const;

  // The pointer that the fault moves, or accesses through.
  const RegState &pointer() const;

  // For accesses: lowest and highest offset, and those that are allowed.
  std::string offset_bounds() const;
  int64_t lowest() const { return f.cause == Cause::StackBounds ? -int64_t{kMaxStack} : 0; }
  int64_t highest() const { return (f.cause == Cause::StackBounds ? 0 : f.limit) - static_cast<int64_t>(f.size); }
  int64_t fixed_offset() const;
  // The fault is about a member of what NULL points to.
  bool is_null_plus() const;
};

inline const char *plural(int64_t n) { return n == 1 ? "" : "s"; }

// Bytes from where a pointer certainly points to the end of its memory; -1 where that is not known.
int64_t room_behind(const Env &env, const RegState &pointer);

// Where the value comes from, what is known of it, where a fact was lost. explain_origin.cpp
void explain_origin(const Telling &tell);
// What to change: hints, and the statements that may do it. explain_mend.cpp
void explain_mend(const Telling &tell);
// Remedies that change a line, or the order of two. explain_rewrite.cpp
// A loop that counts up to a number becomes an iterator's, whose body is verified until nothing changes.
void rewrite_loop(const Telling &tell, const ForeignPlace &loop);
// What is read through an address of a process is copied first.
void rewrite_process_read(const Telling &tell);
// The only map of the program stands where a number does.
void rewrite_map_argument(const Telling &tell);
// A size beyond a variable becomes the variable's.
void rewrite_size(const Telling &tell, unsigned memory, unsigned size);
// A statement that does nothing but cut a pointer to 32 bits goes.
void rewrite_truncation(const Telling &tell);
// A comparison with the end of the packet covers [more] bytes besides.
void rewrite_comparison(const Telling &tell, uint32_t comparison, int64_t more);
// A program that has more parameters than its context gets them by a macro of `bpf/bpf_tracing.h`.
void rewrite_parameters(const Telling &tell);
// What gives the object back goes behind its last use.
void rewrite_order(const Telling &tell, uint32_t release);
// What a packet access lacks: notes and a hint. explain_packet.cpp
void explain_packet(const Telling &tell);
// The notes that show the way to the failure: where the path chose, shortest first. [lines]: how many the message may
// still grow by. explain_path.cpp
void explain_path(const Telling &tell, size_t lines);

}  // namespace spile::verifier
