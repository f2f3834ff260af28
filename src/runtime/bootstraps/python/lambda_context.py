"""The context object of the Python programming model (lambda-facts §6.3)."""
import os
import sys
import time


class Fields:
    """Named values, None where there is no value."""

    def __init__(self, names, values=None):
        for name in names:
            setattr(self, name, (values or {}).get(name))

    def __repr__(self):
        return f"{type(self).__name__}([{','.join(f'{name}={value}' for name, value in vars(self).items())}])"


class CognitoIdentity(Fields):
    def __init__(self):
        super().__init__(("cognito_identity_id", "cognito_identity_pool_id"))


class Client(Fields):
    def __init__(self, values):
        names = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
        super().__init__(names, values)


class ClientContext(Fields):
    def __init__(self, values):
        super().__init__(("custom", "env", "client"), values)
        if self.client is not None:
            self.client = Client(self.client)


class LambdaContext:
    def __init__(self, invocation, fault):
        """:param fault: raised when the client context is not JSON"""
        self.aws_request_id = invocation["id"]
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = invocation["arn"]
        self.tenant_id = None
        self.client_context = None
        self.identity = CognitoIdentity()
        self._epoch_deadline_time_in_ms = invocation["deadline"]
        client = invocation.get("client")
        if client:
            import json

            try:
                self.client_context = ClientContext(json.loads(client))
            except Exception as error:
                raise fault("Runtime.LambdaContextUnmarshalError", f"Unable to parse Client Context JSON: {error}")

    def get_remaining_time_in_millis(self):
        return max(0, int(self._epoch_deadline_time_in_ms) - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        names = (
            "aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb", "function_version",
            "invoked_function_arn", "client_context", "identity", "tenant_id",
        )
        return f"LambdaContext([{','.join(f'{name}={getattr(self, name)}' for name in names)}])"
