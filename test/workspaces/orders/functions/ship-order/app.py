import json
import logging
import os

from carriers import choose_carrier

logger = logging.getLogger()
logger.setLevel(logging.INFO)


def lambda_handler(event, context):
    """Ships every order of an SQS batch; orders without an address are reported as failed."""
    failures = []
    labels = []
    for record in event.get("Records", []):
        order = json.loads(record["body"])
        try:
            carrier = choose_carrier(order["weight"], order["address"]["country"])
            labels.append(f"{carrier}: {order['id']} from {os.environ['WAREHOUSE']}")
            logger.info("order %s goes with %s", order["id"], carrier)
        except KeyError as missing:
            logger.warning("order %s lacks %s", order.get("id"), missing)
            failures.append({"itemIdentifier": record["messageId"]})
    print(f"{len(labels)} labels, {len(failures)} failures")
    return {"batchItemFailures": failures, "labels": labels}
