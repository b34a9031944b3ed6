/** A module of the user's own. */
export const square = (x: number): number => x * x;
