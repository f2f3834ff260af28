export function formatMoney(minorUnits: number, currency = process.env.CURRENCY ?? 'EUR'): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(minorUnits / 100);
}
