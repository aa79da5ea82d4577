"""Random C functions with defined behaviour only: what they compute must not depend on the compiler.

A case is an XDP program: eight 64-bit inputs in a global and a packet give one 64-bit result, a return value and
another packet. It is safe by construction, so every verifier should take it. Every local is initialised, indices and shift counts
are masked, divisors cannot be zero or -1, loops count, expressions have no side effects; signed arithmetic wraps
(-fwrapv). The same seed gives the same text on every machine.
"""
import random

HEADER = """\
typedef signed char s8; typedef unsigned char u8; typedef short s16; typedef unsigned short u16;
typedef int s32; typedef unsigned int u32; typedef long long s64; typedef unsigned long long u64;
struct io { u64 in[8]; u64 out; };
struct xdp { u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex; };
struct turns { u64 sum, left; };
struct io csuite_io __attribute__((section(".data.io"), used)) = { { 0 } };
char csuite_license[] __attribute__((section("license"), used)) = "GPL";
#define NOINLINE static __attribute__((noinline))
#define GLOBAL __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))
#define CASE(name) \\
	INLINE int name##_body(struct io *io, void *data, void *data_end); \\
	__attribute__((section("xdp"), used)) int name(struct xdp *ctx) \\
	{ return name##_body(&csuite_io, (void *)(long)ctx->data, (void *)(long)ctx->data_end); } \\
	INLINE int name##_body(struct io *io, void *data, void *data_end)
#ifdef __bpf__
static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static long (*const map_update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*const map_delete)(void *map, const void *key) = (void *)3;
static long (*const map_push)(void *map, const void *value, u64 flags) = (void *)87;
static long (*const map_pop)(void *map, void *value) = (void *)88;
static long (*const map_peek)(void *map, void *value) = (void *)89;
static long (*const map_each)(void *map, void *callback, void *ctx, u64 flags) = (void *)164;
static long (*const bpf_loop)(u32 turns, void *callback, void *ctx, u64 flags) = (void *)181;
#define MAP(name, kind, type_) \\
	struct { int (*type)[kind]; u32 *key; type_ *value; int (*max_entries)[8]; } name __attribute__((section(".maps"), used)); \\
	INLINE type_ *name##_at(u32 key) { return map_lookup(&name, &key); } \\
	INLINE void name##_set(u32 key, type_ value) { map_update(&name, &key, &value, 0); } \\
	INLINE void name##_drop(u32 key) { map_delete(&name, &key); }
#define LINE(name, kind, type_) \
	struct { int (*type)[kind]; type_ *value; int (*max_entries)[8]; } name __attribute__((section(".maps"), used)); \
	INLINE long name##_push(type_ value) { return map_push(&name, &value, 0) != 0; } \
	INLINE long name##_pop(type_ *value) { return map_pop(&name, value) != 0; } \
	INLINE long name##_peek(type_ *value) { return map_peek(&name, value) != 0; }
#define EACH(name, callback, ctx) map_each(&name, callback, ctx, 0)
#define LOOP(turns, callback, ctx) bpf_loop(turns, callback, ctx, 0)
#else
#define MAP(name, kind, type_) \\
	static struct { type_ value; int is_there; } name[8]; \\
	INLINE type_ *name##_at(u32 key) { return key < 8 && (kind == 2 || kind == 6 || name[key].is_there) ? &name[key].value : 0; } \\
	INLINE void name##_set(u32 key, type_ value) { if (key < 8) name[key].value = value, name[key].is_there = 1; } \\
	INLINE void name##_drop(u32 key) { if (key < 8) name[key].is_there = 0; } \\
	INLINE long name##_each(long (*callback)(void *, const u32 *, type_ *, struct turns *), struct turns *ctx, long n) \\
	{ for (u32 i = 0; i < 8; i++) if (name##_at(i)) { n++; if (callback(0, &i, name##_at(i), ctx)) break; } return n; }
#define EACH(name, callback, ctx) name##_each(callback, ctx, 0)
#define LINE(name, kind, type_) \
	static struct { type_ values[8]; int count; } name; \
	INLINE long name##_push(type_ value) { if (name.count == 8) return 1; name.values[name.count++] = value; return 0; } \
	INLINE long name##_peek(type_ *value) \
	{ *value = 0; if (!name.count) return 1; *value = name.values[kind == 23 ? name.count - 1 : 0]; return 0; } \
	INLINE long name##_pop(type_ *value) { if (name##_peek(value)) return 1; name.count--; \
	  if (kind == 22) for (int i = 0; i < name.count; i++) name.values[i] = name.values[i + 1]; return 0; }
INLINE long native_loop(u32 turns, long (*callback)(u32, struct turns *), struct turns *ctx)
{ for (u32 i = 0; i < turns; i++) if (callback(i, ctx)) return i + 1; return turns; }
#define LOOP(turns, callback, ctx) native_loop(turns, callback, ctx)
#endif
#if defined(__bpf__) && __BPF_CPU_VERSION__ < 3
#define OLD_AND(p, v, then) ({ __typeof__(p) p_ = (p); __typeof__(*p_) old_ = *p_, v_ = (v); then; old_; })
#define ATOMIC_ADD(p, v) OLD_AND(p, v, *p_ += v_)
#define ATOMIC_OR(p, v) OLD_AND(p, v, *p_ |= v_)
#define ATOMIC_AND(p, v) OLD_AND(p, v, *p_ &= v_)
#define ATOMIC_XOR(p, v) OLD_AND(p, v, *p_ ^= v_)
#define ATOMIC_SWAP(p, v) OLD_AND(p, v, *p_ = v_)
#define ATOMIC_CAS(p, a, v) OLD_AND(p, v, if (old_ == (__typeof__(old_))(a)) *p_ = v_)
#else
#define ATOMIC_ADD(p, v) __sync_fetch_and_add(p, v)
#define ATOMIC_OR(p, v) __sync_fetch_and_or(p, v)
#define ATOMIC_AND(p, v) __sync_fetch_and_and(p, v)
#define ATOMIC_XOR(p, v) __sync_fetch_and_xor(p, v)
#define ATOMIC_SWAP(p, v) __sync_lock_test_and_set(p, v)
#define ATOMIC_CAS(p, a, v) __sync_val_compare_and_swap(p, (__typeof__(*(p)))(a), v)
#endif
"""

