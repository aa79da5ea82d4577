// Trial: one program on one input, as often as asked: what it returned, what it left behind, how long it took.
//
// Nothing in it depends on the machine: the clock is virtual, random numbers begin at the same seed, the maps are new.
// So two engines that are right give the same answer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/object/object.h"
#include "runtime/helpers/network_state.h"
#include "runtime/hooks/packet_context.h"
#include "runtime/session/session.h"
#include "runtime/vm/engine.h"
#include "support/result.h"

namespace spile::session {

// Bytes of a context: a number in the host's order.
struct CtxValue {
  uint32_t offset = 0, size = 0;
  uint64_t value = 0;
};

struct TrialInput {
  // What r1 points to. Programs of packets have a struct __sk_buff instead, made from the packet.
  std::vector<std::byte> ctx;
  std::vector<CtxValue> values;                     // put into the context, or that __sk_buff
  std::vector<std::byte> packet;                    // with the link header of [link_type], as libpcap numbers them
  int link_type = 1;                                // Ethernet
  hooks::Layer layer = hooks::Layer::Link;          // where socket filters see the packet begin; in the kernel: Network
  std::shared_ptr<const helpers::Network> network;  // that helpers are asked about; null: none
  uint64_t repeat = 1;                              // each run finds what the one before left
};

struct TrialResult {
  uint64_t r0 = 0;  // of the last run
  double ns_per_run = 0;
  std::optional<std::vector<std::byte>> memory;  // the context, or the packet, after the last run; none: not known
  std::string maps;                              // as `spile run` prints them
  std::string storage;                           // that of tasks, sockets, …, which is not compared
  std::optional<std::string> printed;            // by the first run; none: it went elsewhere
};
// How two answers differ, in words; empty when they do not, as far as both are known. Time is no difference.
std::string difference(const TrialResult &a, const TrialResult &b);

// Puts [values] into a context; those that lie outside of it are left out.
void put_values(std::span<const CtxValue> values, std::span<std::byte> ctx);

// Whether a userspace engine can run programs of this type on bytes that were made up: their context must hold no
// address of a kernel object that programs read through unasked.
bool can_be_tried(const tables::ProgramType &type);

// Runs programs[chosen]; the others are there for bpf_tail_call().
Result<TrialResult> try_program(const object::Object &object, std::span<const Accepted> programs, size_t chosen,
                                vm::Engine &engine, const TrialInput &input);
// The same in this machine's kernel, by BPF_PROG_TEST_RUN. What programs print goes where the kernel's does.
Result<TrialResult> try_in_kernel(const object::Object &object, std::span<const Accepted> programs, size_t chosen,
                                  const TrialInput &input);

}  // namespace spile::session
