import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, expect, it, vi } from 'vitest'
import { h, type Component } from 'vue'
import { later, useLoaded } from '@/kit/loading'
import { toasts } from '@/kit/toasts'

const Part = () => h('form')
afterEach(() => {
  toasts.length = 0
})

it('is loaded once, when it is needed or before', async () => {
  const part = vi.fn(() => Promise.resolve({ default: Part }))
  const { loaded, prepare, load } = useLoaded(part)
  expect(loaded.value).toBeUndefined()
  prepare()
  expect(await load()).toBe(true)
  expect(loaded.value).toBe(Part)
  expect(await load()).toBe(true)
})

it('says what to do when it cannot be had, and can be had later', async () => {
  const part = vi.fn<() => Promise<{ default: typeof Part }>>().mockRejectedValueOnce(new TypeError('Failed to fetch')).mockResolvedValueOnce({ default: Part })
  const { loaded, load } = useLoaded(part)
  expect(await load()).toBe(false)
  expect(toasts.map((toast) => [toast.words.includes('请刷新页面'), toast.fault])).toEqual([[true, true]])

  expect(await load()).toBe(true)
  expect(loaded.value).toBe(Part)
})

it('says nothing while nobody has asked for it', async () => {
  const { prepare } = useLoaded(() => Promise.reject<{ default: typeof Part }>(new TypeError('Failed to fetch')))
  prepare()
  await Promise.resolve()
  expect(toasts).toEqual([])
})

const pageWith = (part: Component) => mount({ render: () => h('section', h(part)) })

it('stands in the page a moment later', async () => {
  const page = pageWith(later(() => Promise.resolve({ default: Part })))
  expect(page.find('form').exists()).toBe(false)
  await flushPromises()
  expect(page.find('form').exists()).toBe(true)
})

it('says in its place that it cannot be had', async () => {
  const heard = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const page = pageWith(later(() => Promise.reject<{ default: typeof Part }>(new TypeError('Failed to fetch'))))
  await flushPromises()
  expect(page.get('[role="alert"]').text()).toContain('请刷新页面')
  heard.mockRestore()
  warned.mockRestore()
})
