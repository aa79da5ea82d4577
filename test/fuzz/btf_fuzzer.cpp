// Bytes of any kind as BTF, and as an index of BTF that a cache gave back: importing all of its types may fail, never
// crash or hang. Seeds: the .BTF of small objects, raw.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "frontend/btf/build_image.h"
#include "frontend/btf/importer.h"
#include "support/arena.h"
#include "support/check.h"
#include "support/source.h"

using namespace spile;

static void import_all(const spile::btf::Image &image) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  Arena arena;
  types::Context context(arena);
  spile::btf::Importer importer(image, context, arena, diagnostics);
  importer.begin({}, true);
  constexpr uint32_t kMost = 5000;
  for (uint32_t id = 1; id < image.type_count() && id < kMost; id++) {
    const types::Type *t = importer.type(id);
    types::to_string(t);
    if (types::is_complete(t)) types::size_of(t);
    if (types::is_record(t)) types::find_field(*t->plain->record, "no such member");
    const std::string_view name = image.name_of(id, spile::btf::Entry::kTag, image.type(id).name);
    image.find(spile::btf::NameSpace::Tag, name);
    image.is_typedef(name);
  }
  image.nearest(spile::btf::NameSpace::Ordinary, "nearset");
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // A copy with the alignment that a file in memory has.
  const std::vector<std::byte> bytes(reinterpret_cast<const std::byte *>(data),
                                     reinterpret_cast<const std::byte *>(data) + size);
  if (const auto image = spile::btf::Image::view(bytes)) import_all(*image);
  const auto built = spile::btf::build_image(bytes, 1);
  if (!built) return 0;
  const auto image = spile::btf::Image::view(*built);
  SPILE_CHECK(image.has_value(), "an index that was built is not taken");
  import_all(*image);
  return 0;
}
