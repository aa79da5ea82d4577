// What to change: a hint, and where a statement may mend it, that statement. Only names that the source's own lines
// show are used; whether the program then passes is for whoever tries it to see.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cctype>

#include "lang-spec/tables/map_rules.h"
#include "verifier/explain.h"
#include "verifier/source_names.h"
#include "verifier/source_text.h"

namespace spile::verifier {

void Telling::in_words(std::string text) const {
  if (!out.diagnostic.hints.empty()) return;
  out.in_words = text;
  hint(std::move(text));
}

void Telling::insert(uint32_t line, std::string statement, std::string words) const {
  in_words(std::move(words));
  out.remedies.push_back({out.diagnostic.foreign.path, line, std::move(statement), ""});
}

namespace {

// What gives a reference back: by what gave it.
struct Release {
  std::string_view acquired_by;  // without "bpf_"; what the name begins with
  const char *statement;
  unsigned argument = 0;  // that it was put into; 0: it is the result
};
constexpr Release kReleases[] = {
    {"ringbuf_reserve_dynptr", "bpf_ringbuf_discard_dynptr({}, 0);", 4},
    {"ringbuf_reserve", "bpf_ringbuf_discard({}, 0);"},
    {"sk_lookup", "bpf_sk_release({});"},
    {"skc_lookup", "bpf_sk_release({});"},
    {"task_", "bpf_task_release({});"},
    {"cgroup_", "bpf_cgroup_release({});"},
    {"cpumask_", "bpf_cpumask_release({});"},
};

// What gives back what [acquired] gave; empty where that has no name.
std::string release_of(const Env &env, uint32_t acquired, std::string name) {
  const tables::Helper *helper = helper_of(env.insn(acquired));
  const ForeignPlace made = place_of(env, acquired);
  for (const Release &release : kReleases) {
    const bool fits = helper != nullptr
                          ? helper->name.starts_with(release.acquired_by)
                          : made.line_text.find(fmt::format("bpf_{}", release.acquired_by)) != std::string::npos;
    if (!fits) continue;
    if (release.argument != 0)
      name = argument_of(made.line_text, fmt::format("bpf_{}", release.acquired_by), release.argument);
    return name.empty() ? name : fmt::format(fmt::runtime(release.statement), name);
  }
  return {};
}

// What check_call.cpp wants where a map must stand.
constexpr std::string_view kMapAddress = "the address of a map", kRecord = "a record that bpf_ringbuf_reserve() gave";

// What helps against a fault, whatever the program.
constexpr std::pair<Cause, const char *> kHints[] = {
    {Cause::UnreferencedRelease,
     "give back, once, what a function gave with a reference: not what a map, an argument or a member holds"},
    {Cause::CallbackReturn, "return 0 to go on, 1 to stop"},
    {Cause::StackTooDeep, "keep large variables in a map, for example an array of one element"},
    {Cause::CallTooDeep, "let the compiler inline some of them: `static __always_inline`"},
    {Cause::InfiniteLoop, "let the loop count, and end at a number that is known"},
    {Cause::TooComplex, "give loops fewer turns, or make the body a callback of `bpf_loop()`, which is verified once"},
    {Cause::TooManyBranches,
     "give loops fewer turns, or make the body a callback of `bpf_loop()`, which is verified once"},
    {Cause::MixedPointers, "access the context in a statement of its own"},
    {Cause::DivisionByZero, "divide by another number; division by a variable that is 0 gives 0"},
    {Cause::ReadOnlyMap, "copy it into a variable and change that"},
    {Cause::ReadOnlyObject, "copy it into a variable and change that"},
    {Cause::StringConstant, "give it a `static const char` array of the file"},
    {Cause::DynptrRule,
     "functions like `bpf_dynptr_from_mem()` make a dynptr in a variable; that variable itself, no copy, is "
     "given to the others"},
    {Cause::PacketAccess,
     "copy what is needed into a variable, behind a comparison with the end of the packet, and give that"},
};

class Mender {
 public:
  explicit Mender(const Telling &tell) : tell_(tell), env_(tell.env), f_(tell.f), line_(tell.line()) {}

