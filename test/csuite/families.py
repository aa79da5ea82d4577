"""Cases that go through a part of the language in order, each with the name of what it covers.

Where program.py mixes everything, these leave no gap: every pair of integer types under every operator, every width of
bit-field, every kind of initialiser, statement, call.
"""
import random

from program import CONSTANTS, DIVISORS, TYPES


def case(name, body, top=""):
    return f"{top}CASE({name})\n{{\n\tu64 h = 0;\n{body}\tio->out = h;\n\treturn 0;\n}}\n"


def mixed(*values):
    return "".join(f"\th = h * 31 + (u64)({v});\n" for v in values)


def arithmetic():
    """Usual conversions: every operator on every pair of types."""
    for a in TYPES:
        for b in TYPES:
            shift = f"((u32)y & {63 if a in ('s64', 'u64', 'long', 'unsigned long') else 31})"
            yield (f"\t{a} x = ({a})io->in[0];\n\t{b} y = ({b})io->in[1];\n"
                   + mixed("x + y", "x - y", "x * y", "x & y", "x | y", "x ^ y", "x < y", "x <= y", "x > y", "x >= y", "x == y",
                           "x != y", "x && y", "x || y", "io->in[2] & 1 ? x : y", f"x << {shift}", f"x >> {shift}",
                           "x / ((u32)y | 1)", "x % ((u32)y | 1)", "x / ((int)(y & 255) + 1)", "x % ((int)(y & 255) + 1)",
                           f"({a})y", f"({b})x", "-x", "~y", "!x", "sizeof(x + y)"))


def constants():
    """Every operator with a constant on either side."""
    rng = random.Random(1)
    for a in TYPES:
        for _ in range(12):
            c, d = rng.choice(CONSTANTS), rng.choice(DIVISORS)
            e = rng.choice(CONSTANTS)
            yield (f"\t{a} x = ({a})io->in[0];\n"
                   + mixed(f"x + {c}", f"x - {c}", f"{c} - x", f"x * {c}", f"x & {c}", f"x | {c}", f"x ^ {c}", f"x < {c}",
                           f"x >= {c}", f"{c} > x", f"x == {c}", f"x != {e}", f"x / {d}", f"x % {d}", f"(x + {c}) == {e}",
                           f"(x & {c}) != 0", f"(x & {c}) == {e}", f"x > {c} && x < {e}", f"({a})(x + {c}) > {e}"))


def compound():
    """Compound assignment and increments on every type, through a variable, a pointer and a field."""
    for t in TYPES:
        for u in ("s8", "u16", "s32", "u64"):
            lines = f"\t{t} x = ({t})io->in[0], *p = &x;\n\tstruct {{ char c; {t} f; }} s = {{ 1, ({t})io->in[1] }};\n"
            lines += f"\t{u} y = ({u})io->in[2];\n"
            for place in ("x", "(*p)", "s.f"):
                for op, value in (("+=", "y"), ("-=", "y"), ("*=", "y"), ("&=", "y"), ("|=", "y"), ("^=", "y"),
                                  ("<<=", "(y & 7)"), (">>=", "(y & 7)"), ("/=", "((int)(y & 15) + 1)"), ("%=", "((u32)y | 1)")):
                    lines += f"\th = h * 31 + (u64)({place} {op} {value});\n"
                lines += f"\th = h * 31 + (u64)({place}++);\n\th = h * 31 + (u64)(--{place});\n"
                lines += f"\th = h * 31 + (u64)(++{place});\n\th = h * 31 + (u64)({place}--);\n"
            yield lines + mixed("x", "s.f", "s.c")


