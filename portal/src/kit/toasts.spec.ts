import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import ToastList from '@/kit/ToastList.vue'
import { toast, toasts } from '@/kit/toasts'

let list: VueWrapper
beforeEach(() => {
  vi.useFakeTimers()
  list = mount(ToastList) as VueWrapper
})
afterEach(() => {
  toasts.length = 0
  vi.useRealTimers()
})
const words = () => list.findAll('p span').map((line) => line.text())

it('is watched by screen readers before the first message comes', () => {
  expect(list.get('.toasts').attributes('aria-live')).toBe('polite')
})

it('goes by itself after six seconds; a fault stays until it is closed', async () => {
  toast('已交办')
  toast('连不上平台', { fault: true })
  await nextTick()
  expect(list.findAll('p').map((line) => line.attributes('role'))).toEqual(['status', 'alert'])

  vi.advanceTimersByTime(5_999)
  await nextTick()
  expect(words()).toEqual(['已交办', '连不上平台'])
  vi.advanceTimersByTime(1)
  await nextTick()
  expect(words()).toEqual(['连不上平台'])
  vi.advanceTimersByTime(3_600_000)
  await nextTick()
  expect(words()).toEqual(['连不上平台'])

  await list.get('[aria-label="关闭提示"]').trigger('click')
  expect(words()).toEqual([])
})

it('does what it offers once, and is gone', async () => {
  const run = vi.fn()
  toast('已丢弃 3 条', { action: { name: '撤回', run } })
  await nextTick()
  await list.get('.act').trigger('click')
  expect(run).toHaveBeenCalledOnce()
  expect(words()).toEqual([])
})
