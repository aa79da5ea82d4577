// A header that is spelled wrong.
#include <bpf/bpf_helper.h> // expect: HeaderNotFound
int x;
