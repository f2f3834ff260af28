"""Runs a Python handler: connects to the engine, loads the handler, answers invocations as AWS's runtime does.

Imports are few on purpose: what is not needed to start is imported when it is.
"""
import _socket
import _thread
import sys
import time
from os import environ

INVOKE, HELLO, READY, INIT_ERROR, RESPONSE, ERROR, LOG, FILES = 1, 16, 17, 18, 19, 20, 21, 22
UNSENT_PARTS = 65536
RSS_INTERVAL = 0.05

_port, _environment_id, _secret = environ.pop("LOCAL_LAMBDA_CHANNEL").split(":")
environ.pop("LOCAL_LAMBDA_HANDLER_FILE", None)
TASK_ROOT = environ.get("LAMBDA_TASK_ROOT", ".")
JSON_LOGS = environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"

channel = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
channel.connect(("127.0.0.1", int(_port)))
channel.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)


_sending = _thread.RLock()


def _send_all(data):
    # Sending a long frame lets other threads run: the lock keeps their frames out of its middle.
    with _sending:
        channel.sendall(data)


def send(kind, body=b""):
    _send_all((len(body) + 1).to_bytes(4, "big") + bytes((kind,)) + body)


def send_payload(kind, header, payload):
    head = header.encode()
    _send_all(
        (5 + len(head) + len(payload)).to_bytes(4, "big") + bytes((kind,)) + len(head).to_bytes(4, "big") + head + payload
    )


send(HELLO, f"{_environment_id}:{_secret}".encode())


class Output:
    """Stands in for sys.stdout and sys.stderr; what is written reaches the log before the answer does."""

    encoding = "utf-8"
    errors = "backslashreplace"
    newlines = None
    closed = False
    mode = "w"

    def __init__(self, number, name):
        self._number = bytes((number,))
        self.name = name

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        data = text.encode("utf-8", "backslashreplace")
        for start in range(0, len(data), UNSENT_PARTS):
            send(LOG, self._number + data[start:start + UNSENT_PARTS])
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass

    def isatty(self):
        return False

    def writable(self):
        return True

    def readable(self):
        return False

    def seekable(self):
        return False

    def fileno(self):
        return self._number[0]

    def close(self):
        pass

    @property
    def buffer(self):
        return _Bytes(self._number)


class _Bytes:
    def __init__(self, number):
        self._number = number

    def write(self, data):
        data = bytes(data)
        for start in range(0, len(data), UNSENT_PARTS):
            send(LOG, self._number + data[start:start + UNSENT_PARTS])
        return len(data)

    def flush(self):
        pass


sys.stdout = Output(1, "<stdout>")
sys.stderr = Output(2, "<stderr>")

request_id = ""


def timestamp(seconds=None):
    seconds = time.time() if seconds is None else seconds
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds * 1000) % 1000:03d}Z"


# ---- logging: set up only when a function imports it ------------------------------------------------------------------


