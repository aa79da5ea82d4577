#include "driver/emit_native.h"

namespace spile::driver {

std::optional<std::vector<std::byte>> emit_native(object::Object &object, const SourceManager &sources,
                                                  const std::string &btf, const std::string &march,
                                                  const std::string &soname, const vm::JitSettings &jit,
                                                  Console &console, int &exit_code) {
  const auto fail = [&](const Error &error) {
    exit_code = console.fail(error);
    return std::nullopt;
  };
  KernelTypes types;
  if (auto relocated = relocate_for(object, btf, types); !relocated) return fail(relocated.error());
  JudgeOptions judging;
  judging.btf = btf;
  judging.kconfig = "host";
  const std::vector<Judged> judged = judge(object, sources, judging, types, console, exit_code);
  if (exit_code != kExitOk) return std::nullopt;
  std::vector<const object::Program *> programs;
  for (const Judged &one : judged) programs.push_back(&one.program);
  const auto source = vm::CodeSource::find(jit);
  if (!source) return fail(source.error());
  auto library = vm::native_library(programs, object, **source, {march, soname});
  if (!library) return fail(library.error());
  return std::move(*library);
}

}  // namespace spile::driver
