// The JIT as an engine: compiled code (code_source.h) that is called as a program.
#pragma once

#include <memory>
#include <string>

#include "runtime/vm/code_source.h"
#include "runtime/vm/engine.h"

namespace spile::vm {

Result<std::unique_ptr<Engine>> make_jit(const JitSettings &settings, HelperResolver resolve = helper_function);

// A program's code as something that runs. [told]: CodeSource::tell().
std::unique_ptr<Loaded> run_code(Code code, HelperResolver resolve, std::unique_ptr<GdbCode> told);

// An engine from the plugin at [path], which is opened at once. Environment error when it cannot be or has another
// version.
Result<std::unique_ptr<Engine>> open_jit(const std::string &path, HelperResolver resolve);

}  // namespace spile::vm
