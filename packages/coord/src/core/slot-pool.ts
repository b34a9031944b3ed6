import { assert } from "@tutti/stdx";

const slotBits = 10;
const slotMask = (1 << slotBits) - 1;

/** Slots in a page, one after the other. */
export const slotsOfPage: number = 1 << slotBits;

/** Which slot of its page it is. */
export function placeInPage(slot: number): number {
  return slot & slotMask;
}

/**
 * Hands out numbers of slots of equal size, which lie side by side in few large pages: a million small objects cost more
 * than what is in them, and a garbage collector walks over all of them. A page goes when none of its slots is taken.
 */
export class SlotPool<Page> {
  readonly #createPage: () => Page;
  readonly #pages: (Page | undefined)[] = [];
  readonly #takenOfPage: number[] = [];
  readonly #free: number[] = [];
  /** No slot from here on was ever taken. */
  #end = 0;

  constructor(createPage: () => Page) {
    this.#createPage = createPage;
  }

  take(): number {
    const slot = this.#free.pop() ?? this.#end;
    if (slot === this.#end) this.#end += 1;
    const page = slot >>> slotBits;
    this.#pages[page] ??= this.#createPage();
    this.#takenOfPage[page] = (this.#takenOfPage[page] ?? 0) + 1;
    return slot;
  }

  release(slot: number): void {
    const page = slot >>> slotBits;
    const taken = (this.#takenOfPage[page] ?? 0) - 1;
    assert(taken >= 0, "only a slot that is taken is released");
    this.#takenOfPage[page] = taken;
    if (taken === 0) this.#pages[page] = undefined;
    this.#free.push(slot);
  }

  pageOf(slot: number): Page {
    const page = this.#pages[slot >>> slotBits];
    assert(page !== undefined, "a slot that is taken has a page");
    return page;
  }

  get pageCount(): number {
    return this.#pages.filter((page) => page !== undefined).length;
  }
}
