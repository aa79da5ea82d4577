// RUN: %spile build %s -o %t.o && %spile dump %t.o | FileCheck %s
// RUN: not %spile build -DBAD %s -o %t.o 2>&1 | FileCheck %s --check-prefix=BAD
// A const integer that is initialized with a constant stands for it where C wants one, as clang takes it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static const int kTen = 10;
enum { ELEVEN = kTen + 1 };
_Static_assert(ELEVEN == 11, "an enumerator");
struct bits {
  int low : kTen;
};

// Each is evaluated once: twice for each of its uses would take years.
#define NEXT(from, to) static const unsigned long long to = from + from;
#define SIXTEEN(a) \
  NEXT(a, a##1) NEXT(a##1, a##2) NEXT(a##2, a##3) NEXT(a##3, a##4) NEXT(a##4, a##5) NEXT(a##5, a##6) NEXT(a##6, a##7) \
  NEXT(a##7, a##8) NEXT(a##8, a##9) NEXT(a##9, a##a) NEXT(a##a, a##b) NEXT(a##b, a##c) NEXT(a##c, a##d) \
  NEXT(a##d, a##e) NEXT(a##e, a##f)
static const unsigned long long kTwice = 1;
SIXTEEN(kTwice)
SIXTEEN(kTwicef)
SIXTEEN(kTwiceff)
_Static_assert(kTwicefff == 1ull << 45, "sums of sums");

// CHECK: if w{{[0-9]}} == 0xa
// CHECK: if w{{[0-9]}} == 0x14
SEC("xdp")
int chosen(struct xdp_md *ctx) {
  static const int kTwenty = 20;
  const int own = 30;
  switch (ctx->ingress_ifindex) {
    case kTen: return 7;
    case kTwenty: return 5;
    case own: return 3;
#ifdef BAD
    // BAD: [[#@LINE+1]]:10: error: case 10 stands twice
    case ELEVEN - 1: return 2;
#endif
  }
  const int late = ctx->rx_queue_index;
#ifdef BAD
  // BAD: [[#@LINE+1]]:23: error: the value of a case is not a constant
  switch (own) { case late: return 1; }
  const int itself = itself + 1;
  // BAD: [[#@LINE+1]]:23: error: the value of a case is not a constant
  switch (own) { case itself: return 1; }
#endif
  return late;
}
char _license[] SEC("license") = "GPL";
