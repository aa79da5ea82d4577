# Writes OUT, a C++ file with the text of every header under SOURCE and GENERATED, sorted by path: shipped_headers().
# A raw string, so that the file reads like the headers; none is longer than a compiler must take.
foreach(dir ${SOURCE} ${GENERATED})
  file(GLOB_RECURSE found RELATIVE ${dir} ${dir}/*.h)
  foreach(path ${found})
    set(file_of_${path} ${dir}/${path})
    list(APPEND paths ${path})
  endforeach()
endforeach()
list(SORT paths COMPARE STRING)
set(rows "")
foreach(path ${paths})
  file(READ ${file_of_${path}} text)
  string(APPEND rows "    {\"${path}\",\n     R\"header(${text})header\"sv},\n")
endforeach()
file(WRITE ${OUT} "#include <array>\n\n#include \"frontend/pp/headers.h\"\n\nnamespace spile::pp {\n\n"
  "using namespace std::string_view_literals;  // the compiler knows the lengths; it need not count\n\n"
  "static constexpr auto kHeaders = std::to_array<ShippedHeader>({\n${rows}});\n\n"
  "std::span<const ShippedHeader> shipped_headers() { return kHeaders; }\n\n}  // namespace spile::pp\n")
