// Corners of macro expansion; compared with clang -E by test/unit/pp/clang_test.cpp.
#define x 3
#define f(a) f(x * (a))
#undef x
#define x 2
#define g f
#define z z[0]
#define h g(~
#define m(a) a(w)
#define w 0,1
#define t(a) a
#define p() int
#define q(x) x
#define r(x,y) x ## y
#define str(x) # x
f(y+1) + f(f(z)) % t(t(g)(0) + t)(1);
g(x+(3,4)-w) | h 5) & m
(f)^m(m);
p() i[q()] = { q(1), r(2,3), r(4,), r(,5), r(,) };
char c[2][6] = { str(hello), str() };
#define xstr(s) str(s)
#define debug(s, t) printf("x" # s "= %d, x" # t "= %s", x ## s, x ## t)
#define INCFILE(n) vers ## n
#define glue(a, b) a ## b
#define xglue(a, b) glue(a, b)
#define HIGHLOW "hello"
#define LOW LOW ", world"
debug(1, 2);
fputs(str(strncmp("abc\0d", "abc", '\4') // this goes away
== 0) str(: @\n), s);
xstr(INCFILE(2).hh)
glue(HIGH, LOW);
xglue(HIGH, LOW)
#define t2(x,y,z) x ## y ## z
int j[] = { t2(1,2,3), t2(,4,5), t2(6,,7), t2(8,9,), t2(10,,), t2(,11,), t2(,,12), t2(,,) };
#define hash_hash # ## #
#define mkstr(a) # a
#define in_between(a) mkstr(a)
#define join(c, d) in_between(c hash_hash d)
char p[] = join(x, y);
#define eprintf(fmt, args...) fprintf(stderr, fmt , ## args)
eprintf("a"); eprintf("a",1,2); eprintf("a",)
#define vp(fmt, ...) fp(fmt, ##__VA_ARGS__)
vp("a"); vp("a", b, c); vp("a", w)
#define AA BB
#define BB AA
AA BB
#define foo foo a bar
#define bar foo 12
foo bar
#define NIL(xxx) xxx
#define G_0(arg) NIL(G_1)(arg)
#define G_1(arg) NIL(arg)
G_0(42)
#define EMPTY
#define LP (
#define RP )
#define F2(x, y) x + y
#define ELLIP_FUNC(...) __VA_ARGS__
ELLIP_FUNC(F2, LP, 'a', 'b', RP); 
ELLIP_FUNC(F2 LP 'a', 'b' RP);
#define f3() x EMPTY()
f3 EMPTY () EMPTY(1)
-EMPTY- +EMPTY+ a EMPTY b
#if 1 + 2 * 3 == 7 && defined(x) && !defined nope && (1 ? 2 : 3) == 2 && -1 < 0 && 'a' == 97 && 0x10 == 16 && -1 > 0u
yes
#else
no
#endif
#if 0
 it's not "here
#elif __has_include(<stddef.h>) || 1
elif
#endif
__LINE__ q(__LINE__) q(
__LINE__
)
__COUNTER__ __COUNTER__ __INCLUDE_LEVEL__
a\
b c\
 d
"x\
y"
??=
%:define DI 1
DI <: :> 0x1e+1 1.5e+3f .5 1..2
L"w" u8"x" L'c' $id é
// __VA_OPT__
#define VF(a, ...) call(a __VA_OPT__(,) __VA_ARGS__)
#define VG(x, ...) #__VA_OPT__(x ## x __VA_ARGS__)
#define VH(x, ...) x ## __VA_OPT__(a x) ## b
#define VI(...) __VA_OPT__(a ## __VA_ARGS__ ## b)c
#define VE
VF(1) VF(1, 2, 3) VF() VF(VE, VE) VG(a) VG(a, 1) VH(q) VH(q, 1) VI() VI(x) VI(x, y)
// Pragmas that change macros, and what is asked of the compiler.
#pragma push_macro("VF")
#undef VF
#define VF 7
VF
#pragma pop_macro("VF")
VF(3)
__has_attribute(bpf_fastcall) __has_attribute(packed) __has_attribute(__preserve_access_index__)
__has_builtin(__builtin_memcpy) __has_builtin(__builtin_offsetof) __has_builtin(__builtin_nothing) __has_builtin(memcpy)
__has_c_attribute(nodiscard) __has_c_attribute(__fallthrough__) __has_c_attribute(gnu::packed) __has_c_attribute(none)
__has_extension(gnu_asm) __has_feature(gnu_asm) __has_feature(c_static_assert) __building_module(x)
__is_identifier(int) __is_identifier(y)
