// Run by the build: make_frozen BTF IMAGE writes the image of the BTF that ships.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "frontend/btf/build_image.h"

int main(int argc, char **argv) {
  if (argc != 3) return fmt::print(stderr, "usage: make_frozen BTF IMAGE\n"), 2;
  std::ifstream in(argv[1], std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  const auto image = spile::btf::build_image(std::as_bytes(std::span(bytes)), 0);
  if (!image) return fmt::print(stderr, "{}: {}\n", argv[1], image.error().message), 1;
  std::ofstream out(argv[2], std::ios::binary);
  out.write(reinterpret_cast<const char *>(image->data()), static_cast<std::streamsize>(image->size()));
  out.close();
  return out ? 0 : (fmt::print(stderr, "{}: cannot be written\n", argv[2]), 1);
}
