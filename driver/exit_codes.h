// The exit codes of every command: the contract of `spile --help` and spile(1).
#pragma once

#include "support/check.h"
#include "support/result.h"

namespace spile::driver {

enum ExitCode : int {
  kExitOk = 0,           // also after Ctrl-C, TERM, HUP: ending a trace is no error
  kExitProgram = 1,      // the user's program is wrong: preprocessor, parser, types, verifier, a failed test
  kExitUsage = 2,        // the command line is wrong
  kExitEnvironment = 3,  // the host says no: privilege, a missing file, no such hook
  kExitRuntime = 4,      // trouble at run time, under --strict
  kExitCannotJudge = 5,  // the program uses what the verifier does not model yet; never "accept"
  kExitInternal = kExitBug,
  // With -c the exit code is the child's (128 + signal when it was killed), so our own failures use the shell's codes.
  kExitChildFailed = 125,
  kExitChildNotExecutable = 126,
  kExitChildNotFound = 127,
};

constexpr int exit_code(Error::Kind kind) {
  switch (kind) {
    case Error::Kind::Input:
      return kExitProgram;
    case Error::Kind::Usage:
      return kExitUsage;
    case Error::Kind::Environment:
      return kExitEnvironment;
    case Error::Kind::Unsupported:
      return kExitCannotJudge;
  }
  return kExitInternal;
}

}  // namespace spile::driver
