# load_native.py FILE PROGRAM...: loads a shared object of programs, runs them, and says what its pages may be used for.
import ctypes
import sys

library = ctypes.CDLL(sys.argv[1])
for name in sys.argv[2:]:
    program = library[name]
    program.restype = ctypes.c_uint64
    print(name, program(*[ctypes.c_uint64(0)] * 5, None))
with open("/proc/self/maps") as maps:
    print(*[line.split()[1] for line in maps if line.rstrip().endswith(sys.argv[1])])
