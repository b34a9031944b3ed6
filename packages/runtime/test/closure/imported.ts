/** What the cases import: by name, by default, as a namespace, a class. */
export const unit = "km";

export function double(x: number): number {
  return x * 2;
}

export class Point {
  readonly x: number;
  readonly y: number;

  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }

  length(): number {
    return Math.hypot(this.x, this.y);
  }
}

export function isPoint(value: unknown): boolean {
  return value instanceof Point;
}

// oxlint-disable-next-line import/no-default-export
export default function triple(x: number): number {
  return x * 3;
}
