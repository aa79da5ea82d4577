// Links and verifies the programs of an object. Everything that runs has passed here.
#pragma once

#include <string>
#include <vector>

#include "backend/object/object.h"
#include "driver/console.h"
#include "driver/expectations.h"
#include "lang-spec/tables/tables.h"
#include "verifier/verifier.h"

namespace spile::driver {

struct Judged {
  object::Program program;
  const tables::ProgramType *type = nullptr;
  verifier::Verdict verdict;
  Expectation expected;  // with JudgeOptions::expect
};

struct JudgeOptions {
  std::string section, program;  // judge only these; empty: all
  std::string type;              // the section whose program type is taken for programs in sections of no known type
  std::string btf;               // where the types of the kernel come from: see btf::Source
  bool expect = false;           // programs say what they expect: nothing is reported, and their flags hold
  verifier::Options verifier;
};

// Where the values of `extern __kconfig` come from: "host", a file, or empty: from nowhere, and what is verified then
// holds for every configuration.
Result<void> provide_kconfig(object::Object &object, const std::string &source);

// Puts the numbers of another kernel's types where CO-RE relocates them: "host", or a file of BTF or with a .BTF
// section; empty: the numbers of the object's own types stay.
Result<void> relocate_for(object::Object &object, const std::string &btf);

// The programs with their verdicts. [exit_code] is kExitOk when every one was accepted; else what the worst of them
// asks for, and the reasons were reported. A link error, an unknown section or no program at all are errors too.
std::vector<Judged> judge(const object::Object &object, const SourceManager &sources, const JudgeOptions &options,
                          Console &console, int &exit_code);

}  // namespace spile::driver
