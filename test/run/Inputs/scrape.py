# scrape.py SPILE: what is read over HTTP while a run goes on.
import atexit
import http.client
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time

spile = sys.argv[1]
signal.signal(signal.SIGINT, signal.SIG_DFL)  # what runs the tests may have it ignored


running = []


@atexit.register
def end_all():
    for run in running:
        run.kill()


def start(*options):
    run = subprocess.Popen([spile, "run", "--listen", "127.0.0.1:0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    running.append(run)
    port = int(re.search(r"metrics: http://127.0.0.1:(\d+)/metrics", run.stderr.readline())[1])
    return run, port


def get(port, target="/metrics", method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, target)
    answer = connection.getresponse()
    return answer.status, answer.getheader("Content-Type"), answer.read().decode()


def scrape(port):
    """The maps. A run that gets no processor for a while says so (503), and is asked again."""
    return next(answer for answer in iter(lambda: get(port), None) if answer[0] != 503)


def end(run, number):
    # What was read ahead together with a line is in the file, not in the pipe.
    run.send_signal(number)
    out = run.stdout.read()
    return run.wait(timeout=20), out


run, port = start("-e", "begin { count(starts) } interval/5ms { count(ticks) }")
silent = socket.create_connection(("127.0.0.1", port))  # asks nothing, and keeps nobody from asking
status, kind, first = next(answer for answer in iter(lambda: scrape(port), None) if "ticks_total" in answer[2])
ticks = [int(re.search(r"ticks_total (\d+)", text)[1]) for text in (first, scrape(port)[2])]
print(status, kind, "starts_total 1" in first, first.endswith("# EOF\n"), ticks[0] <= ticks[1])
print(get(port, "/")[::2], get(port, method="PUT")[0])
taken = subprocess.run([spile, "run", "--listen", f"127.0.0.1:{port}", "-e", "begin { exit(0) }"], capture_output=True, text=True, timeout=20)
print(taken.returncode, taken.stderr.strip())
status, out = end(run, signal.SIGINT)
print(status, "ticks = " in out)
silent.close()

run, port = start("-c", "sh -c 'kill -0 $$; echo ready; exec sleep 60'", "-e", "tracepoint/syscalls/sys_enter_kill { count(kills, comm) }")
assert run.stdout.readline() == "ready\n"
print("child:", next(found[0] for found in iter(lambda: re.search(r"kills_total.*", scrape(port)[2]), 0) if found))
end(run, signal.SIGTERM)


def processor_time(run):
    words = open(f"/proc/{run.pid}/stat").read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


# Without a free descriptor who asks has to wait, and the server does not turn meanwhile.
run, port = start("-e", "interval/50ms { count(ticks) }")
while "ticks_total" not in scrape(port)[2]:  # until it has all that it opens
    pass
before, most = processor_time(run), resource.prlimit(run.pid, resource.RLIMIT_NOFILE)
resource.prlimit(run.pid, resource.RLIMIT_NOFILE, (3, most[1]))
waiting = socket.create_connection(("127.0.0.1", port))
time.sleep(1)
print("no descriptor:", processor_time(run) - before < 0.2)
resource.prlimit(run.pid, resource.RLIMIT_NOFILE, most)
print("free again:", scrape(port)[0] == 200)
waiting.close()
end(run, signal.SIGTERM)

