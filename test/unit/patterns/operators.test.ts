/** Values and operators; facts of section 4.2 of the fact sheet. */
import { matches, misses, refuses } from './answers.ts';

const of = (...values: unknown[]) => ({ a: values });

describe('values in event patterns', () => {
  it('strings, booleans and null are not taken for each other', () => {
    matches(of('true'), { a: 'true' });
    misses(of('true'), { a: true });
    misses(of(true), { a: 'true' });
    matches(of(true), { a: true });
    misses(of(true), { a: false });
    matches(of(null), { a: null });
    misses(of(null), { a: 'null' });
    misses(of(null), {});
    misses(of(null), { a: [] });
  });

  it('the empty string is a value', () => {
    matches(of(''), { a: '' });
    misses(of(''), { a: 'x' });
    misses(of(''), {});
  });

  it('numbers are compared as numbers, whatever their spelling (recorded: 300 and 300.0)', () => {
    for (const one of ['300', '300.0', '3e2', '3.0E+2', '30000e-2']) {
      for (const other of ['300', '300.0', '3e2']) matches(`{"a":[${one}]}`, `{"a":${other}}`);
      misses(`{"a":[${one}]}`, '{"a":"300"}');
      misses(`{"a":["${one}"]}`, '{"a":300}');
    }
    matches('{"a":[-0]}', '{"a":0.0}');
    matches('{"a":[0.1]}', '{"a":0.10}');
  });

  it('numbers that a double cannot hold are compared by their spelling', () => {
    matches('{"a":[9007199254740993]}', '{"a":9007199254740993}');
    misses('{"a":[9007199254740993]}', '{"a":9007199254740992}');
    misses('{"a":[9007199254740992]}', '{"a":9007199254740993}');
    matches('{"a":[1e400]}', '{"a":1e400}');
    misses('{"a":[1e400]}', '{"a":1E400}');
    misses('{"a":[0]}', '{"a":1e-400}');
    matches('{"a":[0.1234567890123456789]}', '{"a":0.1234567890123456789}');
    matches('{"a":[-122.46350161304535]}', '{"a":-1.2246350161304535e2}');
  });

  it('a string that looks like an address matches any spelling of the address', () => {
    matches(of('2001:DB8::1'), { a: '2001:0db8:0:0:0:0:0:1' });
    matches(of('10.0.0.1'), { a: '010.0.0.1' });
    matches(of('::ffff:a00:1'), { a: '10.0.0.1' });
    misses(of('10.0.0.1'), { a: '10.0.0.2' });
    matches(of('10.0.0.256'), { a: '10.0.0.256' });
    misses(of('10.0.0.256'), { a: '010.0.0.256' });
    misses(of('10.0.0.1.2'), { a: '010.0.0.1.2' });
  });

  it('exactly takes the text for no address', () => {
    matches(of({ exactly: '10.0.0.1' }), { a: '10.0.0.1' });
    misses(of({ exactly: '10.0.0.1' }), { a: '010.0.0.1' });
    refuses(of({ exactly: 1 }), 'exact match pattern must be a string');
  });
});

