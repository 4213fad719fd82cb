import { expect, it } from 'vitest'
import { sizeWords, tooMany, unfit } from '@/kit/files'

const MB = 1024 * 1024

it.each([
  ['photo.JPG', MB, undefined],
  ['reply.pdf', 20 * MB, undefined],
  ['reply.pdf', 20 * MB + 1, '超过每个 20 MB'],
  ['old.doc', MB, '不接收这种文件'],
  ['noextension', MB, '不接收这种文件'],
  ['empty.pdf', 0, '是空的'],
])('%s of %i bytes', (name, size, fault) => {
  if (fault === undefined) expect(unfit({ name, size })).toBeUndefined()
  else expect(unfit({ name, size })).toContain(fault)
})

it('takes twenty files and 100 MB together, no more', () => {
  const files = (count: number, size: number) => Array.from({ length: count }, (_, nth) => ({ name: `${nth}.png`, size }))
  expect(tooMany(files(20, 5 * MB))).toBeUndefined()
  expect(tooMany(files(21, 1))).toContain('最多 20 个')
  expect(tooMany(files(6, 18 * MB))).toContain('超过 100 MB')
})

it('says sizes as people do', () => {
  expect([sizeWords(1), sizeWords(2048), sizeWords(1.5 * MB)]).toEqual(['1 KB', '2 KB', '1.5 MB'])
})
