// What `spile exec` gives to a program: memory, a packet, a context, as they are written on the command line.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/isa/insn.h"
#include "backend/object/object.h"
#include "lang-spec/tables/tables.h"
#include "runtime/session/trial.h"
#include "support/result.h"

namespace spile::driver {

// Pairs of hexadecimal digits; white space between them is skipped. [what] names the option, for messages.
Result<std::vector<std::byte>> parse_hex(std::string_view text, std::string_view what);
// Hexadecimal digits, or else the name of a file whose bytes they are.
Result<std::vector<std::byte>> read_bytes(const std::string &text, std::string_view what);
Result<std::vector<isa::Insn>> decode_insns(std::span<const std::byte> bytes, std::string_view what);

// An Ethernet frame in hexadecimal, or FILE.pcap, or FILE.pcap#N (from 1) of a capture.
Result<void> read_packet(const std::string &text, session::TrialInput &input);

// `name=value`, `name[index]=value` of each text. Names are those of the program type's context (`spile tables
// contexts`), or, where that is a record of the hook (tracepoints), of the struct that the program takes.
Result<std::vector<session::CtxValue>> parse_ctx(std::span<const std::string> texts, const object::Program &program,
                                                 const tables::ProgramType &type);

// The context that --mem does not give: zeros, as many as the type's context has, or the struct that the program takes.
std::vector<std::byte> empty_context(const object::Program &program, const tables::ProgramType &type);

}  // namespace spile::driver
