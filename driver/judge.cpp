#include "driver/judge.h"

#include <linux/bpf.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "backend/object/copy.h"
#include "backend/object/core_relocate.h"
#include "backend/object/kconfig.h"
#include "backend/object/wanted.h"
#include "frontend/btf/sources.h"
#include "lang-spec/tables/kernels.h"

namespace spile::driver {

static void worsen(int &exit_code, int other) {
  // A program that is wrong outranks one that could not be judged.
  if (exit_code == kExitOk || other == kExitProgram) exit_code = other;
}

static Result<object::Kconfig> read_kconfig(const std::string &source) {
  return source == "host" ? object::Kconfig::of_host() : object::Kconfig::of_file(source);
}

Result<void> provide_kconfig(object::Object &object, const std::string &source) {
  if (!object::reads_kconfig(object)) return {};
  if (source.empty()) return object::place_kconfig(object, nullptr);
  const auto values = read_kconfig(source);
  if (!values) return std::unexpected(values.error());
  return object::place_kconfig(object, &*values);
}

Result<std::vector<verifier::RefusedHelper>> helpers_refused_by(const std::string &source) {
  std::vector<verifier::RefusedHelper> refused;
  if (source.empty()) return refused;
  const auto values = read_kconfig(source);
  if (!values) return std::unexpected(values.error());
  for (const tables::HelperOption &row : tables::kHelperOptions)
    if ((values->find(row.option) == "y") != row.needed)
      refused.push_back({row.helper, fmt::format("was built {} `{}`", row.needed ? "without" : "with", row.option)});
  return refused;
}

// The types that ship, found by the names of their index.
static Result<object::Btf> frozen_types() {
  const auto image = btf::Image::view(btf::frozen_image());
  if (!image) return std::unexpected(image.error());
  auto types = object::Btf::parse_own(image->raw());
  if (!types) return types;
  types->set_index([image = *image](std::string_view name, object::BtfKind kind) -> std::optional<object::BtfId> {
    btf::NameSpace space = btf::NameSpace::Tag;
    if (kind == object::BtfKind::Func)
      space = btf::NameSpace::Function;
    else if (kind == object::BtfKind::Typedef)
      space = btf::NameSpace::Ordinary;
    else if (kind != object::BtfKind::Struct && kind != object::BtfKind::Union)
      return {};
    const btf::Entry *entry = image.find(space, name);
    if (entry == nullptr) return object::BtfId{};
    // A union may hide a struct of its name, an enumerator a typedef.
    return image.type(entry->id).kind == kind ? std::optional(object::BtfId{entry->id}) : std::nullopt;
  });
  return types;
}

Result<const object::Btf *> KernelTypes::get(const std::string &where) {
  auto known = read_.find(where);
  if (known == read_.end()) {
    // The cached index of a kernel holds what C can name; the functions that programs are attached to are not in it.
    const auto read = [&]() -> Result<object::Btf> {
      if (where.empty()) return frozen_types();
      return object::Btf::read(where == "host" ? std::string(btf::kHostBtf) : where);
    };
    known = read_.emplace(where, read()).first;
  }
  if (!known->second) return std::unexpected(known->second.error());
  return &*known->second;
}

Result<const object::CoreTarget *> KernelTypes::target(const std::string &where) {
  if (const auto made = targets_.find(where); made != targets_.end()) return &made->second;
  if (const auto known = get(where); !known) return std::unexpected(known.error());
  object::Btf &btf = *read_.find(where)->second;
  const object::CoreTarget &target = targets_.emplace(where, object::CoreTarget(btf)).first->second;
  // The types that ship have an index of their own.
  if (!where.empty())
    btf.set_index([&target](std::string_view name, object::BtfKind kind) { return target.find(name, kind); });
  return &target;
}

Result<void> relocate_for(object::Object &object, const std::string &btf, KernelTypes &types) {
  if (btf.empty()) return {};
  if (const auto known = types.get(btf); !known) return std::unexpected(known.error());
  // To know a kernel's types by name takes as long as to verify most programs.
  if (std::ranges::all_of(object.code_info, [](const object::CodeInfo &info) { return info.core.empty(); })) return {};
  const auto target = types.target(btf);
  if (!target) return std::unexpected(target.error());
  return object::relocate_core(object, **target);
}

namespace {

// Section names that people gave to programs before libbpf knew them by name, and that their loaders give a type: what
// the program takes says what it is. Where several types take the same, the one that is most used.
const tables::ProgramType *type_by_context(const object::Object &object, const object::ProgramEntry &entry) {
  using Row = std::pair<std::string_view, std::string_view>;
  static constexpr Row kPrefixes[] = {
      {"lwt_in", "lwt_in"}, {"lwt_out", "lwt_out"}, {"lwt_xmit", "lwt_xmit"}, {"len_hist", "lwt_out"}};
  static constexpr Row kContexts[] = {{"xdp_md", "xdp"},
                                      {"__sk_buff", "tc"},
                                      {"pt_regs", "kprobe"},
                                      {"bpf_sock_ops", "sockops"},
                                      {"sk_msg_md", "sk_msg"},
                                      {"bpf_perf_event_data", "perf_event"},
                                      {"bpf_sysctl", "cgroup/sysctl"},
                                      {"bpf_sk_lookup", "sk_lookup"},
                                      {"sk_reuseport_md", "sk_reuseport"},
                                      {"bpf_cgroup_dev_ctx", "cgroup/dev"},
                                      {"bpf_sock", "cgroup/sock"},
                                      {"bpf_nf_ctx", "netfilter"},
                                      {"bpf_raw_tracepoint_args", "raw_tp"}};
  for (const auto &[prefix, section] : kPrefixes)
    if (entry.section.starts_with(prefix)) return tables::find_program_type(section);
  const object::BtfId function = object.btf.find(object[entry.symbol].name, object::BtfKind::Func);
  if (!function) return nullptr;
  const auto params = object.btf.params(object.btf.type(function).type);
  if (params.size() != 1) return nullptr;
  const object::BtfType pointer = object.btf.type(object.btf.resolve(params[0].type));
  if (pointer.kind != object::BtfKind::Ptr) return nullptr;
  const std::string_view name = object.btf.type(object.btf.resolve(pointer.type)).name;
  for (const auto &[context, section] : kContexts)
    if (context == name) return tables::find_program_type(section);
  return nullptr;
}

const object::ProgramEntry *same_entry(const object::Object &object, const object::ProgramEntry &entry) {
  const auto found = std::ranges::find_if(object.programs, [&](const object::ProgramEntry &e) {
    return e.name == entry.name && e.section == entry.section;
  });
  return found == object.programs.end() ? nullptr : &*found;
}

// The object and the kernel's types that its programs are judged by. They are read only when a program needs them: most
// are judged by the object alone.
class Judge {
 public:
  // [object]: before its options are placed.
  Judge(const object::Object &object, const JudgeOptions &options, KernelTypes &types)
      : object_(object),
        options_(options),
        types_(types),
        has_core_(
            std::ranges::any_of(object.code_info, [](const object::CodeInfo &info) { return !info.core.empty(); })) {
    if (!may_relocate() || !object::reads_kconfig(object)) return;
    if (auto original = object::copy(object)) original_ = std::move(*original);
  }