  void run() {
    switch (f_.cause) {
      case Cause::NullDereference:
      case Cause::NullArithmetic:
      case Cause::NullArgument:
        null();
        break;
      case Cause::MapValueBounds:
      case Cause::MapKeyBounds:
      case Cause::MemoryBounds:
      case Cause::StackBounds:
        bounds();
        break;
      case Cause::PacketBounds:
        explain_packet(tell_);
        break;
      case Cause::NotAPointer:
      case Cause::ArgumentType:
        not_a_pointer();
        break;
      case Cause::NegativeIndex:
        if (!check_index(limit_of_memory())) tell_.hint("make the index unsigned, or check that it is not negative");
        break;
      case Cause::UnboundedIndex:
      case Cause::UnboundedPointer:
      case Cause::UnboundedStackIndex:
        if (!check_index(limit_of_memory()))
          tell_.hint(fmt::format("check the index against its limit{}", tell_.before()));
        break;
      case Cause::SizeNegative:
        if (!check_size(room_of_size(), 0)) tell_.hint("make the size unsigned, or check that it is not negative");
        break;
      case Cause::SizeZero:
        if (!check_size(room_of_size(), 1)) tell_.hint(fmt::format("check that the size is not 0{}", tell_.before()));
        break;
      case Cause::SizeUnbounded:
        if (!check_size(room_of_size(), 0))
          tell_.hint(fmt::format("check the size against that of the buffer{}", tell_.before()));
        break;
      case Cause::ReferenceLeak:
        give_back();
        break;
      case Cause::HelperNeedsGpl:
        tell_.in_words("add `char LICENSE[] SEC(\"license\") = \"GPL\";`");
        if (env_.program.license.empty())
          tell_.out.remedies.push_back(
              {tell_.out.diagnostic.foreign.path, 0, "char LICENSE[] SEC(\"license\") = \"GPL\";", ""});
        break;
      case Cause::UninitializedValue:
        if (f_.reg == 0 && env_.insn(f_.insn).is_exit())
          tell_.insert(line_, "return 0;", "return a number on every path");
        else if (!tell_.parameter().empty()) {
          rewrite_parameters(tell_);
          tell_.hint(
              "a program gets its context and nothing else: arguments of what is traced are read from that, by "
              "`BPF_KPROBE()` and `PT_REGS_PARM1()` of `bpf/bpf_tracing.h` or by the context's members");
        } else
          tell_.hint("give it a value where it is declared");
        break;
      case Cause::ReturnRange:
        tell_.hint(fmt::format("return a number of [{}, {}] on every path", f_.limit, f_.count));
        break;
      case Cause::HelperUnavailable:
        tell_.hint(fmt::format("`spile tables helpers` lists what programs of type `{}` can call", env_.type.name));
        break;
      case Cause::MapTypeUnfit:
        map_type();
        break;
      case Cause::KfuncArgument:
        if (f_.detail.find("in a map's value") != std::string::npos)
          tell_.hint("make it a member of the map's value, and give the address of that member in what a lookup gave");
        break;
      case Cause::BadSignature:
        if (f_.count != 0)
          tell_.hint(
              "make the function `static`, which verifies it where it is called; or give the parameter the type of "
              "what it points to, with `__arg_ctx` behind it where that is the context");
        break;
      case Cause::ObjectBounds:
        if (!f_.write && !f_.detail.empty())
          tell_.hint(
              fmt::format("what is behind a `struct {}`, in a larger one that begins with it, is read by "
                          "`BPF_CORE_READ()`, or through what `bpf_core_cast()` gives",
                          f_.detail));
        break;
      case Cause::PointerArithmetic:
        tell_.hint("compute with a number, an offset, and add that to the pointer");
        rewrite_truncation(tell_);
        break;
      case Cause::ContextBounds:
        tell_.hint(fmt::format("`spile tables contexts` lists the members that programs of type `{}` can access",
                               env_.type.name));
        break;
      case Cause::MovedContext:
        moved_context();
        break;
      default:
        if (const auto *known = std::ranges::find(kHints, f_.cause, &std::pair<Cause, const char *>::first);
            known != std::end(kHints))
          tell_.hint(known->second);
        break;  // for the others no fix is known that would surely work
    }
  }

