// Reread: the statements that make a pointer into the packet once more, behind a call that has moved the packet.
//
// In: the text of the source, the line in front of which they go, the pointer. Out: the statements as the lines above
// have them, without their types, and the comparison with the end of the packet; none where the text is not plain.
#pragma once

#include <string>
#include <string_view>

#include "driver/patch.h"

namespace spile::driver {

struct Reread {
  std::string statements;  // `data = (void *)(long)skb->data; data_end = (void *)(long)skb->data_end; eth = data;`
  std::string condition;   // `(void *)(eth + 1) > data_end`; empty: there is no such pointer
};

Reread reread(const Patch &text, uint32_t line, std::string_view pointer);

}  // namespace spile::driver
