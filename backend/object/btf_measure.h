// Can libbpf print this BTF as C in bounded time and stack?
//
// btf_dump trusts its input: it recurses through arrays, qualifiers and embedded structs, writes an unnamed struct
// wherever it is used, and fills a gap of n bytes with up to n members. In a hostile file each of these can be made to
// go on for ever, so dump_btf measures first.
#pragma once

#include "backend/object/btf.h"

namespace spile::object {

bool is_printable(const Btf &btf);

}  // namespace spile::object
