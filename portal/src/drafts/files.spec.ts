import { reactive } from 'vue'
import { expect, it } from 'vitest'
import { useDraftFiles } from '@/drafts/files'

const opened = (...names: string[]) => {
  const fields = reactive({ file_names: names })
  return { fields, ...useDraftFiles(fields) }
}

it('asks once for files that were chosen before and are gone', () => {
  const { left, fault, agreed } = opened('a.pdf', 'b.png')
  expect(left.value).toEqual(['a.pdf', 'b.png'])
  expect(fault.value).toBeUndefined()
  expect([agreed(), fault.value, agreed()]).toEqual([false, '上次选择的附件还没有重新选择，仍要提交？', true])
})

it.each(['chosen', 'dismissed'])('is content when they are %s', (how) => {
  const { fields, files, left, agreed, dismiss } = opened('a.pdf')
  if (how === 'chosen') files.value = [new File(['x'], 'c.pdf')]
  else dismiss()
  expect(left.value).toEqual([])
  expect(fields.file_names).toEqual(how === 'chosen' ? ['c.pdf'] : [])
  expect(agreed()).toBe(true)
})
