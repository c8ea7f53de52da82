# Runs the program on standard input, as the metric code_eval does: in an empty module, whose name
# isn't __main__. Exits with the given status only if the program ran to its end.
# Arguments: seconds; bytes of memory; processes; bytes of a file; the status.
import os
import resource
import signal
import sys

seconds, (memory, processes, size, passed) = float(sys.argv[1]), map(int, sys.argv[2:])
program = sys.stdin.buffer.read().decode("utf-8")
sys.argv = [""]


def limit(name, value):
    kind = getattr(resource, name, None)
    if kind is not None:
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):
            pass  # the report of limits reads what is in force


def watch(event, details):
    if event == "socket.__new__" and details[1] != 1:  # AF_UNIX
        sys.stderr.write("PermissionError: a socket was opened")
        sys.stderr.flush()
        os._exit(1)


try:
    os.setsid()  # so that all its processes can be killed as one group
except OSError:
    pass
limit("RLIMIT_CPU", int(seconds) + 2)
limit("RLIMIT_CORE", 0)
limit("RLIMIT_NOFILE", 256)
limit("RLIMIT_FSIZE", size)
limit("RLIMIT_NPROC", processes)
limit("RLIMIT_AS", memory)
sys.addaudithook(watch)
signal.setitimer(signal.ITIMER_REAL, seconds)
try:
    exec(program, {})
except BaseException as problem:
    sys.stderr.write("%s: %s" % (type(problem).__name__, str(problem)[:500]))
    sys.stderr.flush()
    os._exit(1)
os._exit(passed)
