// Stands in for @vscode/spdlog in the VS Code server of scripts/vscode-server.mjs: the package's native part is not built,
// and without it output channels stay empty. Same functions and file format, as far as VS Code uses them.
'use strict';
const { appendFileSync, mkdirSync, statSync, truncateSync } = require('node:fs');
const { dirname } = require('node:path');

const names = ['trace', 'debug', 'info', 'warning', 'error', 'critical'];

class Logger {
  #file;
  #largest;
  #level = 2;
  #plain = false;

  constructor(file, largest) {
    this.#file = file;
    this.#largest = largest;
    mkdirSync(dirname(file), { recursive: true });
  }

  trace(message) { this.#write(0, message); }
  debug(message) { this.#write(1, message); }
  info(message) { this.#write(2, message); }
  warn(message) { this.#write(3, message); }
  error(message) { this.#write(4, message); }
  critical(message) { this.#write(5, message); }
  getLevel() { return this.#level; }
  setLevel(level) { this.#level = level; }
  setPattern() { this.#plain = false; }
  clearFormatters() { this.#plain = true; }
  flush() {}
  drop() {}

  #write(level, message) {
    if (level < this.#level) return;
    const now = new Date();
    const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().replace('T', ' ').replace('Z', '');
    try {
      if (this.#largest > 0 && (statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0) > this.#largest) truncateSync(this.#file);
      appendFileSync(this.#file, this.#plain ? message : `${local} [${names[level]}] ${message}\n`);
    } catch {
      // The profile is being removed: nobody reads this log any more.
    }
  }
}

exports.version = 0;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.shutdown = () => {};
exports.createRotatingLogger = async (_name, file, largest) => new Logger(file, largest);
exports.createAsyncRotatingLogger = async (_name, file, largest) => new Logger(file, largest);