describe('operators of event patterns', () => {
  it('prefix and suffix match strings; empty ones match any string', () => {
    matches(of({ prefix: 'ab' }), { a: 'abc' });
    misses(of({ prefix: 'ab' }), { a: 'xab' });
    matches(of({ suffix: '.png' }), { a: 'x.png' });
    misses(of({ suffix: '.png' }), { a: '.png.x' });
    for (const operator of ['prefix', 'suffix']) {
      matches(of({ [operator]: '' }), { a: '' });
      for (const value of [1, true, null]) misses(of({ [operator]: '' }), { a: value });
      misses(of({ [operator]: '1' }), { a: 1 });
    }
  });

  it('prefix and suffix take equals-ignore-case', () => {
    matches(of({ prefix: { 'equals-ignore-case': 'aB' } }), { a: 'AbC' });
    matches(of({ suffix: { 'equals-ignore-case': 'Bc' } }), { a: 'AbC' });
    misses(of({ suffix: { 'equals-ignore-case': 'Bc' } }), { a: 'bcd' });
    matches(of({ suffix: { 'equals-ignore-case': 'ße' } }), { a: 'STRASSE' });
    refuses(of({ prefix: { suffix: 'x' } }), 'Unsupported prefix pattern: suffix');
    refuses(of({ suffix: {} }), 'Suffix expression name not found');
    refuses(of({ prefix: { 'equals-ignore-case': 1 } }), 'equals-ignore-case match pattern must be a string');
  });

  it('case is mapped as Java maps each character of the pattern', () => {
    const same = (pattern: string, value: string) => matches(of({ 'equals-ignore-case': pattern }), { a: value });
    const different = (pattern: string, value: string) => misses(of({ 'equals-ignore-case': pattern }), { a: value });
    same('Éa', 'éA');
    same('straße', 'STRASSE');
    different('straße', 'strasse');
    different('STRASSE', 'straße');
    different('İ', 'i');
    same('İ', 'i\u0307');
    different('k', '\u212a');
    same('\u212a', 'k');
    different('\u212a', 'K');
    different('😀', '😀');
  });

  it('wildcard: any run of characters, the empty one too', () => {
    for (const value of ['a/b', 'a//b', 'a/x/y/b']) matches(of({ wildcard: 'a/*b' }), { a: value });
    for (const value of ['a/bc', 'xa/b', 'a', 'A/B']) misses(of({ wildcard: 'a/*b' }), { a: value });
    matches(of({ wildcard: '*' }), { a: '' });
    misses(of({ wildcard: '*' }), { a: 1 });
    matches(of({ wildcard: 'a*b*a' }), { a: 'aba' });
    misses(of({ wildcard: 'ab*ba' }), { a: 'aba' });
    matches(of({ wildcard: 'plain' }), { a: 'plain' });
    matches(of({ wildcard: 'a*b' }), { a: 'a\nb' });
  });

  it('wildcard: a backslash escapes an asterisk or itself, nothing else', () => {
    matches(of({ wildcard: 'a\\*b' }), { a: 'a*b' });
    misses(of({ wildcard: 'a\\*b' }), { a: 'axb' });
    matches(of({ wildcard: 'a\\\\*' }), { a: 'a\\xyz' });
    refuses(of({ wildcard: 'a\\b' }), 'Invalid escape character at pos 2');
    refuses(of({ wildcard: 'é**' }), 'Consecutive wildcard characters at pos 3');
    refuses(of({ wildcard: 1 }), 'wildcard match pattern must be a string');
  });

  it('wildcards are bounded by the complexity of the automaton, in rules of EventBridge', () => {
    matches(of({ wildcard: '*aaa*b*c' }), { a: 'aaabc' });
    const tooComplex = of({ wildcard: '*aaaaaaaaaaaa*' });
    refuses(tooComplex, 'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character');
    refuses(of({ 'anything-but': { wildcard: 'a*b*c*d*e*f*g*h*i*j*k*l' } }), 'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character');
    misses(tooComplex, { a: 'x' }, 'sns-body');
  });

  it('anything-but: a missing field does not match, null and other types do', () => {
    const pattern = of({ 'anything-but': ['x', 'y'] });
    for (const value of ['z', '', 1, true, null]) matches(pattern, { a: value });
    for (const value of ['x', [], {}]) misses(pattern, { a: value });
    misses(pattern, {});
    matches(of({ 'anything-but': 'x' }), { a: ['x', 'y'] });
    misses(of({ 'anything-but': 'x' }), { a: ['x', 'x'] });
  });

  it('anything-but of numbers', () => {
    matches(of({ 'anything-but': [1, 2.0] }), { a: 3 });
    matches(of({ 'anything-but': 1 }), { a: '1' });
    misses('{"a":[{"anything-but":[100,2]}]}', '{"a":1e2}');
    matches('{"a":[{"anything-but":9007199254740992}]}', '{"a":9007199254740993}');
    refuses('{"a":[{"anything-but":9007199254740993}]}', 'Cannot compare number : 9007199254740993');
  });

  it('anything-but of prefix, suffix, equals-ignore-case and wildcard, alone or as a list', () => {
    for (const [operator, text, hit, miss] of [['prefix', 'ab', 'abc', 'xab'], ['suffix', 'ab', 'xab', 'abc'], ['equals-ignore-case', 'ab', 'AB', 'abc'], ['wildcard', 'a*b', 'axb', 'xb']]) {
      for (const texts of [text, [text, 'other']]) {
        misses(of({ 'anything-but': { [String(operator)]: texts } }), { a: hit });
        matches(of({ 'anything-but': { [String(operator)]: texts } }), { a: miss });
        matches(of({ 'anything-but': { [String(operator)]: texts } }), { a: 5 });
        misses(of({ 'anything-but': { [String(operator)]: texts } }), {});
      }
    }
  });

  it('anything-but refuses mixed and empty lists, literals, empty prefixes, other operators', () => {
    const mixed = 'Inside anything but list, either all values are number or string, mixed type is not supported';
    refuses(of({ 'anything-but': ['x', 1] }), mixed);
    refuses(of({ 'anything-but': [] }), mixed);
    refuses(of({ 'anything-but': { wildcard: [] } }), mixed);
    refuses(of({ 'anything-but': ['x', null] }), 'Inside anything but list, start|null|boolean is not supported.');
    refuses(of({ 'anything-but': true }), 'Value of anything-but must be an array or single string/number value.');
    refuses(of({ 'anything-but': { prefix: { 'equals-ignore-case': 'x' } } }), 'Value of anything-but must be an array or single string/number value.');
    refuses(of({ 'anything-but': { suffix: ['x', ''] } }), 'Null prefix/suffix not allowed');
    refuses(of({ 'anything-but': { prefix: 1 } }), 'prefix/suffix match pattern must be a string');
    refuses(of({ 'anything-but': { 'equals-ignore-case': ['x', 1] } }), 'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.');
    refuses(of({ 'anything-but': { numeric: ['=', 1] } }), 'Unsupported anything-but pattern: numeric');
    refuses(of({ 'anything-but': {} }), 'Anything-But expression name not found');
    refuses(of({ 'anything-but': 'x', prefix: 'y' }), 'Too many elements in numeric expression');
    matches(of({ 'anything-but': { wildcard: '' } }), { a: 'x' });
  });

  it('numeric: comparisons and ranges, the lower bound first', () => {
    const within = of({ numeric: ['>', 0, '<=', 5] });
    for (const value of [0.001, 1, 5]) matches(within, { a: value });
    for (const value of [0, 5.001, -1, '1', null, true]) misses(within, { a: value });
    matches(of({ numeric: ['=', 301.8] }), '{"a":3.018e2}');
    matches(of({ numeric: ['<', -1] }), { a: -1e300 });
    matches(of({ numeric: ['>=', 5_000_000_001] }), { a: 1e300 });
    matches(of({ numeric: ['>', 1, '<', 2] }, { numeric: ['=', 7] }), { a: 7 });
    misses('{"a":[{"numeric":[">",0]}]}', '{"a":9007199254740993}');
  });

  it('numeric refuses what it cannot compare', () => {
    refuses(of({ numeric: '>' }), 'Value of numeric must be an array.');
    refuses(of({ numeric: [] }), 'Invalid member in numeric match: ]');
    refuses(of({ numeric: [1] }), 'Invalid member in numeric match: 1');
    refuses(of({ numeric: ['!', 1] }), 'Unrecognized numeric range operator: !');
    refuses(of({ numeric: ['=', '1'] }), 'Value of equals must be numeric');
    refuses(of({ numeric: ['<'] }), 'Value of < must be numeric');
    refuses(of({ numeric: ['>', 0, 5] }), 'Bad value in numeric range: 5');
    refuses(of({ numeric: ['>', 0, '>', 5] }), 'Bad numeric range operator: >');
    refuses(of({ numeric: ['>', 0, '<', '5'] }), 'Value of < must be numeric');
    refuses(of({ numeric: ['>', 5, '<', 5] }), 'Bottom must be less than top');
    refuses(of({ numeric: ['<', 5, '>', 0] }), 'Too many elements in numeric expression');
    refuses(of({ numeric: ['>', 0, '<', 5, '<', 6] }), 'Too many terms in numeric range expression');
    refuses('{"a":[{"numeric":["=",1e400]}]}', 'Cannot compare number : 1e400');
  });

  it('cidr: addresses of version 4 and 6', () => {
    for (const base of ['10.0.0.0/24', '10.0.0.77/24', '010.0.0.0/+24']) {
      matches(of({ cidr: base }), { a: '10.0.0.255' });
      misses(of({ cidr: base }), { a: '10.0.1.0' });
    }
    matches(of({ cidr: '2001:db8:1234:1a00::/64' }), { a: '2001:0DB8:1234:1a00::ffff' });
    misses(of({ cidr: '2001:db8:1234:1a00::/64' }), { a: '2001:db8:1234:1a01::' });
    for (const value of ['10.0.0', 'x', '', 10, null]) misses(of({ cidr: '10.0.0.0/24' }), { a: value });
  });

  it('cidr: refused spellings', () => {
    refuses(of({ cidr: '10.0.0.0' }), "Malformed CIDR, one '/' required");
    refuses(of({ cidr: '10.0.0.0/8/8' }), "Malformed CIDR, one '/' required");
    refuses(of({ cidr: '10.0.0.0/x' }), 'Malformed CIDR, mask bits must be an integer');
    refuses(of({ cidr: '10.0.0.0/-1' }), 'Malformed CIDR, mask bits must not be negative');
    refuses(of({ cidr: '10.0.0.0/32' }), 'IPv4 mask bits must be < 32');
    refuses(of({ cidr: '::1/128' }), 'IPv6 mask bits must be < 128');
    refuses(of({ cidr: 'xx.11.xx/8' }), 'Nonstandard IP address: xx.11.xx');
    refuses(of({ cidr: '1.2.3.400/8' }), 'Invalid IP address: 1.2.3.400');
    refuses(of({ cidr: ['10.0.0.0/8'] }), 'prefix match pattern must be a string');
  });

  it('a match expression has one known operator', () => {
    refuses(of({ EXISTS: true }), 'Unrecognized match type EXISTS');
    refuses(of({ exists: 'true' }), 'exists match pattern must be either true or false.');
    refuses(of({}), 'Match expression name not found');
    refuses(of({ prefix: 'a', suffix: 'b' }), 'Only one key allowed in match expression');
    refuses(of({ suffix: 1 }), 'suffix match pattern must be a string');
    refuses(of({ 'equals-ignore-case': ['a'] }), 'equals-ignore-case match pattern must be a string');
  });

  it('the first fault is named, in the order of the text', () => {
    refuses('{"a":[{"prefix":[1, 2 3]}]}', 'prefix match pattern must be a string');
    refuses('{"a":[{"prefix":"x"}] "b":1}', "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries");
    refuses('{"a":["x"', 'Unexpected end-of-input: expected close marker for Array (start marker at [Source: (String)"{"a":["x""; line: 1, column: 6])');
    refuses('{"a":["x}', 'Unexpected end-of-input: was expecting closing quote for a string value');
    refuses('{\n "a":["x"}]}', "Unexpected close marker '}': expected ']' (for Array starting at [Source: (String)\"{\n \"a\":[\"x\"}]}\"; line: 2, column: 6])");
    refuses('{"a":["\\d"]}', "Unrecognized character escape 'd' (code 100)");
    refuses('{"a":[nul]}', "Unrecognized token 'nul': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')");
    refuses('{"a":}', "Unexpected character ('}' (code 125)): expected a value");
    refuses('{"a":[1,]}', "Unexpected character (']' (code 93)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')");
  });
});
