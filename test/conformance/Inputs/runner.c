// runner.c: runs the programs of a shared object (docs/native.md), as a process that has nothing else of Spile.
//
// argv: the object. stdin: a line for each program: its symbol, and its memory in hex or "-". stdout: r0, in hex.
// r1 is the memory and r2 its length. Helper 5 gives r1, as in the suite's own runner.
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t program(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, void *env);

uint64_t bpf_helper_ktime_get_ns(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, void *env) {
  return r1;
}
void *bpf_helper_of_number(const void *env, uint64_t number) {
  if (number != 5) abort();
  return bpf_helper_ktime_get_ns;
}

int main(int count, char **arguments) {
  void *object = dlopen(arguments[1], RTLD_NOW);
  if (object == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  char name[64];
  static char hex[1 << 16];
  while (scanf("%63s %65535s", name, hex) == 2) {
    uint64_t size = hex[0] == '-' ? 0 : strlen(hex) / 2;
    uint64_t *memory = calloc(size / 8 + 1, 8);
    for (uint64_t i = 0; i < size; i++) sscanf(&hex[2 * i], "%2hhx", (unsigned char *)memory + i);
    program *run = (program *)dlsym(object, name);
    if (run == NULL) {
      fprintf(stderr, "%s\n", dlerror());
      return 1;
    }
    printf("0x%lx\n", (unsigned long)run(size == 0 ? 0 : (uint64_t)memory, size, 0, 0, 0, NULL));
    fflush(stdout);
    free(memory);
  }
}
