// The same formats through our formatter and through bpf_snprintf() of the running kernel, with the same text.
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <random>

#include "helper_testing.h"
#include "runtime/helpers/format.h"

namespace spile::helpers {
namespace {

long bpf(bpf_cmd command, bpf_attr &attr) { return ::syscall(SYS_bpf, command, &attr, sizeof attr); }

// A value of an array map with one element.
class Cell {
 public:
  Cell(uint32_t size, uint32_t flags) : size_(size) {
    bpf_attr attr{};
    attr.map_type = BPF_MAP_TYPE_ARRAY;
    attr.key_size = 4;
    attr.value_size = size;
    attr.max_entries = 1;
    attr.map_flags = flags;
    fd_ = static_cast<int>(bpf(BPF_MAP_CREATE, attr));
  }
  ~Cell() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }
  void write(std::string bytes) {
    bytes.resize(size_);
    access(BPF_MAP_UPDATE_ELEM, bytes.data());
  }
  std::string read() {
    std::string bytes(size_, '\0');
    access(BPF_MAP_LOOKUP_ELEM, bytes.data());
    return bytes;
  }
  void freeze() {
    bpf_attr attr{};
    attr.map_fd = static_cast<uint32_t>(fd_);
    ASSERT_EQ(bpf(BPF_MAP_FREEZE, attr), 0);
  }

