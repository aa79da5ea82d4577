// A probe in the short form that does nothing but read what hooks point to, so that a recording has it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace spile::driver {

// Whether [word] is a hook, as in SEC() or a pattern of tracepoints.
bool names_hook(std::string_view word);
// Of system calls that begin, each text is read; of others the record is all there is.
std::string recording_probe(std::span<const std::string> hooks);

}  // namespace spile::driver