def configure_logging(logging):
    class Text(logging.Formatter):
        def format(self, record):
            text = super().format(record)
            return f"[{record.levelname}]\t{timestamp(record.created)}\t{request_id}\t{text}\n"

    class Json(logging.Formatter):
        def format(self, record):
            import json

            entry = {
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
                "level": record.levelname,
                "message": record.getMessage(),
                "logger": record.name,
            }
            if record.exc_info:
                kind, value, trace = record.exc_info
                entry["stackTrace"] = format_frames(trace)
                entry["errorType"] = kind.__name__
                entry["errorMessage"] = str(value)
            entry["requestId"] = request_id
            return json.dumps(entry, default=str) + "\n"

    class Handler(logging.Handler):
        def emit(self, record):
            try:
                sys.stdout.write(self.format(record))
            except Exception:
                self.handleError(record)

    handler = Handler()
    handler.setFormatter(Json() if JSON_LOGS else Text("%(message)s"))
    logging.root.addHandler(handler)
    if JSON_LOGS:
        level = environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO").upper()
        logging.root.setLevel({"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level))
    else:
        logging.root.setLevel(logging.WARNING)


class LoggingHook:
    """Meta path finder that waits for `logging`, then takes itself away."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(LoggingHook)
        from importlib.util import find_spec

        spec = find_spec("logging")
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            configure_logging(module)

        spec.loader.exec_module = exec_module
        return spec


if "logging" in sys.modules:
    configure_logging(sys.modules["logging"])
else:
    sys.meta_path.insert(0, LoggingHook)


# ---- errors -----------------------------------------------------------------------------------------------------------


class Fault(Exception):
    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.trace = list(trace)


def format_frames(trace):
    import traceback

    frames = traceback.extract_tb(trace)
    while frames and frames[0].filename == __file__:
        frames.pop(0)
    return traceback.format_list(frames)


def error_payload(error, error_id):
    import json

    if isinstance(error, Fault):
        kind, message, trace = error.error_type, error.message, error.trace
    else:
        kind, message = type(error).__name__, str(error)
        trace = format_frames(error.__traceback__)
    payload = {"errorMessage": message, "errorType": kind, "requestId": error_id, "stackTrace": trace}
    return kind, json.dumps(payload, ensure_ascii=False).encode("utf-8", "backslashreplace")


def log_error(error, error_id):
    if isinstance(error, Fault):
        kind, message, trace = error.error_type, error.message, error.trace
    else:
        kind, message, trace = type(error).__name__, str(error), format_frames(error.__traceback__)
    if JSON_LOGS:
        import json

        sys.stdout.write(json.dumps({
            "timestamp": timestamp(), "log_level": "ERROR", "errorMessage": message, "errorType": kind,
            "requestId": error_id, "stackTrace": trace,
        }) + "\n")
        return
    lines = [f"[ERROR] {kind}: {message}" if message else f"[ERROR] {kind}"]
    if trace:
        lines.append("Traceback (most recent call last):")
        for entry in trace:
            for line in entry.rstrip("\n").split("\n"):
                body = line.lstrip(" ")
                lines.append("\u00a0" * (len(line) - len(body)) + body)
    # One log event: line breaks inside it are carriage returns, as in CloudWatch.
    sys.stdout.write("\r".join(lines) + "\n")


# ---- loading ----------------------------------------------------------------------------------------------------------


def load_handler():
    handler = environ.get("_HANDLER", "")
    parts = handler.rsplit(".", 1)
    if len(parts) != 2:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{handler}': not enough values to unpack (expected 2, got {len(parts)})")
    module_name, function_name = parts[0].replace("/", "."), parts[1]
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    try:
        from importlib import import_module

        module = import_module(module_name)
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}")
    except SyntaxError as error:
        line = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", [line])
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise Fault("Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'")


class Values:
    def __init__(self, names, values=None):
        for name in names:
            setattr(self, name, (values or {}).get(name))


class Context:
    def __init__(self, invocation):
        self.aws_request_id = invocation["id"]
        self.log_group_name = environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = invocation["arn"]
        self.tenant_id = None
        self.client_context = None
        self.identity = Values(("cognito_identity_id", "cognito_identity_pool_id"))
        self._deadline = invocation["deadline"]
        client = invocation.get("client")
        if client:
            import json

            client = json.loads(client)
            made = Values(("custom", "env"), client)
            if "client" in client:
                made.client = Values(
                    ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"), client["client"]
                )
            else:
                made.client = None
            self.client_context = made

    def get_remaining_time_in_millis(self):
        return max(0, int(self._deadline - time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        fields = ",".join(f"{name}={value}" for name, value in vars(self).items() if not name.startswith("_"))
        return f"LambdaContext([{fields}])"


reported = 0
last_rss = 0.0


def report_files():
    global reported
    if len(sys.modules) == reported:
        return
    reported = len(sys.modules)
    import json

    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    inside = sorted(file for file in files if isinstance(file, str) and file.startswith(TASK_ROOT))
    send(FILES, json.dumps(inside).encode())


def header(invocation_id, error_type=None):
    import json

    global last_rss
    fields = {"id": invocation_id}
    if error_type is not None:
        fields["errorType"] = error_type
    now = time.monotonic()
    if now - last_rss > RSS_INTERVAL:
        last_rss = now
        try:
            import resource

            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            fields["rss"] = peak if sys.platform == "darwin" else peak * 1024
        except ImportError:
            pass
    return json.dumps(fields)


def receive(count):
    parts = []
    while count:
        data = channel.recv(min(count, 1 << 20))
        if not data:
            from os import _exit

            _exit(0)
        parts.append(data)
        count -= len(data)
    return b"".join(parts)


def run(handler, invocation, payload):
    import json

    global request_id
    request_id = invocation["id"]
    if invocation.get("trace"):
        environ["_X_AMZN_TRACE_ID"] = invocation["trace"]
    else:
        environ.pop("_X_AMZN_TRACE_ID", None)
    try:
        try:
            event = json.loads(payload)
        except ValueError as error:
            raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}")
        result = handler(event, Context(invocation))
        try:
            answer = json.dumps(result, ensure_ascii=False).encode("utf-8")
        except Exception as error:
            raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}")
    except Exception as error:
        log_error(error, request_id)
        kind, body = error_payload(error, request_id)
        report_files()
        send_payload(ERROR, header(request_id, kind), body)
        return
    report_files()
    send_payload(RESPONSE, header(request_id), answer)


def main():
    sys.path[0] = TASK_ROOT
    try:
        handler = load_handler()
    except Exception as error:
        log_error(error, "")
        kind, body = error_payload(error, "")
        send_payload(INIT_ERROR, header("", kind), body)
        from os import _exit

        _exit(1)
    report_files()
    send(READY)
    import json

    while True:
        length = int.from_bytes(receive(4), "big")
        body = receive(length)
        if body[0] != INVOKE:
            continue
        size = int.from_bytes(body[1:5], "big")
        run(handler, json.loads(body[5:5 + size]), body[5 + size:])


main()
