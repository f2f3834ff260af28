/** Turns a VS Code style glob (`**`, `*`, `?`, `{a,b}`, `[a-z]`) into a test of paths with forward slashes. */
export function globMatcher(glob: string): (path: string) => boolean {
  const pattern = glob.replaceAll('\\', '/').replace(/^\.?\//, '');
  try {
    const matcher = new RegExp(`^${translate(pattern)}$`);
    return (path) => matcher.test(path);
  } catch {
    // A class such as `[z-a]` makes no expression: the glob then means itself.
    return (path) => path === pattern;
  }
}

/** True for a path when any of the globs matches it or one of the folders above it. */
export function anyGlob(globs: readonly string[]): (path: string) => boolean {
  const matchers = globs.flatMap((glob) => [globMatcher(glob), globMatcher(`${glob.replace(/\/$/, '')}/**`)]);
  return (path) => matchers.some((matches) => matches(path));
}

function translate(glob: string): string {
  let result = '';
  let depth = 0;
  for (let at = 0; at < glob.length; at += 1) {
    const letter = glob[at]!;
    if (glob.startsWith('**/', at)) {
      result += '(?:[^/]+/)*';
      at += 2;
    } else if (glob.startsWith('**', at)) {
      result += '.*';
      at += 1;
    } else if (letter === '*') result += '[^/]*';
    else if (letter === '?') result += '[^/]';
    else if (letter === '{') {
      depth += 1;
      result += '(?:';
    } else if (letter === '}' && depth > 0) {
      depth -= 1;
      result += ')';
    } else if (letter === ',' && depth > 0) result += '|';
    else if (letter === '[' && glob.indexOf(']', at + 2) !== -1) {
      const end = glob.indexOf(']', at + 2);
      result += `[${glob.slice(at + 1, end).replace(/^!/, '^').replaceAll('\\', '\\\\').replaceAll('[', '\\[')}]`;
      at = end;
    } else result += letter.replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
  }
  // A brace that is never closed is an ordinary letter.
  return depth === 0 ? result : glob.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
