import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import FileDrop from '@/kit/FileDrop.vue'

const MB = 1024 * 1024

function file(name: string, size = 10): File {
  const made = new File(['x'], name)
  Object.defineProperty(made, 'size', { value: size })
  return made
}

function drop(files: readonly File[] = [], props: Record<string, unknown> = {}) {
  const all = mount(FileDrop, {
    props: { label: '附件', modelValue: [...files], 'onUpdate:modelValue': (next: File[]) => void all.setProps({ modelValue: next }), ...props },
    attachTo: document.body,
  })
  const input = all.get<HTMLInputElement>('input')
  const names = () => (all.props('modelValue') as File[]).map((each) => each.name)
  const told = () => all.get(`[id="${input.attributes('aria-describedby') ?? ''}"]`).text()
  async function choose(...chosen: File[]): Promise<void> {
    Object.defineProperty(input.element, 'files', { value: chosen, configurable: true })
    await input.trigger('change')
  }
  return { all, input, names, told, choose }
}

it('takes files that are chosen, dropped or pasted, one after the other', async () => {
  const { all, names, choose } = drop()
  await choose(file('一.pdf'))
  await all.get('.drop').trigger('drop', { dataTransfer: { files: [file('二.jpg')] } })
  await all.get('.drop').trigger('paste', { clipboardData: { files: [file('三.png')] } })
  expect(names()).toEqual(['一.pdf', '二.jpg', '三.png'])
  expect(all.findAll('li').map((line) => line.text())).toHaveLength(3)
})

it.each([
  [file('大.pdf', 20 * MB + 1), '大.pdf：20.0 MB，超过每个 20 MB，请压缩或分开'],
  [file('旧.doc'), '旧.doc：不接收这种文件，请另存为 PDF、图片或 docx、xlsx 后再加'],
  [file('坏.exe'), '坏.exe：不接收这种文件，请另存为 PDF、图片或 docx、xlsx 后再加'],
  [file('空.pdf', 0), '空.pdf：文件是空的，请检查'],
])('refuses %o at once, says why, and keeps the others', async (bad, words) => {
  const { names, told, choose, input } = drop([file('先.pdf')])
  await choose(file('好.pdf'), bad)
  expect(names()).toEqual(['先.pdf', '好.pdf'])
  expect(told()).toBe(words)
  expect(input.attributes('aria-invalid')).toBe('true')
})

it('takes twenty, and none of a choice that makes more', async () => {
  const { names, told, choose } = drop(Array.from({ length: 19 }, (_, nth) => file(`${nth}.png`)))
  await choose(file('二十.png'), file('二十一.png'))
  expect(names()).toHaveLength(19)
  expect(told()).toBe('最多 20 个文件，现有 21 个')
  await choose(file('二十.png'))
  expect(names()).toHaveLength(20)
  expect(told()).toContain('可拖入或粘贴')
})

it('puts one away again, with the fault that was said before', async () => {
  const { all, names, told, choose } = drop([file('一.pdf'), file('二.pdf')])
  await choose(file('坏.exe'))
  await all.get('[aria-label="去掉 一.pdf"]').trigger('click')
  expect(names()).toEqual(['二.pdf'])
  expect(told()).toContain('可拖入或粘贴')
})

it('shows over what a file would fall', async () => {
  const { all } = drop()
  const box = all.get('.drop')
  await box.trigger('dragover')
  expect(box.classes()).toContain('over')
  await box.trigger('dragleave')
  expect(box.classes()).not.toContain('over')
})

it('says what the platform found wrong, until there is a fault of its own', async () => {
  const { told, choose } = drop([], { fault: '至少要有一份回退依据', required: true })
  expect(told()).toBe('至少要有一份回退依据')
  await choose(file('坏.exe'))
  expect(told()).toContain('不接收这种文件')
})
