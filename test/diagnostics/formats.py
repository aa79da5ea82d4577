# formats.py SPILE: what --diagnostics=json and =sarif write, read by a JSON parser.
import json
import os
import subprocess
import sys
import tempfile

SOURCE = """#define TWICE(x) ((x) * two)
struct s { int value; };
int f(struct s *p) { return p.value + TWICE(3); }
int g(void) { return valeu("\\x80 \\"quoted\\"\\t"); }
"""


def run(format, path):
    return subprocess.run([sys.argv[1], "build", f"--diagnostics={format}", "-o", os.devnull, path],
                          capture_output=True).stderr.decode()


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a.bpf.c")
    with open(path, "w") as out:
        out.write(SOURCE)
    reports = [json.loads(line) for line in run("json", path).splitlines()]
    names = [r["name"] for r in reports]
    assert names == ["DotOnPointer", "UndeclaredIdentifier", "UndeclaredFunction"], names
    dot, two, call = reports
    assert (dot["file"], dot["line"], dot["column"], dot["severity"]) == (path, 3, 30, "error"), dot
    assert dot["fixits"][0]["replacement"] == "->" and dot["hints"], dot
    assert two["expansions"][0]["macro"] == "TWICE" and two["expansions"][0]["line"] == 1, two
    log = json.loads(run("sarif", path))
    assert log["version"] == "2.1.0" and log["runs"][0]["tool"]["driver"]["name"] == "spile"
    results = log["runs"][0]["results"]
    assert [r["ruleId"] for r in results] == names, results
    assert {rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]} == set(names)
    region = results[0]["locations"][0]["physicalLocation"]["region"]
    assert region["startLine"] == 3 and region["startColumn"] == 30, region
    change = results[0]["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert change["insertedContent"]["text"] == "->" and change["deletedRegion"]["endColumn"] == 31, change
    assert results[1]["relatedLocations"][0]["message"]["text"] == "in expansion of macro `TWICE`", results[1]
    # Nothing to say is an empty log, and no line.
    with open(path, "w") as out:
        out.write("int x;\n")
    assert run("json", path) == ""
    assert json.loads(run("sarif", path))["runs"][0]["results"] == []
