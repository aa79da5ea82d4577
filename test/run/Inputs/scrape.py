# scrape.py SPILE: what is read over HTTP while a run goes on.
import http.client
import re
import signal
import socket
import subprocess
import sys

spile = sys.argv[1]
signal.signal(signal.SIGINT, signal.SIG_DFL)  # what runs the tests may have it ignored


def start(*options):
    run = subprocess.Popen([spile, "run", "--listen", "127.0.0.1:0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    port = int(re.search(r"metrics: http://127.0.0.1:(\d+)/metrics", run.stderr.readline())[1])
    return run, port


def get(port, target="/metrics", method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, target)
    answer = connection.getresponse()
    return answer.status, answer.getheader("Content-Type"), answer.read().decode()


run, port = start("-e", "begin { count(starts) } interval/5ms { count(ticks) }")
silent = socket.create_connection(("127.0.0.1", port))  # asks nothing, and keeps nobody from asking
status, kind, first = next(answer for answer in iter(lambda: get(port), None) if "ticks_total" in answer[2])
ticks = [int(re.search(r"ticks_total (\d+)", text)[1]) for text in (first, get(port)[2])]
print(status, kind, "starts_total 1" in first, first.endswith("# EOF\n"), ticks[0] <= ticks[1])
print(get(port, "/")[::2], get(port, method="PUT")[0])
taken = subprocess.run([spile, "run", "--listen", f"127.0.0.1:{port}", "-e", "begin { exit(0) }"], capture_output=True, text=True, timeout=20)
print(taken.returncode, taken.stderr.strip())
run.send_signal(signal.SIGINT)
out, _ = run.communicate(timeout=20)
print(run.returncode, "ticks = " in out)
silent.close()

run, port = start("-c", "sh -c 'kill -0 $$; echo ready; exec sleep 60'", "-e", "tracepoint/syscalls/sys_enter_kill { count(kills, comm) }")
assert run.stdout.readline() == "ready\n"
print("child:", next(found[0] for found in iter(lambda: re.search(r"kills_total.*", get(port)[2]), 0) if found))
run.send_signal(signal.SIGTERM)
run.communicate(timeout=20)
