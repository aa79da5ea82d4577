/* ubpf OBJECT.o SECONDS: nanoseconds that a run of the object's program takes in ubpf's interpreter, by CPU time. Built by
 * run.py against a checkout of iovisor/ubpf. The program gets the memory that bench.cpp gives. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ubpf.h>

enum { MEMORY = 4096 };
static uint8_t memory[MEMORY] __attribute__((aligned(8)));

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void fill(void) {
  static const uint8_t headers[] = {2,  0, 0, 0, 0, 1, 2, 0, 0,  0, 0, 2, 8, 0, 0x45, 0,    0,    60, 1, 2, 0, 0, 64, 6, 0, 0,
                                    10, 0, 0, 1, 10, 0, 0, 2, 4, 0, 0, 80, 0, 0, 0,   1,    0,    0,  0, 0, 0x50, 0x10, 0xff, 0xff};
  uint64_t state = 0x9e3779b97f4a7c15;
  for (int i = 0; i < MEMORY; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    memory[i] = (uint8_t)(state >> 56);
  }
  memcpy(memory, headers, sizeof headers);
}

static int by_number(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  FILE *file = fopen(argv[1], "rb");
  static char elf[1 << 20];
  const size_t size = file ? fread(elf, 1, sizeof elf, file) : 0;
  struct ubpf_vm *vm = ubpf_create();
  char *error = NULL;
  if (size == 0 || ubpf_load_elf_ex(vm, elf, size, "bench_main", &error) != 0) {
    fprintf(stderr, "%s\n", error ? error : "no object");
    return 1;
  }
  fill();
  double times[5];
  for (int k = 0; k < 5; k++) {
    uint64_t runs = 0, result;
    const double begin = now(), limit = atof(argv[2]) * 1e9;
    do {
      if (ubpf_exec(vm, memory, MEMORY, &result) != 0) return 1;
      runs++;
    } while (now() - begin < limit);
    times[k] = (now() - begin) / (double)runs;
  }
  qsort(times, 5, sizeof times[0], by_number);
  printf("%f\n", times[2]);
  return 0;
}
