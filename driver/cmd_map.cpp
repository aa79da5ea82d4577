// spile map VERB MAP ...: maps that outlive runs, as files of `spile run --pin` or in the kernel. The words are
// bpftool's, where that has them.
#include <linux/bpf.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "backend/object/print_value.h"
#include "backend/object/value.h"
#include "driver/arguments.h"
#include "driver/commands.h"
#include "lang-spec/tables/tables.h"
#include "runtime/kernel/named_map.h"
#include "runtime/session/output_format.h"
#include "runtime/session/print_maps.h"
#include "support/numbers.h"

namespace spile::driver {

namespace {

using kernel::NamedMap;
using Access = maps::MapFile::Access;
using Bytes = std::vector<std::byte>;

// What is left of the command line, word by word.
class Words {
 public:
  explicit Words(std::vector<std::string> words) : words_(std::move(words)) {}
  bool more() const { return next_ < words_.size(); }
  bool is(std::string_view word) const { return more() && words_[next_] == word; }
  bool skip(std::string_view word) {
    const bool found = is(word);
    next_ += found;
    return found;
  }
  std::string take() { return more() ? words_[next_++] : std::string(); }

 private:
  std::vector<std::string> words_;
  size_t next_ = 0;
};

// A char array, or a struct of one alone (what `comm` and `str()` give).
bool is_text(const object::Btf &btf, object::BtfId type) {
  const object::BtfType resolved = btf.type(btf.resolve(type));
  if (resolved.kind == object::BtfKind::Array) return object::is_character(btf, resolved.type);
  if (resolved.kind != object::BtfKind::Struct) return false;
  const auto members = btf.members(btf.resolve(type));
  return members.size() == 1 && btf.type(btf.resolve(members[0].type)).kind == object::BtfKind::Array &&
         is_text(btf, members[0].type);
}

// One word for all of it: a number, or a text.
std::optional<Bytes> by_type(const object::Btf &btf, object::BtfId type, uint32_t size, const std::string &word) {
  Bytes bytes(size);
  if (is_text(btf, type) && word.size() <= size) {
    std::memcpy(bytes.data(), word.data(), word.size());
    return bytes;
  }
  if (size > sizeof(uint64_t) || size == 0) return {};
  const std::optional<uint64_t> value = parse_number(word);
  if (!value) return {};
  // It fits when the bits that are cut off are zero, or copies of a sign.
  const unsigned cut = 64 - 8 * size;
  const bool is_negative = word.starts_with('-');
  if (is_negative ? static_cast<int64_t>(*value << cut) >> cut != static_cast<int64_t>(*value)
                  : *value << cut >> cut != *value)
    return {};
  std::memcpy(bytes.data(), &*value, size);
  return bytes;
}

// `key 1 0 0 0`, `key hex 01 00 00 00`, or one word by its type. Ends at [stop] or at the last word.
Result<Bytes> take_bytes(Words &words, const NamedMap &map, bool is_key) {
  const object::Map &declaration = map.declaration();
  const uint32_t size = is_key ? declaration.key_size : declaration.value_size;
  const std::string_view what = is_key ? "key" : "value";
  if (!words.skip(what)) {
    auto error = usage_error("the word `{}` is missing in front of what it is", what);
    error.error().hint = fmt::format("`{0} {1}`, or all {2} bytes: `{0} hex 01 ...`", what,
                                     words.more() ? words.take() : std::string("1"), size);
    return error;
  }
  const bool hex = words.skip("hex");
  const auto ends = [&] {
    return !words.more() || words.is("value") || words.is("any") || words.is("noexist") || words.is("exist");
  };
  std::vector<std::string> given;
  while (!ends()) given.push_back(words.take());
  if (!hex && given.size() == 1)
    if (auto bytes = by_type(map.types.btf, is_key ? declaration.key_type : declaration.value_type, size, given[0]))
      return *bytes;
  Bytes bytes;
  for (const std::string &word : given) {
    const auto byte = hex ? whole_number<uint64_t>(word, 16) : parse_number(word);
    if (!byte || *byte > 0xff) return usage_error("`{}` is no {} of {} bytes, and no byte of one", word, what, size);
    bytes.push_back(static_cast<std::byte>(*byte));
  }
  if (bytes.size() != size) return usage_error("the {} has {} bytes, and {} were given", what, size, bytes.size());
  return bytes;
}

Result<NamedMap> take_map(Words &words, Access access) {
  if (!words.more()) return usage_error("no map was named: a file, a path in bpffs, or `id NUMBER`");
  if (words.skip("id")) {
    const std::string word = words.take();
    const auto id = whole_number<uint32_t>(word);
    if (!id) return usage_error("`{}` is not the number of a map", word);
    return kernel::open_kernel_map(*id);
  }
  words.skip("pinned");  // as bpftool says it
  return kernel::open_map(words.take(), access);
}

Result<void> expect_end(Words &words) {
  if (words.more()) return usage_error("`{}` is one word too many", words.take());
  return {};
}

// What the map's functions give: 0 or -errno.
Result<void> checked(int64_t result, const NamedMap &map, std::string_view what) {
  if (result == 0) return {};
  if (result == -ENOENT) return input_error("`{}` has no element of this key", map.declaration().name);
  return os_error(static_cast<int>(-result), fmt::format("{} in `{}`", what, map.declaration().name));
}

std::string hex_of(const std::byte *bytes, size_t size) {
  std::string text;
  for (size_t i = 0; i < size; i++)
    text += fmt::format("{}{:02x}", i == 0 ? "" : " ", std::to_integer<unsigned>(bytes[i]));
  return text;
}

std::string hex_element(const NamedMap &map, const std::byte *key, const std::byte *values) {
  const object::Map &declaration = map.declaration();
  std::string text;
  if (key != nullptr) text = fmt::format("key: {}", hex_of(key, declaration.key_size));
  if (map.map->copies() == 1)
    return text + fmt::format("{}value: {}\n", key != nullptr ? "  " : "", hex_of(values, declaration.value_size));
  text += '\n';
  for (uint32_t cpu = 0; cpu < map.map->copies(); cpu++)
    text += fmt::format("value (CPU {:02}): {}\n", cpu,
                        hex_of(values + cpu * maps::round_up_8(declaration.value_size), declaration.value_size));
  return text;
}

struct Look {
  bool hex = false;
  std::string format = "text";
  std::vector<Error> troubles;  // with some of the maps, which do not keep the others from being shown
};

std::string summary(const NamedMap &map) {
  const object::Map &declaration = map.declaration();
  const tables::MapType *type = tables::find_map_type(declaration.type);
  const std::string where =
      map.id != 0 ? fmt::format("{}{}{}", map.id, map.path.empty() ? "" : " ", map.path) : map.path;
  return fmt::format("{}: {}  name {}  flags {:#x}{}\n\tkey {}B  value {}B  max_entries {}\n", where,
                     type == nullptr ? fmt::format("type {}", declaration.type) : std::string(type->spoken),
                     declaration.name, map.map->definition().map_flags, map.is_in_use ? "  in use" : "",
                     declaration.key_size, declaration.value_size, declaration.max_entries);
}

Result<std::string> list(Words &words, Look &look) {
  std::string text;
  if (words.is("id")) {
    const auto map = take_map(words, Access::Read);
    if (!map) return std::unexpected(map.error());
    return summary(*map);
  }
  if (!words.more()) {
    const auto ids = kernel::kernel_maps();
    if (!ids) {
      Error error = ids.error();
      error.hint = "`spile map list FOLDER` lists what lies there, without root";
      return std::unexpected(error);
    }
    for (const uint32_t id : *ids)
      if (auto map = kernel::open_kernel_map(id)) text += summary(*map);  // it may be gone by now
    return text;
  }
  while (words.more()) {
    const std::string path = words.take();
    std::vector<std::string> paths{path};
    if (std::error_code error; std::filesystem::is_directory(path, error)) {
      auto found = kernel::maps_in(path);
      if (!found) {
        look.troubles.push_back(found.error());
        continue;
      }
      paths = std::move(*found);
    }
    for (const std::string &one : paths) {
      const auto map = kernel::open_map(one, Access::Read);
      if (map)
        text += summary(*map);
      else
        look.troubles.push_back(map.error());
    }
  }
  return text;
}

Result<std::string> dump(Words &words, Look &look) {
  auto map = take_map(words, Access::Read);
  if (!map) return std::unexpected(map.error());
  if (auto end = expect_end(words); !end) return std::unexpected(end.error());
  if (!look.hex) {
    const auto format = session::make_output_format(look.format, {});
    if (format == nullptr) return usage_error("-f takes text, json, csv or openmetrics, not `{}`", look.format);
    const session::Display display = session::displays_of(map->types).front();
    std::string text = format->map(map->types, map->declaration(), display, *map->map);
    return text + format->end();
  }
  std::string text;
  uint64_t count = 0;
  map->map->for_each([&](const std::byte *key, std::byte *values) {
    text += hex_element(*map, key, values);
    count++;
    return false;
  });
  return text + fmt::format("Found {} element{}\n", count, count == 1 ? "" : "s");
}

Result<std::string> lookup(Words &words, Look &look) {
  auto map = take_map(words, Access::Read);
  if (!map) return std::unexpected(map.error());
  const auto key = take_bytes(words, *map, true);
  if (!key) return std::unexpected(key.error());
  if (auto end = expect_end(words); !end) return std::unexpected(end.error());
  const std::byte *values = map->map->lookup(key->data());
  std::string text;
  if (look.hex && values != nullptr)
    text = hex_element(*map, key->data(), values);
  else
    session::print_element(map->types, map->declaration(), *map->map, key->data(), text);
  if (auto found = checked(values == nullptr ? -ENOENT : 0, *map, "lookup"); !found)
    return std::unexpected(found.error());
  return text;
}

Result<std::string> update(Words &words, Look &) {
  auto map = take_map(words, Access::Update);
  if (!map) return std::unexpected(map.error());
  const auto key = take_bytes(words, *map, true);
  if (!key) return std::unexpected(key.error());
  const auto value = take_bytes(words, *map, false);
  if (!value) return std::unexpected(value.error());
  const uint64_t flags = words.skip("noexist") ? uint64_t{BPF_NOEXIST}
                         : words.skip("exist") ? uint64_t{BPF_EXIST}
                                               : BPF_ANY;
  if (flags == BPF_ANY) words.skip("any");
  if (auto end = expect_end(words); !end) return std::unexpected(end.error());
  if (auto done = checked(map->map->update(key->data(), value->data(), flags), *map, "update"); !done)
    return std::unexpected(done.error());
  return std::string();
}

Result<std::string> erase(Words &words, Look &) {
  auto map = take_map(words, Access::Update);
  if (!map) return std::unexpected(map.error());
  const auto key = take_bytes(words, *map, true);
  if (!key) return std::unexpected(key.error());
  if (auto end = expect_end(words); !end) return std::unexpected(end.error());
  if (auto done = checked(map->map->erase(key->data()), *map, "delete"); !done) return std::unexpected(done.error());
  return std::string();
}

// Of queues, stacks and filters, which have values without keys.
Result<std::string> push(Words &words, Look &) {
  auto map = take_map(words, Access::Update);
  if (!map) return std::unexpected(map.error());
  const auto value = take_bytes(words, *map, false);
  if (!value) return std::unexpected(value.error());
  if (auto end = expect_end(words); !end) return std::unexpected(end.error());
  const int64_t result = map->map->push(value->data(), BPF_ANY);
  if (result == -E2BIG) return input_error("`{}` is full", map->declaration().name);
  if (auto done = checked(result, *map, "push"); !done) return std::unexpected(done.error());
  return std::string();
}

Result<std::string> take_value(Words &words, const Look &look, bool remove) {
  auto map = take_map(words, remove ? Access::Update : Access::Read);
  if (!map) return std::unexpected(map.error());
  const object::Map &declaration = map->declaration();
  Bytes value(declaration.value_size);
  // A filter is asked for the value that it is given.
  const bool is_filter = declaration.type == BPF_MAP_TYPE_BLOOM_FILTER;
  if (is_filter) {
    auto asked = take_bytes(words, *map, false);
    if (!asked) return std::unexpected(asked.error());
    value = std::move(*asked);
  }
  if (auto end = expect_end(words); !end) return std::unexpected(end.error());
  const int64_t result = remove ? map->map->pop(value.data()) : map->map->peek(value.data());
  if (result == -ENOENT) return input_error("`{}` {}", declaration.name, is_filter ? "has not seen it" : "is empty");
  if (auto done = checked(result, *map, remove ? "pop" : "peek"); !done) return std::unexpected(done.error());
  if (is_filter) return fmt::format("`{}` has seen it, or looks so\n", declaration.name);
  if (look.hex || !declaration.value_type) return fmt::format("value: {}\n", hex_of(value.data(), value.size()));
  return object::format_value(map->types.btf, declaration.value_type, value) + "\n";
}
Result<std::string> peek(Words &words, Look &look) { return take_value(words, look, false); }
Result<std::string> pop(Words &words, Look &look) { return take_value(words, look, true); }

Result<std::string> pin(Words &words, Look &) {
  auto map = take_map(words, Access::Read);
  if (!map) return std::unexpected(map.error());
  const std::string path = words.take();
  if (path.empty()) return usage_error("`spile map pin` needs the new path");
  if (auto end = expect_end(words); !end) return std::unexpected(end.error());
  if (auto pinned = kernel::pin_map(*map, path); !pinned) return std::unexpected(pinned.error());
  return std::string();
}

struct Verb {
  std::string_view name;
  Result<std::string> (*run)(Words &, Look &);
};
constexpr Verb kVerbs[] = {{"list", list},     {"show", list},    {"dump", dump},   {"lookup", lookup},
                           {"update", update}, {"delete", erase}, {"pin", pin},     {"push", push},
                           {"enqueue", push},  {"pop", pop},      {"dequeue", pop}, {"peek", peek}};

}  // namespace

int command_map(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage =
      "spile map list [FOLDER|MAP...]\n"
      "       spile map dump [--hex | -f FORMAT] MAP\n"
      "       spile map lookup [--hex] MAP key KEY\n"
      "       spile map update MAP key KEY value VALUE [any|exist|noexist]\n"
      "       spile map delete MAP key KEY\n"
      "       spile map push MAP value VALUE\n"
      "       spile map pop|peek [--hex] MAP\n"
      "       spile map pin MAP PATH";
  line.about =
      "Works on maps that outlive a run: files that `spile run --pin FOLDER` keeps, which need no root, and the\n"
      "kernel's. MAP is such a file, a path in bpffs, or `id NUMBER` of the kernel. KEY and VALUE are a number or a\n"
      "text where their type is one, or all of their bytes, in decimal or behind `hex`. Elements are shown by the\n"
      "types in BTF, those of arrays that are zero left out; --hex shows all of them as bytes. Without a FOLDER, list\n"
      "is about the kernel's maps. A file that a run works with is read, and its arrays are updated; the elements of\n"
      "its other maps are changed when the run is over. push (enqueue), pop (dequeue) and peek are for queues, stacks "
      "and\n"
      "bloom filters; peek asks a filter for the VALUE behind it. pin gives a map one more name.";
  line.footer =
      "  spile run --pin kept killsnoop.bpf.c -c make\n"
      "  spile map dump kept/kills\n"
      "  spile map update kept/limits key 0 value 100";
  line.add_common();
  line.options.add_options()("hex", "show bytes, as bpftool does")(
      "format,f", po::value<std::string>()->value_name("FORMAT"),
      "of dump: text (the default), json, csv or openmetrics");
  line.hidden.add_options()("word", po::value<std::vector<std::string>>());
  line.positional.add("word", -1);
  int code = kExitOk;
  // From the key on, a word with a minus is a number and no option.
  const auto key = std::ranges::find_if(arguments, [](const auto &word) { return word == "key" || word == "value"; });
  const auto values = line.parse(Arguments(arguments.begin(), key), console, code);
  if (!values) return code;
  std::vector<std::string> given;
  if (values->contains("word")) given = (*values)["word"].as<std::vector<std::string>>();
  given.insert(given.end(), key, arguments.end());
  Words words(std::move(given));
  Look look{.hex = values->contains("hex")};
  if (values->contains("format")) look.format = (*values)["format"].as<std::string>();
  const std::string name = words.take();
  const Verb *verb = std::ranges::find(kVerbs, std::string_view(name), &Verb::name);
  if (verb == std::end(kVerbs))
    return console.usage("`spile map` takes list, dump, lookup, update, delete, push, pop, peek or pin{}",
                         name.empty() ? "" : fmt::format(", not `{}`", name));
  const Result<std::string> text = verb->run(words, look);
  if (!text) return console.fail(text.error());
  console.print(*text);
  for (const Error &trouble : look.troubles) code = console.fail(trouble);
  return code;
}

}  // namespace spile::driver
