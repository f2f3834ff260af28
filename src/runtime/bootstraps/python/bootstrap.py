"""Runs a Python handler: connects to the engine, loads the handler, answers invocations as AWS's runtime does.

Little is imported and compiled to start: what only errors or logging need is in the files beside this one, loaded when it
is needed. Nothing here takes effect on import, because multiprocessing imports the main program again in its children.
"""
import io
import os
import sys
import time
import _socket
from _thread import RLock

INVOKE, HELLO, READY, INIT_ERROR, RESPONSE, ERROR, LOG, FILES = 1, 16, 17, 18, 19, 20, 21, 22
# A log frame holds at most this many bytes: the engine passes over frames beyond its response limit.
LOG_PART = 262_144
# Resident memory is read at most once in so many seconds.
MEMORY_INTERVAL = 0.05
# DOUBT: AWS's encoder (simplejson) refuses NaN and infinities since its release 3.19, and printed them before.
ALLOW_NAN = False


class Fault(Exception):
    """An error of the runtime itself, with the type that AWS gives it (lambda-facts §1.3)."""

    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.kind = kind
        self.trace = list(trace)


class Channel:
    """Frames over one local connection; the format is described in src/runtime/channel.ts."""

    def __init__(self, address, identity):
        if address.isdigit():
            self._socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
            self._socket.connect(("127.0.0.1", int(address)))
            self._socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        else:
            self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
            self._socket.connect(address)
        # Sending a long frame lets other threads run: the lock keeps their frames out of its middle.
        self._lock = RLock()
        self.send(HELLO, identity.encode())

    def send(self, kind, body=b""):
        self._write((len(body) + 1).to_bytes(4, "big") + bytes((kind,)) + body)

    def send_payload(self, kind, header, payload):
        head = header.encode()
        size = 5 + len(head) + len(payload)
        self._write(size.to_bytes(4, "big") + bytes((kind,)) + len(head).to_bytes(4, "big") + head + payload)

    def _write(self, data):
        try:
            with self._lock:
                self._socket.sendall(data)
        except OSError:
            # The engine has gone: nobody waits for anything this process could still do.
            os._exit(1)

    def receive(self):
        """The next frame: its type and body."""
        size = int.from_bytes(self._read(4), "big")
        body = self._read(size)
        return body[0], memoryview(body)[1:]

    def _read(self, count):
        parts = []
        while count:
            try:
                part = self._socket.recv(min(count, 1 << 20))
            except OSError:
                part = b""
            if not part:
                os._exit(0)
            parts.append(part)
            count -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


class Output(io.RawIOBase):
    """The bytes of sys.stdout or sys.stderr, sent at once, so that what a run has written arrives before its answer."""

    # Set in forked children, whose frames could get into the middle of their parent's: they write to the real stream.
    forked = False
    has_forked = False

    def __init__(self, channel, number, name):
        self._channel = channel
        self._number = number
        self.name = name

    def write(self, data):
        data = bytes(data)
        if Output.forked:
            return os.write(self._number, data)
        stream = bytes((self._number,))
        for start in range(0, len(data), LOG_PART):
            self._channel.send(LOG, stream + data[start:start + LOG_PART])
        return len(data)

    def writable(self):
        return True

    def fileno(self):
        return self._number


def take_over_output(channel):
    def text(number, name):
        raw = Output(channel, number, name)
        return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", newline="\n", write_through=True)

    sys.stdout = text(1, "<stdout>")
    sys.stderr = text(2, "<stderr>")
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            after_in_parent=lambda: setattr(Output, "has_forked", True), after_in_child=lambda: setattr(Output, "forked", True))


