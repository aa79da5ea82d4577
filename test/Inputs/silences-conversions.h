static inline int before(unsigned long n) {
  int *p = n;
  return p != 0;
}
#pragma GCC diagnostic ignored "-Wint-conversion"
static inline int behind(unsigned long n) {
  int *p = n;
  return p != 0;
}
