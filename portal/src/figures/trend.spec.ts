import { describe, expect, it } from 'vitest'
import { apart, inWords, pathOf, pointsOf, roundTop, ticksOf, xOf } from '@/figures/trend'

const BOX = { left: 10, top: 0, width: 100, height: 100 }

it.each([
  [0, 1],
  [1, 1],
  [3, 5],
  [10, 10],
  [11, 20],
  [51, 100],
  [201, 500],
])('the scale for %s ends at %s', (greatest, top) => {
  expect(roundTop(greatest)).toBe(top)
})

it.each([
  [1, [0, 1]],
  [2, [0, 1, 2]],
  [5, [0, 1, 2, 3, 4, 5]],
  [100, [0, 25, 50, 75, 100]],
])('the lines of a scale to %s are %s', (top, ticks) => {
  expect(ticksOf(top)).toEqual(ticks)
})

describe('a line', () => {
  it('is broken where a value is missing', () => {
    const points = pointsOf([0, 100, null, 50], 100, { ...BOX, width: 30 })
    expect(pathOf(points)).toBe('M10 100L20 0M40 50')
  })

  it('of one value stands in the middle', () => {
    expect(xOf(0, 1, BOX)).toBe(60)
    expect(pathOf(pointsOf([5], 10, BOX))).toBe('M60 50')
  })

  it('stays inside the box', () => {
    expect(pointsOf([200, -5], 100, BOX).map((point) => point.y)).toEqual([0, 100])
  })
})

it('is told in words', () => {
  const say = (value: number) => `${value} 件`
  expect(inWords('受理', ['47', '48', '49'], [3, null, 7], say)).toBe('受理：47 3 件，49 7 件；最低 47 3 件，最高 49 7 件。')
  expect(inWords('受理', ['47'], [null], say)).toBe('受理：没有数据。')
})

describe('labels at the end', () => {
  it('do not cover each other', () => {
    expect(apart([50, 52, 51], 14, 0, 100)).toEqual([50, 78, 64])
  })
  it('stay inside', () => {
    expect(apart([99, 100], 14, 0, 100)).toEqual([86, 100])
  })
})
