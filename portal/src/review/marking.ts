/** The findings of the pre-check at their sentences: a text is cut into parts, and no markup is ever made of it. */

export interface Quoted {
  /** As the pre-check quotes it; empty when something is missing. */
  sentence: string
  message: string
}

export interface MarkedPart {
  text: string
  /** The places, in the list of findings, of those that are about this part. */
  findings: number[]
}

export interface Marked {
  parts: MarkedPart[]
  /** The places of findings whose sentence does not stand in the text. */
  elsewhere: number[]
}

interface Range {
  from: number
  to: number
  finding: number
}

/** Where a sentence stands for the nth time; the last time when there are fewer. */
function placeOf(text: string, sentence: string, nth: number): number {
  let place = text.indexOf(sentence)
  for (let left = nth; left > 0; left--) {
    const next = text.indexOf(sentence, place + sentence.length)
    if (next < 0) break
    place = next
  }
  return place
}

/** A text in parts, each with the findings about it.  The same finding on the same sentence means its next occurrence. */
export function marked(text: string, findings: readonly Quoted[]): Marked {
  const ranges: Range[] = []
  const elsewhere: number[] = []
  for (const [finding, { sentence, message }] of findings.entries()) {
    const earlier = findings.slice(0, finding).filter((one) => one.sentence === sentence && one.message === message).length
    const from = sentence === '' ? -1 : placeOf(text, sentence, earlier)
    if (from < 0) elsewhere.push(finding)
    else ranges.push({ from, to: from + sentence.length, finding })
  }
  const cuts = [...new Set([0, text.length, ...ranges.flatMap((range) => [range.from, range.to])])].sort((one, other) => one - other)
  const parts = cuts.slice(0, -1).map((from, nth) => {
    const to = cuts[nth + 1] ?? text.length
    return { text: text.slice(from, to), findings: ranges.filter((range) => range.from <= from && to <= range.to).map((range) => range.finding) }
  })
  return { parts, elsewhere }
}

/** The findings as lines of an opinion that sends the reply back. */
export function opinionOf(findings: readonly Quoted[]): string {
  return findings.map(({ sentence, message }) => (sentence === '' ? message : `“${sentence}”：${message}`)).join('\n')
}
