# The dependency direction of docs/architecture.md, checked on the includes. One line per folder: `passed: name` or
# `failed: name -- what`.
import argparse
import os
import re
import subprocess

parser = argparse.ArgumentParser()
parser.add_argument("--build")
parser.parse_args()
root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# folder -> the folders whose headers it may include, besides its own. The longest prefix decides.
LAYERS = {
    "lang-spec": [],
    "support": ["lang-spec"],
    "backend/isa": ["lang-spec", "support"],
    "backend/object": ["lang-spec", "support", "backend/isa"],
    "ir": ["lang-spec", "support", "backend/isa"],
    "frontend/pp": ["lang-spec", "support", "frontend/sema/builtins.def"],
    "frontend/ast": ["support", "frontend/types", "frontend/sema"],
    "frontend/btf": ["lang-spec", "support", "backend/object", "frontend/types"],
    "frontend/parse": ["lang-spec", "support", "frontend/pp", "frontend/ast", "frontend/btf"],
    "frontend/types": ["lang-spec", "support", "ir", "frontend/ast"],
    "frontend/sema": ["lang-spec", "support", "frontend/ast", "frontend/types", "frontend/btf", "frontend/pp"],
    "frontend/lower": ["lang-spec", "support", "frontend/ast", "frontend/types", "frontend/sema", "ir"],
    "backend/isel": ["lang-spec", "support", "ir", "backend/isa", "backend/object"],
    "backend/regalloc": ["lang-spec", "support", "ir", "backend/isa", "backend/isel"],
    "backend/emit": ["lang-spec", "support", "ir", "backend/isa", "backend/object", "backend/isel", "backend/regalloc"],
    "verifier": ["lang-spec", "support", "backend/isa", "backend/object"],
    "runtime/maps": ["lang-spec", "support"],
    "runtime/vm": ["lang-spec", "support", "backend/isa", "backend/object", "runtime/maps"],
    "runtime/helpers": ["lang-spec", "support", "backend/object", "runtime/vm", "runtime/maps"],
    "runtime/jit": ["lang-spec", "support", "backend/isa", "backend/object", "runtime/vm", "runtime/maps", "runtime/helpers",
                    "verifier"],
    "runtime/hooks": ["lang-spec", "support", "backend/object", "runtime/vm"],
    "runtime/kernel": ["lang-spec", "support", "backend/isa", "backend/object", "runtime/maps"],
    "runtime/session": ["lang-spec", "support", "backend/isa", "backend/object", "runtime", "verifier"],
}
FREE = ("driver", "test", "bench", "examples")
# Third-party headers and the one place that may include them.
OWNERS = {
    r"antlr4": ["frontend/parse"],
    r"llvm/": ["runtime/jit"],
    r"(libelf|gelf)\.h": ["backend/object"],
    r"bpf/(bpf|libbpf|btf)\.h": ["backend/object", "runtime/kernel"],
    r"pcap": ["runtime/hooks"],
    r"event-parse": ["runtime/hooks"],
    r"Zydis": ["runtime/hooks"],
    r"boost/": ["driver"],
    r"nlohmann/": ["runtime/session"],
}

files = subprocess.run(["git", "ls-files", "*.cpp", "*.h"], cwd=root, capture_output=True, text=True, check=True).stdout.split()
wrong = {}
for name in files:
    if name.startswith("lang-spec/include/"):
        continue  # headers of the language, not of the compiler
    folder = max((layer for layer in LAYERS if name.startswith(layer + "/")), key=len, default=None)
    free = name.startswith(FREE)
    if folder is None and not free:
        wrong.setdefault(name.split("/")[0], []).append(f"{name}: its folder is not in the table of layers")
        continue
    with open(os.path.join(root, name), encoding="utf-8") as text:
        for number, line in enumerate(text, 1):
            include = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
            if not include:
                continue
            target = include[2]
            for pattern, owners in OWNERS.items():
                if include[1] == "<" and re.match(pattern, target) and not any(name.startswith(o + "/") for o in owners) \
                        and not name.startswith("test/"):
                    wrong.setdefault(folder or "driver", []).append(f"{name}:{number}: only {', '.join(owners)} may include <{target}>")
            if include[1] == '"' and "/" in target and not free:
                if not target.startswith(folder + "/") and not any(target == a or target.startswith(a + "/") for a in LAYERS[folder]):
                    wrong.setdefault(folder, []).append(f"{name}:{number}: {folder} must not include {target}")
for layer in [*LAYERS, "driver"]:
    if layer in wrong:
        print(f"failed: layers of {layer} -- " + "\\n".join(wrong.pop(layer)))
    else:
        print(f"passed: layers of {layer}")
for layer, lines in wrong.items():
    print(f"failed: layers of {layer} -- " + "\\n".join(lines))
