# Compares Spile's objects with clang's of the same sources: sections, symbols, what relocations refer to, DATASECs,
# map definitions, linkage and tags in BTF.
#
#   python3 bench/corpus/objects.py CLANG_DIR OUR_DIR [--list KIND] [--only SUBSTRING]
#
# The folders are those that run.py keeps (--cache, --ours): the same names below both. What the optimizers may decide
# is not compared: static functions (inlined or not), static variables that nothing refers to, the order of things.
import argparse
import collections
import os
import struct
import sys

KINDS = ["VOID", "INT", "PTR", "ARRAY", "STRUCT", "UNION", "ENUM", "FWD", "TYPEDEF", "VOLATILE", "CONST", "RESTRICT",
         "FUNC", "FUNC_PROTO", "VAR", "DATASEC", "FLOAT", "DECL_TAG", "TYPE_TAG", "ENUM64"]
SHT_SYMTAB, SHT_REL, SHT_NOBITS, SHF_EXECINSTR = 2, 9, 8, 4
BINDINGS = {0: "local", 1: "global", 2: "weak"}
VISIBILITIES = {0: "default", 1: "internal", 2: "hidden", 3: "protected"}
SYMBOL_TYPES = {0: "none", 1: "object", 2: "func", 3: "section", 4: "file"}


class Btf:
    def __init__(self, data):
        header_size, type_offset, type_size, string_offset, string_size = struct.unpack_from("<IIIII", data, 4)
        self.strings = data[header_size + string_offset:][:string_size]
        self.types = [("VOID", "", 0, 0, [])]
        at, end = header_size + type_offset, header_size + type_offset + type_size
        while at < end:
            name, info, size = struct.unpack_from("<III", data, at)
            at += 12
            count, kind, flag = info & 0xffff, KINDS[info >> 24 & 0x1f], info >> 31
            words = {"INT": 1, "ARRAY": 3, "STRUCT": 3 * count, "UNION": 3 * count, "ENUM": 2 * count, "VAR": 1,
                     "FUNC_PROTO": 2 * count, "DATASEC": 3 * count, "DECL_TAG": 1, "ENUM64": 3 * count}.get(kind, 0)
            extra = struct.unpack_from(f"<{words}I", data, at)
            at += 4 * words
            self.types.append((kind, self.text(name), size, count if kind == "FUNC" else flag, extra))

    def text(self, offset):
        return self.strings[offset:self.strings.index(b"\0", offset)].decode(errors="replace")

    def resolve(self, number):
        while self.types[number][0] in ("TYPEDEF", "VOLATILE", "CONST", "RESTRICT", "TYPE_TAG"):
            number = self.types[number][2]
        return number

    def spelled(self, number, depth=0):
        """A type as text: enough to see whether two are the same."""
        kind, name, size, _, extra = self.types[number]
        if kind == "VOID":
            return "void"
        if kind in ("INT", "TYPEDEF", "FLOAT"):
            return name
        if kind in ("STRUCT", "UNION", "ENUM", "ENUM64", "FWD"):
            return name or kind.lower()
        if depth > 8:
            return "..."
        if kind == "ARRAY":
            return f"{self.spelled(extra[0], depth + 1)}[{extra[2]}]"
        if kind == "FUNC_PROTO":
            parts = [self.spelled(extra[i + 1], depth + 1) for i in range(0, len(extra), 2)]
            return f"{self.spelled(size, depth + 1)}({', '.join(parts)})"
        mark = {"PTR": "*", "CONST": " const", "VOLATILE": " volatile", "RESTRICT": " restrict", "TYPE_TAG": f" tag:{name}"}
        return self.spelled(size, depth + 1) + mark.get(kind, "?" + kind)

    def map_definition(self, number):
        kind, _, _, flag, extra = self.types[self.resolve(number)]
        if kind != "STRUCT":
            return self.spelled(number)
        members = []
        for i in range(0, len(extra), 3):
            members.append(f"{self.text(extra[i])}: {self.spelled(extra[i + 1])}")
        return "; ".join(members)


