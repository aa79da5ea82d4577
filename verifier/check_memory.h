// An access to memory, as the parts of check_memory see it.
#pragma once

#include "verifier/check.h"

namespace spile::verifier {

struct Request {
  uint32_t insn;
  unsigned reg;
  const RegState &pointer;
  int64_t off;  // of the instruction, without the pointer's own
  uint64_t size;
  bool write;
  bool may_be_empty = false;
  bool sign_extends = false;
  bool by_helper = false;

  Failure failure(Cause cause, std::string kernel) const {
    return {.cause = cause,
            .insn = insn,
            .kernel = std::move(kernel),
            .reg = static_cast<int>(reg),
            .state = pointer,
            .off = off + pointer.off,
            .size = size,
            .map = pointer.target,
            .write = write};
  }
};

// Whether a program of this type may change the packet through a pointer (may_access_direct_pkt_data).
bool may_write_packet(const tables::ProgramType &type);

// check_context.cpp
std::optional<Failure> check_context(const Env &env, const Request &a);
std::optional<Failure> check_socket(const Request &a);
std::optional<Failure> check_flow_keys(const Request &a);
std::optional<Failure> check_buffer(const Request &a);
tables::CtxKind fields_of_socket(RegType type);

}  // namespace spile::verifier
