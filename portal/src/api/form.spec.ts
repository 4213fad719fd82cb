import { expect, it } from 'vitest'
import { formOf, given } from '@/api/form'

it('leaves out what is empty, and trims the rest', () => {
  expect(given({ a: ' 一 ', b: '', c: '  ', d: null, e: false, f: 0, g: undefined })).toEqual({ a: '一', e: false, f: 0 })
})

it('sends the data as JSON and every file by its name', async () => {
  const form = formOf({ reason: '不属本单位' }, [new File(['x'], '材料.pdf'), new File(['y'], '现场.jpg')])
  expect(await (form.get('data') as Blob).text()).toBe('{"reason":"不属本单位"}')
  expect((form.getAll('files') as File[]).map((file) => file.name)).toEqual(['材料.pdf', '现场.jpg'])
})
