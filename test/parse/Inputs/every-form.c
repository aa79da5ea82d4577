// Every form of the grammar once; test/unit/parse/grammar_test.cpp parses it.
typedef int T; typedef unsigned char u8; typedef unsigned long u64;
int *(*f[3])(int); int (*(*g)(void))[5]; const volatile int * const restrict_p;
typedef int (*handler)(T, const char *, ...);
__attribute__((unused)) static int a1 __attribute__((aligned(8))) = 1, *a2 __attribute__((unused)), __attribute__((unused)) a3;
struct __attribute__((packed)) S { int a : 3, : 5, b : 24; union { int x; u8 y[4]; }; struct S *next; T t; T T; unsigned T2 : 4; u64 : 0; char flex[]; } __attribute__((aligned(4))) s1, *s2;
struct { T : 3; T x : 2 __attribute__((packed)); enum E0 { Q } e : 2; } s3;
enum E { A, B = 2, C __attribute__((deprecated)) = B + 1, } e1; enum E e2; enum Fixed : u8 { FA = 1 }; enum : int { G1 };
_Static_assert(sizeof(int) == 4, "int" " is four"); _Static_assert(1);
_Alignas(16) int al1; _Alignas(double) char al2; _Noreturn void nr(void);
__extension__ typedef long long ll; __extension__ union { int q; } ext;
typeof(int *) tp; typeof(a1 + 1) te; __typeof_unqual__(const int) tu; _Atomic int at1; _Atomic(int) at2; int * _Atomic at3;
__int128 i128; unsigned __int128 u128; __uint128_t u128b; typedef unsigned __int128 __uint128_t; __uint128_t u128c; __builtin_va_list va;
extern int ext_fn(int) asm("real_name"); int (paren)(int x); int arr2[2][3], arr3[]; char msg[] = "a" "b\n";
asm("nop"); ;
int kr(); int vd(void); int vf(int, ...); int star(int n, int v[static 3], int w[const 2], int (*cb)(T), T (*)(T), int (T), T);
[[gnu::packed]] struct P { int x; }; int attr2 [[maybe_unused]];
struct Init { int a, b[4]; struct { int c; } d; } in1 = { 1, { 2, 3 }, { 4 } }, in2 = { .a = 1, .b[2] = 3, .b = { [0 ... 1] = 7, [2] = 1, }, .d.c = 5 }, in3 = { a: 1, d: { c: 2 } }, in4 = {};
float fl = 1.5f + .5e-3 + 0x1p3; char ch = 'a' + '\n' + '\x41' + L'b' + 0b101 + 0x1fULL + 017;
static inline __attribute__((always_inline)) int fun(T T, int *p) {
  int u8 = 3; u8 = T + u8 * 2; { typedef char T; T c = 1; (void)c; } T++;
  if (u8) ; else if (T) { } else while (u8--) continue;
  for (int i = 0, j = 1; i < 3; i++, j--) { if (i) break; }
  for (;;) break; for (u8 = 0; ; ) { break; }
  do u8++; while (u8 < 3);
  switch (T) { case 1: case 2 ... 5: u8 = 1; __attribute__((fallthrough)); default: case 9: { int z = 1; (void)z; } break; case 10: ; int decl; case 11: (void)decl; }
#pragma unroll
  for (int i = 0; i < 4; i++) p[i] = i;
#pragma clang loop unroll_count(4)
  while (u8) u8--;
#pragma unroll(8)
  do { } while (0);
#pragma clang loop unroll(disable)
  for (;;) goto out;
  void *lab = &&out; goto *lab;
  asm volatile("" ::: "memory"); asm("r0 = %0" : "=r"(u8) : [x] "r"(T), "i"(3) : "r1", "r2"); asm goto("goto %l[out]" :::: out, lab2);
  u8 = ({ int x = 1; x + 2; }) + sizeof(int) + sizeof(int[3]) + sizeof u8 + sizeof(u8) + sizeof (struct Init){1}.a + _Alignof(int) + __alignof__(u8);
  u8 = (int)T + (int)-1 + (int)(T) + -(T) + !T + ~T + *p + *&u8 + p[0]++ + --p[1]; u8 ^= 1; u8 <<= 2; u8 |= u8 & 3; u8 = u8 ? T : p ? 1 : 2; u8 = u8 ?: 3;
  u8 = (struct Init){ .a = 1 }.a + ((struct Init *)p)->b[1] + (*(struct Init **)p)->d.c;
  u8 = _Generic(u8, int: 1, char *: 2, default: 3) + __builtin_offsetof(struct Init, b[2]) + __builtin_offsetof(struct Init, d.c) + __builtin_types_compatible_p(int, typeof(u8)) + __builtin_choose_expr(1, u8, p);
  u8 = 1 + 2 * 3 - 4 / 2 % 3 << 1 < 3 == 1 & 2 ^ 3 | 4 && 5 || 6; u8 = 1, T = 2;
  __auto_type au = u8; __builtin_va_arg(va, int);
  { extern int T; } { unsigned T; }
lab2: __attribute__((unused)) u8++;
out: return u8;
}
