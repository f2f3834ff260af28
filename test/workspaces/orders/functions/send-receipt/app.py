import json
import logging

logger = logging.getLogger()
logger.setLevel(logging.INFO)


class NoAddress(Exception):
    pass


def lambda_handler(event, context):
    """Mails a receipt for every payment that the topic tells of: the invocation record of ChargeCard."""
    sent = []
    for record in event["Records"]:
        payment = json.loads(record["Sns"]["Message"])["responsePayload"]
        email = payment.get("email") or ""
        if "@" not in email:
            raise NoAddress(f"Payment {payment['chargeId']} has no e-mail address, so nobody gets its receipt.")
        logger.info("receipt of %s goes to %s", payment["chargeId"], email)
        sent.append({"to": email, "subject": f"Receipt: {payment['amount'] / 100:.2f} {payment['currency']}"})
    return {"sent": sent}
