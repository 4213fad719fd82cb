/** Where the points and lines of a trend stand; a value that is missing breaks the line instead of being drawn as 0. */
export interface Point {
  x: number
  y: number
  value: number
  place: number
}
export interface Box {
  left: number
  top: number
  width: number
  height: number
}

/** A round number at or above the greatest value: 1, 2, 5, 10, 20, 50 and so on. */
export function roundTop(greatest: number): number {
  if (greatest <= 1) return 1
  const ten = 10 ** Math.floor(Math.log10(greatest))
  return ([1, 2, 5, 10].find((each) => each * ten >= greatest) ?? 10) * ten
}

/** The lines of the scale: whole numbers only, because pieces are counted. */
export function ticksOf(top: number): number[] {
  const parts = top % 4 === 0 ? 4 : top % 5 === 0 ? 5 : top % 2 === 0 ? 2 : 1
  return Array.from({ length: parts + 1 }, (_, place) => (top / parts) * place)
}

export function xOf(place: number, count: number, box: Box): number {
  return count < 2 ? box.left + box.width / 2 : box.left + (box.width * place) / (count - 1)
}

export function yOf(value: number, top: number, box: Box): number {
  return box.top + box.height * (1 - Math.min(Math.max(value / top, 0), 1))
}

export function pointsOf(values: readonly (number | null)[], top: number, box: Box): Point[] {
  return values.flatMap((value, place) => (value === null ? [] : [{ x: xOf(place, values.length, box), y: yOf(value, top, box), value, place }]))
}

const coordinate = (value: number) => String(Math.round(value * 10) / 10)

/** The path through points that follow each other; a gap begins a new part. */
export function pathOf(points: readonly Point[]): string {
  return points.map((point, place) => `${place > 0 && points[place - 1]?.place === point.place - 1 ? 'L' : 'M'}${coordinate(point.x)} ${coordinate(point.y)}`).join('')
}

/** What a chart tells somebody who does not see it: for each line, first, last, least and most. */
export function inWords(name: string, labels: readonly string[], values: readonly (number | null)[], say: (value: number) => string): string {
  const known = values.flatMap((value, place) => (value === null ? [] : [{ value, label: labels[place] ?? '' }]))
  const first = known[0]
  const last = known[known.length - 1]
  if (first === undefined || last === undefined) return `${name}：没有数据。`
  const sorted = [...known].sort((one, other) => one.value - other.value)
  const least = sorted[0] ?? first
  const most = sorted[sorted.length - 1] ?? last
  return `${name}：${first.label} ${say(first.value)}，${last.label} ${say(last.value)}；最低 ${least.label} ${say(least.value)}，最高 ${most.label} ${say(most.value)}。`
}

/** Labels at the end of lines, moved apart where they would cover each other; in the sequence given. */
export function apart(wanted: readonly number[], gap: number, top: number, bottom: number): number[] {
  const order = wanted.map((y, place) => ({ y, place })).sort((one, other) => one.y - other.y)
  order.forEach((each, place) => {
    each.y = Math.max(each.y, place === 0 ? top : (order[place - 1]?.y ?? top) + gap)
  })
  for (let place = order.length - 1; place >= 0; place--) {
    const each = order[place]
    if (each !== undefined) each.y = Math.min(each.y, place === order.length - 1 ? bottom : (order[place + 1]?.y ?? bottom) - gap)
  }
  const settled = [...wanted]
  for (const each of order) settled[each.place] = each.y
  return settled
}
