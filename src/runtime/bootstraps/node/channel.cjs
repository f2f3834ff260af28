'use strict';
// The road to the engine: frames over one local connection (the format is described in src/runtime/channel.ts).
const net = require('node:net');

// Before the function can replace them.
const { parse, stringify } = JSON;

const frame = { invoke: 1, hello: 16, ready: 17, initError: 18, response: 19, error: 20, log: 21, files: 22 };
/** A log frame holds at most this many bytes of text: the engine passes over frames beyond its response limit. */
const logPart = 256 * 1024;
/** Beyond this many unsent bytes, output takes the real stream, whose writing waits for its reader. */
const unsentLimit = 1024 * 1024;

/** @type {net.Socket} */
let socket;

/** Chunks are read into one buffer of so many bytes: a stream of buffers of their own would double the cost of reading. */
const readBytes = 64 * 1024;

/**
 * Connects to a port of 127.0.0.1 or to the path of a socket, and says who this is. `onConnected` is called once,
 * `onInvoke(header, payload)` for each invocation. A process whose engine has gone ends at once.
 */
function connect(address, identity, onConnected, onInvoke) {
  const read = reader((type, body) => {
    if (type !== frame.invoke) return;
    const headerEnd = 4 + body.readUInt32BE(0);
    onInvoke(parse(body.toString('utf8', 4, headerEnd)), body.toString('utf8', headerEnd));
  });
  const onread = {
    buffer: Buffer.allocUnsafeSlow(readBytes),
    callback(count, buffer) {
      read(buffer.subarray(0, count));
      return true;
    },
  };
  const place = /^\d+$/.test(address) ? { port: Number(address), host: '127.0.0.1', noDelay: true } : { path: address };
  socket = net.connect({ ...place, onread }, () => {
    const body = Buffer.from(identity);
    socket.write(Buffer.concat([headOf(frame.hello, body.length), body]));
    onConnected();
  });
  socket.on('error', () => process.reallyExit(1));
  socket.on('close', () => process.reallyExit(0));
  // Nothing comes this way, but the end of the connection does.
  socket.resume();
}

function headOf(type, length) {
  const head = Buffer.allocUnsafe(5);
  head.writeUInt32BE(length + 1, 0);
  head[4] = type;
  return head;
}

/** Joins chunks, whose memory is used again, into frames; those of a large frame are joined once, when it is whole. */
function reader(onFrame) {
  let chunks = [];
  let bytes = 0;
  let wanted = 5;
  return (chunk) => {
    let data = chunk;
    bytes += chunk.length;
    if (chunks.length > 0 || bytes < wanted) {
      chunks.push(Buffer.from(chunk));
      if (bytes < wanted) return;
      data = Buffer.concat(chunks, bytes);
    }
    wanted = 5;
    while (data.length >= 5) {
      const length = 4 + data.readUInt32BE(0);
      if (data.length < length) {
        wanted = length;
        break;
      }
      onFrame(data[4], data.subarray(5, length));
      data = data.subarray(length);
    }
    chunks = data.length > 0 ? [Buffer.from(data)] : [];
    bytes = data.length;
  };
}

/** A frame whose body is text. */
function sendText(type, text) {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(5 + length);
  bytes.writeUInt32BE(length + 1, 0);
  bytes[4] = type;
  bytes.write(text, 5);
  socket.write(bytes);
}

/** A frame with a JSON header and a payload, which is a string or bytes. */
function sendPayload(type, header, payload) {
  const head = stringify(header);
  const headBytes = Buffer.byteLength(head);
  const payloadBytes = Buffer.byteLength(payload);
  const bytes = Buffer.allocUnsafe(9 + headBytes + payloadBytes);
  bytes.writeUInt32BE(5 + headBytes + payloadBytes, 0);
  bytes[4] = type;
  bytes.writeUInt32BE(headBytes, 5);
  bytes.write(head, 9);
  if (typeof payload === 'string') bytes.write(payload, 9 + headBytes);
  else bytes.set(payload, 9 + headBytes);
  socket.write(bytes);
}

/** Sends output of stream 1 or 2. Answers false, having sent nothing, when too much is unsent already. */
function sendLog(stream, chunk) {
  if (socket.destroyed || socket.writableLength + chunk.length > unsentLimit) return false;
  const text = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  for (let start = 0; start < text.length; start += logPart) {
    const part = text.subarray(start, start + logPart);
    const bytes = Buffer.allocUnsafe(6 + part.length);
    bytes.writeUInt32BE(part.length + 2, 0);
    bytes[4] = frame.log;
    bytes[5] = stream;
    bytes.set(part, 6);
    socket.write(bytes);
  }
  return true;
}

/** Whether the connection keeps the process alive. It must not while a handler runs: an empty event loop means something. */
function keepAlive(yes) {
  if (yes) socket.ref();
  else socket.unref();
}

/** Ends the process with `code` once all that was written has left. */
function leave(code) {
  socket.removeAllListeners('close');
  socket.on('close', () => process.reallyExit(code));
  socket.ref();
  socket.end(() => process.exit(code));
}

module.exports = { connect, frame, keepAlive, leave, sendLog, sendPayload, sendText };
