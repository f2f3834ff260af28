export enum Availability {
  InStock = 'IN_STOCK',
  BackOrder = 'BACK_ORDER',
}

export interface Product {
  sku: string;
  name: string;
  /** Minor units (cents). */
  price: number;
  grams: number;
  availability: Availability;
}

const products: Product[] = [
  { sku: 'TEA-100', name: 'Green tea, 100 g', price: 890, grams: 120, availability: Availability.InStock },
  { sku: 'TEA-250', name: 'Green tea, 250 g', price: 1990, grams: 280, availability: Availability.InStock },
  { sku: 'POT-1', name: 'Cast-iron teapot', price: 4900, grams: 1900, availability: Availability.BackOrder },
  { sku: 'CUP-2', name: 'Two cups', price: 1500, grams: 600, availability: Availability.InStock },
];

export function findProduct(sku: string): Product | undefined {
  return products.find((product) => product.sku === sku);
}
