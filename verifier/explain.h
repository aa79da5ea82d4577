// Explain: a failure in the terms of the source: what was needed, what was known, which path led there, what to change.
//
// In: the failure with its facts, and the path as the instructions it executed. Out: a Diagnostic whose place is the
// source line, notes for the cause and the way, hints, and last what the kernel would say.
#pragma once

#include "verifier/checkpoint.h"
#include "verifier/env.h"
#include "verifier/failure.h"

namespace spile::verifier {

Rejection explain(const Env &env, const Failure &failure, const Trail &trail, const State &state);

// The notes that show the way to the failure: where the path chose, shortest first. explain_path.cpp
void add_path_notes(const Env &env, const Failure &failure, const Trail &trail, Diagnostic &diagnostic);

// What a packet access lacks: notes and a hint. explain_packet.cpp
void explain_packet(const Env &env, const Failure &failure, const Trail &trail, const State &state, Diagnostic &d);

}  // namespace spile::verifier
