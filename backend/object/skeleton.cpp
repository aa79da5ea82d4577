#include "backend/object/skeleton.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "backend/object/libbpf_listener.h"

namespace spile::object {

namespace {

// The names that libbpf gives to maps of global data begin with a part of the object's.
constexpr std::string_view kDataSections[] = {".data", ".rodata", ".bss", ".kconfig"};

std::string identifier(std::string_view text) {
  std::string name(text);
  for (char &c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

// Every @ of [text] is the skeleton's name.
std::string with_name(std::string_view text, std::string_view name) {
  std::string out;
  for (const char c : text) {
    if (c == '@')
      out += name;
    else
      out += c;
  }
  return out;
}

// "rodata_mine" of a section ".rodata.mine".
std::optional<std::string> section_identifier(std::string_view section) {
  for (const std::string_view known : kDataSections)
    if (section.starts_with(known)) return identifier(section.substr(1));
  return std::nullopt;
}

// None for internal maps of which nobody knows what they are.
std::optional<std::string> map_identifier(const bpf_map *map) {
  const std::string_view name = bpf_map__name(map);
  if (!bpf_map__is_internal(map)) return std::string(name);
  for (const std::string_view known : kDataSections)
    if (const size_t at = name.find(known); at != std::string_view::npos) return identifier(name.substr(at + 1));
  return std::nullopt;
}

bool is_mapped(const bpf_map *map) {
  return bpf_map__is_internal(map) && (bpf_map__map_flags(map) & BPF_F_MMAPABLE) != 0;
}

struct Dump {  // what libbpf prints of types
  std::string text;
  static void print(void *to, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    const int size = std::vsnprintf(nullptr, 0, format, again);
    va_end(again);
    std::string &text = static_cast<Dump *>(to)->text;
    const size_t end = text.size();
    text.resize(end + static_cast<size_t>(std::max(size, 0)) + 1);
    std::vsnprintf(text.data() + end, static_cast<size_t>(std::max(size, 0)) + 1, format, arguments);
    text.pop_back();
  }
};

struct Variable {
  std::string name;
  uint32_t type = 0;
  int64_t offset = 0, size = 0;
};

class Skeleton {
 public:
  Skeleton(bpf_object *object, std::span<const std::byte> elf, const std::string &name)
      : object_(object), btf_(bpf_object__btf(object)), elf_(elf), name_(name) {}

  Result<std::string> write() {
    std::string guard = fmt::format("__{}_SKEL_H__", name_);
    for (char &c : guard) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    out_ = fmt::format(
        "/* SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause) */\n\n"
        "/* Made by spile build --emit=skel. */\n"
        "#ifndef {0}\n#define {0}\n\n"
        "#include <errno.h>\n#include <stdlib.h>\n#include <bpf/libbpf.h>\n\n",
        guard);
    put("struct @ {\n\tstruct bpf_object_skeleton *skeleton;\n\tstruct bpf_object *obj;\n");
    declare_members();
    if (auto declared = declare_variables(); !declared) return std::unexpected(declared.error());
    put(kFunctions);
    make_skeleton_of_libbpf();
    put_bytes();
    put(kMembers);
    put_asserts();
    out_ += fmt::format("\n#endif /* {} */\n", guard);
    return std::move(out_);
  }

 private:
  static constexpr std::string_view kFunctions = R"(
#ifdef __cplusplus
	static inline struct @ *open(const struct bpf_object_open_opts *opts = nullptr);
	static inline struct @ *open_and_load();
	static inline int load(struct @ *skel);
	static inline int attach(struct @ *skel);
	static inline void detach(struct @ *skel);
	static inline void destroy(struct @ *skel);
	static inline const void *elf_bytes(size_t *sz);
#endif /* __cplusplus */
};

static void
@__destroy(struct @ *obj)
{
	if (!obj)
		return;
	if (obj->skeleton)
		bpf_object__destroy_skeleton(obj->skeleton);
	free(obj);
}

static inline int
@__create_skeleton(struct @ *obj);

static inline struct @ *
@__open_opts(const struct bpf_object_open_opts *opts)
{
	struct @ *obj;
	int err;

	obj = (struct @ *)calloc(1, sizeof(*obj));
	if (!obj) {
		errno = ENOMEM;
		return NULL;
	}

	err = @__create_skeleton(obj);
	if (err)
		goto err_out;

	err = bpf_object__open_skeleton(obj->skeleton, opts);
	if (err)
		goto err_out;

	return obj;
err_out:
	@__destroy(obj);
	errno = -err;
	return NULL;
}

static inline struct @ *
@__open(void)
{
	return @__open_opts(NULL);
}

static inline int
@__load(struct @ *obj)
{
	return bpf_object__load_skeleton(obj->skeleton);
}

static inline struct @ *
@__open_and_load(void)
{
	struct @ *obj;
	int err;

	obj = @__open();
	if (!obj)
		return NULL;
	err = @__load(obj);
	if (err) {
		@__destroy(obj);
		errno = -err;
		return NULL;
	}
	return obj;
}

static inline int
@__attach(struct @ *obj)
{
	return bpf_object__attach_skeleton(obj->skeleton);
}

static inline void
@__detach(struct @ *obj)
{
	bpf_object__detach_skeleton(obj->skeleton);
}

static inline const void *@__elf_bytes(size_t *sz);

static inline int
@__create_skeleton(struct @ *obj)
{
	struct bpf_object_skeleton *s;
	int err;

	s = (struct bpf_object_skeleton *)calloc(1, sizeof(*s));
	if (!s)	{
		err = -ENOMEM;
		goto err;
	}

	s->sz = sizeof(*s);
	s->name = "@";
	s->obj = &obj->obj;
)";
  static constexpr std::string_view kMembers = R"(
#ifdef __cplusplus
struct @ *@::open(const struct bpf_object_open_opts *opts) { return @__open_opts(opts); }
struct @ *@::open_and_load() { return @__open_and_load(); }
int @::load(struct @ *skel) { return @__load(skel); }
int @::attach(struct @ *skel) { return @__attach(skel); }
void @::detach(struct @ *skel) { @__detach(skel); }
void @::destroy(struct @ *skel) { @__destroy(skel); }
const void *@::elf_bytes(size_t *sz) { return @__elf_bytes(sz); }
#endif /* __cplusplus */
)";

  void put(std::string_view text) { out_ += with_name(text, name_); }

  // Maps that have a name, by it.
  template <class F>
  void each_map(const F &function) const {
    bpf_map *map = nullptr;
    bpf_object__for_each_map(map, object_) if (const auto known = map_identifier(map)) function(map, *known);
  }
  template <class F>
  void each_program(const F &function) const {
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, object_) function(std::string(bpf_program__name(program)));
  }

