// Result<T>: a value, or an error that the host or the input caused, in words.
//
// Used below the front end, where there is no source location to point at: opening files, reading objects, creating
// maps, system calls. A caller that knows a location turns it into a diagnostic. [Kind] decides the exit code.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <utility>

namespace spile {

struct Error {
  enum class Kind {
    Input,        // what the user gave is wrong: a truncated object, an unknown section       (exit 1)
    Usage,        // the command line is wrong                                                 (exit 2)
    Environment,  // the host says no: privilege, missing file, a system call that failed      (exit 3)
    Unsupported,  // correct input that uses a feature which Spile does not have               (exit 5)
  };
  Kind kind = Kind::Input;
  std::string message;  // one sentence, lower case, no full stop; names the file and what was seen
  std::string hint;     // what to do about it; may be empty
  int os_error = 0;     // errno where a system call failed, else 0
};

template <class T>
using Result = std::expected<T, Error>;

// Makes the error side of a Result: return input_error("{}: truncated at byte {}", path, offset);
template <class... Args>
std::unexpected<Error> input_error(fmt::format_string<Args...> format, Args &&...args) {
  return std::unexpected(Error{Error::Kind::Input, fmt::format(format, std::forward<Args>(args)...), {}, 0});
}
template <class... Args>
std::unexpected<Error> usage_error(fmt::format_string<Args...> format, Args &&...args) {
  return std::unexpected(Error{Error::Kind::Usage, fmt::format(format, std::forward<Args>(args)...), {}, 0});
}
template <class... Args>
std::unexpected<Error> unsupported_error(fmt::format_string<Args...> format, Args &&...args) {
  return std::unexpected(Error{Error::Kind::Unsupported, fmt::format(format, std::forward<Args>(args)...), {}, 0});
}
// [os_error] is an errno; its text is appended to the message.
std::unexpected<Error> os_error(int os_error, std::string what);

}  // namespace spile
