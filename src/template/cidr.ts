/** Most blocks that `Fn::Cidr` gives. */
const maximumBlocks = 256;

/**
 * `Fn::Cidr` for IPv4: `count` blocks of `32 - bits` prefix length inside `block`. Undefined for what is no IPv4 block,
 * or when the blocks do not fit in it.
 */
export function cidrBlocks(block: string, count: number, bits: number): string[] | undefined {
  const parsed = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(block);
  if (parsed === null) return undefined;
  const [a, b, c, d, prefix] = parsed.slice(1).map(Number) as [number, number, number, number, number];
  const size = 2 ** bits;
  const fits = Number.isInteger(bits) && bits >= 1 && bits <= 32 && prefix <= 32 && [a, b, c, d].every((part) => part <= 255)
    && Number.isInteger(count) && count >= 1 && count <= maximumBlocks && count * size <= 2 ** (32 - prefix);
  if (!fits) return undefined;
  const whole = 2 ** (32 - prefix);
  const start = Math.floor((((a * 256 + b) * 256 + c) * 256 + d) / whole) * whole;
  return Array.from({ length: count }, (_, at) => `${dotted(start + at * size)}/${32 - bits}`);
}

function dotted(address: number): string {
  return [2 ** 24, 2 ** 16, 2 ** 8, 1].map((unit) => Math.floor(address / unit) % 256).join('.');
}