 private:
  void access(bpf_cmd command, char *bytes) {
    const uint32_t key = 0;
    bpf_attr attr{};
    attr.map_fd = static_cast<uint32_t>(fd_);
    attr.key = reinterpret_cast<uint64_t>(&key);
    attr.value = reinterpret_cast<uint64_t>(bytes);
    ASSERT_EQ(bpf(command, attr), 0) << std::strerror(errno);
  }
  uint32_t size_;
  int fd_;
};

constexpr uint32_t kText = 256, kArgs = 32;

// Runs snprintf(out, size, format, args, 4 * 8) in a socket filter. [text]: bytes that the program keeps in a map; an
// argument with kInText set is the address of the byte at its low half.
constexpr uint64_t kInText = 1ull << 63;
struct KernelText {
  bool loaded = false;
  int32_t result = 0;
  std::string text;
};
KernelText kernel_snprintf(const std::string &format, const std::vector<uint64_t> &args, const std::string &texts) {
  Cell rodata(kText, BPF_F_RDONLY_PROG), strings(kText, 0), out(kText, 0);
  if (rodata.fd() < 0 || strings.fd() < 0 || out.fd() < 0) return {};  // no bpf() here
  rodata.write(format);
  rodata.freeze();
  strings.write(texts);
  const auto value_of = [](uint8_t reg, const Cell &cell, uint32_t offset) {
    return std::array{bpf_insn{BPF_LD | BPF_DW | BPF_IMM, reg, BPF_PSEUDO_MAP_VALUE, 0, cell.fd()},
                      bpf_insn{0, 0, 0, 0, static_cast<int32_t>(offset)}};
  };
  std::vector<bpf_insn> code;
  const auto add = [&](auto insns) { code.insert(code.end(), insns.begin(), insns.end()); };
  for (size_t i = 0; i < args.size(); i++) {
    if ((args[i] & kInText) != 0 && args[i] >> 32 == kInText >> 32)
      add(value_of(1, strings, static_cast<uint32_t>(args[i])));
    else
      add(std::array{bpf_insn{BPF_LD | BPF_DW | BPF_IMM, 1, 0, 0, static_cast<int32_t>(args[i])},
                     bpf_insn{0, 0, 0, 0, static_cast<int32_t>(args[i] >> 32)}});
    code.push_back({BPF_STX | BPF_DW | BPF_MEM, 10, 1, static_cast<int16_t>(-kArgs + 8 * static_cast<int>(i)), 0});
  }
  add(value_of(1, out, 0));
  code.push_back({BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, kText});
  add(value_of(3, rodata, 0));
  code.push_back({BPF_ALU64 | BPF_MOV | BPF_X, 4, 10, 0, 0});
  code.push_back({BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, -static_cast<int32_t>(kArgs)});
  code.push_back({BPF_ALU64 | BPF_MOV | BPF_K, 5, 0, 0, static_cast<int32_t>(args.size() * 8)});
  code.push_back({BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_snprintf});
  code.push_back({BPF_JMP | BPF_EXIT, 0, 0, 0, 0});

  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  load.insns = reinterpret_cast<uint64_t>(code.data());
  load.insn_cnt = static_cast<uint32_t>(code.size());
  load.license = reinterpret_cast<uint64_t>("GPL");
  const long program = bpf(BPF_PROG_LOAD, load);
  KernelText seen;
  if (program < 0) return seen;
  seen.loaded = true;
  std::array<char, 64> packet{};
  bpf_attr run{};
  run.test.prog_fd = static_cast<uint32_t>(program);
  run.test.data_in = reinterpret_cast<uint64_t>(packet.data());
  run.test.data_size_in = packet.size();
  EXPECT_EQ(bpf(BPF_PROG_TEST_RUN, run), 0) << std::strerror(errno);
  seen.result = static_cast<int32_t>(run.test.retval);
  seen.text = out.read().c_str();
  ::close(static_cast<int>(program));
  return seen;
}

// One format through both. Counts those that the kernel accepts.
void compare(const std::string &format, const std::vector<uint64_t> &args, const std::string &texts, int &accepted) {
  const KernelText kernel = kernel_snprintf(format, args, texts);
  std::vector<uint64_t> our_args = args;
  const std::string our_texts = texts + std::string(8, '\0');
  for (uint64_t &arg : our_args)
    if (arg >> 32 == kInText >> 32) arg = reinterpret_cast<uint64_t>(our_texts.data()) + static_cast<uint32_t>(arg);
  vm::Env env;
  std::string text;
  const int64_t result =
      expand_format(&env, Dialect::Kernel, std::string_view(format.c_str(), format.size() + 1), our_args, text);
  ASSERT_EQ(result >= 0, kernel.loaded) << format;
  if (!kernel.loaded) return;
  accepted++;
  EXPECT_EQ(text.substr(0, kText - 1), kernel.text) << format;
  EXPECT_EQ(result + 1, kernel.result) << format;  // bpf_snprintf() counts the NUL
}

TEST(KernelFormat, BpfSnprintfGivesTheSameText) {
  if (!kernel_snprintf("ok", {1}, "").loaded) GTEST_SKIP() << "the kernel takes no program with bpf_snprintf() here";
  const std::string texts = "hello world";
  const uint64_t hello = kInText, world = kInText + 6;
  const std::vector<uint64_t> numbers{uint64_t(-42), 7, 0xdeadbeefcafe};
  std::vector<std::pair<std::string, std::vector<uint64_t>>> cases;
  for (const char *flags : {"", "0", "-", "+", " ", "-0", "+ ", "0+"})
    for (const char *width : {"", "1", "5", "20"})
      for (const char *conversion : {"d", "i", "u", "x", "X", "ld", "lu", "lx", "lld", "llX", "px"})
        cases.push_back({std::string("[%") + flags + width + conversion + "]", {uint64_t(-42)}});
  for (const char *flags : {"", "-", "0", "+"})
    for (const char *width : {"", "3", "20"})
      for (const char *conversion : {"s", "pks", "c"})
        cases.push_back(
            {std::string("[%") + flags + width + conversion + "]", {*conversion == 'c' ? uint64_t{'y'} : hello}});
  for (const char *format :
       {"%d %u %lx", "100%%", "%%%d",        "%",     "%5",    "%l",       "%lll",    "%5%",     "%#x",
        "%.3d",      "%o",    "%f",          "%n",    "%h",    "%hd",      "%zu",     "%*d",     "a\nb\tc",
        "\x01",      "%d%",   "%d %d %d %d", "%dabc", "%ll",   "%lld%llu", "%0-+ 5d", "%00005d", "%pX",
        "%pM",       "%pI5",  "%p4",         "%pk",   "%pksx", "%sx",      "%s.",     "%pxabc",  "%pK-"})
    cases.push_back({format, numbers});
  cases.push_back({"%s %s", {hello, world}});
  cases.push_back({"%s|%d|%s", {world, 5, hello}});
  for (const char *format : {"%pI4", "%pi4", "%pI6", "%pi6", "%pI4abc!", "%20pI4", "%pI6c"})
    cases.push_back({format, {hello}});

  int accepted = 0;
  for (const auto &[format, args] : cases) compare(format, args, texts, accepted);
  EXPECT_GT(accepted, 100);
}

TEST(KernelFormat, RandomFormatsGiveTheSameText) {
  if (!kernel_snprintf("ok", {1}, "").loaded) GTEST_SKIP() << "the kernel takes no program with bpf_snprintf() here";
  std::mt19937 random(1);
  // No `p` but before x, I, i: others print a hashed address, or a kernel symbol.
  const std::vector<std::string> pieces{"%", "%",  "%",  "d",   "u",   "x",  "ld",  "llu", "X",
                                        "s", "c",  "px", "pI4", "pi6", "0",  "-",   "+",   " ",
                                        "5", "12", "l",  "a",   ",",   "%%", "pks", ".",   "#"};
  int accepted = 0;
  for (int round = 0; round < 1500; round++) {
    std::string format;
    for (size_t left = 1 + random() % 9; left > 0; left--) format += pieces[random() % pieces.size()];
    compare(format, {5, uint64_t(-7), 0x1'0000'1234}, "", accepted);  // as addresses, none can be read
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace spile::helpers
