/** Events ordered by virtual time, and by the order of scheduling where times are equal: a binary heap. */
export interface EventQueue {
  readonly now: number;
  readonly length: number;
  /** Runs `action` at the given virtual time, or at the present one if that has passed. */
  at(time: number, action: () => void): void;
  /** Advances to the next event and runs it; false when there is none before `until`. */
  runNext(until: number): boolean;
}

interface Event {
  readonly time: number;
  readonly order: number;
  readonly action: () => void;
}

function isBefore(left: Event, right: Event): boolean {
  return left.time < right.time || (left.time === right.time && left.order < right.order);
}

export function createEventQueue(): EventQueue {
  const heap: Event[] = [];
  let now = 0;
  let order = 0;

  const siftUp = (start: number, event: Event): void => {
    let index = start;
    while (index > 0) {
      const parentIndex = (index - 1) >>> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || !isBefore(event, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = event;
  };

  const siftDown = (event: Event): void => {
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      const left = heap[childIndex];
      if (left === undefined) break;
      const right = heap[childIndex + 1];
      let child = left;
      if (right !== undefined && isBefore(right, left)) {
        child = right;
        childIndex += 1;
      }
      if (!isBefore(child, event)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = event;
  };

  return {
    get now() {
      return now;
    },
    get length() {
      return heap.length;
    },
    at: (time, action) => {
      order += 1;
      const event: Event = { time: time < now ? now : time, order, action };
      heap.push(event);
      siftUp(heap.length - 1, event);
    },
    runNext: (until) => {
      const first = heap[0];
      if (first === undefined || first.time > until) return false;
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) siftDown(last);
      now = first.time;
      first.action();
      return true;
    },
  };
}
