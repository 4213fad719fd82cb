/** Which rows of a long table are drawn: those in view and some before and after them, so that scrolling shows no gap. */

export interface Window {
  /** The place of the first row that is drawn, and of the first one after the last. */
  first: number
  end: number
}

const BEYOND = 12

export function windowOf(count: number, rowHeight: number, scrolled: number, tall: number): Window {
  const seen = Math.ceil(tall / rowHeight)
  // Rows may have gone since it was scrolled.
  const top = Math.min(Math.max(0, Math.floor(scrolled / rowHeight)), Math.max(0, count - seen))
  return { first: Math.max(0, top - BEYOND), end: Math.min(count, top + seen + BEYOND) }
}
