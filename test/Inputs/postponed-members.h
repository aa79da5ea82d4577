#include <bpf/bpf_helpers.h>

#define NAME_LENGTH 16U
#define aligned_u64 unsigned long long __attribute__((aligned(8)))
#define pointer(type, member) \
  union {                     \
    type member;              \
    aligned_u64 : 64;         \
  }

struct packet {
  char name[NAME_LENGTH];
  aligned_u64 time;
  pointer(struct packet *, next);
};

#undef NAME_LENGTH
#define NAME_LENGTH 4
#undef aligned_u64
#undef pointer
