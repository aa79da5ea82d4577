# no_threads.py COMMAND...: runs the command where no thread can be started: each would get a stack larger than all addresses.
import os
import resource
import sys

hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
resource.setrlimit(resource.RLIMIT_STACK, (1 << 56, hard))
os.execvp(sys.argv[1], sys.argv[1:])
