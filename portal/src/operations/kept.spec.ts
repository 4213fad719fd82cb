import { expect, it } from 'vitest'
import { useKept } from '@/operations/kept'

it('brings back what was typed, except a password, until it is dropped', () => {
  const one = useKept('account.x', { name: '', password: '', duties: [{ text: '甲' }] }, ['password'])
  one.fields.name = '张'
  one.fields.password = 'secret'
  one.fields.duties.push({ text: '乙' })
  expect(one.changed.value).toBe(true)
  const other = useKept('account.x', { name: '', password: '', duties: [{ text: '甲' }] }, ['password'])
  expect(other.fields).toEqual({ name: '张', password: '', duties: [{ text: '甲' }, { text: '乙' }] })
  other.drop()
  expect(other.fields).toEqual({ name: '', password: '', duties: [{ text: '甲' }] })
  expect(useKept('account.x', { name: '' }).changed.value).toBe(false)
})

it('reads over what another version of the page has stored', () => {
  sessionStorage.setItem('gongdan.kept..broken', '{')
  expect(useKept('broken', { name: '甲' }).fields.name).toBe('甲')
})