def bitfields():
    """Every width, signed and unsigned, read, written and packed beside others."""
    for t, bits in (("s8", 8), ("u8", 8), ("s16", 16), ("u16", 16), ("s32", 32), ("u32", 32), ("s64", 64), ("u64", 64)):
        for width in sorted({1, 2, 3, bits // 2, bits // 2 + 1, bits - 1, bits}):
            for packed in ("", " __attribute__((packed))"):
                yield (f"\tstruct {{ {t} a : {width}; u8 gap : 3; {t} b : {width}; u32 tail : 9; }}{packed} s = {{}};\n"
                       "\ts.a = io->in[0];\n\ts.b = io->in[1];\n\ts.tail = io->in[2];\n\ts.gap = 5;\n"
                       + mixed("s.a", "s.b", "s.gap", "s.tail", "s.a += s.b", "s.b++", "--s.a", "s.b <<= 1", "s.a = s.b = s.tail",
                               "s.a < s.b", "s.a + s.tail", "sizeof(s)", "-s.a", "~s.b", "s.gap ^= io->in[3]"))


def initialisers():
    """Every form of initialiser, automatic and static."""
    tops = "struct P_{n} {{ s32 x; u16 y[3]; struct {{ u8 a, b; }} in; u64 z; }};\n"
    forms = [
        "struct P_{n} v = {{ 1, {{ 2, 3 }}, {{ 4 }}, {c} }}", "struct P_{n} v = {{ .z = {c}, .x = {d} }}",
        "struct P_{n} v = {{ .y[1] = {c}, {d}, .in.b = 3 }}", "struct P_{n} v = {{ .y = {{ [2] = {c} }}, {{ 1, 2 }}, {d} }}",
        "struct P_{n} v = {{ {c}, 1, 2, 3, 4, 5, {d} }}", "struct P_{n} v = {{ .in = {{ .b = {c} }}, .in.a = 7, .z = {d} }}",
        "struct P_{n} v = {{ }}", "struct P_{n} v = {{ x: {c}, z: {d} }}"]
    sums = "\th = h * 31 + (u64)v.x;\n\th = h * 31 + v.y[0];\n\th = h * 31 + v.y[1];\n\th = h * 31 + v.y[2];\n" \
           "\th = h * 31 + v.in.a;\n\th = h * 31 + v.in.b;\n\th = h * 31 + v.z;\n"
    rng = random.Random(2)
    n = 0
    for storage in ("", "static ", "static const ", "const "):
        for form in forms:
            values = {"c": rng.choice(CONSTANTS), "d": rng.choice(CONSTANTS)}
            if not storage or storage == "const ":
                values = {"c": "io->in[0]", "d": "(s16)io->in[1] + 1"}
            text = form.format(n="@", **values)
            yield f"\t{storage}{text};\n{sums}", tops.format(n="@")
            n += 1
    for storage in ("", "static const "):
        for t, init, count in (("char", '"spile"', 6), ("char", '{ "ab" }', 3), ("u16", "{ [3] = 9, [1] = 7, 8 }", 4),
                               ("s8", "{ -1, -2, 'x' }", 3), ("u64", "{ 1, [4 ... 6] = 3, 2 }", 8)):
            yield (f"\t{storage}{t} v[] = {init};\n\tfor (u32 i = 0; i < {count}; i++)\n\t\th = h * 31 + (u64)v[i];\n"
                   "\th += sizeof(v);\n")
    yield ("\tconst char *s = io->in[0] & 1 ? \"three\" : \"five\";\n\tfor (int i = 0; i < 5 && s[i]; i++)\n\t\th = h * 31 + s[i];\n")
    yield ("\tstatic const u32 m[3][2] = { { 1, 2 }, 3, 4, { [1] = 5 } };\n"
           "\th = m[io->in[0] % 3][io->in[1] & 1] * 7 + m[2][1];\n")
    yield ("\tu8 s[8] = \"abc\";\n\tu64 x = (u64)(struct { u32 a, b; }){ .b = io->in[1], .a = 3 }.b;\n"
           "\th = x * 31 + s[io->in[0] & 7];\n")


def switches():
    """Dense, sparse, signed and wide cases, ranges, fall through, jumps into nested blocks."""
    for t, labels in (("s8", ["-128", "-1", "0", "127"]), ("u8", ["0", "128", "255"]), ("s16", ["-32768", "7"]), ("u32", ["0xffffffff", "1", "2", "3", "4", "5"]),
                      ("s64", ["-1", "0x7fffffffffffffff", "0x100000000"]), ("u64", ["0xffffffffffffffffu", "0"]), ("s32", ["-2147483648", "2147483647", "10 ... 90", "0"]),
                      ("char", ["'a'", "'b' ... 'y'", "'z'"]), ("_Bool", ["0", "1"]), ("u16", ["100 ... 40000", "1"])):
        for breaks in (True, False):
            for default in ("first", "last", "none"):
                lines = f"\tfor (int i = 0; i < 4; i++)\n\t\tswitch (({t})io->in[i]) {{\n"
                parts = [f"\t\tcase {c}: h = h * 31 + {k + 1};" + (" break;\n" if breaks else "\n") for k, c in enumerate(labels)]
                extra = f"\t\tdefault: h = h * 7 + 99;" + (" break;\n" if breaks else "\n")
                if default != "none":
                    parts.insert(0 if default == "first" else len(parts), extra)
                yield lines + "".join(parts) + "\t\t}\n"


def loops():
    """Every kind of loop, counting in every type, with break, continue, nesting, unrolled or not."""
    for t in TYPES:
        if t == "_Bool":
            continue
        for pragma in ("", "#pragma unroll\n", "#pragma clang loop unroll(disable)\n", "#pragma unroll 2\n"):
            yield (f"{pragma}\tfor ({t} i = 0; i < 10; i++)\n\t\th = h * 31 + (io->in[i & 7] ^ i);\n"
                   f"{pragma}\tfor ({t} i = 9; i > 3; i -= 2) {{\n\t\tif (io->in[i & 7] == 1)\n\t\t\tcontinue;\n\t\th += i;\n"
                   "\t\tif (h & 0x10)\n\t\t\tbreak;\n\t}\n"
                   f"\t{t} n = (io->in[0] & 15) + 1;\n\tdo {{\n\t\th = h * 3 + n;\n\t}} while (--n);\n"
                   f"\tn = io->in[1] & 7;\n\twhile (n--)\n\t\tfor ({t} k = n; k < 8; k += 3)\n\t\t\th ^= h << 7 ^ k;\n")


def gotos():
    """Jumps backward, forward, out of and between blocks."""
    for step in (1, 2, 3):
        for limit in (3, 6):
            yield (f"\tu32 n = io->in[0] & {limit};\nagain:\n\th = h * 31 + n;\n\tif (n >= {step}) {{\n\t\tn -= {step};\n\t\tif (n == 1)\n"
                   "\t\t\tgoto out;\n\t\tgoto again;\n\t}\n\th += 7;\nout:\n\tif (h & 1) {\n\t\th ^= 0x55;\n\t\tgoto end;\n\t}\n\th += 3;\nend:\n\th <<= 1;\n")


def calls():
    """Arguments and results of every type through calls that are kept and calls that vanish."""
    for how in ("NOINLINE", "INLINE", "static"):
        for t in TYPES:
            for result in TYPES:
                top = f"{how} {result} f_@({t} a, u64 b, {t} c, s8 d, {result} e)\n{{\n\tif (a > c)\n\t\treturn ({result})(a + b + d);\n\treturn e - c;\n}}\n"
                yield mixed(f"f_@(io->in[0], io->in[1], io->in[2], io->in[3], io->in[4])", f"f_@(-1, 2, 3, -4, 5) + 1",
                            f"f_@(io->in[5] + 1, 2, io->in[6] * 3, h, io->in[7]) >> 1"), top
    for size in (1, 2, 3, 5):
        top = (f"struct R_@ {{ u16 a; s64 b[{size}]; }};\nINLINE struct R_@ g_@(struct R_@ r, int k)\n{{\n\tr.a += k;\n\tr.b[0] ^= r.a;\n\treturn r;\n}}\n"
               "INLINE u64 many_@(u8 a, u16 b, u32 c, u64 d, s8 e, s16 f, s32 g, s64 h)\n{\n\treturn a + 2 * b + 3 * c + 5 * d + 7 * e + 11 * f + 13 * g + 17 * h;\n}\n"
               "NOINLINE void put_@(u64 *to, const struct R_@ *r, u8 n)\n{\n\t*to = *to * 31 + r->a + r->b[0] + n;\n}\n")
        yield ("\tstruct R_@ r = { io->in[0], { io->in[1] } }, s = g_@(r, io->in[2]);\n\tr = g_@(g_@(s, 3), 4);\n"
               "\tput_@(&h, &r, io->in[3]);\n\tput_@(&h, &s, -1);\n"
               "\th += many_@(io->in[0], io->in[1], io->in[2], io->in[3], io->in[4], io->in[5], io->in[6], io->in[7]);\n"
               + mixed("r.a", "r.b[0]", "s.a", "s.b[0]", "g_@(r, 1).a", "g_@(s, h).b[0]")), top


def memory():
    """Copies, fills and comparisons of every small size; pointers, arrays, unions, records in records."""
    for size in (1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 33):
        for align in (1, 2, 4, 8):
            yield (f"\tu8 a[40] __attribute__((aligned(8))), b[40] __attribute__((aligned(8)));\n\tfor (int i = 0; i < 40; i++) {{\n\t\ta[i] = io->in[i & 7] >> i;\n\t\tb[i] = i;\n\t}}\n"
                   f"\t__builtin_memcpy(b + {align % 8}, a + {align % 8}, {size});\n\t__builtin_memset(a + {align % 8}, (u8)io->in[0], {size});\n"
                   "\tfor (int i = 0; i < 40; i++)\n\t\th = h * 31 + a[i] * 3 + b[i];\n"
                   f"\th += __builtin_memcmp(a, b, {size}) == 0;\n\th += __builtin_memcmp(a, a, {size}) == 0;\n")
    for t in TYPES[:8]:
        yield (f"\t{t} a[8];\n\tfor (int i = 0; i < 8; i++)\n\t\ta[i] = io->in[i];\n\t{t} *p = a + (io->in[0] & 3), *q = &a[io->in[1] & 7], **r = &p;\n"
               "\t(*r)++;\n\tp[1] += *q;\n\t*q ^= p[-1];\n" + mixed("p - a", "q - p", "p < q", "p == q", "*p", "*q", "(*r)[2]", "a[3]", "*(a + 5)")
               + f"\tunion {{ {t} v; u8 bytes[8]; u64 all; }} u;\n\tu.all = io->in[2];\n\tu.bytes[1] = 7;\n" + mixed("u.v", "u.all", "u.bytes[0]"))
        yield (f"\tstruct {{ {t} k; struct {{ u8 n; {t} m[3]; }} in[2]; }} s = {{ io->in[0] }}, t;\n\ts.in[io->in[1] & 1].m[io->in[2] % 3] = io->in[3];\n"
               "\ts.in[1].n = io->in[4];\n\tt = s;\n\tt.in[0] = s.in[1];\n\ts.k += t.in[1].m[0];\n"
               + mixed("s.k", "t.k", "t.in[0].n", "t.in[0].m[0]", "t.in[0].m[1]", "t.in[1].m[2]", "s.in[0].m[1]", "sizeof(s)"))
    # A pointer to the packet, four bytes of the context, added to a number that is always 0.
    yield ("\tif ((void *)((s32 *)data + 8) > data_end)\n\t\treturn 1;\n\th = ((s32 *)data + (two_@ > 16498373249))[0] == 31;\n",
           "static volatile char two_@ = 2;\n")


def builtins():
    """The builtins that compute, on every type; _Generic, typeof, statement expressions, enums, constants of the compiler."""
    for t in TYPES:
        yield (f"\t{t} x = ({t})io->in[0];\n\tenum E {{ A = -1, B, C = 1 << 20 }} e = io->in[1] & 1 ? A : C;\n"
               + mixed("__builtin_bswap16(x)", "__builtin_bswap32(x)", "__builtin_bswap64(x)", "__builtin_popcount(x)", "__builtin_popcountll(x)",
                       "x ? __builtin_ctzll(x) : 64", "__builtin_ctz((u32)x | 0x80000000)", "__builtin_clz((u32)x | 1)", "__builtin_clzll(x | 1ull)",
                       "__builtin_expect(x, 1)", "__builtin_constant_p(3)", "e", "e < 0", "sizeof(e)", "(enum E)io->in[2] == B",
                       f"_Generic(x, {t}: 3, default: 4)", "({ __typeof__(x) y = x; y += 3; y; })", "({ int k = 5; k += x > 0; k; }) * 2",
                       "__builtin_types_compatible_p(__typeof__(x), int)", "__builtin_choose_expr(1, x, h)", "x ?: 7",
                       "__builtin_offsetof(struct io, out)"))


def pressure():
    """More values alive at once than there are registers, within a block, around a loop and across calls."""
    for t in ("u64", "s64", "u32", "s16"):
        for count in (8, 12, 16, 24, 32):
            top = "NOINLINE u64 mix_@(u64 a, u8 b)\n{\n\treturn a * 7 + b;\n}\n"
            names = [f"v{i}" for i in range(count)]
            lines = "".join(f"\t{t} {n} = io->in[{i % 8}] * {2 * i + 3} + {i};\n" for i, n in enumerate(names))
            lines += f"\th = mix_@(v0, {count}) ^ mix_@(v{count - 1}, v1);\n"
            lines += "".join(f"\tv{i} += v{(i + 5) % count} ^ h;\n" for i in range(count))
            lines += "\tfor (u32 i = 0; i < (io->in[0] & 3) + 1; i++) {\n"
            lines += "".join(f"\t\tv{i} ^= v{(i * 3 + 1) % count} + i;\n" for i in range(count))
            lines += "\t\th = mix_@(h, v2);\n\t}\n"
            yield lines + mixed(*names), top


FAMILIES = [pressure, arithmetic, constants, compound, bitfields, initialisers, switches, loops, gotos, calls, memory, builtins]


def all_cases():
    """(name, text) of every case, in order."""
    for family in FAMILIES:
        for i, made in enumerate(family()):
            name = f"case_{family.__name__}_{i}"
            body, top = made if isinstance(made, tuple) else (made, "")
            yield name, case(name, body.replace("@", name), top.replace("@", name))