 private:
  std::string_view text() const { return tell_.out.diagnostic.foreign.line_text; }

  void null() {
    if (tell_.compared_before() != kNoInsn)
      tell_.hint("read it once, into a variable; compare that with NULL, and use it from there on");
    if (const std::string name = tell_.source_name(); !name.empty())
      tell_.leave_if(line_, "!" + name,
                     fmt::format("compare `{}` with NULL{}, and return where it is", name, tell_.before()));
    else if (tell_.out.diagnostic.hints.empty())
      tell_.hint("compare it with NULL" + tell_.before());
  }

  // A string in the context is no memory for a loop or a comparison: such places can only be read whole.
  void moved_context() {
    const std::string_view text = this->text();
    const size_t arrow = tell_.out.diagnostic.foreign.column - size_t{1};
    size_t end = arrow + 2;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) end++;
    const std::string_view pointer = pointer_at(text, tell_.out.diagnostic.foreign.column);
    const bool is_member = arrow < text.size() && text.substr(arrow).starts_with("->") && !pointer.empty();
    if (env_.type.hook != tables::HookKind::Tracepoint || !is_member)
      return tell_.hint("access the members of the context through the pointer that the program was given");
    tell_.hint(
        fmt::format("what is no number is copied from the context before it is compared or walked: a string by "
                    "`kstr({}{})` of `spile.h`, anything by `bpf_probe_read_kernel()`",
                    pointer, text.substr(arrow, end - arrow)));
  }

  void bounds() {
    if (f_.arg != 0) {
      const int64_t room = (f_.cause == Cause::StackBounds ? 0 : f_.limit) - f_.off;
      const auto size = static_cast<unsigned>(f_.count);
      const bool is_variable = size != 0 && (!tell_.state.reg(size).value.is_const() || is_name(size));
      if (is_variable && check_size(room, 0)) return;
      tell_.hint(fmt::format("give it at most {} byte{}, or a larger variable", room, plural(room)));
      if (size != 0) rewrite_size(tell_, f_.arg, size);
      return;
    }
    if (f_.state.value.is_const()) {
      if (f_.cause != Cause::StackBounds)
        tell_.hint(fmt::format("check the index{}, or give the memory more bytes", tell_.before()));
      return;
    }
    if (is_sum())
      tell_.hint(
          fmt::format("check the index{}, so that the offset is at most {}; where it is a sum, compute that once, "
                      "in one variable, and check that",
                      tell_.before(), tell_.highest()));
    check_index((tell_.highest() - lowest_of_index()) / scale() + 1);
    if (tell_.out.diagnostic.hints.empty())
      tell_.hint(fmt::format("check the index{}, so that the offset is at most {}", tell_.before(), tell_.highest()));
  }

  // An argument that the source gives as a variable: capital letters are macros.
  bool is_name(unsigned argument) const {
    const std::string text = tell_.argument_text(argument);
    return is_plain_name(text) && std::ranges::any_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
  }

  // Several numbers were added since the pointer was made.
  bool is_sum() const {
    unsigned additions = 0;
    for (size_t i = tell_.trail.steps.size(); i-- > 0 && tell_.trail.steps[i].insn != f_.state.origin;) {
      const isa::Insn &insn = env_.insn(tell_.trail.steps[i].insn);
      additions += insn.insn_class() == isa::ALU64 && insn.alu_op() == isa::ADD && insn.source_is_reg();
    }
    return additions > 1;
  }

