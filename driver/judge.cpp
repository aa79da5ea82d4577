#include "driver/judge.h"

#include <linux/bpf.h>

#include <algorithm>
#include <optional>

#include "backend/object/core_relocate.h"
#include "backend/object/kconfig.h"
#include "frontend/btf/sources.h"

namespace spile::driver {

static void worsen(int &exit_code, int other) {
  // A program that is wrong outranks one that could not be judged.
  if (exit_code == kExitOk || other == kExitProgram) exit_code = other;
}

Result<void> provide_kconfig(object::Object &object, const std::string &source) {
  if (!object::reads_kconfig(object)) return {};
  if (source.empty()) return object::place_kconfig(object, nullptr);
  const auto values = source == "host" ? object::Kconfig::of_host() : object::Kconfig::of_file(source);
  if (!values) return std::unexpected(values.error());
  return object::place_kconfig(object, &*values);
}

Result<void> relocate_for(object::Object &object, const std::string &btf) {
  if (btf.empty()) return {};
  const auto types = object::Btf::read(btf == "host" ? std::string(btf::kHostBtf) : btf);
  if (!types) return std::unexpected(types.error());
  // To know a kernel's types by name takes as long as to verify most programs.
  if (std::ranges::all_of(object.code_info, [](const object::CodeInfo &info) { return info.core.empty(); })) return {};
  return object::relocate_core(object, object::CoreTarget(*types));
}

// The types of the kernel that is aimed at: what --btf names, else the frozen ones. None when they cannot be read: the
// verdict then says what it lacks.
static std::optional<object::Btf> kernel_types(const std::string &where) {
  btf::Source source(where);
  const auto image = source.image();
  if (!image) return {};
  auto types = object::Btf::parse((*image)->raw());
  return types ? std::optional(std::move(*types)) : std::nullopt;
}

static bool may_need_types(const tables::ProgramType &type, const verifier::Verdict &verdict) {
  if (type.ctx == tables::CtxKind::BtfArgs || verdict.kind == verifier::Verdict::CannotJudge) return true;
  static constexpr std::string_view kAboutTypes[] = {"KfuncRule",   "KfuncArgument", "ArgumentType",   "ObjectBounds",
                                                     "NotAPointer", "NotModelled",   "GlobalArgument", "DynptrRule"};
  return std::ranges::any_of(verdict.rejections, [](const verifier::Rejection &r) {
    return std::ranges::find(kAboutTypes, r.diagnostic.info->name) != std::end(kAboutTypes);
  });
}

std::vector<Judged> judge(const object::Object &object, const SourceManager &sources, const JudgeOptions &options,
                          Console &console, int &exit_code) {
  exit_code = kExitOk;
  std::vector<Judged> judged;
  std::optional<object::Btf> kernel;
  bool found = false;
  for (const object::ProgramEntry &entry : object.programs) {
    if (!options.section.empty() && entry.section != options.section) continue;
    if (!options.program.empty() && entry.name != options.program) continue;
    found = true;
    const tables::ProgramType *type = tables::find_program_type(entry.section);
    if (type == nullptr && !options.type.empty()) type = tables::find_program_type(options.type);
    if (type == nullptr) {
      const auto nearest = tables::nearest_sections(entry.section);
      worsen(exit_code,
             console.fail(
                 {Error::Kind::Unsupported,
                  fmt::format("{}: program `{}` is in section `{}`, whose program type is not known", object.path,
                              entry.name, entry.section),
                  fmt::format("say what it is with --type=SECTION, for example --type={}; or rename its section: the "
                              "nearest known are `{}`, `{}`, `{}`",
                              nearest[0], nearest[0], nearest[1], nearest[2]),
                  0}));
      continue;
    }
    Result<object::Program> program = object::link(object, entry);
    if (!program) {
      worsen(exit_code, console.fail(program.error()));
      continue;
    }
    Judged one{std::move(*program), type, {}, {}};
    verifier::Options how = options.verifier;
    if (options.expect) {
      one.expected = expectation_of(object, entry.name);
      how.strict_alignment = (one.expected.flags & BPF_F_STRICT_ALIGNMENT) != 0;
      how.sleepable = (one.expected.flags & BPF_F_SLEEPABLE) != 0;
    }
    how.relocated = !options.btf.empty();
    if (kernel) how.kernel_btf = &*kernel;
    one.verdict = verifier::verify(one.program, *type, how);
    // Few programs need the kernel's types, and to read them takes longer than to verify most.
    if (one.verdict.kind != verifier::Verdict::Accept && !kernel && may_need_types(*type, one.verdict)) {
      kernel = kernel_types(options.btf);
      if (kernel) {
        how.kernel_btf = &*kernel;
        one.verdict = verifier::verify(one.program, *type, how);
      }
    }
    if (options.expect) {
      judged.push_back(std::move(one));
      continue;
    }
    for (const verifier::Rejection &rejection : one.verdict.rejections) console.report(sources, rejection.diagnostic);
    if (one.verdict.kind == verifier::Verdict::Reject) worsen(exit_code, kExitProgram);
    if (one.verdict.kind == verifier::Verdict::CannotJudge) worsen(exit_code, kExitCannotJudge);
    judged.push_back(std::move(one));
  }
  if (!found) {
    std::string have;
    for (const object::ProgramEntry &entry : object.programs)
      have += fmt::format("{}`{}` in `{}`", have.empty() ? "" : ", ", entry.name, entry.section);
    Error error{Error::Kind::Input, fmt::format("{}: no program to check", object.path), {}, 0};
    if (!have.empty()) {
      error.message = fmt::format("{}: no program fits --section or --prog", object.path);
      error.hint = "the object has " + have;
    } else {
      error.hint =
          "a program is a function with a SEC(\"...\"), for example SEC(\"tracepoint/syscalls/sys_enter_kill\")";
    }
    worsen(exit_code, console.fail(error));
  }
  return judged;
}

}  // namespace spile::driver
