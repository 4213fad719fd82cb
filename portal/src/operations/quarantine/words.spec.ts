import { expect, it } from 'vitest'
import { asGb18030, bytesOf, causeWords, channelName, hexOf } from '@/operations/quarantine/words'

it.each([
  ['invalid: missing callerPhone, wrong_moment callTime', '内容不合要求：缺少 callerPhone；时间写法不对：callTime'],
  ['not_json', '不是有效的 JSON'],
  ['newer_reason: newer_code field', 'newer_reason：newer_code field'],
])('%s', (cause, words) => {
  expect(causeWords(cause)).toBe(words)
})

it('names a channel that nobody knows by its code', () => {
  expect(channelName('city_12345')).toBe('市12345平台')
  expect(channelName('city12345')).toBe('未知渠道 city12345')
})

it('shows bytes with their offset and says how many are left out', () => {
  const bytes = bytesOf('eyLW0LnbIn0=')
  expect(hexOf(bytes)).toBe('000000  7b 22 d6 d0 b9 db 22 7d                          {"····"}')
  expect(hexOf(new Uint8Array(40), 32).split('\n')).toHaveLength(3)
})

it('reads the old encoding, and says nothing where it is not that', () => {
  expect(asGb18030(bytesOf('1tDOxA=='))).toBe('中文')
  expect(asGb18030(new Uint8Array([0xff, 0xff]))).toBeUndefined()
})
