// The frozen BTF, as an image, among the read-only data of the binary: pages of it are read when they are first used.
#include "frontend/btf/sources.h"

asm(R"(
  .pushsection .rodata.spile_frozen_btf, "a", @progbits
  .balign 4096
  .globl spile_frozen_btf_begin
  .hidden spile_frozen_btf_begin
  .globl spile_frozen_btf_end
  .hidden spile_frozen_btf_end
spile_frozen_btf_begin:
  .incbin ")" SPILE_FROZEN_IMAGE R"("
spile_frozen_btf_end:
  .popsection
)");
extern "C" const std::byte spile_frozen_btf_begin[], spile_frozen_btf_end[];

namespace spile::btf {

std::span<const std::byte> frozen_image() { return {spile_frozen_btf_begin, spile_frozen_btf_end}; }

}  // namespace spile::btf
