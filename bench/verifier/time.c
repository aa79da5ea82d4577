// Verifies each program of an object in the kernel of this machine and prints a line for it: how long the kernel's
// verifier took, the least of some attempts.
//
//   time OBJ.o TIMES
//   NAME accept|reject|error MICROSECONDS PROCESSED
//
// The time is the verifier's own ("verification time N usec" of its statistics): libbpf, relocation and the JIT do not
// count. Nothing is attached or pinned. Built by run.py.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char log_text[1 << 20];

static int quiet(enum libbpf_print_level level, const char *format, va_list args) { return 0; }

static void measure(const char *path, const char *name, int times) {
  long best = -1, processed = 0;
  const char *verdict = "error";
  for (int i = 0; i < times; i++) {
    struct bpf_object *object = bpf_object__open_file(path, NULL);
    if (object == NULL) return;
    struct bpf_program *program;
    bpf_object__for_each_program(program, object) {
      const int is_it = strcmp(bpf_program__name(program), name) == 0;
      bpf_program__set_autoload(program, is_it);
      if (!is_it) continue;
      bpf_program__set_log_buf(program, log_text, sizeof log_text);
      bpf_program__set_log_level(program, 4);  // BPF_LOG_STATS
    }
    struct bpf_map *map;
    bpf_object__for_each_map(map, object) bpf_map__set_pin_path(map, NULL);
    log_text[0] = 0;
    const int result = bpf_object__load(object);
    const char *took = strstr(log_text, "verification time "), *steps = strstr(log_text, "processed ");
    if (took != NULL) {
      const long micros = atol(took + strlen("verification time "));
      if (best < 0 || micros < best) best = micros;
      if (steps != NULL) processed = atol(steps + strlen("processed "));
      verdict = result == 0 ? "accept" : "reject";
    }
    bpf_object__close(object);
    if (took == NULL) break;
  }
  printf("%s %s %ld %ld\n", name, verdict, best, processed);
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  libbpf_set_print(quiet);
  struct bpf_object *object = bpf_object__open_file(argv[1], NULL);
  if (object == NULL) return 1;
  struct bpf_program *program;
  bpf_object__for_each_program(program, object) measure(argv[1], bpf_program__name(program), atoi(argv[2]));
  bpf_object__close(object);
  return 0;
}
