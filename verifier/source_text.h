// What a line of C says, without a parser: line info carries text, and a name in it is worth more than a register. Each
// function gives the empty string where the line is not of the shape that it knows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace spile::verifier {

// "path->dentry" is one; "f(x)", "a + b" and "4" are none: what can be compared without doing anything.
bool is_plain_name(std::string_view text);

// Whether [name] stands in the line as a word of its own.
bool names(std::string_view line, std::string_view name);

// The variable that a line assigns: "v" of `struct value *v = bpf_map_lookup_elem(&m, &k);`.
std::string_view assigned_name(std::string_view line);
// The statement that [column] (from 1) lies in, where a line holds several.
std::string_view statement_at(std::string_view line, uint32_t column);

// What it assigns: "bpf_map_lookup_elem(&m, &k)".
std::string_view assigned_value(std::string_view line);

// The pointer that the access at [column] (from 1) goes through: "eth" of `eth->h_proto == 8`, of `eth[i]`, of `*eth =
// 1`.
std::string_view pointer_at(std::string_view line, uint32_t column);
// The same of a store: what is computed for it may stand at [column], behind the `=`.
std::string_view pointer_written(std::string_view line, uint32_t column);
// The index of the access there: "i" of `eth[i]`.
std::string_view index_at(std::string_view line, uint32_t column);

// Argument [number] (from 1) of the call of [function] in the line.
std::string_view argument_of(std::string_view line, std::string_view function, unsigned number);

// What stands between the bracket at [at] and the one that closes it.
std::string_view bracketed(std::string_view line, size_t at);

// The two sides of the first sum of plain names in [expression]: "ipv6" and "1" of `(void *)(ipv6 + 1)`.
struct Sum {
  std::string_view left, right;
};
Sum sum_in(std::string_view expression);

}  // namespace spile::verifier
