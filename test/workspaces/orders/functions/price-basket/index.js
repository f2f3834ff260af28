import { readFileSync } from 'node:fs';

// Read at run time, so editing discounts.json changes the answer of the next invocation.
const discounts = JSON.parse(readFileSync(new URL('./discounts.json', import.meta.url), 'utf8'));

/** Prices `{"lines": [{"price": 890, "quantity": 12}]}`: the more of a line, the larger its discount. */
export const handler = async ({ lines = [] }) => {
  const priced = lines.map(({ sku, price, quantity }) => {
    const tier = discounts.findLast(({ from }) => quantity >= from);
    const amount = Math.round(price * quantity * (1 - (tier?.percent ?? 0) / 100));
    return { sku, quantity, percent: tier?.percent ?? 0, amount };
  });
  const total = priced.reduce((sum, line) => sum + line.amount, 0);
  console.log(`priced ${priced.length} lines: ${total}`);
  return { lines: priced, total, currency: process.env.CURRENCY };
};
