import type { StoredEvent } from './store/events.ts'

const rowsMin = 8
const rowsMax = 128
const pageBytesGoal = 128 * 1024

/** How many events to read at once: few when they are large, so that a page never holds much memory. */
export class PageSize {
  limit = 32

  seen(page: readonly StoredEvent[]): void {
    const bytes = page.reduce((sum, event) => sum + event.record.length, 0)
    if (bytes > pageBytesGoal) this.limit = Math.max(rowsMin, this.limit >> 1)
    else if (bytes < pageBytesGoal / 2 && page.length === this.limit) this.limit = Math.min(rowsMax, this.limit * 2)
  }
}
