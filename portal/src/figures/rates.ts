/** A rate as people read it; without a denominator there is none, and that is not 0. */
export function rateWords(rate: number | null): string {
  return rate === null ? '—' : `${(rate * 100).toFixed(1)}%`
}

/** A rate for a chart in percent. */
export function percentOf(rate: number | null): number | null {
  return rate === null ? null : Math.round(rate * 1000) / 10
}