  Result<Judged> run(const object::ProgramEntry &entry, const tables::ProgramType &type, const verifier::Options &how) {
    how_ = how;
    how_.relocated = !options_.btf.empty();
    how_.kernel_btf = kernel_;
    Result<Judged> own = linked(object_, entry, type);
    if (!own) return own;
    verify(*own);
    // Of the kernel that was named, what a program declares itself (the prototypes of kernel functions) does not count.
    const bool is_settled = own->verdict.kind == verifier::Verdict::Accept && !how_.relocated;
    if (!is_settled && kernel_ == nullptr && own->verdict.wants_kernel_types)
      if (const auto kernel = types_.get(options_.btf)) {
        how_.kernel_btf = kernel_ = *kernel;
        verify(*own);
      }
    if (own->verdict.kind == verifier::Verdict::Accept || !may_relocate()) return own;
    if (has_core_) {
      Result<Judged> other = in_view(View::Frozen, frozen_, entry, type);
      if (other && other->verdict.kind == verifier::Verdict::Accept) return other;
    }
    // This machine's kernel is asked where nothing else says what the program is attached to, or which of its branches
    // for kernels of one version or another are alive.
    // What else is wrong with such a program may rest on what was not known.
    const bool cannot_judge = own->verdict.kind == verifier::Verdict::CannotJudge ||
                              std::ranges::any_of(own->verdict.rejections, [](const verifier::Rejection &rejection) {
                                return rejection.diagnostic.info->name == "NotModelled";
                              });
    if (!cannot_judge && !original_) return own;
    Result<Judged> other = in_view(View::Host, host_, entry, type);
    const bool is_better = other && (other->verdict.kind == verifier::Verdict::Accept ||
                                     (cannot_judge && other->verdict.kind == verifier::Verdict::Reject));
    return is_better ? std::move(other) : std::move(own);
  }

 private:
  bool may_relocate() const { return options_.may_relocate && options_.btf.empty(); }

  struct Relocated {
    bool is_tried = false;
    const object::Btf *types = nullptr;
    std::shared_ptr<object::Object> object;  // null: it cannot be had
  };

