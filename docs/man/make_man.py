# make_man.py SPILE ROOT OUT: writes man1/spile.1, man7/spile-language.7 and man7/spile-errors.7 into OUT, from what the binary says
# of itself (`--help` of each command, `spile tables diagnostics`) and from lang-spec/reference. `cmake --install` and `./dev man` run it.
import glob
import os
import re
import subprocess
import sys

spile, root, out = sys.argv[1:4]
reference = os.path.join(root, "lang-spec", "reference")
# In the order in which a reader wants them.
PAGES = ["programs", "functions", "maps", "user-side", "output", "kernel", "tests", "preprocessor", "headers", "c-declarations",
         "c-expressions", "c-statements", "semantics", "linkage", "core", "assembly", "limits", "warnings"]
STATUSES = [("0", "Done; also after Ctrl-C, TERM, HUP and -T: to end a trace is no error."),
            ("1", "The program is wrong: it does not compile, the verifier rejects it, a test failed."),
            ("2", "The command line is wrong."),
            ("3", "The environment says no: privilege, a missing file, no such hook."),
            ("4", "Trouble at run time, with --strict: helpers failed, maps were full, records were lost."),
            ("5", "The verifier cannot judge: the program uses what it does not model."),
            ("70", "A fault of spile itself."),
            ("125, 126, 127", "With -c, whose status is that of the command: spile failed, the command cannot be executed, was not found.")]

ENVIRONMENT = [("NO_COLOR", "When it is not empty, nothing is coloured, unless by --color=always."),
               ("SPILE_LISTENER", "With 0, every system call that a program watches stops the child of -c by ptrace. Otherwise those whose "
                                  "entry alone is watched go to a seccomp listener, which is faster; a child that is to install a listener "
                                  "of its own gets EBUSY then."),
               ("JITDUMPDIR", "Where --perf-map writes perf's record of the code.")]


def said(*arguments):
    return subprocess.run([spile, *arguments], capture_output=True, text=True, check=True, env={**os.environ, "NO_COLOR": "1"}).stdout


def plain(text):
    """Text as roff takes it: no escapes, no requests."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(['.])", r"\\&\1", text, flags=re.M)


def inline(text):
    """A line of Markdown: code and emphasis in bold."""
    parts = re.split(r"(`[^`]+`|\*\*[^*]+\*\*)", text)
    return "".join(f"\\fB{plain(part.strip('`*'))}\\fR" if part[:1] == "`" or part[:2] == "**" else plain(part) for part in parts if part)


def verbatim(lines, label):
    body = "\n".join(plain(line.expandtabs(4)) for line in lines)
    return f".PP\n{label}\n.nf\n.RS 4\n{body}\n.RE\n.fi\n" if label else f".PP\n.nf\n.RS 4\n{body}\n.RE\n.fi\n"


def roff(markdown, top=".SS"):
    """Headings, paragraphs, lists, tables and code of the reference; its first heading is the caller's."""
    made, paragraph, code, table, label = [], [], None, [], ""

    def flush():
        if paragraph:
            text = " ".join(paragraph)
            mark = re.match(r"(?:\*|(\d+\.)) (.*)", text)
            made.append(f".IP {mark[1] or chr(92) + '(bu'} 4\n{inline(mark[2])}\n" if mark else f".PP\n{inline(text)}\n")
            paragraph.clear()
        if table:
            cells = [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))] for row in table]
            cells = [row for row in cells if any(cell.strip("-: ") for cell in row)]
            for row in cells:
                rest = ": ".join(inline(cell) for cell in row[1:] if cell)
                made.append(f".TP\n{inline(row[0])}\n{rest or '-'}\n")
            table.clear()

    for line in markdown.split("\n"):
        if line.startswith("```"):
            if code is None:
                flush()
                code = []
                label = "This is rejected:" if "error=" in line else "This is warned of:" if "warning=" in line else ""
            else:
                made.append(verbatim(code, label))
                code = None
        elif code is not None:
            code.append(line)
        elif line.startswith("#"):
            flush()
            made.append(f"{top} {inline(line.lstrip('# '))}\n")
        elif line.startswith("|"):
            if paragraph:
                flush()
            table.append(line)
        elif not line.strip():
            flush()
        else:
            if table or re.match(r"(\*|\d+\.) ", line):
                flush()
            paragraph.append(line.strip())
    flush()
    return "".join(made)


