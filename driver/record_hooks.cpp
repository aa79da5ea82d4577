#include "driver/record_hooks.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include "lang-spec/tables/syscalls.h"
#include "lang-spec/tables/tables.h"

namespace spile::driver {

bool names_hook(std::string_view word) {
  return word.find('/') != std::string_view::npos && tables::find_program_type(word) != nullptr;
}

std::string recording_probe(std::span<const std::string> hooks) {
  std::string program;
  for (const std::string &hook : hooks) {
    const std::string pattern = hook.substr(hook.find('/') + 1);
    std::string calls;
    for (const tables::Syscall &syscall : tables::syscalls()) {
      const std::string name = fmt::format("syscalls/sys_enter_{}", syscall.tracepoint);
      if (syscall.number() < 0 || ::fnmatch(pattern.c_str(), name.c_str(), FNM_PATHNAME) != 0) continue;
      std::string body;
      for (const tables::SyscallArgument &argument : tables::arguments_of(syscall))
        if (argument.type == "const char *")
          body +=
              fmt::format(" {{ char text[SPILE_STRING_SIZE]; bpf_probe_read_user_str(text, sizeof(text), ctx->{}); }}",
                          argument.name);
      if (!body.empty()) calls += fmt::format("tracepoint/{} {{{} }}\n", name, body);
    }
    // The hook itself too: what begins without texts, what ends, and what is no system call.
    program += fmt::format("{}{} {{ }}\n", calls, hook);
  }
  return program;
}

}  // namespace spile::driver
