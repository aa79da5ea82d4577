// One value, formatted by its BTF type: what a run prints for a map's keys and values.
//
//     { .pid = 12, .comm = "sh", .state = TASK_RUNNING }
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "backend/object/btf.h"

namespace spile::object {

// Integers in decimal by their sign, bool as true or false, a char array up to its NUL as an escaped string, other
// arrays as [1, 2], enums by name, structs and unions with their members, bitfields, pointers in hex. A value whose
// type is unknown, or longer than its bytes, is printed as bytes in hex: `de ad be ef`.
std::string format_value(const Btf &btf, BtfId type, std::span<const std::byte> bytes);

// The bits of a bitfield of a struct that lies in [bytes], as a number without a sign. None when they lie elsewhere or
// are more than 64.
std::optional<uint64_t> bitfield_of(const BtfMember &member, std::span<const std::byte> bytes);

}  // namespace spile::object