  // The offset of element 0, where the index alone varies.
  int64_t lowest_of_index() const { return tell_.fixed_offset(); }
  // Bytes of an element: what every offset is a multiple of.
  int64_t scale() const {
    const Tnum &bits = f_.state.value.bits;
    const int zeros = std::countr_zero(bits.mask | bits.value);
    return zeros < 32 ? int64_t{1} << zeros : 1;
  }
  // How many elements the memory behind the pointer of the fault has.
  int64_t limit_of_memory() const { return room_behind(env_, tell_.pointer()) / scale(); }
  bool check_index(int64_t limit) {
    const std::string_view index = index_at(text(), tell_.out.diagnostic.foreign.column);
    if (!is_plain_name(index) || limit <= 0) return false;
    const bool may_be_negative = f_.state.value.r64.smin + (f_.state.is_scalar() ? 0 : lowest_of_index()) < 0;
    tell_.leave_if(line_, may_be_negative ? fmt::format("{} < 0 || {} >= {}", index, index, limit)
                                          : fmt::format("{} >= {}", index, limit));
    return true;
  }

  // Types of maps that the function takes.
  void map_type() {
    std::vector<const tables::MapType *> taken;
    for (const tables::MapType &type : tables::kMapTypes)
      if (tables::accepts_map(f_.helper, type.number, env_.type)) taken.push_back(&type);
    std::string names;
    for (const tables::MapType *type : taken)
      names += fmt::format("{}`BPF_MAP_TYPE_{}`", names.empty() ? "" : ", ", type->name);
    // What takes most types refuses few: those are no help.
    if (taken.empty() || taken.size() > 4)
      return tell_.hint("give the map another type, or call the function that is for maps of this type");
    tell_.hint(fmt::format("give the map a type that `{}` takes: {}", tell_.callee(), names));
    if (taken.size() != 1) return;
    Remedy remedy{tell_.out.diagnostic.foreign.path, line_, "", ""};
    remedy.retype = {env_.map(f_.map).name, fmt::format("BPF_MAP_TYPE_{}", taken.front()->name)};
    tell_.out.remedies.push_back(std::move(remedy));
  }

  int64_t room_of_size() const { return room_behind(env_, tell_.state.reg(static_cast<unsigned>(f_.reg) - 1)); }
  // [least]: what the size must be at least.
  bool check_size(int64_t room, int64_t least) {
    const unsigned argument = f_.count != 0 && f_.reg > 0 ? static_cast<unsigned>(f_.count) : f_.arg;
    std::string size = tell_.argument_text(argument);
    const RegState &value = tell_.state.reg(argument);
    if (size.empty() || size.find_first_of("(;\"") != std::string::npos) {
      const std::string made = name_of(env_, value, kNoReg);
      size = made.starts_with('`') ? made.substr(1, made.size() - 2) : "";
    }
    if (size.empty() || room <= 0) return false;
    if (!is_plain_name(size)) size = fmt::format("({})", size);
    const std::string below = fmt::format("{} < {}", size, least), above = fmt::format("{} > {}", size, room);
    if (value.value.r64.smin >= least) tell_.leave_if(line_, above);
    // What is negative in the source may have become a large number on its way to the function.
    tell_.leave_if(line_, fmt::format("{} || {}", below, above));
    return true;
  }

