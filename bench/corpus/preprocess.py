# The preprocessor against clang's, token for token, over real programs.
#
#   python3 bench/corpus/preprocess.py --root TREES [--spile BIN] [--only SUBSTRING] [--every N] SET...
#
# Sets are those of corpora.toml. Both preprocess each program with the same flags (neither uses headers of its own);
# lines with #pragma are left out, and what a token is decides one regular expression for both. Prints a line for each
# program whose tokens differ, with the first difference, and the counts. Measures; the tests have the small cases.
import argparse
import collections
import concurrent.futures
import os
import re
import subprocess

import corpora

parser = argparse.ArgumentParser(description="The preprocessor against clang's, over real programs.")
corpora.add_options(parser)
parser.add_argument("--clang", default="clang-19")
options = parser.parse_args()

TOKEN = re.compile(
    r"""(?:u8|[LuU])?"(?:\\.|[^"\\\n])*" | (?:u8|[LuU])?'(?:\\.|[^'\\\n])*' | \.?[0-9](?:[eEpP][+-]|[\w.])*
      | [A-Za-z_$][\w$]* | <<= | >>= | \.\.\. | -> | \+\+ | -- | << | >> | <= | >= | == | != | && | \|\| | \#\#
      | [-+*/%&|^]= | \S""", re.X)
# Flags that clang's preprocessor and ours both read; the rest are for later stages.
PREPROCESSOR = re.compile(r"-(I|D|U|isystem|iquote|idirafter|include|imacros|nostdinc)")
# Features that we answer differently on purpose: what sema does not do, and the compiler's own name.
TAKES_VALUE = {"-isystem", "-iquote", "-idirafter", "-include", "-imacros", "-I", "-D", "-U"}


def tokens(text):
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return TOKEN.findall("\n".join(lines))


def preprocessor_flags(flags):
    kept, take = [], False
    for flag in flags:
        if take or PREPROCESSOR.match(flag):
            kept.append(flag)
            take = not take and flag in TAKES_VALUE
    return kept


def run(command):
    try:
        done = subprocess.run(command, capture_output=True, timeout=120, text=True, errors="replace")
    except subprocess.TimeoutExpired:
        return -1, ""
    return done.returncode, done.stdout


def compare(source):
    name, path = source.set, source.path
    flags = preprocessor_flags(source.theirs())
    code, text = run([options.clang, "-target", "bpf", "-mcpu=v3", "-O2", "-nostdinc", "-E", "-P", "-w", *flags, path])
    if code != 0:
        return name, path, "clang rejects", ""
    theirs = tokens(text)
    code, text = run([options.spile, "build", "-E", "-w", "--nobuiltininc", *flags, path])
    if code != 0:
        return name, path, "rejected", ""
    ours = tokens(text)
    if ours == theirs:
        return name, path, "same", ""
    at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
    around = slice(max(0, at - 4), at + 4)
    return name, path, "differs", f"token {at}: ours {' '.join(ours[around])!r}, clang {' '.join(theirs[around])!r}"


counts = collections.defaultdict(collections.Counter)
with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
    for name, path, verdict, why in pool.map(compare, corpora.chosen(options)):
        counts[name][verdict] += 1
        if verdict in ("differs", "rejected"):
            print(f"{os.path.relpath(path, options.root)}: {verdict}: {why}")
print(f"{'set':16} {'same':>6} {'differs':>8} {'rejected':>9} {'clang rejects':>14}")
for name, row in counts.items():
    print(f"{name:16} {row['same']:6} {row['differs']:8} {row['rejected']:9} {row['clang rejects']:14}")
