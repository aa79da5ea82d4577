# page.py PAGE...: each page is HTML (or SVG) whose elements close, whose ids are unique, whose links lead somewhere, and
# which needs nothing from elsewhere.
import html.parser
import sys

EMPTY = {"meta"}  # elements that never close
OUTSIDE = ("src", "data", "srcset", "action")


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.faults, self.count = [], set(), set(), [], 0

    def attributes(self, tag, attrs):
        self.count += 1
        for name, value in attrs:
            if name == "id" and value in self.ids:
                self.faults.append(f"id {value} twice")
            if name == "id":
                self.ids.add(value)
            if name == "href" and value.startswith("#"):
                self.links.add(value[1:])
            elif name in OUTSIDE or name == "href" or tag in ("link", "iframe", "img"):
                self.faults.append(f"{tag} takes {name} from elsewhere")

    def handle_starttag(self, tag, attrs):
        self.attributes(tag, attrs)
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes(tag, attrs)

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"{tag} closes, open are {self.open[-3:]}")
        else:
            self.open.pop()


for path in sys.argv[1:]:
    page = Page()
    page.feed(open(path, encoding="utf-8").read())
    page.close()
    faults = page.faults + [f"{tag} is never closed" for tag in page.open] + [
        f"nothing has the id {link}" for link in page.links - page.ids]
    print(f"{path}: {page.count} elements, {len(faults)} faults")
    print(*faults, sep="\n")
    if faults or page.count < 10:
        sys.exit(1)
