// Stands in for @vscode/native-watchdog, whose native part is not built: ends the process soon after the one it belongs to.
'use strict';

exports.start = (pid) => {
  const timer = setInterval(() => {
    try {
      process.kill(pid, 0);
    } catch {
      process.exit(87);
    }
  }, 3000);
  timer.unref();
};
