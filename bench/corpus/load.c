// Loads each program of an object alone and prints a line for it: what the kernel of this machine says.
//
//   load OBJ.o
//   program NAME ok PROCESSED-INSNS LOADED-INSNS
//   program NAME fail ERRNO
//   object fail ERRNO            (the object itself does not open)
// Nothing is attached or pinned. Built by run.py against libbpf.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int quiet(enum libbpf_print_level level, const char *format, va_list args) {
  return getenv("LOAD_VERBOSE") != NULL ? vfprintf(stderr, format, args) : 0;
}

static void try_one(const char *path, const char *name) {
  struct bpf_object *object = bpf_object__open_file(path, NULL);
  if (object == NULL) return;
  struct bpf_program *program;
  struct bpf_program *wanted = NULL;
  bpf_object__for_each_program(program, object) {
    const int is_it = strcmp(bpf_program__name(program), name) == 0;
    if (is_it) wanted = program;
    bpf_program__set_autoload(program, is_it);
  }
  struct bpf_map *map;
  bpf_object__for_each_map(map, object) bpf_map__set_pin_path(map, NULL);
  const int result = bpf_object__load(object);
  if (result != 0) {
    printf("program %s fail %d\n", name, -result);
  } else {
    struct bpf_prog_info info = {};
    __u32 size = sizeof info;
    bpf_prog_get_info_by_fd(bpf_program__fd(wanted), &info, &size);
    printf("program %s ok %u %u\n", name, info.verified_insns, (unsigned)(info.xlated_prog_len / 8));
  }
  fflush(stdout);
  bpf_object__close(object);
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  libbpf_set_print(quiet);
  struct bpf_object *object = bpf_object__open_file(argv[1], NULL);
  if (object == NULL) {
    printf("object fail %d\n", errno);
    return 1;
  }
  struct bpf_program *program;
  bpf_object__for_each_program(program, object) {
    if (argc > 2 && strcmp(argv[2], bpf_program__name(program)) != 0) continue;
    try_one(argv[1], bpf_program__name(program));
  }
  bpf_object__close(object);
  return 0;
}
