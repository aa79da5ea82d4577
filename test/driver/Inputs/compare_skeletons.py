# compare_skeletons.py OURS THEIRS OBJECT: both headers declare the same struct, functions and assertions, and hold the
# object. Where bpftool's releases differ in how a function does it, that is its own affair.
import re
import sys


def parts(path):
    text = open(path, encoding="utf-8").read()
    text = re.sub(r"#define BPF_SKEL_SUPPORTS_MAP_AUTO_ATTACH 1\n+", "", text)
    name = re.search(r"^struct (\w+) \{", text, re.M)[1]
    data = re.search(r'= "\\\n(.*?)"\s*;|\(const void \*\)"\\\n(.*?)"\s*;', text, re.S)
    digits = (data[1] or data[2]).replace("\\\n", "")
    held = bytes(int(byte[2:] or "0", 16) if byte[1] == "x" else 0 for byte in re.findall(r"\\x[0-9a-f]{2}|\\0", digits))
    return {
        "struct": re.search(r"^struct \w+ \{.*?^\};", text, re.M | re.S)[0],
        "functions": sorted(set(re.findall(rf"^{name}__\w+\([^;{{]*\)", text, re.M)) | set(re.findall(rf"\*{name}__\w+\(.*\)", text))),
        "members": sorted(re.findall(rf"^.*{name}::\w+\(.*$", text, re.M)),
        "assertions": re.findall(r"_Static_assert\(.*", text),
        "guard": re.findall(r"^#(?:ifndef|define) (__\w+__)$", text, re.M),
        "given": sorted(re.findall(r"= (&obj->\w+\.\w+|\(void \*\*\)&obj->\w+|\"\w[\w.]*\");", text)),
        "bytes": held,
    }


ours, theirs = parts(sys.argv[1]), parts(sys.argv[2])
for part, what in ours.items():
    if what != theirs[part]:
        sys.exit(f"{part} differ:\n{what}\n{theirs[part]}")
if ours["bytes"] != open(sys.argv[3], "rb").read():
    sys.exit("the bytes are not the object's")
print("the same:", len(ours["functions"]), "functions,", len(ours["assertions"]), "assertions")