class Object:
    def __init__(self, path):
        data = open(path, "rb").read()
        table, = struct.unpack_from("<Q", data, 40)
        entry, count, names_index = struct.unpack_from("<HHH", data, 58)
        headers = [struct.unpack_from("<IIQQQQIIQQ", data, table + i * entry) for i in range(count)]

        def content(header):
            return b"" if header[1] == SHT_NOBITS else data[header[4]:header[4] + header[5]]

        def text(strings, offset):
            return strings[offset:strings.index(b"\0", offset)].decode(errors="replace")

        names = content(headers[names_index])
        self.names = [text(names, h[0]) for h in headers]
        self.sections = {n: (h[1], h[2], h[9]) for n, h in zip(self.names, headers) if self.is_kept(n, h)}
        self.sizes = {n: h[5] for n, h in zip(self.names, headers)}
        self.symbols, by_index = {}, []
        symtab = next((h for h in headers if h[1] == SHT_SYMTAB), None)
        if symtab:
            strings = content(headers[symtab[6]])
            raw = content(symtab)
            for at in range(0, len(raw), 24):
                name, info, other, section, value, size = struct.unpack_from("<IBBHQQ", raw, at)
                word = text(strings, name)
                binding, kind = BINDINGS.get(info >> 4, "?"), SYMBOL_TYPES.get(info & 15, "?")
                place = self.names[section] if 0 < section < count else "undefined"
                by_index.append(word if word and binding != "local" else f"<{place}>")
                if binding != "local":
                    self.symbols[word] = (kind, binding, VISIBILITIES[other & 3], place, size if kind == "object" else 0)
        self.referred = collections.defaultdict(set)
        for header in headers:
            target = self.names[header[7]] if header[1] == SHT_REL else ""
            if header[1] != SHT_REL or target.startswith((".BTF", ".debug", ".eh_frame")):
                continue
            raw = content(header)
            for at in range(0, len(raw), 16):
                _, info = struct.unpack_from("<QQ", raw, at)
                # A function that one inlines and the other calls refers to things from another section.
                place = "code" if headers[header[7]][2] & SHF_EXECINSTR else target
                self.referred[place].add((by_index[info >> 32], info & 0xffffffff))
        self.btf = Btf(content(headers[self.names.index(".BTF")])) if ".BTF" in self.names else None
        self.btf_ext = content(headers[self.names.index(".BTF.ext")]) if ".BTF.ext" in self.names else b""

    @staticmethod
    def is_kept(name, header):
        ignored = (".debug", ".rel", ".BTF", ".llvm_addrsig", ".strtab", ".symtab", ".eh_frame", ".comment", ".note")
        return name and not name.startswith(ignored) and header[5] != 0

    def btf_facts(self):
        """Lines of text by kind: what BTF says of variables, functions, maps and tags."""
        facts = collections.defaultdict(set)
        if self.btf is None:
            return facts
        btf = self.btf
        for kind, name, size, flag, extra in btf.types:
            if kind == "FUNC" and flag != 0:
                facts["function"].add(f"{name} {['static', 'global', 'extern'][flag]}")
            elif kind == "VAR" and extra[0] != 0:
                facts["variable"].add(f"{name} {['static', 'global', 'extern'][extra[0]]}: {btf.spelled(size)}")
            elif kind == "DECL_TAG":
                on = btf.types[size]
                facts["tag"].add(f"{on[0].lower()} {on[1]} {struct.unpack('<i', struct.pack('<I', extra[0]))[0]}: {name}")
            elif kind == "DATASEC":
                for i in range(0, len(extra), 3):
                    part = btf.types[extra[i]]
                    if part[0] == "VAR" and part[4][0] == 0:
                        continue
                    facts["datasec"].add(f"{name}: {part[1]} of {extra[i + 2]} bytes")
                    if name == ".maps":
                        facts["map"].add(f"{part[1]} {{ {btf.map_definition(part[2])} }}")
        return facts


def differences(theirs, own):
    found = []
    for name in sorted(theirs.sections.keys() | own.sections.keys()):
        if name in (".text",) or name.startswith(".rodata.cst"):
            continue  # only static functions, inlined or not
        a, b = theirs.sections.get(name), own.sections.get(name)
        if a is None or b is None:
            if name in (".bss", ".data", ".rodata", ".rodata.str1.1"):
                found.append(("data section", f"{name}: {'only ours' if a is None else 'only clang'}"))
            else:
                found.append(("section", f"{name}: {'only ours' if a is None else 'only clang'}"))
        elif a[:2] != b[:2]:
            found.append(("section", f"{name}: clang type {a[0]} flags {a[1]:#x}, ours {b[0]} {b[1]:#x}"))
    for name in sorted(theirs.symbols.keys() | own.symbols.keys()):
        a, b = theirs.symbols.get(name), own.symbols.get(name)
        if a != b:
            kind = "undefined symbol" if "undefined" in ((a or b)[3], (b or a)[3]) else "symbol"
            found.append((kind, f"{name}: clang {a}, ours {b}"))
    for section in sorted(theirs.referred.keys() | own.referred.keys()):
        a = {r for r in theirs.referred[section] if not r[0].startswith("<")}
        b = {r for r in own.referred[section] if not r[0].startswith("<")}
        for reference in sorted(a ^ b):
            found.append(("reference", f"{section} to {reference[0]} (type {reference[1]}): only {'clang' if reference in a else 'ours'}"))
    a, b = theirs.btf_facts(), own.btf_facts()
    for kind in sorted(a.keys() | b.keys()):
        for fact in sorted(a[kind] ^ b[kind]):
            found.append((f"btf {kind}", f"{fact}: only {'clang' if fact in a[kind] else 'ours'}"))
    return found


def pairs(clang_dir, our_dir, only=""):
    """(name below both folders, clang's object, ours)"""
    for folder, _, names in sorted(os.walk(our_dir)):
        for name in sorted(names):
            ours = os.path.join(folder, name)
            relative = os.path.relpath(ours, our_dir)
            clang = os.path.join(clang_dir, relative)
            if name.endswith(".o") and only in relative and os.path.exists(clang):
                yield relative, clang, ours


def compare_all(description, differences):
    """The command line, and the report, of a script that finds differences(clang's Object, ours): [(kind, text)]."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clang")
    parser.add_argument("ours")
    parser.add_argument("--only", default="", help="only objects with this in their path")
    parser.add_argument("--list", default="", help="list the differences of this kind (or `all`)")
    options = parser.parse_args()
    counts, files, same, compared = collections.Counter(), collections.Counter(), 0, 0
    for relative, clang, ours in pairs(options.clang, options.ours, options.only):
        try:
            found = differences(Object(clang), Object(ours))
        except (struct.error, ValueError, IndexError) as error:
            found = [("unreadable", str(error))]
        compared += 1
        same += not found
        counts.update(kind for kind, _ in found)
        files.update({kind for kind, _ in found})
        for kind, text in found:
            if options.list in ("all", kind):
                print(f"{relative}: {kind}: {text}")
    out = sys.stderr if options.list else sys.stdout
    print(f"{compared} objects compared, {same} without a difference", file=out)
    for kind, count in counts.most_common():
        print(f"  {kind:<18}{count:>6} in {files[kind]} objects", file=out)


if __name__ == "__main__":
    compare_all("Spile's objects beside clang's.", differences)
