// Times the first program of two objects against each other by BPF_PROG_TEST_RUN, in turns, so that both see the same
// machine. Prints the median of each in nanoseconds for one run, and the median of the rounds' ratios.
//
//   test_run OURS.o THEIRS.o
//   412 420 0.981
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>

enum { kRounds = 21 };
static const double kRoundSeconds = 0.004;

static int quiet(enum libbpf_print_level level, const char *format, va_list args) { return 0; }

static int load(const char *path) {
  struct bpf_object *object = bpf_object__open_file(path, NULL);
  if (object == NULL || bpf_object__load(object) != 0) return -1;
  struct bpf_program *program = bpf_object__next_program(object, NULL);
  return program == NULL ? -1 : bpf_program__fd(program);
}

static double nanoseconds(int fd, int repeat) {
  static char packet[64];
  LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet, .data_size_in = sizeof packet, .repeat = repeat);
  return bpf_prog_test_run_opts(fd, &run) == 0 ? run.duration : -1;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double median(double *values) {
  qsort(values, kRounds, sizeof *values, by_value);
  return values[kRounds / 2];
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  libbpf_set_print(quiet);
  int fd[2];
  for (int i = 0; i < 2; i++)
    if ((fd[i] = load(argv[1 + i])) < 0) {
      fprintf(stderr, "%s does not load\n", argv[1 + i]);
      return 1;
    }
  const double once = nanoseconds(fd[1], 50);
  if (once < 0) return 1;
  const int repeat = (int)(kRoundSeconds * 1e9 / (once < 4 ? 4 : once)) + 1;
  double times[2][kRounds], ratios[kRounds];
  for (int round = 0; round < kRounds; round++) {
    for (int k = 0; k < 2; k++) times[(round + k) & 1][round] = nanoseconds(fd[(round + k) & 1], repeat);
    ratios[round] = times[0][round] / (times[1][round] < 1 ? 1 : times[1][round]);
  }
  const double ratio = median(ratios);
  printf("%.0f %.0f %.3f\n", median(times[0]), median(times[1]), ratio);
  return 0;
}
