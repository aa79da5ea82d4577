// C that is compiled twice: natively by clang, and by us to IR that the test runs. Both must give the same numbers for
// the same arguments. Each function takes and returns 64 bits; CORPUS lists them. A function is one subject.
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;

#define CORPUS(X) \
  X(conversions) X(arithmetic) X(shifts) X(comparisons) X(logic) X(compound) X(increments) X(booleans) X(pointers) \
  X(arrays) X(bitfields) X(packed_bitfields) X(records) X(record_calls) X(unions) X(switches) X(loops) X(gotos) \
  X(statement_expressions) X(initializers) X(strings) X(globals) X(memory) X(bits) X(overflow) X(callees) X(enums) \
  X(conditionals) X(compound_literals) X(signed_division) X(chars) X(wide_fields) X(static_locals) X(byte_order)

u64 conversions(u64 a, u64 b) {
  u8 c = a; s8 d = a; u16 e = b; s16 f = b; u32 g = a; s32 h = b; _Bool i = a & 4;
  u64 r = c + d * 3 + e - f + g + h + i;
  r += (u64)(s64)d + (u64)f + (s64)h + (u32)d + (u16)h;
  return r ^ (u64)(s32)(u16)(s8)c ^ -c ^ ~e ^ (d < c) ^ ((u32)h > (u64)h);
}
u64 arithmetic(u64 a, u64 b) {
  u32 x = a, y = b; s32 p = a, q = b; u64 r = a + b * 3 - (a ^ b);
  r += x * y + (u64)x * y + p * q + (x - y) + (s64)p * q;
  r += a / (b | 1) + a % (b | 1) + x / (y | 1) + x % (y | 1);
  return r - -a + +b + ~x;
}
u64 shifts(u64 a, u64 b) {
  u32 n = b & 31, m = b & 63; s32 s = a; s64 t = a; u8 c = a; u32 u = a;
  return (a << m) ^ (a >> m) ^ (t >> m) ^ (s >> n) ^ (u >> n) ^ (u << n) ^ (c << 4) ^ (s << n) ^ ((u64)u << n);
}
u64 comparisons(u64 a, u64 b) {
  s32 x = a, y = b; u32 u = a, v = b; s64 p = a, q = b; s8 c = a; u8 d = b;
  return (x < y) | (x <= y) << 1 | (x > y) << 2 | (x >= y) << 3 | (u < v) << 4 | (u >= v) << 5 | (p < q) << 6 |
         (a < b) << 7 | (c < d) << 8 | (x < v) << 9 | (c == d) << 10 | (x != u) << 11 | (p <= y) << 12;
}
static int calls;
static int count(int v) { calls++; return v; }
u64 logic(u64 a, u64 b) {
  calls = 0;
  int r = (a & 1) && count(b & 2) || count(a & 4) && !count(b & 1);
  r = r * 2 + ((a & 8 || b & 8) && (a & 16 || count(1)));
  if (!(a & 32) || count(b & 32) && a) r += 100;
  return r * 1000 + calls + ((a && b), !a) + !!b;
}
u64 compound(u64 a, u64 b) {
  u8 c = a; s16 d = b; u32 e = a; s64 f = b; u16 g = a;
  c += b; c *= 3; d -= a; d /= 7; e <<= b & 31; e |= a; e %= 1000; f >>= 3; f ^= c; f &= ~7; g <<= 3; g >>= 1; g -= c;
  return c + d + e + f + g + (c |= 64) + (d = 70000) + (g ^= 0xff);
}
u64 increments(u64 a, u64 b) {
  u8 c = a; s8 d = b; u32 e[3] = {a, b, 1}, *p = e; u64 r = c++ + ++c + d-- + --d;
  r = r * 31 + *p++ + *p + ++*p + (*p)-- + p[-1]; p--; r += p == e;
  return r * 31 + c + d + e[0]++ + e[1];
}
u64 booleans(u64 a, u64 b) {
  _Bool x = a & 6, y = !x, z = (void *)b; int n = x + y + z; x++; y--; z ^= 1; z |= a & 1;
  return n + x * 2 + y * 4 + z * 8 + (_Bool)(a >> 32) * 16 + (x && z) * 32 + (x == 1);
}
u64 pointers(u64 a, u64 b) {
  int v[8] = {1, 2, 3, 4, 5, 6, 7, 8}; int *p = v + (a & 3), *q = &v[b & 7]; char *c = (char *)p + 4; short (*m)[2] = (void *)v;
  p += 2; p -= (int)(b & 1); const int *const e = v + 8; int *z = 0;
  return (q - p) + *p * 10 + *(int *)c * 100 + (p < q) * 1000 + (e - p) + m[2][0] + 1[v] + (z == 0) + !z + (p != q) + ((u64)q - (u64)v) + (&v[3] - &v[1]);
}
u64 arrays(u64 a, u64 b) {
  int m[3][4] = {{1, 2}, {3, 4, 5}, [2][3] = 9}; u8 t[5] = {[1 ... 3] = 7, 8}; u64 r = 0; int (*row)[4] = &m[1];
  m[a % 3][b % 4] += a; row[0][1] = b; (*row)[2]++;
  for (int i = 0; i < 3; i++) for (int j = 0; j < 4; j++) r = r * 7 + m[i][j];
  return r + t[a % 5] + sizeof(m) + sizeof(m[0]) + t[4];
}
struct bits { u32 a : 3, b : 7; s32 c : 5; u64 d : 40; u8 e : 1; _Bool f : 1; s64 g : 33; u32 : 0; u16 h : 16; };
u64 bitfields(u64 a, u64 b) {
  struct bits x = {.a = a, .c = b, .g = a}; x.b = b; x.d = a * 3; x.e = a >> 1; x.f = b & 2; x.h = b; x.a += 5; x.c--; x.g <<= 1;
  u64 r = (x.b |= 1) + x.a++ + --x.c + (x.d > 5) + (x.a < -1) + (x.h = 70000);
  return r + x.a + x.b * 3 + x.c * 5 + x.d * 7 + x.e * 11 + x.f * 13 + x.g * 17 + x.h + sizeof(x);
}
struct packed { u8 x; u32 y : 20; s64 z : 50; u8 w : 5; u64 v : 63; } __attribute__((packed));
u64 packed_bitfields(u64 a, u64 b) {
  struct packed p = {1, a, b, 3, a}; p.y += 3; p.z ^= a; p.w--; p.v += b; p.x = p.y;
  return p.x + p.y * 3 + p.z * 5 + p.w * 7 + p.v * 11 + sizeof(p);
}
struct point { s32 x, y; };
struct box { struct point a, b; u8 name[5]; u64 id; };
u64 records(u64 a, u64 b) {
  struct box p = {{a, b}, {3}, "ab", b}, q = p, *r = &q; r->a.y++; q.b = p.a; (*r).name[1] ^= a; struct point s = (a & 1 ? p.a : q.b);
  p = *r; p.a = (struct point){p.a.y, p.a.x};
  return p.a.x + p.a.y * 3 + q.b.x * 5 + p.name[0] + p.name[1] * 7 + p.name[2] + s.y + p.id + (a & 2 ? p : q).b.y;
}
static struct box make(struct point p, u64 id) { p.x++; struct box r = {.a = p, .id = id}; return r; }
static u64 total(struct box v) { v.a.x *= 2; return v.a.x + v.a.y + v.id + v.b.x; }
u64 record_calls(u64 a, u64 b) {
  struct point p = {a, b}; struct box v = make(p, a ^ b); v = make(v.a, v.id + 1);
  return total(v) * 3 + v.a.x + p.x + make(p, 9).a.y + total(make(v.b, 1));
}
u64 unions(u64 a, u64 b) {
  union { u64 all; struct { u16 low, next; u32 high; }; u8 bytes[8]; } u = {a}; u.next = b; u.bytes[7] ^= 0x80;
  return u.all + u.high + u.bytes[2] + ((union { u32 i; u8 b[4]; }){.b = {1, 2}}).i;
}
u64 switches(u64 a, u64 b) {
  u64 r = 0;
  for (int i = 0; i < 8; i++) {
    switch ((a >> i * 4 & 15) + (i == 7) * 200) {
      case 0: r += 1; break;
      case 1: case 2: r += 3; __attribute__((fallthrough));
      case 3: r *= 5; break;
      case 4 ... 7: if (b & 1) { r += 9; break; } r ^= 7;
      default: r += 11; continue;
      case 9: { int k; case 10: k = r; r += k; } break;
      case 100 ... 300: r += 1000;
    }
    r++;
  }
  switch ((s8)b) { case -1: r++; case -128 ... -100: r += 2; }
  switch (b) { case 0xffffffffffffffff: r += 50; break; case 5u: r += 4; }
  return r;
}
u64 loops(u64 a, u64 b) {
  u64 r = 0; int n = a & 15;
  while (n--) { if (n == 5) continue; r += n; if (r > 60) break; }
  do { r = r * 3 + 1; } while (r < (b & 0xfff));
  for (u32 i = 0, j = 9; i < j; i++, j--) { for (;;) { if (r++ & 1) break; } r ^= i << 4; }
  for (; r > 1000;) r /= 3;
  return r;
}
u64 gotos(u64 a, u64 b) {
  u64 n = a & 31, r = 0; goto test;
again: r += n * b; n--;
test: if (n) goto again;
  return r;
}
u64 statement_expressions(u64 a, u64 b) {
  int x = ({ int t = a; t = t * 2; t + 1; }); __auto_type y = x + b; typeof(y) z = y; struct point p = ({ struct point q = {a, b}; q.x++; q; });
  return x + z + p.x + ({ if (a & 1) y = 3; y; }) + ({ struct point q = {b, a}; q; }).y + (a & 4 ? ({ z++; z; }) : 2) + z;
}
u64 initializers(u64 a, u64 b) {
  struct { int n; struct point in[2]; union { u16 h; u32 w; }; u8 tail[3]; } v = {1, {{2, 3}, {.y = 4}}, {.w = 5}, {6, a}}, w = {.in[1].x = b, 7, .tail = {[2] = 8}}, z = {};
  struct point flat[2] = {1, 2, 3, 4}; int s = {5}; u64 r[] = {[3] = a, 9, [1] = b};
  return v.n + v.in[0].y * 3 + v.in[1].y * 5 + v.w + v.tail[1] + v.tail[2] + w.in[1].x + w.in[1].y * 3 + w.tail[2] + z.n + flat[1].x + s + r[4] + r[1] + sizeof(r) + r[0];
}
u64 strings(u64 a, u64 b) {
  char s[16] = "hello", t[] = "a\tb\x41\101", u[3] = "xyz"; const char *p = "world" "!"; static const char k[4] = "abc"; int w[3] = L"hi";
  s[a % 5]++;
  return s[0] + s[1] * 3 + s[4] * 5 + s[9] + t[b % 6] + sizeof(t) + u[2] + p[a % 6] * 7 + k[b % 4] + sizeof(s) + w[1] + "lit"[a % 3] + __func__[0];
}
static int g_int = 3, g_table[4] = {1, 2, [3] = 4}; static struct box g_box = {.a = {1, 2}, .name = "nm", .id = 7}; static u8 *g_ptr = &g_box.name[1];
static const struct point *const g_points[] = {&(struct point){5, 6}, &g_box.a}; static const char *g_names[] = {"zero", "one"}; static u64 g_zero;
u64 globals(u64 a, u64 b) {
  g_int = a; g_table[b & 3] += g_int; g_box.a.y ^= b; g_zero++; *g_ptr = a; u64 r = g_table[0] + g_table[3] * 3 + g_box.a.y + g_box.name[1] + g_points[a & 1]->y + g_names[b & 1][1];
  g_table[b & 3] -= g_int; g_box.a.y ^= b; g_zero--; return r + g_zero + g_int;
}
u64 memory(u64 a, u64 b) {
  struct box p, q; __builtin_memset(&p, a, sizeof(p)); __builtin_memcpy(&q, &p, sizeof(q)); q.name[2] = b; p.id = b; u8 m[24];
  __builtin_memset(m, 0, sizeof(m)); __builtin_memcpy(m, &a, 8); __builtin_memmove(m + 3, m, 8); u32 n = b & 7; __builtin_memcpy(m + 12, m + 1, n); __builtin_memset(m + 20, a, n & 3);
  int c = __builtin_memcmp(&p, &q, sizeof(p)), d = __builtin_memcmp(m, m + 12, 5), e = __builtin_memcmp(m, &b, n);
  return q.a.x + q.id + m[5] + m[13] * 3 + m[20] + (c > 0) - (c < 0) + ((d > 0) - (d < 0)) * 10 + ((e > 0) - (e < 0)) * 100;
}
u64 bits(u64 a, u64 b) {
  u32 c = b; u64 x = a | 1; u32 y = c | 0x100;
  return __builtin_popcountll(a) + __builtin_popcount(c) * 3 + __builtin_ctzll(x << (b & 31)) * 5 + __builtin_ctz(y) * 7 + __builtin_clzll(x) * 11 + __builtin_clz(y) * 13 +
         __builtin_ffs(c) * 17 + __builtin_ffsll(a) * 19 + __builtin_llabs((s64)a) + __builtin_abs((s32)b);
}
u64 overflow(u64 a, u64 b) {
  u32 x; s32 y; u64 z; s64 w;
  u64 r = __builtin_add_overflow((u32)a, (u32)b, &x) + __builtin_sub_overflow((u32)a, (u32)b, &x) * 2 + __builtin_add_overflow((s32)a, (s32)b, &y) * 4 + __builtin_sub_overflow((s32)a, (s32)b, &y) * 8;
  return r + __builtin_add_overflow(a, b, &z) * 16 + __builtin_sub_overflow((s64)a, (s64)b, &w) * 32 + x + y + z + w;
}
static u64 twice_first(u32 n) { return n * 2; }
static u64 calls_below(u32 n) { return n < 2 ? n : twice_first(n - 1) + twice_first(n - 2); }
u64 callees(u64 a, u64 b) { return calls_below(a & 7) + calls_below(b & 3); }
enum small { S_A, S_B = 7, S_C }; enum neg { N_A = -3, N_B }; enum wide { W_A = 1ull << 40, W_B };
u64 enums(u64 a, u64 b) { enum small s = a; enum neg n = b; enum wide w = a; return s + n + w + S_C + N_B + W_B + (s > -1) + (n < 0) + (n < 0u) + sizeof(w); }
u64 conditionals(u64 a, u64 b) {
  int x = a & 3 ?: b & 7; u8 c = a; s64 d = b; const char *p = a & 1 ? "yes" : 0;
  return x + (a > b ? a : b) + (c ? -1 : 1u) + (a & 1 ? c : d) + (p ? p[0] : 9) + (1 ? a : b) + (a & 2 ? x ? 5 : 6 : 7);
}
u64 compound_literals(u64 a, u64 b) {
  struct point *p = &(struct point){a, b}; p->x++; int *v = (int[]){1, a, 3}; v[0] += b; struct point q = *(struct point[]){{b, a}, {1, 2}};
  return p->x + p->y * 3 + v[0] + v[1] + q.x + ((struct point){.y = a}).y;
}
u64 signed_division(u64 a, u64 b) { s64 x = a, y = b >> 1 | 1; s32 p = a, q = b >> 40 | 1; return x / y + x % y * 3 + p / q * 5 + p % q * 7 + x / 8 + p % 16 + x / -3; }
u64 chars(u64 a, u64 b) { char c = a; unsigned char d = a; signed char e = b; return (c == d) + (c < 0) * 2 + 'a' + '\n' + '\'' + '\0' + '\377' + c * e + (c & 0x80) + (u64)c; }
struct wide_bits { u64 a : 5, b : 59; s64 c : 64; u32 d : 32; s32 e : 32; u16 f : 9; u16 g : 7; };
u64 wide_fields(u64 a, u64 b) { struct wide_bits w; w.a = a; w.b = b; w.c = a; w.d = b; w.e = b; w.f = a; w.g = b; return w.a + w.b * 3 + w.c * 5 + w.d * 7 + w.e * 11 + w.f * 13 + w.g * 17 + (w.a - 6 < 0) + (w.d - 1 > 0); }
static u64 next(u64 by) { static u64 state = 5; static struct point at[2] = {{1, 2}}; u64 old = state + at[0].y; state += by; at[0].y++; state -= by; at[0].y--; return old + state; }
u64 static_locals(u64 a, u64 b) { return next(a) + next(b) * 3; }
u64 byte_order(u64 a, u64 b) { return __builtin_bswap16(a) + __builtin_bswap32(b) + __builtin_bswap64(a ^ b) + (u16)__builtin_bswap16((u16)b); }

u64 call_native(const char *name, u64 a, u64 b) {
#define X(f) { const char *p = #f, *q = name; while (*p && *p == *q) p++, q++; if (*p == *q) return f(a, b); }
#ifndef SPILE_LOWERED
  CORPUS(X)
#endif
  return 0;
}
