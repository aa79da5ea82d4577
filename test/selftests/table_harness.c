// The kernel's table tests of its verifier (verifier/*.c), as they are: their runner is included whole, with the calls
// that make maps, BTF and programs recorded. Writes what each test loads, line by line, for table_judge.cpp; and what
// the kernel of this machine says, where it is asked (`table_harness FILE kernel`).
//
//   test FILE<tab>DESCRIPTION
//   load TYPE ATTACH FLAGS EXPECTED UNPRIVILEGED NAME-OF-THE-TARGET
//   map TYPE KEY VALUE ENTRIES FLAGS VALUE-TYPE INNER BTF      (numbers of lines `map` and `btf` of this test, or -1)
//   btf HEX
//   func INSN TYPE
//   kfunc INSN NAME
//   insns HEX                    maps as indices (BPF_PSEUDO_MAP_IDX)
//   kernel accept|reject|unjudged REASON
// Built by run.py against libbpf, with the folder of the selftests before everything else.
#include <stddef.h>
#include <stdio.h>

#define main main_of_the_tests
#define bpf_map_create recorded_map_create
#define bpf_btf_load recorded_btf_load
#define bpf_prog_load recorded_prog_load
#define bpf_map_update_elem recorded_map_update
#define bpf_prog_test_run_opts recorded_test_run
#define close recorded_close
#include "test_verifier.c"
#undef main
#undef bpf_map_create
#undef bpf_btf_load
#undef bpf_prog_load
#undef bpf_map_update_elem
#undef bpf_prog_test_run_opts
#undef close
extern int bpf_map_create(enum bpf_map_type type, const char *name, __u32 key, __u32 value, __u32 entries,
                          const struct bpf_map_create_opts *opts);
extern int bpf_btf_load(const void *data, size_t size, struct bpf_btf_load_opts *opts);
extern int bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license, const struct bpf_insn *insns,
                         size_t count, struct bpf_prog_load_opts *opts);
extern int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags);
extern int close(int fd);

#define MOST 64
static FILE *out;
static bool with_kernel;
static struct bpf_test *current;
static struct recorded_map {
  int fd;
} maps[MOST];
static struct recorded_btf {
  int fd;
} btfs[MOST];
static int map_count, btf_count, next_fd;

// A number that is no descriptor of this process, where the kernel does not give one.
static int number(int fd) { return with_kernel ? fd : 1000 + next_fd++; }

static int map_of(int fd) {
  for (int i = map_count - 1; i >= 0; i--)
    if (maps[i].fd == fd) return i;
  return -1;
}
static int btf_of(int fd) {
  for (int i = btf_count - 1; i >= 0; i--)
    if (btfs[i].fd == fd) return i;
  return -1;
}
static void write_hex(const void *data, size_t size) {
  for (size_t i = 0; i < size; i++) fprintf(out, "%02x", ((const unsigned char *)data)[i]);
  fputc('\n', out);
}

int recorded_map_create(enum bpf_map_type type, const char *name, __u32 key, __u32 value, __u32 entries,
                        const struct bpf_map_create_opts *opts) {
  const int fd = number(with_kernel ? bpf_map_create(type, name, key, value, entries, opts) : 0);
  const int inner = opts != NULL && opts->inner_map_fd != 0 ? map_of(opts->inner_map_fd) : -1;
  const int btf = opts != NULL && opts->btf_fd != 0 ? btf_of(opts->btf_fd) : -1;
  fprintf(out, "map %d %u %u %u %u %u %d %d\n", (int)type, key, value, entries, opts != NULL ? opts->map_flags : 0,
          opts != NULL ? opts->btf_value_type_id : 0, inner, btf);
  if (map_count < MOST) maps[map_count++].fd = fd;
  return fd;
}
int recorded_map_update(int fd, const void *key, const void *value, __u64 flags) {
  return with_kernel ? bpf_map_update_elem(fd, key, value, flags) : 0;
}
int recorded_btf_load(const void *data, size_t size, struct bpf_btf_load_opts *opts) {
  const int fd = number(with_kernel ? bpf_btf_load(data, size, opts) : 0);
  fputs("btf ", out);
  write_hex(data, size);
  if (btf_count < MOST) btfs[btf_count++].fd = fd;
  return fd;
}
int recorded_test_run(int fd, struct bpf_test_run_opts *opts) { return 0; }
int recorded_close(int fd) { return with_kernel && fd >= 0 ? close(fd) : 0; }