  void declare_members() {
    std::string maps, programs, links;
    each_map([&](const bpf_map *, const std::string &map) { maps += fmt::format("\t\tstruct bpf_map *{};\n", map); });
    each_program([&](const std::string &program) {
      programs += fmt::format("\t\tstruct bpf_program *{};\n", program);
      links += fmt::format("\t\tstruct bpf_link *{};\n", program);
    });
    if (!maps.empty()) out_ += fmt::format("\tstruct {{\n{}\t}} maps;\n", maps);
    if (!programs.empty())
      out_ += fmt::format("\tstruct {{\n{}\t}} progs;\n\tstruct {{\n{}\t}} links;\n", programs, links);
  }

  // The variables behind a map of global data; none where BTF does not tell of it (constants that have no name).
  std::optional<std::pair<std::string_view, std::vector<Variable>>> variables_of(const std::string &map) const {
    for (uint32_t id = 1; id < btf__type_cnt(btf_); id++) {
      const btf_type *section = btf__type_by_id(btf_, id);
      if (!btf_is_datasec(section)) continue;
      const std::string_view name = btf__str_by_offset(btf_, section->name_off);
      if (section_identifier(name) != map) continue;
      std::vector<Variable> variables;
      for (uint16_t i = 0; i < btf_vlen(section); i++) {
        const btf_var_secinfo &place = btf_var_secinfos(section)[i];
        const btf_type *variable = btf__type_by_id(btf_, place.type);
        if (btf_var(variable)->linkage == BTF_VAR_STATIC) continue;  // its file's alone
        variables.push_back(
            {identifier(btf__str_by_offset(btf_, variable->name_off)), variable->type, place.offset, place.size});
      }
      return std::pair(name, std::move(variables));
    }
    return std::nullopt;
  }

  Result<void> declare_variables() {
    if (btf_ == nullptr) return {};
    Dump dump;
    const std::unique_ptr<btf_dump, decltype(&btf_dump__free)> dumper(btf_dump__new(btf_, Dump::print, &dump, nullptr),
                                                                      btf_dump__free);
    if (dumper == nullptr) return os_error(errno, "the types of an object");
    std::optional<Error> trouble;
    each_map([&](const bpf_map *map, const std::string &named) {
      if (!is_mapped(map) || trouble) return;
      out_ += fmt::format("\tstruct {}__{} {{\n", name_, named);
      if (const auto section = variables_of(named))
        if (auto declared = declare_section(section->first, section->second, dumper.get(), dump); !declared)
          trouble = declared.error();
      out_ += fmt::format("\t}} *{};\n", named);
    });
    if (trouble) return std::unexpected(*trouble);
    return {};
  }

  Result<void> declare_section(std::string_view section, const std::vector<Variable> &variables, btf_dump *dumper,
                               Dump &dump) {
    int64_t at = 0;
    int paddings = 0;
    for (const Variable &variable : variables) {
      // Who includes the header may be a 32-bit program: what is aligned to 8 bytes there is to 4 here.
      constexpr int kMostAlignment = 4;
      const int64_t align = std::min(btf__align_of(btf_, variable.type), kMostAlignment);
      if (align <= 0 || at > variable.offset)
        return input_error("`{}` of {}: its place in BTF cannot be written in C", variable.name, section);
      if ((at + align - 1) / align * align != variable.offset)
        out_ += fmt::format("\t\tchar __pad{}[{}];\n", paddings++, variable.offset - at);
      dump.text.clear();
      btf_dump_emit_type_decl_opts options{};
      options.sz = sizeof options;
      options.field_name = variable.name.c_str();
      options.indent_level = 2;
      options.strip_mods = section != ".kconfig";
      if (const int error = btf_dump__emit_type_decl(dumper, variable.type, &options); error != 0)
        return os_error(-error, fmt::format("the type of `{}`", variable.name));
      out_ += fmt::format("\t\t{};\n", dump.text);
      at = variable.offset + variable.size;
    }
    return {};
  }

