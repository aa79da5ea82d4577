// Links and verifies the programs of an object. Everything that runs has passed here.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/object/core_relocate.h"
#include "backend/object/object.h"
#include "driver/console.h"
#include "driver/expectations.h"
#include "lang-spec/tables/tables.h"
#include "verifier/verifier.h"

namespace spile::driver {

// Which kernel's types a verdict was found with.
enum class View : uint8_t {
  Own,     // the object's numbers as they stand: those of its own types, or of the kernel that --btf named
  Frozen,  // relocated to the types that ship with Spile
  Host,    // relocated to the types of this machine's kernel, with its options
};

struct Judged {
  object::Program program;
  const tables::ProgramType *type = nullptr;
  verifier::Verdict verdict;
  verifier::Options how;  // it was found with; the types are those of KernelTypes
  Expectation expected;   // with JudgeOptions::expect
  View view = View::Own;
  bool is_guessed = false;                       // the type, by the context that the program takes
  double seconds = 0;                            // that the verdict took
  std::shared_ptr<const object::Object> object;  // what [program] points into, where it was relocated
};

// The types of kernels, each read once, when they are first asked for: "host", a file of BTF or with a .BTF section;
// empty: those that ship with Spile.
class KernelTypes {
 public:
  Result<const object::Btf *> get(const std::string &where);
  // The same by names, for relocations; from then on whoever looks for a name there finds it sooner.
  Result<const object::CoreTarget *> target(const std::string &where);

 private:
  std::map<std::string, Result<object::Btf>> read_;
  std::map<std::string, object::CoreTarget> targets_;
};

struct JudgeOptions {
  std::string section, program;  // judge only these; empty: all
  bool user_side_alone = false;  // and only handlers: a kernel judges the others
  std::string type;              // the section whose program type is taken for programs in sections of no known type
  std::string btf;               // where the types of the kernel come from: see btf::Source
  bool leave_optional = false;   // programs of SEC("?...") count only when [program] names them, as libbpf loads them
  bool expect = false;           // programs say what they expect: nothing is reported, and their flags hold
  bool report = true;            // tell the reasons; else only the verdicts hold them
  std::string kconfig;           // see provide_kconfig()
  // Where the object's own numbers do not give an accept, ask as what it becomes on the kernel of the frozen types, and
  // what those cannot tell (the arguments of fentry), on this machine's kernel. For verdicts alone, not to run.
  bool may_relocate = false;
  verifier::Options verifier;

  bool asks_for(const object::ProgramEntry &entry) const {
    return (section.empty() || entry.section == section) && (program.empty() || entry.name == program);
  }
};

// Where the values of `extern __kconfig` come from: "host", a file, or empty: from nowhere, and what is verified then
// holds for every configuration.
Result<void> provide_kconfig(object::Object &object, const std::string &source);
// The helpers that a kernel of that configuration does not have or refuses; none where [source] is empty.
Result<std::vector<verifier::RefusedHelper>> helpers_refused_by(const std::string &source);

// Puts the numbers of another kernel's types where CO-RE relocates them: "host", or a file of BTF or with a .BTF
// section; empty: the numbers of the object's own types stay.
Result<void> relocate_for(object::Object &object, const std::string &btf, KernelTypes &types);

// The programs with their verdicts. [exit_code] is kExitOk when every one was accepted; else what the worst of them
// asks for, and the reasons were reported. A link error, an unknown section or no program at all are errors too.
// [object]: as compiled or read; its options were not provided yet.
std::vector<Judged> judge(object::Object &object, const SourceManager &sources, const JudgeOptions &options,
                          KernelTypes &types, Console &console, int &exit_code);

// "accepted", "rejected", "cannot judge".
std::string_view word_of(const verifier::Verdict &verdict);

void report_reasons(const Judged &judged, const SourceManager &sources, Console &console);

}  // namespace spile::driver
