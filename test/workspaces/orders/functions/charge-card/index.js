'use strict';

class PaymentDeclined extends Error {
  constructor(token, reason) {
    super(`Card ${token} was declined: ${reason}`);
    this.name = 'PaymentDeclined';
  }
}

const declined = { tok_stolen: 'reported as stolen', tok_limit: 'over its limit' };

/** Charges `{"token": "tok_visa", "amount": 1990}`. Tokens `tok_stolen` and `tok_limit` are declined. */
exports.handler = async (event, context) => {
  const { token, amount } = event;
  if (!Number.isInteger(amount) || amount <= 0) {
    throw new TypeError(`amount must be a positive number of cents, not ${JSON.stringify(amount)}`);
  }
  console.info('charging', token, amount);
  await new Promise((resolve) => setTimeout(resolve, 5)); // the payment provider answers
  if (declined[token]) throw new PaymentDeclined(token, declined[token]);
  return { chargeId: `ch_${context.awsRequestId.slice(0, 8)}`, token, amount, currency: process.env.CURRENCY };
};
