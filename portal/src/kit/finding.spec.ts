import { expect, it } from 'vitest'
import { found } from '@/kit/finding'

const UNITS = [
  { value: 'zhujian', name: '区住房和城乡建设局' },
  { value: 'shuiwu', name: '区水务局' },
]

it.each([
  ['', 2],
  ['住房', 1],
  ["zhu'j", 1],
  ['ZHU', 1],
  ['局', 2],
  ['没有', 0],
])('“%s” finds %i', (typed, count) => {
  expect(found(UNITS, typed)).toHaveLength(count)
})