  void not_a_pointer() {
    if (tell_.is_null_plus()) {
      tell_.hint("the pointer that it is made of is NULL on this path: return before, where that pointer is NULL");
      const ForeignPlace made = place_of(env_, f_.state.origin);
      if (const Sum sum = sum_in(assigned_value(made.line_text)); !sum.left.empty())
        tell_.leave_if(made.line, fmt::format("!{}", sum.left));
      return;
    }
    if (is_unrelocated())
      return tell_.hint(
          "this address has no relocation: the section of what it names is not loaded; link or load the "
          "object with that section, and keep a string in a `static const char` array of the file");
    if (f_.state.is_null() && !tell_.source_name().empty()) return tell_.leave_if(line_, "!" + tell_.source_name());
    if (f_.detail == kMapAddress && (f_.state.is_scalar() || f_.state.type == RegType::Stack)) {
      tell_.hint(f_.state.is_scalar()
                     ? "give it a map by its name; a number has no relocation, so that no map is loaded for it"
                     : "give it a map by its name");
      rewrite_map_argument(tell_);
    }
    if (f_.state.type == RegType::Stack && f_.detail == kRecord)
      tell_.hint(
          "reserve a record with `bpf_ringbuf_reserve()` and fill that; what lies in a variable is sent, copied, by "
          "`bpf_ringbuf_output()`");
    if (!f_.state.is_scalar()) return;
    const bool from_call = f_.state.origin != kNoInsn && env_.insn(f_.state.origin).is_call();
    if (tell_.lost_packet() != kNoInsn)
      read_again();
    else if (const uint32_t call = from_call ? tell_.given_back(f_.state.origin) : kNoInsn; call != kNoInsn) {
      tell_.hint("what was given back is not used again");
      rewrite_order(tell_, call);
    } else if (is_current_task()) {
      tell_.hint(
          "`bpf_get_current_task()` gives a number: members are read behind it by `BPF_CORE_READ()`; through what "
          "`bpf_get_current_task_btf()` gives they are read as in C");
    } else if (f_.cause == Cause::NotAPointer && !f_.write && !is_atomic()) {
      tell_.hint(
          "memory of a process or of the kernel is read with `bpf_probe_read_user()` or `bpf_probe_read_kernel()`");
      if (f_.state.origin != kNoInsn) rewrite_process_read(tell_);
    } else if (f_.cause == Cause::NotAPointer) {
      tell_.hint("a program writes to its stack, its maps and packets; `bpf_probe_write_user()` writes to a process");
    } else if (f_.state.is_null() && f_.detail != kMapAddress) {
      tell_.hint("give it the address of a variable or of what lies in a map");
    }
  }

  bool is_current_task() const {
    const tables::Helper *helper = f_.state.origin == kNoInsn ? nullptr : helper_of(env_.insn(f_.state.origin));
    return helper != nullptr && helper->name == "get_current_task";
  }
  bool is_atomic() const { return env_.structure.infos[f_.insn]->shape == isa::Shape::Atomic; }

  // The address of something, 64 bits long, that nobody put in.
  bool is_unrelocated() const {
    if (!f_.state.is_null() || f_.state.origin == kNoInsn) return false;
    const isa::Insn &made = env_.insn(f_.state.origin);
    return made.is_lddw() && made.src == 0;
  }

  // A pointer to the start of the packet that a call has made worthless: the statement that made it, once more.
  void read_again() {
    tell_.hint_read_again();
    const ForeignPlace made = place_of(env_, f_.state.origin);
    const std::string name = tell_.source_name(), value(assigned_value(made.line_text));
    if (name.empty()) return;
    if (assigned_name(made.line_text) != name || !value.ends_with("->data")) {
      Remedy again{tell_.out.diagnostic.foreign.path, line_, "", ""};
      again.reread = name;
      tell_.out.remedies.push_back(std::move(again));
      return;
    }
    Remedy remedy{tell_.out.diagnostic.foreign.path, line_, fmt::format("{} = {};", name, value), ""};
    remedy.condition =
        fmt::format("(void *)({} + 1) > {}{}_end", name, value.starts_with("(void *)") ? "" : "(void *)", value);
    tell_.out.remedies.push_back(std::move(remedy));
  }

  void give_back() {
    if (f_.state.origin == kNoInsn) return;
    std::string statement = release_of(env_, f_.state.origin, tell_.source_name());
    const bool has_line = tell_.is_told_by_line(line_);
    const std::string where = has_line ? fmt::format(" in line {}", line_) : "";
    if (statement.empty()) return tell_.hint(fmt::format("give it back before the path leaves the function{}", where));
    const std::string function = statement.substr(0, statement.find('('));
    const bool may_be_null = tell_.may_be_null(f_.state.ref_id);
    if (may_be_null) statement = fmt::format("if ({}) {}", tell_.source_name(), statement);
    tell_.insert(line_, statement,
                 fmt::format("give it back, by `{}()`, before the path leaves the function{}{}", function, where,
                             may_be_null ? ", unless it is NULL" : ""));
    // What several ways share stands in the line of one: the branches say which was taken.
    for (const uint32_t branch : last_branches()) tell_.insert(branch, statement, {});
    if (has_line) return;
    // Who leaves in the function's own line did the last of its statements before.
    const uint32_t last = last_line();
    if (last == 0) return;
    tell_.insert(last + 1, statement, {});
    tell_.insert(last, statement, {});
  }