TYPES = ["s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "char", "long", "unsigned long", "_Bool"]
WIDE = ["s32", "u32", "s64", "u64", "long", "unsigned long"]
CONSTANTS = ["0", "1", "2", "3", "-1", "-2", "7", "8", "15", "16", "31", "63", "127", "128", "-128", "-129", "255", "256",
             "32767", "32768", "-32768", "65535", "65536", "0x7fffffff", "0x80000000", "0xffffffff", "-2147483647",
             "0x100000000", "0x7fffffffffffffff", "0x8000000000000000u", "0xffffffffffffffffu", "-5L", "10ull", "1000000007",
             "'a'", "'\\n'", "0x1234567", "0xdeadbeefcafeu", "1u", "0u", "4294967295L", "-2147483648"]
DIVISORS = ["2", "3", "5", "7", "8", "10", "16", "100", "1000", "-3", "-8", "-10", "3u", "7ull", "10l", "64", "0x10000"]


class Variable:
    def __init__(self, name, kind, type_name="", count=0, fields=(), record="", writable=True):
        self.name, self.kind, self.type_name = name, kind, type_name
        self.count, self.fields, self.record, self.writable = count, fields, record, writable


class Function:
    def __init__(self, name, params, record="", writes=False):
        self.name, self.params = name, params
        self.record, self.writes = record, writes  # a pointer to such a record comes first; through it, it is written


class Writer:
    """One case: its records, tables, functions and the function that is called."""

    def __init__(self, name, seed, size=8):
        self.rng = random.Random(seed)
        self.name, self.size = name, size
        self.top, self.lines, self.indent = [], [], 1
        self.scope, self.functions, self.records, self.enums = [], [], [], []
        self.counter = self.loop_depth = 0
        self.maps, self.queues, self.is_body = [], [], False

    # ---------------------------------------------------------------- names and places

    def fresh(self, prefix):
        self.counter += 1
        return f"{prefix}{self.counter}"

    def emit(self, text):
        self.lines.append("\t" * self.indent + text)

    def pick(self, *choices):
        return self.rng.choice(choices)

    def chance(self, percent):
        return self.rng.randrange(100) < percent

    def index(self, count, depth):
        """An index below [count], which is a power of two."""
        if self.chance(40):
            return str(self.rng.randrange(count))
        return f"({self.expr(depth)}) & {count - 1}"

    def places(self, variable, depth, for_write):
        """The text of one scalar inside [variable]."""
        v = variable
        if v.kind == "scalar":
            return v.name
        if v.kind == "array":
            return f"{v.name}[{self.index(v.count, depth)}]"
        if v.kind == "matrix":
            return f"{v.name}[{self.index(2, 0)}][{self.index(v.count, depth)}]"
        if v.kind == "pointer":
            return self.pick(f"{v.name}[0]", f"(*{v.name})")
        dot = "->" if v.kind == "record pointer" else "."
        field, count = self.rng.choice(v.fields)
        return f"{v.name}{dot}{field}" + (f"[{self.index(count, depth)}]" if count else "")

    def place(self, depth, for_write=False):
        usable = [v for v in self.scope if v.writable or not for_write]
        return self.places(self.rng.choice(usable), depth, for_write) if usable else None

    # ---------------------------------------------------------------- expressions

    def constant(self):
        return self.rng.choice(CONSTANTS) if self.chance(70) else str(self.rng.randrange(-1 << 33, 1 << 34))

    def leaf(self, depth):
        roll = self.rng.randrange(10)
        if roll < 3:
            return self.constant() if roll else f"({self.rng.choice(TYPES)}){self.constant()}"
        return self.place(max(0, depth - 1)) or self.constant()

    def expr(self, depth=3):
        if depth <= 0:
            return self.leaf(0)
        a = lambda: self.expr(depth - 1)
        roll = self.rng.randrange(100)
        if roll < 12:
            return self.leaf(depth)
        if roll < 40:
            return f"({a()} {self.pick('+', '-', '*', '&', '|', '^', '+', '-')} {a()})"
        if roll < 48:
            return self.shift(depth)
        if roll < 54:
            return self.division(depth)
        if roll < 64:
            return f"({a()} {self.pick('<', '>', '<=', '>=', '==', '!=')} {a()})"
        if roll < 69:
            return f"({a()} {self.pick('&&', '||')} {a()})"
        if roll < 75:
            return f"({a()} ? {a()} : {a()})"
        if roll < 84:
            return f"({self.rng.choice(TYPES)})({a()})"
        if roll < 90:
            return f"{self.pick('-', '~', '!', '+', '- -', '!!')}({a()})"
        if roll < 92:
            t = self.rng.choice(TYPES)
            name = self.fresh("t")
            return f"({{ {t} {name} = {a()}; {name} {self.pick('+', '^', '-')} {self.constant()}; }})"
        if roll < 96:
            return self.call(depth)
        return self.builtin(depth)

    def shift(self, depth):
        wide = self.rng.choice(WIDE)
        mask = 31 if wide in ("s32", "u32") else 63
        value, count = self.expr(depth - 1), self.expr(depth - 1)
        if self.chance(50):
            count = str(self.rng.randrange(mask + 1))
        else:
            count = f"(({count}) & {mask})"
        return f"(({wide})({value}) {self.pick('<<', '>>')} {count})"

    def division(self, depth):
        value, op = self.expr(depth - 1), self.pick("/", "%")
        if self.chance(60):
            return f"(({self.rng.choice(TYPES)})({value}) {op} {self.rng.choice(DIVISORS)})"
        if self.chance(50):
            return f"(({value}) {op} ((u64)({self.expr(depth - 1)}) | 1))"
        return f"(({value}) {op} ((s32)(({self.expr(depth - 1)}) & 1023) + 1))"

    def builtin(self, depth):
        a = self.expr(depth - 1)
        nonzero = f"(({a}) | 1)"
        return self.pick(
            f"__builtin_bswap16({a})", f"__builtin_bswap32({a})", f"__builtin_bswap64({a})",
            f"__builtin_ctz({nonzero})", f"__builtin_ctzll({nonzero})", f"__builtin_clz((u32)({a}) | 1)",
            f"__builtin_clzll({nonzero})", f"__builtin_popcount({a})", f"__builtin_popcountll({a})",
            f"__builtin_expect(!!({a}), {self.pick('0', '1')})", f"(long)sizeof(+({a}))",
            f"({self.rng.choice(WIDE)}[]){{{a}, 5}}[{self.pick('0', '1')}]",
            f"_Generic(({a}), int: 1, unsigned: 2, long: 3, unsigned long: 4, default: 5)",
            f"(__typeof__(+({a})))({self.constant()})", f"(({a}), {self.leaf(0)})")

    def argument(self, type_name, depth):
        return self.expr(depth - 1)

    def call(self, depth, writes=False):
        """A call; one that writes is a statement, since nothing says which operand of an expression comes first."""
        records = {v.record: v for v in self.scope if v.kind == "record" and v.writable}
        usable = [f for f in self.functions if f.writes == writes and (not f.record or f.record in records)]
        if not usable:
            return self.leaf(depth)
        f = self.rng.choice(usable)
        args = [f"&{records[f.record].name}"] if f.record else []
        return f"{f.name}({', '.join(args + [self.argument(t, min(depth, 2)) for t in f.params])})"

    # ---------------------------------------------------------------- declarations

    def record(self):
        tag, fields, body = self.fresh("S_" + self.name + "_"), [], []
        is_union = self.chance(12)
        for i in range(self.rng.randrange(2, 7)):
            t = self.rng.choice([t for t in TYPES if t != "_Bool" or not is_union])
            name = f"f{i}"
            roll = self.rng.randrange(10)
            if roll < 3 and not is_union and t not in ("_Bool", "char"):
                bits = {"8": 8, "16": 16, "32": 32, "64": 64}.get(t[1:], 64)
                width = self.rng.randrange(1, bits + 1)
                body.append(f"{t} {name} : {width};" + (f" {t} : 0;" if self.chance(10) else ""))
                fields.append((name, 0))
            elif roll < 5:
                count = self.pick(2, 4)
                body.append(f"{t} {name}[{count}];")
                fields.append((name, count))
            elif roll < 6 and not is_union:
                body.append(f"struct {{ {t} x; u16 y; }} {name};")
                fields += [(name + ".x", 0), (name + ".y", 0)]
            else:
                body.append(f"{t} {name};")
                fields.append((name, 0))
        attribute = " __attribute__((packed))" if self.chance(15) else ""
        kind = "union" if is_union else "struct"
        self.top.append(f"{kind} {tag} {{ {' '.join(body)} }}{attribute};")
        self.records.append((f"{kind} {tag}", fields))

    def table(self):
        t, count, name = self.rng.choice(TYPES), self.pick(4, 8, 16), self.fresh("table_" + self.name + "_")
        values = [self.constant() for _ in range(self.rng.randrange(1, count + 1))]
        if self.chance(30):
            values = [f"[{i}] = {v}" for i, v in sorted({self.rng.randrange(count): v for v in values}.items())]
        quals = self.pick("static const", "static const", "static", "const volatile", "static volatile")
        self.top.append(f"{quals} {t} {name}[{count}] = {{ {', '.join(values)} }};")
        return Variable(name, "array", t, count, writable=False)

    def declare(self, depth=2):
        roll = self.rng.randrange(100)
        if roll < 45 or not self.scope:
            t, name = self.rng.choice(TYPES), self.fresh("v")
            self.emit(f"{self.pick('', '', '', 'volatile ')}{t} {name} = {self.expr(depth)};")
            v = Variable(name, "scalar", t)
        elif roll < 60:
            t, count, name = self.rng.choice(TYPES), self.pick(2, 4, 8), self.fresh("a")
            values = ", ".join(self.expr(1) for _ in range(self.rng.randrange(1, count + 1)))
            self.emit(f"{t} {name}[{count}] = {{ {values} }};")
            v = Variable(name, "array", t, count)
        elif roll < 65:
            t, name = self.rng.choice(TYPES), self.fresh("m")
            self.emit(f"{t} {name}[2][4] = {{ {{ {self.expr(1)}, {self.constant()} }}, {{ [2] = {self.expr(1)} }} }};")
            v = Variable(name, "matrix", t, 4)
        elif roll < 85 and self.records:
            record, fields = self.rng.choice(self.records)
            name = self.fresh("r")
            v = Variable(name, "record", fields=fields, record=record)
            scalars = [f for f, count in fields if count == 0 and "." not in f]
            same = [o for o in self.scope if o.record == record and o.kind == "record"]
            if record.startswith("union"):  # every byte is set: reading another member is then defined
                self.emit(f"{record} {name}; __builtin_memset(&{name}, {self.pick('0', '0x5a')}, sizeof({name}));")
            elif same and self.chance(40):
                self.emit(f"{record} {name} = {self.rng.choice(same).name};")
            elif scalars and self.chance(60):
                chosen = self.rng.sample(scalars, min(len(scalars), 3))
                self.emit(f"{record} {name} = {{ {', '.join(f'.{f} = {self.expr(1)}' for f in chosen)} }};")
            else:
                self.emit(f"{record} {name} = {{}};")
        else:
            return self.declare_pointer(depth)
        self.scope.append(v)

    def declare_pointer(self, depth):
        name = self.fresh("p")
        records = [v for v in self.scope if v.kind == "record"]
        arrays = [v for v in self.scope if v.kind == "array" and v.writable]
        scalars = [v for v in self.scope if v.kind == "scalar" and v.writable]
        if records and self.chance(40):
            r = self.rng.choice(records)
            self.emit(f"{r.record} *{name} = &{r.name};")
            self.scope.append(Variable(name, "record pointer", fields=r.fields, record=r.record))
        elif arrays and self.chance(60):
            a = self.rng.choice(arrays)
            self.emit(f"{a.type_name} *{name} = {self.pick('&' + a.name + '[' + self.index(a.count, 1) + ']', a.name)};")
            self.scope.append(Variable(name, "pointer", a.type_name))
        elif scalars:
            s = self.rng.choice(scalars)
            same = [o for o in scalars if o.type_name == s.type_name]
            other = self.rng.choice(same)
            chosen = f"{self.expr(1)} ? &{s.name} : &{other.name}" if self.chance(30) else f"&{s.name}"
            self.emit(f"volatile {s.type_name} *{name} = {chosen};")
            self.scope.append(Variable(name, "pointer", s.type_name))

    # ---------------------------------------------------------------- statements

    def block(self, count, depth):
        visible = len(self.scope)
        self.indent += 1
        for _ in range(count):
            self.statement(depth)
        self.indent -= 1
        del self.scope[visible:]

    def assign(self, depth=3):
        place = self.place(1, for_write=True)
        if not place:
            return self.declare()
        roll = self.rng.randrange(10)
        if roll < 4:
            self.emit(f"{place} = {self.expr(depth)};")
        elif roll < 8:
            op = self.pick("+=", "-=", "*=", "&=", "|=", "^=", "<<=", ">>=", "/=", "%=")
            value = self.expr(depth - 1)
            if op in ("<<=", ">>="):
                value = f"({value}) & 7"
            elif op in ("/=", "%="):
                value = self.rng.choice(DIVISORS)
            self.emit(f"{place} {op} {value};")
        else:
            self.emit(self.pick(f"{place}++;", f"--{place};", f"h = h * 33 + {place}++;", f"h ^= --{place};"))

    def statement(self, depth):
        roll = self.rng.randrange(100)
        if depth <= 0 or roll < 40:
            return self.assign()
        if roll < 52:
            return self.declare()
        if roll < 66:
            self.emit(f"if ({self.expr(3)}) {{")
            self.block(self.rng.randrange(1, 4), depth - 1)
            if self.chance(50):
                self.emit("} else {")
                self.block(self.rng.randrange(1, 3), depth - 1)
            return self.emit("}")
        if roll < 80:
            return self.loop(depth)
        if roll < 90:
            return self.switch(depth)
        if roll < 93:
            return self.forward_goto(depth)
        if roll < 94 and self.loop_depth:
            return self.emit(f"if ({self.expr(2)}) {self.pick('break', 'continue')};")
        if roll < 97:
            return self.pick(self.packet, self.atomic, self.atomic, self.turns)()
        if roll < 98:
            return self.pick(self.wide, self.change)()
        return self.memory()

    def change(self):
        """A call of a function that writes the record it is given."""
        self.emit(f"h = h * 31 + (u64){self.call(2, writes=True)};")

    def wide(self):
        """16-byte integers, by what needs no library: no products, and shifts by constants."""
        w, sign = self.fresh("w"), self.pick("", "unsigned ")
        self.emit(f"{{ {sign}__int128 {w} = ({sign}__int128)({self.expr(2)}) << {self.rng.randrange(1, 127)};")
        for _ in range(self.rng.randrange(1, 4)):
            self.emit("\t" + self.pick(f"{w} {self.pick('+=', '-=', '^=', '|=', '&=')} {self.expr(1)};",
                                       f"{w} = {self.pick('-', '~')}{w};", f"{w} {self.pick('<<=', '>>=')} {self.rng.randrange(1, 127)};",
                                       f"if ({w} {self.pick('<', '>=', '==', '!=')} {self.expr(1)}) {w} ^= {self.constant()};"))
        self.emit(f"\th = h * 31 + (u64){w} + (u64)({w} >> 64); }}")

    def packet(self):
        """An access to the packet behind its bounds check; at a place that is known or masked."""
        if not self.is_body:
            return self.assign()
        t, p = self.pick("u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64"), self.fresh("k")
        at = self.pick(str(self.rng.randrange(10)), str(self.rng.randrange(10)), f"(({self.expr(1)}) & 7)")
        self.emit(f"{{ {t} *{p} = ({t} *)data + {at};")
        self.emit(f"\tif ((void *)({p} + 1) {self.pick('<=', '<')} data_end) {{ "
                  + self.pick(f"h = h * 31 + (u64)*{p};", f"*{p} {self.pick('=', '+=', '^=', '-=')} {self.expr(2)};",
                              f"h ^= *{p}; *{p} = {self.expr(1)};", f"h += {p}[0] == {self.constant()};") + " }")
        self.emit(f"\telse h ^= {self.constant()};")
        self.emit("}")

    def atomic(self):
        places = [v for v in self.scope if v.kind == "scalar" and v.writable and v.type_name in ("u32", "s32", "u64", "s64", "long")]
        if not places:
            return self.assign()
        p, value = "&" + self.rng.choice(places).name, self.expr(2)
        op = self.pick("ADD", "OR", "AND", "XOR", "SWAP", "CAS")
        # Parentheses: a compound literal's commas would be the macro's.
        expected = f"({self.expr(1)}), " if op == "CAS" else ""
        call = f"ATOMIC_{op}({p}, {expected}({value}))"
        self.emit(self.pick(f"h = h * 31 + (u64){call};", f"{call};"))

    def turns(self):
        """A callback, called some times by bpf_loop() or for each element of a map."""
        if not self.is_body or self.loop_depth:
            return self.assign()
        callback, state = self.fresh("cb_" + self.name + "_"), self.fresh("t")
        each = self.maps and self.chance(50)
        self.emit(f"struct turns {state} = {{ {self.expr(1)}, ({self.expr(1)}) & 7 }};")
        saved = self.lines, self.scope, self.loop_depth, self.maps, self.queues, self.is_body, self.indent
        self.lines, self.maps, self.queues, self.is_body, self.indent = [], [], [], False, 1
        # An order of elements is nobody's promise: their callback only adds.
        if each:
            name, _, t = self.rng.choice(saved[3])
            self.scope = [Variable("*key", "scalar", "u32", writable=False), Variable("*value", "scalar", t, writable=False)]
            self.emit(f"turns->sum += (u64)({self.expr(2)});")
            self.emit("return 0;")
            head, call = f"void *map, const u32 *key, {t} *value, struct turns *turns", f"EACH({name}, {callback}, &{state})"
        else:
            self.scope = [Variable("i", "scalar", "u32", writable=False), Variable("turns->sum", "scalar", "u64")]
            self.emit("u64 h = i;")
            self.statement(1)
            self.emit(f"turns->sum = turns->sum * 31 + h + (u64)({self.expr(2)});")
            self.emit("return turns->left-- == 0;")
            head, call = "u32 i, struct turns *turns", f"LOOP({self.pick('3', '10', f'({self.constant()}) & 15')}, {callback}, &{state})"
        self.top += [f"static long {callback}({head})", "{", *self.lines, "}"]
        self.lines, self.scope, self.loop_depth, self.maps, self.queues, self.is_body, self.indent = saved
        self.emit(f"h = h * 31 + (u64){call};")
        self.emit(f"h = h * 31 + {state}.sum;")

    def global_variable(self):
        """One that can be written, in .data or .bss; every run sets it first."""
        t, name, count = self.rng.choice(TYPES), self.fresh("g_" + self.name + "_"), self.pick(0, 0, 4, 8)
        quals = self.pick("static", "static", "static volatile", "")
        first = self.constant()
        init = self.pick("", f" = {first}") if not count else self.pick("", f" = {{ {first} }}")
        self.top.append(f"{quals} {t} {name}{f'[{count}]' if count else ''}{init};")
        if count:
            self.emit(f"for (u32 i = 0; i < {count}; i++) {name}[i] = i * 7;")
        else:
            self.emit(f"{name} = {first};")
        self.scope.append(Variable(name, "array" if count else "scalar", t, count))

    def loop(self, depth):
        if self.loop_depth >= 2:
            return self.assign()
        i, bound = self.fresh("i"), self.pick("3", "5", "8", f"(({self.expr(1)}) & 7)")
        t = self.pick("int", "u32", "u64", "u8", "s16")
        pragma = self.pick("", "", "", "_Pragma(\"unroll\") ")
        self.loop_depth += 1
        roll = self.rng.randrange(10)
        if roll < 6:
            step = self.pick(f"{i}++", f"++{i}", f"{i} += 2")
            self.emit(f"{pragma}for ({t} {i} = 0; {i} < {bound}; {step}) {{")
        elif roll < 8:
            self.emit(f"{t} {i} = {self.pick('6', '4')};")
            self.emit(f"while ({i}-- > 0) {{")
        else:
            self.emit(f"{t} {i} = 0;")
            self.emit("do {")
        self.scope.append(Variable(i, "scalar", t, writable=False))
        self.block(self.rng.randrange(1, 4), depth - 1)
        self.scope.pop()
        self.emit(f"}} while (++{i} < {self.pick('3', '6')});" if roll >= 8 else "}")
        self.loop_depth -= 1

    def switch(self, depth):
        t = self.rng.choice(TYPES)
        values = {"s8": ["-128", "-1", "127", "3"], "u8": ["0", "255", "128"], "u64": ["0", "0xffffffffffffffff", "9"],
                  "s64": ["-1", "0x7fffffffffffffff", "2"], "_Bool": ["0", "1"]}.get(t, ["-3", "0", "1", "2", "5", "100"])
        # `continue` in a switch is fine; `break` there is the switch's: loops inside count for both.
        mask = self.pick("", " & 7", " % 5u")
        self.emit(f"switch (({t})(({self.expr(3)}){mask})) {{")
        labels = values + (["default"] if self.chance(70) else [])
        if t not in ("s8", "s64", "u64", "u8", "_Bool") and self.chance(30):
            labels.append("10 ... 20")
        self.rng.shuffle(labels)
        for label in labels:
            self.emit("default:" if label == "default" else f"case {label}:")
            self.block(self.rng.randrange(0, 3), depth - 1)
            self.emit(self.pick("\tbreak;", "\tbreak;", "\t;"))
        self.emit("}")

    def forward_goto(self, depth):
        label = self.fresh("out")
        self.emit(f"if ({self.expr(2)})")
        self.emit(f"\tgoto {label};")
        self.emit("{")
        self.block(self.rng.randrange(1, 4), depth - 1)
        self.emit("}")
        self.emit(f"{label}:;")

    def map(self):
        """A map of eight elements: an array (2; 6: one for each CPU) or, with keys that may be absent, a hash (1, 5)."""
        kind, t, name = self.pick(1, 2, 5, 6), self.pick("u32", "s32", "u64", "s64"), self.fresh("map_" + self.name + "_")
        self.top.append(f"MAP({name}, {kind}, {t})")
        self.maps.append((name, kind, t))

    def line(self):
        """A map without keys: a queue (22) or a stack (23) of eight values."""
        kind, t, name = self.pick(22, 23), self.pick("u32", "s32", "u64", "s64"), self.fresh("line_" + self.name + "_")
        self.top.append(f"LINE({name}, {kind}, {t})")
        self.queues.append((name, t))

    def line_access(self):
        (name, t), place = self.rng.choice(self.queues), self.fresh("q")
        if self.chance(50):
            return self.emit(f"h = h * 31 + (u64){name}_push({self.expr(2)});")
        self.emit(f"{{ {t} {place} = {self.expr(1)}; if (!{name}_{self.pick('pop', 'peek')}(&{place})) h = h * 31 + (u64){place}; }}")

    def map_access(self):
        name, kind, _ = self.rng.choice(self.maps)
        key, place = f"({self.expr(1)}) & 7", self.fresh("e")
        roll = self.rng.randrange(10)
        if roll < 6:
            self.emit(f"{{ __typeof__({name}_at(0)) {place} = {name}_at({key});")
            change = self.pick(f"*{place} {self.pick('+=', '=', '^=', '-=')} {self.expr(2)};",
                               f"h ^= (u64)ATOMIC_{self.pick('ADD', 'OR', 'AND', 'XOR', 'SWAP')}({place}, ({self.expr(1)}));")
            self.emit(f"\tif ({place}) {{ {change} h += *{place}; }}")
            self.emit(f"\telse h ^= {self.expr(1)};")
            self.emit("}")
        elif roll < 9 or kind in (2, 6):
            self.emit(f"{name}_set({key}, {self.expr(2)});")
        else:
            self.emit(f"{name}_drop({key});")

    def memory(self):
        if self.queues and self.chance(40):
            return self.line_access()
        if self.maps and self.chance(60):
            return self.map_access()
        records = [v for v in self.scope if v.kind == "record"]
        arrays = [v for v in self.scope if v.kind == "array" and v.writable]
        if records and self.chance(50):
            a = self.rng.choice(records)
            b = self.rng.choice([r for r in records if r.record == a.record])
            self.emit(self.pick(f"__builtin_memset(&{a.name}, 0, sizeof({a.name}));",
                                f"{a.name} = {b.name};", f"__builtin_memmove(&{a.name}, &{b.name}, sizeof({a.name}));",
                                f"{a.name} = ({a.record}){{}};"))
        elif arrays:
            a = self.rng.choice(arrays)
            size = self.rng.randrange(1, 5)
            self.emit(self.pick(f"__builtin_memset({a.name}, {self.pick('0', '1', '255')}, sizeof({a.name}));",
                                f"__builtin_memcpy((char *)&h, {a.name}, {min(size, 2)});",
                                f"h += &{a.name}[{self.index(a.count, 1)}] - {a.name};"))
            if a.type_name == "_Bool":  # a byte that is neither 0 nor 1 is no _Bool
                self.lines.pop()

    # ---------------------------------------------------------------- functions

    def function(self):
        """A function of scalars; it may also take a record, and write that, but nothing else that is not its own."""
        name = self.fresh("fn_" + self.name + "_")
        how = self.pick("NOINLINE", "INLINE", "static", "NOINLINE", "GLOBAL")
        params = [self.rng.choice(TYPES) for _ in range(self.rng.randrange(1, 8 if how == "INLINE" else 6))]
        saved = self.lines, self.scope, self.loop_depth, self.maps
        self.lines, self.loop_depth, self.maps = [], 0, []
        names = [f"x{i}" for i in range(len(params))]
        self.scope = [Variable(n, "scalar", t) for n, t in zip(names, params)]
        record, writes = "", False
        if self.records and self.chance(50):
            params, names = params[:4], names[:4]
            self.scope, writes = self.scope[:4], self.chance(50)
            record, fields = self.rng.choice(self.records)
            self.scope.append(Variable("record", "record pointer", fields=fields, record=record, writable=writes))
        result = self.rng.choice(TYPES)
        if record and how == "GLOBAL":  # whoever calls it is not known
            self.emit("if (!record) return 0;")
        self.emit("u64 h = 1;")
        for _ in range(self.rng.randrange(1, 4)):
            self.statement(1)
        if self.chance(40):
            self.emit(f"if ({self.expr(2)}) return {self.expr(2)};")
        self.emit(f"return {self.expr(2)} + h;")
        taken = [f"{'' if writes else 'const '}{record} *record"] if record else []
        signature = ", ".join(taken + [f"{t} {n}" for t, n in zip(params, names)])
        self.top += [f"{how} {result} {name}({signature})", "{", *self.lines, "}"]
        self.lines, self.scope, self.loop_depth, self.maps = saved
        self.functions.append(Function(name, params, record, writes))

    def hash_place(self, v):
        if v.kind == "array":
            return [f"{v.name}[{i}]" for i in range(min(v.count, 4))]
        if v.kind == "matrix":
            return [f"{v.name}[{i}][{j}]" for i in (0, 1) for j in (0, 2)]
        if v.kind in ("record", "record pointer"):
            dot = "->" if v.kind == "record pointer" else "."
            return [f"{v.name}{dot}{f}" + ("[1]" if count else "") for f, count in v.fields[:6]]
        return [f"*{v.name}" if v.kind == "pointer" else v.name]

    def write(self):
        for _ in range(self.rng.randrange(0, 3)):
            self.record()
        tables = [self.table() for _ in range(self.rng.randrange(0, 3))]
        for _ in range(self.rng.randrange(0, 3)):
            self.function()
            self.functions = self.functions[-3:]
        if self.chance(30):
            self.map()
        if self.chance(15):
            self.line()
        self.lines, self.is_body = ["\tu64 h = 0;"], True
        for _ in range(self.rng.randrange(0, 3)):
            self.global_variable()
        for name, kind, _ in self.maps:  # as every run finds it
            change = f"{name}_drop(i)" if kind in (1, 5) else f"{name}_set(i, io->in[i])"
            self.emit(f"for (u32 i = 0; i < 8; i++) {change};")
        for name, t in self.queues:
            self.emit(f"for (u32 i = 0; i < 8; i++) {{ {t} old; {name}_pop(&old); }}")
        for i in range(self.rng.randrange(2, 5)):
            t, name = self.rng.choice(TYPES), self.fresh("v")
            self.emit(f"{t} {name} = ({t})io->in[{self.rng.randrange(8)}];")
            self.scope.append(Variable(name, "scalar", t))
        self.scope += tables
        for _ in range(self.rng.randrange(self.size // 2, self.size + 1)):
            self.statement(2)
        for v in self.scope:
            for text in self.hash_place(v):
                self.emit(f"h = h * 31 + (u64){text};")
        for name, _, _ in self.maps:
            self.emit(f"for (u32 i = 0; i < 8; i++) {{ __typeof__({name}_at(0)) e = {name}_at(i); h = h * 31 + (e ? (u64)*e : 7); }}")
        self.emit("io->out = h;")
        self.emit("return (int)(h >> 7);")
        return "\n".join([*self.top, f"CASE({self.name})", "{", *self.lines, "}", ""])


def random_case(name, seed, size=8):
    return Writer(name, seed, size).write()
