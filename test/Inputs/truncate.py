# truncate.py FROM TO BYTES: the first BYTES bytes of a file.
import sys

with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as target:
    target.write(source.read(int(sys.argv[3])))
