/** What differs between two texts, in runs of characters. */

export interface Part {
  kind: 'same' | 'gone' | 'new'
  text: string
}

/** Longer texts are compared by their common beginning and end alone: the table below grows with the square. */
const LONGEST = 1_500

/** The parts of two texts in sequence: those only in the first are gone, those only in the second new. */
export function changedParts(before: string, after: string): Part[] {
  const one = Array.from(before)
  const other = Array.from(after)
  let start = 0
  while (start < one.length && start < other.length && one[start] === other[start]) start++
  let end = 0
  while (end < one.length - start && end < other.length - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end++
  const gone = one.slice(start, one.length - end)
  const added = other.slice(start, other.length - end)
  const middle = gone.length > LONGEST || added.length > LONGEST ? replaced(gone, added) : compared(gone, added)
  const parts: Part[] = [{ kind: 'same', text: one.slice(0, start).join('') }, ...middle, { kind: 'same', text: one.slice(one.length - end).join('') }]
  return parts.filter((part) => part.text !== '')
}

function replaced(gone: string[], added: string[]): Part[] {
  return [
    { kind: 'gone', text: gone.join('') },
    { kind: 'new', text: added.join('') },
  ]
}

/** By the longest common subsequence. */
function compared(one: string[], other: string[]): Part[] {
  const width = other.length + 1
  const longest = new Uint16Array((one.length + 1) * width)
  for (let row = one.length - 1; row >= 0; row--) {
    for (let column = other.length - 1; column >= 0; column--) {
      const below = longest[(row + 1) * width + column] ?? 0
      const beside = longest[row * width + column + 1] ?? 0
      longest[row * width + column] = one[row] === other[column] ? (longest[(row + 1) * width + column + 1] ?? 0) + 1 : Math.max(below, beside)
    }
  }
  const parts: Part[] = []
  const add = (kind: Part['kind'], text: string): void => {
    const last = parts[parts.length - 1]
    if (last?.kind === kind) last.text += text
    else parts.push({ kind, text })
  }
  let row = 0
  let column = 0
  while (row < one.length || column < other.length) {
    const [mine, its] = [one[row], other[column]]
    if (mine !== undefined && mine === its) {
      add('same', mine)
      row++
      column++
    } else if (its === undefined || (mine !== undefined && (longest[(row + 1) * width + column] ?? 0) >= (longest[row * width + column + 1] ?? 0))) {
      add('gone', mine ?? '')
      row++
    } else {
      add('new', its)
      column++
    }
  }
  return parts
}
