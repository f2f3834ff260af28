/** How AWS services write errors, by protocol. A service that joins the endpoint picks the one that is its own. */
import type { Answer } from './service-protocol.ts';

export type ErrorShape = 'rest-json' | 'json' | 'query' | 'ec2' | 's3' | 'cbor';

export interface ShapedError {
  code: string;
  status: number;
  message: string;
  /** S3: elements beside the message. */
  fields?: Readonly<Record<string, string>>;
}

/** @param contentType Of the request; JSON protocols answer in the version that was asked in. */
export function shapedError(shape: ErrorShape, { code, status, message, fields = {} }: ShapedError, requestId: string, contentType?: string): Answer {
  switch (shape) {
    case 'rest-json':
      return {
        status, headers: ['Content-Type', 'application/json', 'x-amzn-RequestId', requestId, 'x-amzn-ErrorType', code],
        body: JSON.stringify({ message }),
      };
    case 'json':
      return {
        status,
        headers: [
          'Content-Type', contentType?.startsWith('application/x-amz-json-') ? contentType : 'application/x-amz-json-1.0',
          'x-amzn-RequestId', requestId, 'x-amzn-ErrorType', code,
          // Services that once spoke the Query protocol, such as SQS, repeat the code here for older clients.
          'x-amzn-query-error', `${code};${fault(status)}`,
        ],
        body: JSON.stringify({ __type: code, message }),
      };
    case 'query':
      return xml(status, requestId, `<ErrorResponse><Error><Type>${fault(status)}</Type><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`);
    case 'ec2':
      return xml(status, requestId, `<Response><Errors><Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error></Errors><RequestID>${requestId}</RequestID></Response>`);
    case 's3':
      return xml(status, requestId, `<Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>`
        + `${Object.entries(fields).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`).join('')}<RequestId>${requestId}</RequestId></Error>`);
    case 'cbor':
      return {
        status,
        headers: ['Content-Type', 'application/cbor', 'smithy-protocol', 'rpc-v2-cbor', 'x-amzn-RequestId', requestId],
        body: Buffer.concat([Buffer.from([0xa2]), ...['__type', code, 'message', message].map(cborText)]),
      };
  }
}

const fault = (status: number): string => (status < 500 ? 'Sender' : 'Receiver');

function xml(status: number, requestId: string, document: string): Answer {
  return {
    status, headers: ['Content-Type', 'text/xml', 'x-amzn-RequestId', requestId, 'x-amz-request-id', requestId],
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${document}`,
  };
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export function escapeXml(text: string): string {
  // Control characters have no place in XML 1.0, escaped or not.
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\ufffd').replace(/[&<>"]/g, (sign) => entities[sign] as string);
}

/** A CBOR text string (RFC 8949 §3.1, major type 3). */
function cborText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = bytes.length < 24 ? [0x60 | bytes.length] : bytes.length < 256 ? [0x78, bytes.length] : [0x79, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from(head), bytes.subarray(0, 0xffff)]);
}