  // Lines of the last branches of the path below what made the value, the last first.
  std::vector<uint32_t> last_branches() const {
    constexpr size_t kMost = 2;
    std::vector<uint32_t> lines;
    const uint32_t least = place_of(env_, f_.state.origin).line;
    for (size_t i = tell_.trail.steps.size(); i-- > 0 && lines.size() < kMost;) {
      const uint32_t at = tell_.trail.steps[i].insn, line = place_of(env_, at).line;
      const bool is_branch = env_.insn(at).is_jump() && !env_.insn(at).is_call() && !env_.insn(at).is_exit();
      if (is_branch && line > least && line != line_ && std::ranges::find(lines, line) == lines.end())
        lines.push_back(line);
    }
    return lines;
  }
  // Of the path: the last that stands below what made the value.
  uint32_t last_line() const {
    const uint32_t least = place_of(env_, f_.state.origin).line;
    for (size_t i = tell_.trail.steps.size(); i-- > 0;)
      if (const uint32_t line = place_of(env_, tell_.trail.steps[i].insn).line; line > least) return line;
    return 0;
  }

  const Telling &tell_;
  const Env &env_;
  const Failure &f_;
  const uint32_t line_;
};

}  // namespace

std::string Telling::before(uint32_t at) const {
  return is_told_by_line(at) ? fmt::format(" before line {}", at) : " before that";
}

bool Telling::is_told_by_line(uint32_t at) const {
  const ForeignPlace made = f.state.origin == kNoInsn ? ForeignPlace{} : place_of(env, f.state.origin);
  // The head of a function, of which all may stand in one line.
  const std::string_view text = out.diagnostic.foreign.line_text;
  const bool is_head = at == line() && (text.starts_with("SEC(") || text.contains(" SEC(")) && text.contains('(');
  return at != 0 && !is_head && made.line != at;
}

bool Telling::may_be_null(uint32_t reference) const {
  if (reference == 0) return false;
  const auto holds = [&](const RegState &r) { return r.or_null && r.ref_id == reference; };
  return std::ranges::any_of(state.frames, [&](const Frame &frame) { return std::ranges::any_of(frame.regs, holds); });
}

void Telling::leave_if(uint32_t line, std::string condition, std::string words) const {
  Remedy remedy{out.diagnostic.foreign.path, line, "", std::move(condition)};
  std::string kept;  // what the way out has to give back, for the words
  // What is held must be given back on the way out, but what is NULL is not held.
  for (const Reference &held : state.references) {
    if (held.kind != Reference::Pointer || held.insn == kNoInsn || held.insn == f.state.origin) continue;
    const ForeignPlace made = place_of(env, held.insn);
    const std::string name(assigned_name(statement_at(made.line_text, made.column)));
    const std::string release = release_of(env, held.insn, name);
    if (release.empty()) continue;
    remedy.cleanup += fmt::format("{}{} ", may_be_null(held.id) ? fmt::format("if ({}) ", name) : "", release);
    kept += fmt::format("{}`{}`", kept.empty() ? "" : " and ", name);
  }
  if (words.empty()) words = fmt::format("return{} where `{}`", before(line), remedy.condition);
  in_words(kept.empty() ? std::move(words) : fmt::format("{}; {} must be given back there", words, kept));
  out.remedies.push_back(std::move(remedy));
}

void explain_mend(const Telling &tell) { Mender(tell).run(); }

}  // namespace spile::verifier
