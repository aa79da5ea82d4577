// Our verdicts on the programs that table_harness.c wrote, a line for each test:
//
//   FILE<tab>DESCRIPTION<tab>accept|reject|unjudged<tab>our reason<tab>the test's expectation<tab>the kernel's
//   verdict<tab>its reason
//
//   table_judge FILE [unprivileged]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "lang-spec/tables/tables.h"
#include "verifier/unprivileged.h"
#include "verifier/verifier.h"

namespace spile::verifier {
namespace {

struct Case {
  std::string name;
  object::Object object;
  object::Program program;
  std::vector<std::vector<std::byte>> btfs;
  std::vector<uint32_t> map_btfs;  // by map; none: ~0
  int type = 0, attach = 0, own_btf = -1;
  uint32_t flags = 0;
  std::string expected, unprivileged, target;
  std::string kernel = "unjudged", kernel_reason;
  bool calls_kfunc = false;
};

std::vector<std::byte> from_hex(const std::string &text) {
  std::vector<std::byte> bytes;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(digit(text[i]) << 4 | digit(text[i + 1])));
  return bytes;
}

// The first row with this type and attach type: test programs hang nowhere.
const tables::ProgramType *find_type(const Case &c) {
  const tables::ProgramType *any = nullptr;
  for (const tables::ProgramType &row : tables::kProgramTypes) {
    if (row.number != static_cast<uint32_t>(c.type)) continue;
    if (static_cast<int>(row.attach) == c.attach) return &row;
    if (any == nullptr) any = &row;
  }
  return any;
}

void read_line(Case &c, const std::string &word, std::istringstream &rest) {
  if (word == "map") {
    object::Map m;
    int inner = -1, btf = -1;
    rest >> m.type >> m.key_size >> m.value_size >> m.max_entries >> m.map_flags >> m.value_type.value >> inner >> btf;
    m.name = fmt::format("map{}", c.object.maps.size());
    if (inner >= 0) m.inner.push_back(c.object.maps[static_cast<size_t>(inner)]);
    c.map_btfs.push_back(static_cast<uint32_t>(btf));
    c.object.maps.push_back(std::move(m));
  } else if (word == "btf") {
    std::string hex;
    rest >> hex;
    c.btfs.push_back(from_hex(hex));
  } else if (word == "load") {
    rest >> c.type >> c.attach >> c.flags >> c.expected >> c.unprivileged >> c.target;
  } else if (word == "own_btf") {
    rest >> c.own_btf;
  } else if (word == "func") {
    uint32_t insn = 0, type = 0;
    rest >> insn >> type;
    c.program.subprograms.push_back({.name = {}, .start = insn, .func = {type}, .binding = object::Binding::Local});
  } else if (word == "kfunc") {
    c.calls_kfunc = true;
  } else if (word == "insns") {
    std::string hex;
    rest >> hex;
    const std::vector<std::byte> bytes = from_hex(hex);
    c.program.insns.resize(bytes.size() / sizeof(isa::Insn));
    std::memcpy(c.program.insns.data(), bytes.data(), c.program.insns.size() * sizeof(isa::Insn));
  } else if (word == "kernel") {
    rest >> c.kernel;
    std::getline(rest, c.kernel_reason);
  }
}

// One BTF for the program and the values of its maps: tests that have several use only one in a way that shows.
void choose_btf(Case &c) {
  int use = c.own_btf;
  for (const uint32_t btf : c.map_btfs)
    if (btf != ~0u && use < 0) use = static_cast<int>(btf);
  for (size_t i = 0; i < c.object.maps.size(); i++)
    if (c.map_btfs[i] == ~0u || static_cast<int>(c.map_btfs[i]) != use) c.object.maps[i].value_type = {};
  if (use < 0 || static_cast<size_t>(use) >= c.btfs.size()) return;
  if (auto btf = object::Btf::parse(c.btfs[static_cast<size_t>(use)])) c.object.btf = std::move(*btf);
  for (object::Program::Subprogram &s : c.program.subprograms) {
    const object::BtfType func = c.object.btf.type(s.func);
    s.name = func.name;
    if (func.linkage == 1) s.binding = object::Binding::Global;
  }
}

void judge(Case &c, const object::Btf *kernel, bool unprivileged) {
  std::string word = "unjudged", reason = "nothing was loaded";
  const tables::ProgramType *type = find_type(c);
  // Their runner tries without capabilities only what a loader without any may load (test_as_unpriv).
  if (unprivileged && type != nullptr && !verifier::loads_unprivileged(type->number)) return;
  if (c.calls_kfunc && c.kernel == "unjudged") {
    reason = "calls a function of a module that is not there";
  } else if (type != nullptr && !c.program.insns.empty()) {
    choose_btf(c);
    c.object.license = c.program.license = "GPL";
    c.program.object = &c.object;
    c.program.name = "test";
    c.program.section = c.target == "-" ? std::string(type->section) : fmt::format("{}/{}", type->section, c.target);
    if (c.program.subprograms.empty())
      c.program.subprograms = {{.name = "test", .start = 0, .func = {}, .binding = object::Binding::Global}};
    Options options;
    options.kernel_btf = kernel;
    options.unprivileged = unprivileged;
    options.strict_alignment = (c.flags & 1) != 0;
    options.sleepable = (c.flags & 16) != 0;
    const Verdict verdict = verify(c.program, *type, options);
    word = verdict.kind == Verdict::Accept ? "accept" : verdict.kind == Verdict::Reject ? "reject" : "unjudged";
    reason = verdict.rejections.empty()
                 ? ""
                 : fmt::format("instruction {}: {} [{}]", verdict.rejections[0].insn,
                               verdict.rejections[0].kernel_message, verdict.rejections[0].diagnostic.info->name);
  }
  const std::string &expected = unprivileged && c.unprivileged != "none" ? c.unprivileged : c.expected;
  fmt::print("{}\t{}\t{}\t{}\t{}\t{}\n", c.name, word, reason, expected, c.kernel, c.kernel_reason);
  std::fflush(stdout);
}

}  // namespace
}  // namespace spile::verifier

int main(int argc, char **argv) {
  using namespace spile::verifier;
  if (argc < 2) return 2;
  const bool unprivileged = argc > 2 && std::string_view(argv[2]) == "unprivileged";
  auto kernel = spile::object::Btf::read("/sys/kernel/btf/vmlinux");
  std::ifstream in(argv[1]);
  Case one;
  bool any = false;
  for (std::string line; std::getline(in, line);) {
    std::istringstream rest(line);
    std::string word;
    rest >> word;
    if (word == "test") {
      if (any) judge(one, kernel ? &*kernel : nullptr, unprivileged);
      one = {};
      one.name = line.substr(5);
      any = true;
    } else {
      read_line(one, word, rest);
    }
  }
  if (any) judge(one, kernel ? &*kernel : nullptr, unprivileged);
  return 0;
}
