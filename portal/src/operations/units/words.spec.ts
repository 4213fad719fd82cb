import { expect, it } from 'vitest'
import { wordsOf } from '@/operations/units/words'

it.each([
  ['占道、摊贩，夜市', ['占道', '摊贩', '夜市']],
  [' 占道  占道;摊贩,', ['占道', '摊贩']],
  ['', []],
])('%s', (line, words) => {
  expect(wordsOf(line)).toEqual(words)
})