  void make_skeleton_of_libbpf() {
    size_t maps = 0, programs = 0;
    each_map([&](const bpf_map *, const std::string &) { maps++; });
    each_program([&](const std::string &) { programs++; });
    begin_list("map", maps);
    size_t i = 0;
    each_map([&](const bpf_map *map, const std::string &named) {
      out_ += fmt::format("\n\ts->maps[{0}].name = \"{1}\";\n\ts->maps[{0}].map = &obj->maps.{2};\n", i,
                          bpf_map__name(map), named);
      if (is_mapped(map)) out_ += fmt::format("\ts->maps[{}].mmaped = (void **)&obj->{};\n", i, named);
      i++;
    });
    begin_list("prog", programs);
    i = 0;
    each_program([&](const std::string &program) {
      out_ += fmt::format(
          "\n\ts->progs[{0}].name = \"{1}\";\n\ts->progs[{0}].prog = &obj->progs.{1};\n"
          "\ts->progs[{0}].link = &obj->links.{1};\n",
          i, program);
      i++;
    });
  }
  // [what]: "map" or "prog".
  void begin_list(std::string_view what, size_t count) {
    if (count == 0) return;
    out_ += fmt::format(R"(
	/* {1} */
	s->{0}_cnt = {2};
	s->{0}_skel_sz = sizeof(*s->{0}s);
	s->{0}s = (struct bpf_{0}_skeleton *)calloc(s->{0}_cnt, s->{0}_skel_sz);
	if (!s->{0}s) {{
		err = -ENOMEM;
		goto err;
	}}
)",
                        what, what == "map" ? "maps" : "programs", count);
  }

  void put_bytes() {
    put(R"(
	s->data = (void *)@__elf_bytes(&s->data_sz);

	obj->skeleton = s;
	return 0;
err:
	bpf_object__destroy_skeleton(s);
	return err;
}

static inline const void *@__elf_bytes(size_t *sz)
{
	static const char data[] __attribute__((__aligned__(8))) = "\
)");
    constexpr size_t kWidth = 78;
    size_t column = 0;
    for (const std::byte byte : elf_) {
      const auto value = std::to_integer<unsigned>(byte);
      const size_t width = value != 0 ? 4 : 2;
      if (column + width > kWidth) {
        out_ += "\\\n";
        column = 0;
      }
      column += width;
      out_ += value != 0 ? fmt::format("\\x{:02x}", value) : "\\0";
    }
    out_ += "\\\n\";\n\n\t*sz = sizeof(data) - 1;\n\treturn (const void *)data;\n}\n";
  }

  // That the compiler of who includes the header has types of the same sizes.
  void put_asserts() {
    if (btf_ == nullptr) return;
    put(R"(
__attribute__((unused)) static void
@__assert(struct @ *s __attribute__((unused)))
{
#ifdef __cplusplus
#define _Static_assert static_assert
#endif
)");
    each_map([&](const bpf_map *map, const std::string &named) {
      const auto section = is_mapped(map) ? variables_of(named) : std::nullopt;
      if (!section) return;
      for (const Variable &variable : section->second)
        if (const int64_t size = btf__resolve_size(btf_, variable.type); size >= 0)
          out_ += fmt::format("\t_Static_assert(sizeof(s->{0}->{1}) == {2}, \"unexpected size of '{1}'\");\n", named,
                              variable.name, size);
    });
    put("#ifdef __cplusplus\n#undef _Static_assert\n#endif\n}\n");
  }

  bpf_object *object_;
  btf *btf_;
  std::span<const std::byte> elf_;
  const std::string &name_;
  std::string out_;
};

}  // namespace

std::string skeleton_name(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  for (const std::string_view ending : {".o", ".c"})
    if (name.ends_with(ending)) return identifier(name.substr(0, name.size() - ending.size()));
  return identifier(name);
}

bool is_identifier(std::string_view name) {
  return !name.empty() && identifier(name) == name && std::isdigit(static_cast<unsigned char>(name[0])) == 0;
}

Result<std::string> make_skeleton(std::span<const std::byte> elf, const std::string &name) {
  const LibbpfListener listener;
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  options.object_name = name.c_str();
  const std::unique_ptr<bpf_object, decltype(&bpf_object__close)> object(
      bpf_object__open_mem(elf.data(), elf.size(), &options), bpf_object__close);
  if (object == nullptr) {
    const int error = errno;
    const std::string why = LibbpfListener::text();
    if (why.empty()) return os_error(error, "libbpf does not open the object");
    return input_error("libbpf does not open the object: {}", why);
  }
  return Skeleton(object.get(), elf, name).write();
}

}  // namespace spile::object
