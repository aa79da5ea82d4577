# read_format.py json|csv|openmetrics: reads standard input as a program would that knows the format alone, and prints what
# it got, one row a line. Ends with 1 when the input is not of the format.
import csv
import json
import re
import sys

text = sys.stdin.read()
if sys.argv[1] == "json":
    for line in text.splitlines():
        print(json.dumps(json.loads(line)))
elif sys.argv[1] == "csv":
    names = []
    for row in csv.reader(text.splitlines(), strict=True):
        # A line of names begins with what the rows below it are: a record, a map, a printed line.
        if row[0] in ("printed", "record", "map"):
            names = row
            continue
        assert len(row) == len(names), row
        print(dict(zip(names, row)))
else:
    lines = text.splitlines()
    assert lines.pop() == "# EOF"
    family, kind, endings = "", "", {"gauge": [""], "counter": ["_total"], "histogram": ["_bucket", "_count"]}
    label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\.)*"'
    for line in lines:
        if line.startswith("# TYPE "):
            family, kind = re.fullmatch(r"# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (\w+)", line).groups()
            continue
        name = re.fullmatch(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{{{label}(?:,{label})*\}})? -?[0-9.]+", line)[1]
        assert name in [family + ending for ending in endings[kind]], line
        print(line)
