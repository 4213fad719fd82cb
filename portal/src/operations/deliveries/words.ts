/** Chinese words for where a reply is on its way to its upstream. */
import type { Intake } from '@/api/client'

export type DeliveryState = Intake['DeliveryLine']['state']

export const STATES: readonly { value: DeliveryState; name: string; mark: string; sort: 'bad' | 'soon' | 'good' | '' }[] = [
  { value: 'failed', name: '未送达，待人工处理', mark: '▲', sort: 'bad' },
  { value: 'waiting', name: '等待发送', mark: '●', sort: 'soon' },
  { value: 'sending', name: '正在发送', mark: '●', sort: 'soon' },
  { value: 'acked', name: '平台已确认', mark: '✓', sort: 'good' },
  { value: 'cancelled', name: '不再发送', mark: '○', sort: '' },
]
export const ACKED_BY: Readonly<Record<string, string>> = { answer: '平台的回答', revisit: '平台推送的回访', redo: '平台推送的重办' }

export function stateOf(state: DeliveryState): (typeof STATES)[number] {
  return STATES.find((each) => each.value === state) ?? { value: state, name: state, mark: '○', sort: '' }
}
