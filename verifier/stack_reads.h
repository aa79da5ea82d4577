// Stack reads: what of the stack a helper reads, and what of that was never written.
#pragma once

#include <cstdint>
#include <optional>

#include "verifier/domain/pointer.h"
#include "verifier/domain/state.h"
#include "verifier/env.h"

namespace spile::verifier {

// How much of the memory behind argument [arg], from 0, the helper reads at most; none where it is no memory.
std::optional<uint64_t> bytes_behind(const Env &env, const State &state, const tables::Helper &helper, unsigned arg);

// The first offset of the span that nothing was written to.
std::optional<int64_t> first_unwritten(const Stack &stack, const Span &span);

}  // namespace spile::verifier
