import { expect, it } from 'vitest'
import { lineOf, scan, setOut } from '@/operations/json'

it.each([
  ['{}', undefined],
  [' {"a": [1, -2.5e3, true, null, "x\\n\\u4e00"], "b": {"c": {}}} ', undefined],
  ['{"a": 1, "b": 2, "a": 3}', '字段 a 出现了两次'],
  ['{"a": 1,}', '多了一个逗号'],
  ['{"a" 1}', '之后应为冒号'],
  ['{"a": 1 "b": 2}', '逗号或 }'],
  ['{“a”: 1}', '全角的 “'],
  ['{"a"：1}', '半角的 :'],
  ['{"a": "一\n二"}', '没有以双引号结束'],
  ['{"a": 01}', '逗号或 }'],
  ['{"a": }', '应为一个值'],
  ['{"a": [1, 2}', '逗号或 ]'],
  ['[1]', '最外层应为对象'],
  ['{"a": 1} x', '多余的文字'],
  ['', '内容到此中断'],
  ['{"a": ', '内容到此中断'],
  ['{"a":'.repeat(300), '嵌套超过'],
])('%s', (text, words) => {
  if (words === undefined) expect(scan(text).fault).toBeUndefined()
  else expect(scan(text).fault?.words).toContain(words)
})

it('names the line and the column of the fault', () => {
  expect(scan('{\n  "a": 1,\n  b: 2\n}').fault).toMatchObject({ line: 3, column: 3 })
  expect(lineOf('ab\ncd', 0)).toEqual({ line: 1, column: 1 })
})

it('knows where each field stands', () => {
  const text = '{"a": {"b": 1}, "c": ["x", {"d": 2}]}'
  const { places } = scan(text)
  expect([...places.keys()]).toEqual(['a', 'a.b', 'c', 'c.0', 'c.1', 'c.1.d'])
  expect(text.slice(places.get('c.1.d'))).toBe('"d": 2}]}')
})

it('sets JSON out in lines and changes no value', () => {
  const text = '{"no":12345678901234567890,"t":"a, {b} \\" c","e":{},"l":[1,2.50]}'
  expect(setOut(text)).toBe('{\n  "no": 12345678901234567890,\n  "t": "a, {b} \\" c",\n  "e": {},\n  "l": [\n    1,\n    2.50\n  ]\n}')
})
