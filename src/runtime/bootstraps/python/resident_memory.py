"""How much memory this process has held at most, by platform."""
import sys


def peak_bytes():
    """Bytes, or None where the platform does not tell cheaply (Windows); the engine then asks the system itself."""
    if sys.platform == "linux":
        # Not `getrusage`: its peak includes what the process held before it became this program.
        try:
            with open("/proc/self/status", "rb") as file:
                for line in file:
                    if line.startswith(b"VmHWM:"):
                        return int(line.split()[1]) * 1024
        except OSError:
            pass
        return None
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:
        return None
    peak = getrusage(RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
