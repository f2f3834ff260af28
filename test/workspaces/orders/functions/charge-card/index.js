'use strict';

const { readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

class PaymentDeclined extends Error {
  constructor(token, reason) {
    super(`Card ${token} was declined: ${reason}`);
    this.name = 'PaymentDeclined';
  }
}

class ProviderUnavailable extends Error {
  constructor(attempt) {
    super(`The payment provider did not answer attempt ${attempt}.`);
    this.name = 'ProviderUnavailable';
  }
}

const declined = { tok_stolen: 'reported as stolen', tok_limit: 'over its limit' };

/** Counts the attempts at one order; a file, because the next attempt may run in another process. The third one succeeds. */
function unstableProvider(order) {
  const file = join(tmpdir(), `charge-${String(order).replace(/[^\w-]/g, '')}.attempts`);
  let attempt = 1;
  try {
    attempt += Number(readFileSync(file, 'utf8'));
  } catch {
    // The first attempt: nobody has counted yet.
  }
  if (attempt === 3) return rmSync(file);
  writeFileSync(file, String(attempt));
  throw new ProviderUnavailable(attempt);
}

/**
 * Charges `{"token": "tok_visa", "amount": 1990}`; `orderId` and `email` go along to the receipt. Tokens `tok_stolen` and
 * `tok_limit` are declined, `tok_unstable` fails twice before it is charged.
 */
exports.handler = async (event, context) => {
  const { token, amount, orderId, email } = event;
  if (!Number.isInteger(amount) || amount <= 0) {
    throw new TypeError(`amount must be a positive number of cents, not ${JSON.stringify(amount)}`);
  }
  console.info('charging', token, amount);
  await new Promise((resolve) => setTimeout(resolve, 5)); // the payment provider answers
  if (declined[token]) throw new PaymentDeclined(token, declined[token]);
  if (token === 'tok_unstable') unstableProvider(orderId ?? context.awsRequestId);
  return { chargeId: `ch_${context.awsRequestId.slice(0, 8)}`, orderId, email, token, amount, currency: process.env.CURRENCY };
};
