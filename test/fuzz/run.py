# ./dev fuzz [SECONDS] [NAME]: builds the fuzzers with AddressSanitizer and runs each for a while, from the examples and
# the tests as a corpus. A finding stays in build/fuzz/findings with the command that repeats it.
import argparse
import glob
import os
import re
import shutil
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--root", required=True)
parser.add_argument("words", nargs="*", help="SECONDS and the NAME of a fuzzer, or a part of it")
options = parser.parse_args()
options.seconds = next((int(word) for word in options.words if word.isdigit()), 60)
options.name = next((word for word in options.words if not word.isdigit()), "")
root = os.path.abspath(options.root)
build = os.path.join(root, "build", "fuzz")
SEEDS = {
    "parse_fuzzer": ["examples/*.c", "test/*/*.c", "test/*/Inputs/*.c", "test/Inputs/*.c"],
    "source_fuzzer": ["examples/*.c", "test/*/*.c", "test/Inputs/*.c"],
    "ir_fuzzer": ["test/*/*.ir"],
    "btf_fuzzer": ["build/*/test/btf/**/*.btf"],
    "object_fuzzer": ["build/*/test/**/*.o"],
    "verifier_fuzzer": [],
    "recording_fuzzer": ["build/*/test/run/**/*.ev[bt]", "test/*/Inputs/*.evt", "test/run/Inputs/*.txt"],
    "network_fuzzer": ["test/driver/Inputs/*.net"],
}
if not os.path.exists(os.path.join(build, "build.ninja")):
    subprocess.run(["cmake", "--preset", "asan", "-B", build, "-DSPILE_FUZZ=ON"], cwd=root, check=True, stdout=subprocess.DEVNULL)
names = [name for name in SEEDS if options.name in name]
subprocess.run(["ninja", "-C", build, *names], check=True)
failed = False
# Words that mutation would have to find letter by letter.
WORDS = re.findall(r'SPILE_(?:PUNCTUATOR|KEYWORD|KEYWORD_ALIAS)\(\w+, "(.*)"\)',
                   open(os.path.join(root, "lang-spec", "grammar", "tokens.def"), encoding="utf-8").read())
WORDS += ["#define ", "#undef ", "#include ", "#include_next ", "#if ", "#ifdef ", "#elif ", "#else\\x0a", "#endif\\x0a", "#line ",
          "#pragma ", "_Pragma(", "__VA_ARGS__", "__VA_OPT__(", "__has_include(", "defined", "__COUNTER__", "\\x0a", "\\\\\\x0a"]
dictionary = os.path.join(build, "c.dict")
with open(dictionary, "w", encoding="utf-8") as out:
    out.writelines(f'"{word}"\n' for word in WORDS)
for name in names:
    corpus = os.path.join(build, "corpus", name)
    findings = os.path.join(build, "findings", "")
    os.makedirs(corpus, exist_ok=True)
    os.makedirs(findings, exist_ok=True)
    for pattern in SEEDS[name]:
        for path in glob.glob(os.path.join(root, pattern), recursive=True):
            shutil.copy(path, os.path.join(corpus, os.path.relpath(path, root).replace("/", "_")))
    print(f"== {name}: {options.seconds} s", flush=True)
    done = subprocess.run([os.path.join(build, "bin", "fuzz", name), corpus, f"-max_total_time={options.seconds}", "-timeout=10",
                           "-rss_limit_mb=4096", "-max_len=16384", f"-artifact_prefix={findings}{name}-", "-verbosity=0",
                           "-print_final_stats=1",
                           *([f"-dict={dictionary}"] if name in ("parse_fuzzer", "source_fuzzer") else [])])
    failed |= done.returncode != 0
sys.exit(1 if failed else 0)