def options_of(text):
    """What `--help` says behind `options:`, an option a paragraph."""
    found = []
    for line in text.split("\n"):
        fresh = re.match(r"  (-\S.*?)(?:\s{2,}(\S.*))?$", line)
        if fresh:
            found.append([fresh[1], [fresh[2] or ""]])
        elif found and line.startswith("      "):
            found[-1][1].append(line.strip())
        elif line.strip():
            break
    return "".join(f".TP\n\\fB{plain(name)}\\fR\n{plain(' '.join(words).strip()) or '-'}\n" for name, words in found)


def head(name, section, what):
    version = said("version").split()[1]
    return f".TH {name.upper()} {section} \"\" \"spile {version}\"\n.SH NAME\n{plain(name)} \\- {plain(what)}\n"


def page_of_commands():
    text = said("--help")
    commands = re.findall(r"^  ([a-z]+) +(\S.*)$", text.split("commands (")[1].split("\n\n")[0], re.M)
    made = [head("spile", 1, "compile, verify and run small eBPF programs written in C"),
            ".SH SYNOPSIS\n\\fBspile\\fR [\\fICOMMAND\\fR] [\\fIoptions\\fR] \\fIFILE\\fR\n",
            f".SH DESCRIPTION\n{plain(text.split(chr(10))[2])}\nWithout a command it is \\fBspile run\\fR.\n"]
    for name, what in commands:
        usage = said(name, "--help")
        about, _, options = usage.partition("\noptions:\n")
        lines = about.split("\n", 2)
        made.append(f".SH SPILE {name.upper()}\n{plain(what)}\n.PP\n\\fB{plain(lines[0].removeprefix('usage: '))}\\fR\n")
        made.append(f".PP\n{plain(lines[2].strip())}\n{options_of(options)}")
    made.append(".SH EXIT STATUS\n" + "".join(f".TP\n{code}\n{plain(meaning)}\n" for code, meaning in STATUSES))
    made.append(".SH ENVIRONMENT\n" + "".join(f".TP\n{name}\n{plain(meaning)}\n" for name, meaning in ENVIRONMENT))
    made.append(".SH SIGNALS\nINT, TERM and HUP end a run in good order: the end handlers run, the maps are printed. A second INT "
                "stops at once. USR1 prints the maps. A reader that closes the pipe ends the run.\n")
    made.append(".SH SEE ALSO\n\\fBspile\\-language\\fR(7), \\fBspile\\-errors\\fR(7)\n")
    return "".join(made)


def page_of_language():
    made = [head("spile-language", 7, "restricted C for eBPF, as spile takes it")]
    for name in PAGES:
        with open(os.path.join(reference, name + ".md"), encoding="utf-8") as page:
            title, _, text = page.read().partition("\n")
        made.append(f".SH {inline(title.lstrip('# ')).upper()}\n{roff(text)}")
    made.append(".SH SEE ALSO\n\\fBspile\\fR(1), \\fBspile\\-errors\\fR(7)\n")
    return "".join(made)


def page_of_errors():
    explained = {}
    for path in (os.path.join(reference, "verifier.md"), *glob.glob(os.path.join(reference, "messages", "*.md"))):
        with open(path, encoding="utf-8") as page:
            explained.update(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", page.read(), re.S | re.M))
    made = [head("spile-errors", 7, "what the messages of spile mean"),
            ".SH DESCRIPTION\nThe name in brackets at the end of a message stands here with its words, where {} is something of the "
            "program, with the cause, what to do, and, for most, a program that is told it and what it becomes.\n.SH MESSAGES\n"]
    for name, severity, message in re.findall(r"^\| (\w+) \| (\w+) \| (.*) \|$", said("tables", "diagnostics"), re.M):
        if severity == "severity":
            continue
        made.append(f".SS {name}\n{severity.lower()}: {inline(message)}\n{roff(explained[name])}")
    made.append(".SH SEE ALSO\n\\fBspile\\fR(1), \\fBspile\\-language\\fR(7)\n")
    return "".join(made)


for name, section, text in (("spile", 1, page_of_commands()), ("spile-language", 7, page_of_language()), ("spile-errors", 7, page_of_errors())):
    folder = os.path.join(out, f"man{section}")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, f"{name}.{section}"), "w", encoding="utf-8") as file:
        file.write(text)