def beside(name):
    """A file beside this one as a module that stays out of sys.modules, where the function's own names live."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    module = type(sys)("_local_lambda_" + name)
    module.__file__ = path
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), module.__dict__)
    return module


class Runtime:
    """What the parts of the bootstrap share about the function and the invocation that runs."""

    def __init__(self, environ):
        self.request_id = ""
        self.task_root = environ.get("LAMBDA_TASK_ROOT") or os.getcwd()
        self.json_logs = environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
        self.log_level = environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
        version = environ.get("AWS_EXECUTION_ENV", "").rpartition("python3.")[2]
        # Up to python3.11 responses and error payloads are pure ASCII.
        self.ascii_only = version.isdigit() and int(version) < 12


class LoggingFinder:
    """Waits for `logging` to be imported, so that functions without it do not pay for it."""

    def __init__(self, runtime):
        self._runtime = runtime

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                break
        else:
            return None
        execute = spec.loader.exec_module

        def execute_and_configure(module):
            execute(module)
            beside("lambda_logging").configure(module, self._runtime)

        spec.loader.exec_module = execute_and_configure
        return spec


def load_handler(name):
    """The function that `_HANDLER` names: `module.function`, `folder/module.function`, `package.module.function`."""
    parts = name.rsplit(".", 1)
    if len(parts) != 2:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)")
    module_name, function_name = parts
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    from importlib import import_module

    try:
        module = import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}")
    except SyntaxError as error:
        line = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", [line])
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise Fault("Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'")


def load_what_is_shadowed(folder):
    """AWS's runtime has loaded these before it searches the function's folder. A module there with the name of one of Python's
    own must not get in between; where there is none, they are loaded when they are needed."""
    own = getattr(sys, "stdlib_module_names", ("decimal", "enum", "json", "logging", "re", "traceback", "types"))
    try:
        names = {entry.partition(".")[0] for entry in os.listdir(folder)}
    except OSError:
        return
    if not names.isdisjoint(own):
        import decimal, json, logging, traceback  # noqa: E401, F401


def json_strings(texts):
    """A JSON array. `json` itself takes longer to import than anything else here: the files are told before it is needed."""
    try:
        from _json import encode_basestring_ascii as quoted
    except ImportError:
        from json import dumps as quoted
    return "[" + ",".join(quoted(text) for text in texts) + "]"


class Bootstrap:
    def __init__(self, runtime, channel):
        self._runtime = runtime
        self._channel = channel
        self._known_modules = 0
        self._reported_files = []
        self._memory_read_at = 0.0
        self._resident_bytes = None

    def run(self):
        try:
            handler = load_handler(os.environ.get("_HANDLER", ""))
        except Exception as error:
            self._fail(INIT_ERROR, "", error)
            sys.exit(1)
        self.report_files()
        self._channel.send(READY)
        import json
        context_class = beside("lambda_context").LambdaContext
        while True:
            kind, body = self._channel.receive()
            if kind != INVOKE:
                continue
            header_end = 4 + int.from_bytes(body[:4], "big")
            self._invoke(handler, json.loads(bytes(body[4:header_end])), bytes(body[header_end:]), context_class, json)
            self.report_files()

    def _invoke(self, handler, invocation, payload, context_class, json):
        request_id = self._runtime.request_id = invocation["id"]
        trace_id = invocation.get("trace")
        if trace_id:
            os.environ["_X_AMZN_TRACE_ID"] = trace_id
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        try:
            context = context_class(invocation, Fault)
            try:
                event = json.loads(payload)
            except Exception as error:
                raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}")
            try:
                result = handler(event, context)
            finally:
                if Output.forked:
                    # A forked child has come back out of the handler: the answer is its parent's to give.
                    os._exit(0)
            answer = self._marshal(result, json)
        except Exception as error:
            self._fail(ERROR, request_id, error)
            return
        self._channel.send_payload(RESPONSE, self._header(request_id), answer)

    def _marshal(self, result, json):
        if isinstance(result, bytes):
            return result
        decimals = {}

        def other(value):
            # AWS's encoder writes decimals as numbers, digit by digit; json has no hook for that, so they are put in afterwards.
            decimal = sys.modules.get("decimal")
            if decimal is None or not isinstance(value, decimal.Decimal):
                raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
            if not value.is_finite():
                return float(value)
            place = f"decimal {len(decimals)} {id(decimals)}"
            decimals[place] = str(value)
            return place

        try:
            text = json.dumps(result, ensure_ascii=self._runtime.ascii_only, allow_nan=ALLOW_NAN, default=other)
            for place, digits in decimals.items():
                text = text.replace(f'"{place}"', digits, 1)
            return text.encode("utf-8")
        except Exception as error:
            raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}")

    def _fail(self, kind, request_id, error):
        import json

        faults = beside("lambda_faults")
        fault = faults.describe(error, request_id, Fault)
        faults.log(fault, self._runtime)
        payload = json.dumps(fault, ensure_ascii=self._runtime.ascii_only).encode("utf-8", "backslashreplace")
        self._channel.send_payload(kind, self._header(request_id, fault["errorType"]), payload)

    def _header(self, request_id, error_type=None):
        import json

        header = {"id": request_id}
        if error_type is not None:
            header["errorType"] = error_type
        if "subprocess" in sys.modules or "multiprocessing" in sys.modules or Output.has_forked:
            # What child processes print does not come over the channel: the engine waits for it.
            header["raw"] = True
        now = time.monotonic()
        if now - self._memory_read_at > MEMORY_INTERVAL:
            self._memory_read_at = now
            if self._resident_bytes is None:
                self._resident_bytes = beside("resident_memory").peak_bytes
            peak = self._resident_bytes()
            if peak is not None:
                header["rss"] = peak
        return json.dumps(header)

    def report_files(self):
        """Tells which files of the function are loaded, when there are new ones."""
        if len(sys.modules) == self._known_modules:
            return
        self._known_modules = len(sys.modules)
        below = os.path.join(self._runtime.task_root, "")
        files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
        inside = sorted(file for file in files if isinstance(file, str) and file.startswith(below))
        if inside != self._reported_files:
            self._reported_files = inside
            self._channel.send(FILES, json_strings(inside).encode())


def main():
    environment_id, secret, address = os.environ.pop("LOCAL_LAMBDA_CHANNEL").split(":", 2)
    runtime = Runtime(os.environ)
    channel = Channel(address, f"{environment_id}:{secret}")
    take_over_output(channel)
    if sys.path and os.path.abspath(sys.path[0]) == os.path.dirname(os.path.abspath(__file__)):
        del sys.path[0]
    load_what_is_shadowed(runtime.task_root)
    sys.path.insert(0, runtime.task_root)
    if "logging" in sys.modules:
        beside("lambda_logging").configure(sys.modules["logging"], runtime)
    else:
        sys.meta_path.insert(0, LoggingFinder(runtime))
    Bootstrap(runtime, channel).run()


if __name__ == "__main__":
    main()