// What the tests take from files beside theirs.
int cap_enable_effective(__u64 caps, __u64 *old) { return 0; }
int cap_disable_effective(__u64 caps, __u64 *old) { return 0; }
bool get_unpriv_disabled(void) { return true; }
bool is_jit_enabled(void) { return true; }
int load_bpf_testmod(bool says) { return -1; }
int unload_bpf_testmod(bool says) { return 0; }
int testing_prog_flags(void) { return 0; }
int get_xlated_program(int fd, struct bpf_insn **insns, __u32 *count) { return -1; }
__u64 read_perf_max_sample_freq(void) { return 100000; }

static void write_reason(char *text) {
  char *reason = "";
  for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
    if (strncmp(line, "processed ", 10) != 0 && strncmp(line, "verification time", 17) != 0 &&
        strncmp(line, "stack depth", 11) != 0)
      reason = line;
  fprintf(out, "%s\n", reason);
}

int recorded_prog_load(enum bpf_prog_type type, const char *name, const char *license, const struct bpf_insn *insns,
                       size_t count, struct bpf_prog_load_opts *opts) {
  int fd = number(0), error = 0;
  if (with_kernel) {
    fd = bpf_prog_load(type, name, license, insns, count, opts);
    error = fd < 0 ? errno : 0;
  }
  if (opts == NULL) return fd;  // a program that only fills a map of programs
  static const char *const kWords[] = {"none", "accept", "reject", "accept"};
  fprintf(out, "load %d %d %u %s %s %s\n", (int)type, (int)opts->expected_attach_type, opts->prog_flags,
          kWords[current->result], kWords[current->result_unpriv], current->kfunc != NULL ? current->kfunc : "-");
  if (opts->prog_btf_fd != 0) fprintf(out, "own_btf %d\n", btf_of(opts->prog_btf_fd));
  for (int i = 0; i < current->func_info_cnt; i++)
    fprintf(out, "func %u %u\n", current->func_info[i].insn_off, current->func_info[i].type_id);
  for (int i = 0; i < MAX_FIXUPS && current->fixup_kfunc_btf_id[i].kfunc != NULL; i++)
    fprintf(out, "kfunc %d %s\n", current->fixup_kfunc_btf_id[i].insn_idx, current->fixup_kfunc_btf_id[i].kfunc);
  fputs("insns ", out);
  for (size_t i = 0; i < count; i++) {
    struct bpf_insn insn = insns[i];
    const bool is_map = insn.code == (BPF_LD | BPF_IMM | BPF_DW) &&
                        (insn.src_reg == BPF_PSEUDO_MAP_FD || insn.src_reg == BPF_PSEUDO_MAP_VALUE) &&
                        map_of(insn.imm) >= 0;
    if (is_map) {
      insn.src_reg = insn.src_reg == BPF_PSEUDO_MAP_FD ? BPF_PSEUDO_MAP_IDX : BPF_PSEUDO_MAP_IDX_VALUE;
      insn.imm = map_of(insn.imm);
    }
    for (size_t b = 0; b < sizeof insn; b++) fprintf(out, "%02x", ((unsigned char *)&insn)[b]);
  }
  fputc('\n', out);
  if (with_kernel) {
    const bool unjudged = fd < 0 && (error == EPERM || error == ENOTSUPP || error == EBADF || opts->log_buf[0] == 0);
    fprintf(out, "kernel %s ", fd >= 0 ? "accept" : unjudged ? "unjudged" : "reject");
    if (fd >= 0 || unjudged)
      fprintf(out, "%s\n", fd >= 0 ? "" : strerror(error));
    else
      write_reason(opts->log_buf);
  }
  errno = error;
  return fd;
}

int main(int argc, char **argv) {
  out = argc > 1 ? fopen(argv[1], "w") : NULL;
  if (out == NULL) return 2;
  with_kernel = argc > 2 && strcmp(argv[2], "kernel") == 0;
  const char *file = "";
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
    int passes = 0, errors = 0;
    current = &tests[i];
    if (strncmp(current->descr, "file:", 5) == 0) {
      file = current->descr + 5;
      continue;
    }
    map_count = btf_count = next_fd = 0;
    bpf_vlog[0] = 0;
    fprintf(out, "test %s\t%s\n", file, current->descr);
    do_test_single(current, false, &passes, &errors);
  }
  return fclose(out) != 0;
}
