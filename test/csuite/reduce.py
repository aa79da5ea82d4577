"""reduce.py: makes a generated case on which we and clang differ as small as it will go.

    python3 test/csuite/reduce.py --build build/release batch.c case_random_7 [-o small.c]

Takes the case (its records, tables, functions and itself) out of the batch, then deletes lines, then replaces parts of
expressions by less, as long as the same object shows the same kind of difference, and, where it computes something else,
clang's object for BPF agrees with clang's native code; that it must agree keeps undefined behaviour out.
"""
import argparse
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import program
import run

MAX_CHECKS = 3000
# What a smaller case must not become.
STRICT = ["uninitialized", "sometimes-uninitialized", "conditional-uninitialized", "return-type", "array-bounds", "unsequenced",
          "implicit-function-declaration", "implicit-int", "int-conversion", "incompatible-pointer-types", "shift-count-overflow",
          "division-by-zero"]


def kind_of(problem):
    """(object, what differs) of a line that run.check gives."""
    match = re.search(r"\b(O\d-v\d|clang-v\d)\.o (verdict: [^:]*|\w+)", problem) or re.search(r"\b(O\d v\d): (spile build)", problem)
    return (match.group(1).replace(" ", "-"), match.group(2)) if match else ("", problem[:40])


class Reducer:
    def __init__(self, tools, name):
        self.tools, self.name, self.checks = tools, name, 0
        self.targets, self.clang_cpus = run.TARGETS, ("v2", "v3", "v4")
        self.kind = None  # of the first difference

    def differs(self, lines):
        """Whether the case still shows the difference, and only ours."""
        self.checks += 1
        if self.checks > MAX_CHECKS:
            return False
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "case.c")
            with open(source, "w") as out:
                out.write(program.HEADER + "\n".join(lines) + "\n")
            strict = [f"-Werror={name}" for name in STRICT] + ["-fsyntax-only", source]
            if run.run([run.CLANG, *run.MEANING[1:], "-Wno-everything", *strict])[0] != 0:
                return False
            problems = run.check(self.tools, source, folder, self.targets, clang_cpus=self.clang_cpus)
            kinds = [kind_of(p) for p in problems]
            if self.kind is None:
                self.kind = next((k for k in kinds if k[0].startswith("O")), kinds[0] if kinds else None)
                if self.kind and self.kind[0].startswith("clang"):
                    self.clang_cpus = (self.kind[0][-2:],)
                elif self.kind:  # only the target that differs is looked at from now on
                    self.targets = [t for t in self.targets if f"O{t[0]}-{t[1]}" == self.kind[0]]
            if self.kind is None or self.kind not in kinds:
                return False
            computes = not self.kind[1].startswith("verdict")
            return not (computes and self.kind[0].startswith("O") and any(k[0].startswith("clang") for k in kinds))

    def delete_lines(self, lines):
        size = max(1, len(lines) // 2)
        while size >= 1:
            at, deleted = 0, False
            while at < len(lines):
                fewer = lines[:at] + lines[at + size:]
                if fewer and self.differs(fewer):
                    lines, deleted = fewer, True
                else:
                    at += size
            if not deleted or size > 1:
                size //= 2
        return lines

    def delete_blocks(self, lines):
        """Takes a block's braces and head away and leaves what is inside, or all of it."""
        at = 0
        while at < len(lines):
            if lines[at].rstrip().endswith("{"):
                depth, end = 0, at
                for end in range(at, len(lines)):
                    depth += lines[end].count("{") - lines[end].count("}")
                    if depth <= 0:
                        break
                for fewer in (lines[:at] + lines[end + 1:], lines[:at] + lines[at + 1:end] + lines[end + 1:]):
                    if self.differs(fewer):
                        lines = fewer
                        break
                else:
                    at += 1
                continue
            at += 1
        return lines

    def smaller(self, line):
        """The line with one part of an expression replaced: whole parentheses first."""
        stack = []
        for i, char in enumerate(line):
            if char == "(":
                stack.append(i)
            elif char == ")" and stack:
                start = stack.pop()
                inner = line[start + 1:i]
                for text in ("0", "1", *re.split(r" (?:[-+*/%&|^<>=!?:]+) ", inner, maxsplit=1)):
                    if len(text) < len(inner) and text.count("(") == text.count(")"):
                        yield line[:start] + "(" + text + ")" + line[i + 1:]
                yield line[:start] + inner + line[i + 1:]
        for match in re.finditer(r"\((?:s8|u8|s16|u16|s32|u32|s64|u64|long|char|unsigned long|_Bool)\)|[-~!]", line):
            yield line[:match.start()] + line[match.end():]

    def simplify_lines(self, lines):
        for at in range(len(lines)):
            progress = True
            while progress:
                progress = False
                for text in sorted(set(self.smaller(lines[at])), key=len):
                    if len(text) < len(lines[at]) and self.differs(lines[:at] + [text] + lines[at + 1:]):
                        lines, progress = lines[:at] + [text] + lines[at + 1:], True
                        break
        return lines

    def run(self, lines):
        if not self.differs(lines):
            return None
        before = None
        while before != lines:
            before = lines
            lines = self.simplify_lines(self.delete_blocks(self.delete_lines(lines)))
        return lines


def case_text(path, name):
    """What belongs to one case of a batch: the lines that stand between the case before it and its own end."""
    lines = open(path).read()[len(program.HEADER):].splitlines()
    end = next(i for i, line in enumerate(lines) if f"CASE({name})" in line)
    begin = max((i + 1 for i in range(end) if lines[i] == "}" and any("CASE(" in l for l in lines[max(0, i - 400):i])
                 and last_case(lines, i)), default=0)
    close = next(i for i in range(end, len(lines)) if lines[i] == "}")
    return [line for line in lines[begin:close + 1] if line]


def last_case(lines, at):
    """Whether the function that ends in line [at] is a case."""
    for i in range(at, -1, -1):
        if lines[i].startswith("CASE("):
            return True
        if i != at and lines[i] == "}":
            return False
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("-o", "--output")
    parser.add_argument("batch")
    parser.add_argument("case")
    options = parser.parse_args()
    reducer = Reducer(run.Tools(os.path.abspath(options.build)), options.case)
    lines = reducer.run(case_text(options.batch, options.case))
    if lines is None:
        print("the case shows no difference by itself")
        return 1
    text = program.HEADER + "\n".join(lines) + "\n"
    if options.output:
        with open(options.output, "w") as out:
            out.write(text)
    print("\n".join(lines))
    print(f"// {reducer.checks} tries; differs on {reducer.targets}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
