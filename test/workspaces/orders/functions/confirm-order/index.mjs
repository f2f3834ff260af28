/**
 * Takes the invocation record of PlaceOrder, as its on-success destination. An answer that is no 201 was no order, though
 * the function succeeded; rules on the bus tell the two apart by `status`.
 */
export const handler = async ({ requestPayload, responsePayload }) => {
  const answer = JSON.parse(responsePayload.body);
  if (responsePayload.statusCode !== 201) {
    console.warn('not confirmed', answer.message);
    return { status: 'REJECTED', reason: answer.message };
  }
  const { id, amount, weight } = answer;
  const { customer, address, email = null, token = 'tok_visa' } = JSON.parse(requestPayload.body);
  console.log('confirmed', id, 'of', customer);
  return { status: 'CONFIRMED', id, customer, address, email, token, amount, weight };
};
