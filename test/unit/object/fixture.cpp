#include "test/unit/object/fixture.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace spile::object::test {

Scratch::Scratch() {
  std::string name = (std::filesystem::temp_directory_path() / "spile-object-XXXXXX").string();
  if (mkdtemp(name.data()) != nullptr) directory_ = name;
}
Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Output run(const std::string &command) {
  Output output;
  std::FILE *pipe = popen((command + " 2>&1").c_str(), "re");
  if (pipe == nullptr) return output;
  std::array<char, 4096> buffer;
  for (size_t got; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    output.text.append(buffer.data(), got);
  const int status = pclose(pipe);
  output.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

bool has_tool(std::string_view name) { return run("command -v " + std::string(name)).status == 0; }

void write_file(const std::string &path, const void *data, size_t size) {
  std::ofstream(path, std::ios::binary).write(static_cast<const char *>(data), static_cast<std::streamsize>(size));
}

Bytes read_file(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto *first = reinterpret_cast<const std::byte *>(text.data());
  return {first, first + text.size()};
}

namespace {
constexpr std::string_view kHelpers = R"(
#define SEC(n) __attribute__((section(n), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define __ulong(name, val) enum { name##_value = val } name
#define __noinline __attribute__((noinline))
#define __weak __attribute__((weak))
#define __hidden __attribute__((visibility("hidden")))
#define __ksym __attribute__((section(".ksyms")))
#define __kconfig __attribute__((section(".kconfig")))
typedef unsigned int __u32; typedef unsigned long long __u64;
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, __u64 flags) = (void *)2;
static __u64 (*bpf_get_current_pid_tgid)(void) = (void *)14;
static long (*bpf_trace_printk)(const char *fmt, __u32 size, ...) = (void *)6;
static long (*bpf_loop)(__u32 n, void *callback, void *ctx, __u64 flags) = (void *)181;
)";
}  // namespace

Bytes compile(std::string_view source, std::string_view flags) {
  const Scratch scratch;
  write_file(scratch.path("helpers.h"), kHelpers.data(), kHelpers.size());
  write_file(scratch.path("probe.bpf.c"), source.data(), source.size());
  const Output compiled = run("cd " + scratch.path("") + " && clang-19 -target bpf -Wno-unused " + std::string(flags) +
                              " -include helpers.h -c probe.bpf.c");
  EXPECT_EQ(compiled.status, 0) << compiled.text;
  return read_file(scratch.path("probe.bpf.o"));
}

Object compile_and_read(std::string_view source, std::string_view flags) {
  Result<Object> object = read_elf(compile(source, flags), "dir/probe.bpf.o");
  if (object) return *std::move(object);
  ADD_FAILURE() << object.error().message;
  return {};
}

const std::string_view kEverything = R"(
struct event { int pid; unsigned uid; char comm[16]; __u64 time; };
struct { __uint(type, 1); __uint(max_entries, 64); __type(key, int); __type(value, struct event); } events SEC(".maps");
struct { __uint(type, 2); __uint(max_entries, 1); __uint(key_size, 4); __uint(value_size, 8);
         __uint(map_flags, 0x400); __uint(pinning, 1); __uint(numa_node, 1); __uint(map_extra, 7); } stats SEC(".maps");
const volatile int limit = 3;
int counter;
int initial = 5;
static int hidden_state = 9;
int own SEC(".data.own") = 1;
static __noinline int scale(int a, int b) { hidden_state += a; return a * b + limit; }
__noinline int shared(int a) { if (a > 3) return scale(a, counter); return 7; }
static long each(__u32 i, void *ctx) { counter += i; return 0; }
SEC("tp/syscalls/sys_enter_kill") int first(void *ctx) {
  int pid = bpf_get_current_pid_tgid();
  struct event *event = bpf_map_lookup_elem(&events, &pid);
  if (event) { event->pid = pid; static const char text[] = "hello %d\n"; bpf_trace_printk(text, sizeof text, pid); }
  counter += shared(pid); initial++; own++;
  bpf_map_update_elem(&stats, &pid, &pid, 0);
  bpf_loop(4, each, 0, 0);
  return 0;
}
SEC("tp/syscalls/sys_enter_kill") int second(void *ctx) { return scale(1, 2); }
SEC("socket") int filter(void *ctx) { return shared(*(int *)ctx); }
SEC("begin") int at_begin(void *ctx) { counter = 1; return 0; }
SEC("interval/1s") int every_second(void *ctx) { return shared(2); }
char _license[] SEC("license") = "GPL";
__u32 _version SEC("version") = 0x60c00;
)";

}  // namespace spile::object::test
