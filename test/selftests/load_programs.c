// Loads each program of an object of the kernel's selftests alone, as their test_loader does, and prints a line for it:
//
//   NAME<tab>accept|reject|unjudged<tab>the last line of the verifier's log, or why it did not come to the verifier
//
// The flags that a program's declaration tags ask for are given; auxiliary programs are loaded with each. Nothing is
// attached or pinned. Built by run.py.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "comment:test_"

static char log_text[1 << 24];

static int quiet(enum libbpf_print_level level, const char *format, va_list args) {
  return getenv("LOAD_VERBOSE") != NULL ? vfprintf(stderr, format, args) : 0;
}

struct tags {
  unsigned flags;
  int auxiliary;
};

static unsigned flag_of(const char *name) {
  static const struct {
    const char *name;
    unsigned flag;
  } flags[] = {
      {"BPF_F_STRICT_ALIGNMENT", 1}, {"BPF_F_ANY_ALIGNMENT", 2}, {"BPF_F_TEST_RND_HI32", 4},
      {"BPF_F_TEST_STATE_FREQ", 8},  {"BPF_F_SLEEPABLE", 16},    {"BPF_F_XDP_HAS_FRAGS", 32},
  };
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (strcmp(flags[i].name, name) == 0) return flags[i].flag;
  return 0;
}

static struct tags tags_of(const struct bpf_object *object, const char *name) {
  struct tags tags = {0, 0};
  const struct btf *btf = bpf_object__btf(object);
  if (btf == NULL) return tags;
  const int function = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
  for (unsigned i = 1; i < btf__type_cnt(btf); i++) {
    const struct btf_type *type = btf__type_by_id(btf, i);
    if (!btf_is_decl_tag(type) || (int)type->type != function || btf_decl_tag(type)->component_idx != -1) continue;
    const char *text = btf__name_by_offset(btf, type->name_off);
    if (strcmp(text, PREFIX "auxiliary") == 0) tags.auxiliary = 1;
    if (strncmp(text, PREFIX "prog_flags=", strlen(PREFIX "prog_flags=")) == 0)
      tags.flags |= flag_of(text + strlen(PREFIX "prog_flags="));
  }
  return tags;
}

// The last line that is a reason: those behind it count what was done.
static void print_reason(char *text) {
  char *reason = "";
  for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
    if (strncmp(line, "processed ", 10) != 0 && strncmp(line, "verification time", 17) != 0 &&
        strncmp(line, "stack depth", 11) != 0 && strncmp(line, "mark_precise", 12) != 0)
      reason = line;
  for (char *c = reason; *c != 0; c++)
    if (*c == '\t') *c = ' ';
  puts(reason);
}

static void try_one(const char *path, const char *name) {
  struct bpf_object *object = bpf_object__open_file(path, NULL);
  if (object == NULL) return;
  struct bpf_program *program;
  bpf_object__for_each_program(program, object) {
    const char *other = bpf_program__name(program);
    const struct tags tags = tags_of(object, other);
    const int is_it = strcmp(other, name) == 0;
    bpf_program__set_autoload(program, is_it || tags.auxiliary);
    if (!is_it) continue;
    bpf_program__set_flags(program, bpf_program__flags(program) | tags.flags);
    bpf_program__set_log_buf(program, log_text, sizeof log_text);
    // 0: libbpf asks for the log only after a failure. The log of what is accepted may not fit, which is one.
    bpf_program__set_log_level(program, getenv("LOAD_LEVEL") ? atoi(getenv("LOAD_LEVEL")) : 0);
  }
  struct bpf_map *map;
  bpf_object__for_each_map(map, object) bpf_map__set_pin_path(map, NULL);
  log_text[0] = 0;
  const int result = bpf_object__load(object);
  if (getenv("LOAD_LOG") != NULL) fputs(log_text, stderr);
  // 524 is ENOTSUPP: the kernel was built without what the program needs, as are the helpers and symbols that only some
  // kernels have. Where the policy of the machine forbids a type of programs, there is no log.
  if (result == 0)
    printf("%s\taccept\t\n", name);
  else if (log_text[0] == 0 || result == -524 || strstr(log_text, "failed to find kernel BTF type") != NULL ||
           strstr(log_text, "failed to find the address for kernel symbol") != NULL ||
           strstr(log_text, "cannot use helper bpf_override_return") != NULL ||
           strstr(log_text, "cannot use helper bpf_probe_write_user") != NULL)
    printf("%s\tunjudged\t%s\n", name, strerror(-result));
  else {
    printf("%s\treject\t", name);
    print_reason(log_text);
  }
  fflush(stdout);
  bpf_object__close(object);
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  libbpf_set_print(quiet);
  struct bpf_object *object = bpf_object__open_file(argv[1], NULL);
  if (object == NULL) return 1;
  struct bpf_program *program;
  bpf_object__for_each_program(program, object) if (argc < 3 || strcmp(argv[2], bpf_program__name(program)) == 0)
      try_one(argv[1], bpf_program__name(program));
  bpf_object__close(object);
  return 0;
}