  Result<Judged> in_view(View view, Relocated &made, const object::ProgramEntry &entry,
                         const tables::ProgramType &type) {
    if (!made.is_tried) prepare(view, made);
    const object::ProgramEntry *same = made.object != nullptr ? same_entry(*made.object, entry) : nullptr;
    if (same == nullptr) return unsupported_error("{}: cannot be relocated", object_.path);
    Result<Judged> judged = linked(*made.object, *same, type);
    if (!judged) return judged;
    judged->object = made.object;
    judged->view = view;
    how_.relocated = true;
    how_.kernel_btf = made.types;
    verify(*judged);
    return judged;
  }

  void prepare(View view, Relocated &made) {
    made.is_tried = true;
    const char *where = view == View::Host ? "host" : "";
    const auto types = types_.get(where);
    if (!types) return;
    made.types = *types;
    auto copied = object::copy(original_ ? *original_ : object_);
    if (!copied) return;
    auto object = std::make_shared<object::Object>(std::move(*copied));
    if (has_core_) {
      const auto target = types_.target(where);
      if (!target || !object::relocate_core(*object, **target)) return;
    }
    // The options of this machine's kernel belong to it.
    const bool from_host = view == View::Host && options_.kconfig.empty();
    if ((from_host && provide_kconfig(*object, "host")) || provide_kconfig(*object, options_.kconfig))
      made.object = std::move(object);
  }

  static Result<Judged> linked(const object::Object &object, const object::ProgramEntry &entry,
                               const tables::ProgramType &type) {
    Result<object::Program> program = object::link(object, entry);
    if (!program) return std::unexpected(program.error());
    return Judged{.program = std::move(*program), .type = &type, .verdict = {}, .expected = {}, .object = {}};
  }

  void verify(Judged &one) const {
    one.how = how_;
    const auto begin = std::chrono::steady_clock::now();
    one.verdict = verifier::verify(one.program, *one.type, how_);
    one.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  const object::Object &object_;
  const JudgeOptions &options_;
  KernelTypes &types_;
  verifier::Options how_;  // of the program in work
  bool has_core_ = false;
  const object::Btf *kernel_ = nullptr;     // of options_.btf, once a program needed it
  std::optional<object::Object> original_;  // as it was before its options were placed; else [object_] is
  Relocated frozen_, host_;
};

}  // namespace

std::string_view word_of(const verifier::Verdict &verdict) {
  return verdict.kind == verifier::Verdict::Accept   ? "accepted"
         : verdict.kind == verifier::Verdict::Reject ? "rejected"
                                                     : "cannot judge";
}

void report_reasons(const Judged &judged, const SourceManager &sources, Console &console) {
  for (const verifier::Rejection &rejection : judged.verdict.rejections) console.report(sources, rejection.diagnostic);
}

std::vector<Judged> judge(object::Object &object, const SourceManager &sources, const JudgeOptions &options,
                          KernelTypes &types, Console &console, int &exit_code) {
  exit_code = kExitOk;
  std::vector<Judged> judged;
  Judge judge(object, options, types);
  if (auto provided = provide_kconfig(object, options.kconfig); !provided) {
    exit_code = console.fail(provided.error());
    return judged;
  }
  bool found = false;
  for (const object::ProgramEntry &entry : object.programs) {
    if (!options.asks_for(entry)) continue;
    if (options.leave_optional && !object::is_wanted(entry, options.program)) {
      console.status("{} ({}) is not loaded: --prog {} asks for it", entry.name, entry.section, entry.name);
      continue;
    }
    found = true;
    const tables::ProgramType *type = tables::find_program_type(entry.section);
    if (options.user_side_alone && (type == nullptr || !(type->flags & tables::kUserSideProgram))) continue;
    if (type == nullptr && !options.type.empty()) type = tables::find_program_type(options.type);
    const bool is_guessed = type == nullptr && options.may_relocate;
    if (is_guessed) type = type_by_context(object, entry);
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
    verifier::Options how = options.verifier;
    Expectation expected;
    if (options.expect) {
      expected = expectation_of(object, entry.name);
      how.strict_alignment = (expected.flags & BPF_F_STRICT_ALIGNMENT) != 0;
      how.sleepable = (expected.flags & BPF_F_SLEEPABLE) != 0;
    }
    Result<Judged> result = judge.run(entry, *type, how);
    if (!result) {
      worsen(exit_code, console.fail(result.error()));
      continue;
    }
    Judged one = std::move(*result);
    one.is_guessed = is_guessed;
    if (options.expect) {
      one.expected = std::move(expected);
      judged.push_back(std::move(one));
      continue;
    }
    if (options.report) report_reasons(one, sources, console);
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
      error.message = options.section.empty() && options.program.empty()
                          ? fmt::format("{}: every program is optional, and none was asked for", object.path)
                          : fmt::format("{}: no program fits --section or --prog", object.path);
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
