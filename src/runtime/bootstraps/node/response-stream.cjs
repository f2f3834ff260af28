'use strict';
// What a streaming handler writes to. It is gathered here and answered whole.
const { Writable } = require('node:stream');
const { finished } = require('node:stream/promises');

/** Between the JSON prelude of an HTTP response and its body (lambda-facts §6.1). */
const preludeEnd = Buffer.alloc(8);

class ResponseStream extends Writable {
  #chunks = [];
  #prelude;
  #done = finished(this);

  constructor() {
    super();
    this.#done.catch(() => {});
  }

  /** Kept for handlers that call it; a gathered response has no content type. */
  setContentType() {}

  /** Status, headers and cookies that precede the body. */
  setPrelude(prelude) {
    this.#prelude = Buffer.from(JSON.stringify(prelude));
  }

  _write(chunk, encoding, done) {
    this.#chunks.push(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
    done();
  }

  /** All bytes, once the stream has finished. Fails as the stream did. */
  async gathered() {
    await this.#done;
    return Buffer.concat(this.#prelude === undefined ? this.#chunks : [this.#prelude, preludeEnd, ...this.#chunks]);
  }
}

module.exports = { ResponseStream };
