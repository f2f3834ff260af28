"""Sets up `logging` as AWS's Python runtime does (lambda-facts §6.4)."""
import sys
import time

RESERVED = frozenset((
    "name", "msg", "args", "levelname", "levelno", "pathname", "filename", "module", "exc_info", "exc_text", "stack_info", "lineno",
    "funcName", "created", "msecs", "relativeCreated", "thread", "threadName", "processName", "process", "taskName",
    "aws_request_id", "tenant_id",
))


def configure(logging, runtime):
    """Gives the root logger AWS's handler. `runtime` knows the running invocation, the format and the level."""

    class RequestFilter(logging.Filter):
        def filter(self, record):
            record.aws_request_id = runtime.request_id
            record.tenant_id = None
            return True

    class LambdaLoggerHandler(logging.Handler):
        def emit(self, record):
            text = self.format(record)
            # A function may bring a formatter of its own, which ends no line.
            sys.stdout.write(text if text.endswith("\n") else text + "\n")

    class JsonFormatter(logging.Formatter):
        def format(self, record):
            return json_line(logging, record)

    logging.Formatter.converter = time.gmtime
    handler = LambdaLoggerHandler()
    handler.setFormatter(JsonFormatter() if runtime.json_logs else logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S",
    ))
    handler.addFilter(RequestFilter())
    logging.root.addHandler(handler)
    # JSON logs start at INFO; text logs at Python's own WARNING, unless a level is set.
    level = {"TRACE": "DEBUG", "": "INFO" if runtime.json_logs else ""}.get(runtime.log_level, runtime.log_level)
    if level in logging._nameToLevel:
        logging.root.setLevel(level)


def json_line(logging, record):
    import json

    entry = {
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
        "level": logging.getLevelName(min(50, max(0, record.levelno)) // 10 * 10),
        "message": record.getMessage(),
        "logger": record.name,
    }
    # `logging` sets a tuple of None where `exc_info=True` found no exception.
    if record.exc_info and record.exc_info[0] is not None:
        import traceback

        kind, error, trace = record.exc_info
        entry["stackTrace"] = traceback.format_tb(trace)
        entry["errorType"] = kind.__name__
        entry["errorMessage"] = str(error)
    entry["requestId"] = record.aws_request_id
    if record.exc_info:
        entry["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
    for key, value in vars(record).items():
        if key not in RESERVED and key not in entry and value is not None:
            entry[key] = value
    return json.dumps(entry, ensure_ascii=False) + "\n"
