// What bpftrace writes in front of and inside a body, and what it is in the short form: `@calls[comm] = count()` is
// `count(calls, comm)`, `/pid == 7/` is `if (pid == 7)`. Found so that a message can show it: nothing is translated.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "driver/short_form_tables.h"

namespace spile::driver {

struct ForeignWords {
  enum class Kind { Table, Variable };
  Kind kind;
  size_t begin, end;    // words
  std::string instead;  // what stands here for them; empty: there is nothing to write
};
// Those of a body or of C between probes, in their order.
std::vector<ForeignWords> foreign_words(std::span<const Word> words, size_t begin, size_t end);

// A filter behind the hooks of [head], what stands in front of a body: its first and last `/` in head.
struct Filter {
  size_t begin = std::string_view::npos, end = 0;
  bool exists() const { return begin != std::string_view::npos; }
};
Filter find_filter(std::string_view head);

// A condition of bpftrace in C: `comm == "cat"` is `streq(comm, "cat")`, `args.fd` is `ctx->fd`.
std::string condition_in_c(std::string_view condition);

}  // namespace spile::driver
