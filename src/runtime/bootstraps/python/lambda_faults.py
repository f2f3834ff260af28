"""Errors as AWS's Python runtime reports and logs them (lambda-facts §1.3 and §6.4)."""
import sys
import time
import traceback

# AWS's log lines of an error are one event: its line breaks are carriage returns, its indentation no-break spaces.
LINE_BREAK = "\r"
INDENT = "\u00a0"
# DOUBT: the interface client names the level `level` in its newest release; the runtimes that were observed, `log_level`.
JSON_LEVEL_KEY = "log_level"


def describe(error, request_id, runtime_fault):
    """The payload of a function error, in AWS's key order. `runtime_fault` is the class of the runtime's own errors."""
    if isinstance(error, runtime_fault):
        kind, trace = error.kind, error.trace
    else:
        kind = type(error).__name__
        trace = format_frames(error.__traceback__)
    return {"errorMessage": text_of(error), "errorType": kind, "requestId": request_id, "stackTrace": trace}


def text_of(error):
    try:
        return str(error)
    except Exception:
        return f"<unprintable {type(error).__name__} object>"


def format_frames(trace):
    # The program itself: its frames are not the function's.
    own = getattr(sys.modules.get("__main__"), "__file__", None)
    frames = [(frame.filename, frame.lineno, frame.name, frame.line) for frame in traceback.extract_tb(trace)]
    while frames and frames[0][0] == own:
        frames.pop(0)
    # From plain tuples, so that no version of Python adds markers below the source line.
    return traceback.format_list(frames)


def log(fault, runtime):
    if runtime.json_logs:
        import json

        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        sys.stdout.write(json.dumps({"timestamp": now, JSON_LEVEL_KEY: "ERROR", **fault}) + "\n")
        return
    first = f"[ERROR] {fault['errorType']}"
    if fault["errorMessage"]:
        first += f": {fault['errorMessage']}"
    lines = [first, "Traceback (most recent call last):"]
    for entry in fault["stackTrace"]:
        for line in entry.splitlines() or [""]:
            text = line.lstrip(" ")
            lines.append(INDENT * (len(line) - len(text)) + text)
    sys.stdout.write(LINE_BREAK.join(lines) + "\n")
