import { randomUUID } from 'node:crypto';
import { Availability, findProduct } from '@lib/catalog';
import { formatMoney } from '../lib/money';

interface OrderLine {
  sku: string;
  quantity: number;
}

interface Order {
  customer?: string;
  lines?: OrderLine[];
  address?: { country: string };
  email?: string;
  token?: string;
}

interface ApiEvent {
  body?: string | null;
  isBase64Encoded?: boolean;
}

interface ApiResult {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

const json = (statusCode: number, body: unknown): ApiResult => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/**
 * POST /orders with `{"customer": "...", "lines": [{"sku": "TEA-100", "quantity": 2}]}`, and `address`, `email` and the
 * card's `token` for those who ship, mail and charge.
 */
export const handler = async (event: ApiEvent): Promise<ApiResult> => {
  const body = event.isBase64Encoded ? Buffer.from(event.body ?? '', 'base64').toString() : event.body;
  const order = JSON.parse(body ?? '{}') as Order;
  if (!order.customer || !order.lines?.length) {
    return json(400, { message: 'An order needs a customer and at least one line.' });
  }

  const unknown = order.lines.filter((line) => !findProduct(line.sku)).map((line) => line.sku);
  if (unknown.length > 0) {
    console.warn('unknown products', unknown);
    return json(422, { message: `Not in the catalogue: ${unknown.join(', ')}.` });
  }

  let total = 0;
  let grams = 0;
  const lines = order.lines.map((line) => {
    const product = findProduct(line.sku)!;
    const amount = product.price * line.quantity;
    total += amount;
    grams += product.grams * line.quantity;
    return { ...line, name: product.name, amount: formatMoney(amount), backOrder: product.availability === Availability.BackOrder };
  });
  const id = `ord-${randomUUID().slice(0, 8)}`;
  console.log('order placed', { id, customer: order.customer, total });
  return json(201, { id, lines, weight: grams / 1000, amount: total, total: formatMoney(total), stage: process.env.STAGE });
};
