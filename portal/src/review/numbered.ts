/** The findings of one reply as the page shows them: numbered, those that must be dealt with first. */
import type { Finding } from '@/review/queries'

export interface NumberedFinding extends Finding {
  number: number
  /** Bring the finding into view and put the focus on it. */
  show: () => void
}

export function numbered(findings: readonly Finding[]): NumberedFinding[] {
  return findings.map((finding, place) => ({ ...finding, number: place + 1, show: () => { showAt(`finding-${place + 1}`) } }))
}

/** Bring a place of the page into view and put the focus on it. */
export function showAt(id: string): void {
  const target = document.getElementById(id)
  target?.scrollIntoView({ block: 'center' })
  target?.focus({ preventScroll: true })
}
