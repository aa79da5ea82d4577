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
set(texts "")
set(rows "")
set(number 0)
foreach(path ${paths})
  file(READ ${file_of_${path}} text)
  string(APPEND texts "static constexpr char kText${number}[] = R\"header(${text})header\";\n")
  string(APPEND rows "    {\"${path}\", {kText${number}, sizeof kText${number} - 1}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT} "#include <array>\n\n#include \"frontend/pp/headers.h\"\n\nnamespace spile::pp {\n\n"
  "// The texts are arrays, so that the paths, which are literals, lie together: a search reads few pages.\n${texts}\n"
  "static constexpr auto kHeaders = std::to_array<ShippedHeader>({\n${rows}});\n\n"
  "std::span<const ShippedHeader> shipped_headers() { return kHeaders; }\n\n}  // namespace spile::pp\n")
